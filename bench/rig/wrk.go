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

// load is what was counted, as rig.lua and bench/consumer print it. Times are in microseconds.
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

	consumerConnections = 8 // of all Dubbo consumers together: each has one
)

// runLoad loads a way for the duration of the options, with so many requests at a time.
func (r *rig) runLoad(ctx context.Context, w way, connections int) (load, error) {
	spec := child.Spec{Name: "wrk", Path: "wrk", Args: []string{
		"-t", strconv.Itoa(loadThreads), "-c", strconv.Itoa(connections), "-d", fmt.Sprintf("%.0fs", r.options.duration.Seconds()),
		"--timeout", "10s", "-s", loadScript, r.url(w),
	}}
	if w == consumer {
		spec = child.Spec{Name: "consumer", Path: filepath.Join(r.dir, "consumer"), Args: []string{
			"--address", r.mesh.gateway, "--connections", strconv.Itoa(min(connections, consumerConnections)),
			"--calls", strconv.Itoa(connections), "--duration", r.options.duration.String(),
		}}
	}
	log := filepath.Join(r.dir, spec.Name+".log")
	spec.Log = log
	c, err := child.Start(spec)
	if err != nil {
		return load{}, err
	}
	select {
	case <-c.Done():
	case <-ctx.Done():
		c.Stop(grace)
		return load{}, fmt.Errorf("stopped during a run of %s: %w", spec.Name, context.Cause(ctx))
	case <-time.After(r.options.duration + 30*time.Second):
		c.Stop(grace)
		return load{}, errors.New(spec.Name + " does not end")
	}
	out, err := os.ReadFile(log)
	if err != nil {
		return load{}, err
	}
	return parseLoad(out)
}

// parseLoad finds the line with the totals.
func parseLoad(out []byte) (load, error) {
	var l load
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		if line, found := bytes.CutPrefix(lines.Bytes(), []byte(resultMark)); found {
			if err := json.Unmarshal(line, &l); err != nil {
				return l, fmt.Errorf("the load printed %q: %w", line, err)
			}
			return l, nil
		}
	}
	return l, fmt.Errorf("the load printed no totals, but:\n%s", out[max(0, len(out)-2000):])
}
