package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const wrkOutput = `Running 10s test @ http://127.0.0.1:8080/hash
  2 threads and 128 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    52.01ms    1.20ms  81.22ms   91.20%
Requests/sec:   2455.12
rig: {"requests":24580,"duration":10010000,"valid":24577,"invalid":1,"failed":2,"connect":3,"read":4,"write":5,"timeout":6,"mean":52010,"p50":51800,"p99":56100,"max":81220}
`

func TestParseLoad(t *testing.T) {
	got, err := parseLoad([]byte(wrkOutput))
	if err != nil {
		t.Fatal(err)
	}
	want := load{
		Requests: 24580, Duration: 10010000, Valid: 24577, Invalid: 1, Failed: 2,
		Connect: 3, Read: 4, Write: 5, Timeout: 6, Mean: 52010, P50: 51800, P99: 56100, Max: 81220,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.errors() != 21 {
		t.Errorf("%d errors, want 21", got.errors())
	}
	if rate := got.rate(); rate < 2455.5 || rate > 2455.6 {
		t.Errorf("%f requests/s", rate)
	}
}

func TestParseLoadWithoutTotals(t *testing.T) {
	for _, out := range []string{"", "unable to connect to 127.0.0.1:1 Connection refused\n", "rig: {broken\n"} {
		if _, err := parseLoad([]byte(out)); err == nil || !strings.Contains(err.Error(), "the load printed") {
			t.Errorf("%q: got %v", out, err)
		}
	}
}
