// Demo-consumer calls a method of the demo services with dubbo-go, at a URL and without a registry, and prints a line of
// JSON for each call. It knows nothing of the mesh.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"dubbo.apache.org/dubbo-go/v3"
	"dubbo.apache.org/dubbo-go/v3/client"
	"dubbo.apache.org/dubbo-go/v3/common/constant"
	"dubbo.apache.org/dubbo-go/v3/logger"
)

type options struct {
	service, args, group, version string
	threads, retries              int
	timeout, linger               time.Duration
}

// line is what is printed of a call.
type line struct {
	Call   int    `json:"call"`
	Ms     int64  `json:"ms"`
	Result any    `json:"result,omitempty"`
	Error  string `json:"error,omitempty"`
}

func main() {
	var o options
	flag.StringVar(&o.service, "interface", "org.dubbomesh.demo.Echo", "interface of the service")
	flag.StringVar(&o.args, "args", "", "arguments, separated by commas: whole numbers are Java longs, other words strings; none for none")
	flag.StringVar(&o.group, "group", "", "Dubbo group")
	flag.StringVar(&o.version, "version", "", "Dubbo version")
	flag.IntVar(&o.threads, "threads", 1, "calls at a time")
	flag.IntVar(&o.retries, "retries", 2, "further attempts of a call that failed")
	flag.DurationVar(&o.timeout, "timeout", 3*time.Second, "how long a call may take")
	flag.DurationVar(&o.linger, "linger", 0, "afterwards wait so long, and call once more")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: demo-consumer [flags] dubbo://IP:PORT METHOD COUNT (METHOD all: one call of every shape, at several URLs with commas)")
		flag.PrintDefaults()
	}
	flag.Parse()
	count, err := strconv.Atoi(flag.Arg(2))
	if err != nil || count < 1 || flag.NArg() != 3 {
		flag.Usage()
		os.Exit(2)
	}
	if flag.Arg(1) == "all" {
		err = runSuite(o, flag.Arg(0))
	} else {
		err = run(o, flag.Arg(0), flag.Arg(1), count)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo-consumer:", err)
		os.Exit(1)
	}
}

func run(o options, url, method string, count int) error {
	conn, err := dial(o, url)
	if err != nil {
		return err
	}
	lines := make([]line, count)
	var running sync.WaitGroup
	for t := range o.threads {
		running.Go(func() {
			for i := t; i < count; i += o.threads {
				lines[i] = call(o, conn, method, i)
			}
		})
	}
	running.Wait()
	if o.linger > 0 { // for heartbeats and what a provider says without being asked
		time.Sleep(o.linger)
		lines = append(lines, call(o, conn, method, count))
	}
	out := json.NewEncoder(os.Stdout)
	for _, l := range lines {
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

func dial(o options, url string) (*client.Connection, error) {
	instance, err := dubbo.NewInstance(dubbo.WithName("demo-consumer"), dubbo.WithLogger(logger.WithZap(), logger.WithLevel("error")))
	if err != nil {
		return nil, fmt.Errorf("configure Dubbo: %w", err)
	}
	cli, err := instance.NewClient(client.WithClientProtocolDubbo(), client.WithClientSerialization(constant.Hessian2Serialization))
	if err != nil {
		return nil, fmt.Errorf("configure the Dubbo client: %w", err)
	}
	conn, err := cli.Dial(o.service, client.WithURL(url), client.WithGroup(o.group), client.WithVersion(o.version),
		client.WithRequestTimeout(o.timeout), client.WithRetries(o.retries))
	if err != nil {
		return nil, fmt.Errorf("refer to %s at %s: %w", o.service, url, err)
	}
	return conn, nil
}

func call(o options, conn *client.Connection, method string, number int) line {
	began := time.Now()
	var result any
	err := conn.CallUnary(context.Background(), arguments(o.args, number), &result, method)
	if _, unprintable := json.Marshal(result); unprintable != nil { // maps of Hessian have keys of any type
		result = fmt.Sprint(result)
	}
	l := line{Call: number, Ms: time.Since(began).Milliseconds(), Result: result}
	if err != nil {
		l.Result, l.Error = nil, err.Error()
	}
	return l
}

func arguments(words string, number int) []any {
	switch words {
	case "":
		return []any{fmt.Sprint("hello ", number)}
	case "none":
		return nil
	}
	var all []any
	for word := range strings.SplitSeq(words, ",") {
		if n, err := strconv.ParseInt(word, 10, 64); err == nil {
			all = append(all, n)
		} else {
			all = append(all, word)
		}
	}
	return all
}
