// Consumer is the load of the founding experiment as Dubbo consumers bring it: few connections, many calls in flight on
// each, fresh strings, and every hash checked against the request it belongs to. It prints what rig.lua prints.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

func main() {
	address := flag.String("address", "127.0.0.1:20880", "where the calls go")
	connections := flag.Int("connections", 8, "connections")
	calls := flag.Int("calls", 256, "calls in flight on all connections together")
	duration := flag.Duration("duration", 10*time.Second, "how long calls are begun")
	flag.Parse()
	if err := run(*address, *connections, *calls, *duration); err != nil {
		fmt.Fprintln(os.Stderr, "consumer:", err)
		os.Exit(1)
	}
}

// limit bounds what one run can ask for.
const limit = 4096

func run(address string, connections, calls int, duration time.Duration) error {
	if connections < 1 || calls < connections || calls > limit || duration < time.Second || duration > 10*time.Minute {
		return errors.New("write 1 to --calls connections, at most 4096 calls, and 1s to 10m")
	}
	ctx, cancel := context.WithTimeout(context.Background(), duration+30*time.Second)
	defer cancel()
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	results := make([]*caller, connections)
	for i := range results {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return errors.Join(err, group.Wait()) // perhaps it was given up because another one failed
		}
		results[i] = newCaller(conn, share(calls, connections, i), began.Add(duration))
		group.Go(func() error { return results[i].run(ctx) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return report(results, time.Since(began))
}

// share is how many of the calls the i-th of n connections has in flight.
func share(calls, n, i int) int { return (calls + n - 1 - i) / n }

// report prints the totals as one line of JSON; times are in microseconds.
func report(all []*caller, took time.Duration) error {
	var times []int64
	totals := map[string]any{"duration": took.Microseconds(), "connect": 0, "read": 0, "write": 0, "timeout": 0}
	var invalid, failed int
	var sum int64
	for _, c := range all {
		times = append(times, c.times...)
		invalid, failed = invalid+c.invalid, failed+c.failed
	}
	slices.Sort(times)
	for _, t := range times {
		sum += t
	}
	n := len(times)
	if n == 0 {
		return errors.New("no call was answered")
	}
	totals["requests"], totals["valid"], totals["invalid"], totals["failed"] = n, n-invalid-failed, invalid, failed
	totals["mean"], totals["p50"], totals["p99"], totals["max"] = sum/int64(n), times[n/2], times[n*99/100], times[n-1]
	line, err := json.Marshal(totals)
	fmt.Printf("rig: %s\n", line)
	return err
}
