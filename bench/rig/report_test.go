package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReplaceMarked(t *testing.T) {
	got, err := replaceMarked([]byte("a\n"+beginMark+"\nold\n"+endMark+"\nz\n"), "new\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("a\n"+beginMark+"\nnew\n"+endMark+"\nz\n", string(got)); diff != "" {
		t.Error(diff)
	}
	again, err := replaceMarked(got, "new\n")
	if err != nil || string(again) != string(got) {
		t.Errorf("a second time: %q, %v", again, err)
	}
	for _, text := range []string{"", beginMark + "\n", endMark + "\n" + beginMark + "\n"} {
		if _, err := replaceMarked([]byte(text), "new"); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

// measured is one round at 512 connections.
func measured(round int, dubboRequests uint64) []measurement {
	one := func(w way, requests uint64, cpu time.Duration) measurement {
		return measurement{
			round: round, connections: 512, way: w, hopCPU: cpu,
			load: load{Requests: requests, Duration: 10e6, Valid: requests, Mean: 55000, P50: 52000, P99: 80000},
		}
	}
	d := one(dubbo, dubboRequests, time.Duration(dubboRequests)*110*time.Microsecond)
	d.split, d.refused = []uint64{1000, 2000, 2400}, 600
	return []measurement{one(plain, 95000, 95000*100*time.Microsecond), d, one(direct, 100000, 0)}
}

func TestSummarize(t *testing.T) {
	rows := summarize(append(append(measured(0, 90000), measured(1, 80000)...), measured(2, 88000)...))
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	got := rows[0]
	if diff := cmp.Diff(spread{0.88, 0.8, 0.9}, got.share, cmp.AllowUnexported(spread{})); diff != "" {
		t.Error(diff)
	}
	if got.hop.median < 1.099 || got.hop.median > 1.101 || got.dubbo.rate != 8800 || got.refused != 1800 || got.requests != 258000 {
		t.Errorf("got %+v", got)
	}
	if got := got.splitText(); got != "1.11 : 2.22 : 2.67" {
		t.Error(got)
	}
}

func TestPublish(t *testing.T) {
	dir := t.TempDir()
	readme := filepath.Join(dir, "README.md")
	if err := os.WriteFile(readme, []byte("x\n"+beginMark+"\n"+endMark+"\ny\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options{duration: time.Minute, connections: []int{512}, rounds: 3, provider: "lean", threads: 200, docs: dir, readme: readme}
	r := report{about: about{command: command(o), date: "2026-01-02", system: "2 cores", versions: "v"}, rows: summarize(measured(0, 90000))}
	if err := publish(o, r); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		readme:                             "| 512 | **9000.00** | 5865.06 | 7144.13 | 10240 | 90.0 % (≥ 88 %) | 80.0 ms | × 1.10 (≤ 1.15) | 1.11 : 2.22 : 2.67 | 0 |",
		filepath.Join(dir, "benchmark.md"): "    make bench-rig DURATION=60s CONNECTIONS=512 ARGS='--rounds 3'",
	} {
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q (%v):\n%s", filepath.Base(file), want, err, text)
		}
	}
	chart, err := os.Open(filepath.Join(dir, "benchmark.svg"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = chart.Close() }()
	for decoder := xml.NewDecoder(chart); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestParse(t *testing.T) {
	t.Setenv("ENVOY", "envoy")
	o, err := parse([]string{"--duration", "10s", "--connections", "2, 512", "--provider", "java"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{2, 512}, o.connections); diff != "" {
		t.Error(diff)
	}
	for _, args := range []string{
		"--connections 1", "--connections x", "--connections 128,", "--connections 2,2,2,2,2,2,2,2,2", "--duration 1h", "--duration 0s",
		"--rounds 0", "--provider rust", "--threads 0", "--envoy=", "more",
	} {
		if _, err := parse(strings.Fields(args)); err == nil {
			t.Errorf("%s is accepted", args)
		}
	}
}
