package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/up/child"
)

// load is what wrk counted, as rig.lua prints it. Times are in microseconds.
type load struct {
	Requests uint64 `json:"requests"`
	Duration uint64 `json:"duration"`
	Valid    uint64 `json:"valid"`   // answers that were the hash of a string of theirs
	Invalid  uint64 `json:"invalid"` // answers that were something else
	Failed   uint64 `json:"failed"`  // answers whose status was not 200
	// Errors of sockets.
	Connect uint64 `json:"connect"`
	Read    uint64 `json:"read"`
	Write   uint64 `json:"write"`
	Timeout uint64 `json:"timeout"`

	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
}

// rate is answers per second, of any status.
func (l load) rate() float64 { return float64(l.Requests) / (float64(max(1, l.Duration)) / 1e6) }

// errors is everything that was not a right answer.
func (l load) errors() uint64 {
	return l.Invalid + l.Failed + l.Connect + l.Read + l.Write + l.Timeout
}

const (
	loadScript  = "bench/rig.lua"
	loadThreads = 2
	resultMark  = "rig: " // in front of the line with the totals
)

// runWrk loads a URL for the duration of the options.
func (r *rig) runWrk(ctx context.Context, url string, connections int) (load, error) {
	log := filepath.Join(r.dir, "wrk.log")
	c, err := child.Start(child.Spec{Name: "wrk", Path: "wrk", Log: log, Args: []string{
		"-t", strconv.Itoa(loadThreads), "-c", strconv.Itoa(connections), "-d", fmt.Sprintf("%.0fs", r.options.duration.Seconds()),
		"--timeout", "10s", "-s", loadScript, url,
	}})
	if err != nil {
		return load{}, err
	}
	select {
	case <-c.Done():
	case <-ctx.Done():
		c.Stop(grace)
		return load{}, fmt.Errorf("stopped during a run of wrk: %w", context.Cause(ctx))
	case <-time.After(r.options.duration + 30*time.Second):
		c.Stop(grace)
		return load{}, errors.New("wrk does not end")
	}
	out, err := os.ReadFile(log)
	if err != nil {
		return load{}, err
	}
	return parseLoad(out)
}

// parseLoad finds the line that rig.lua has printed.
func parseLoad(out []byte) (load, error) {
	var l load
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		if line, found := bytes.CutPrefix(lines.Bytes(), []byte(resultMark)); found {
			if err := json.Unmarshal(line, &l); err != nil {
				return l, fmt.Errorf("wrk printed %q: %w", line, err)
			}
			return l, nil
		}
	}
	return l, fmt.Errorf("wrk printed no totals, but:\n%s", out[max(0, len(out)-2000):])
}
