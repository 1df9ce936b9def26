// Rig runs the founding experiment: wrk against three Dubbo providers of unequal strength behind the mesh's gateway,
// beside the same load straight at a plain HTTP service and through the same gateway to that service. It starts
// everything itself, writes what it measured, and leaves nothing running.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are the command line of the program.
type options struct {
	duration    time.Duration
	connections []int
	rounds      int
	ways        []way
	provider    string
	threads     int
	warmUp      time.Duration
	bin         string // directory of what `make build` makes
	envoy       string
	docs        string // directory for benchmark.md and benchmark.svg, "" for none
	readme      string // file whose marked part is replaced, "" for none
}

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-rig:", err)
		os.Exit(1)
	}
}

// parse reads the command line and refuses what would run without a bound.
func parse(args []string) (options, error) {
	var o options
	var connections, others string
	f := flag.NewFlagSet("bench-rig", flag.ContinueOnError)
	f.DurationVar(&o.duration, "duration", 60*time.Second, "how long each run of wrk takes")
	f.StringVar(&connections, "connections", "128,256,512", "numbers of connections, separated by commas")
	f.IntVar(&o.rounds, "rounds", 1, "how often everything is measured; tables show the median")
	f.StringVar(&others, "beside", "", "what else is measured: java (a gateway written in Java), consumer (Dubbo consumers), or both with a comma")
	f.StringVar(&o.provider, "provider", "lean", "what answers Dubbo calls: lean, go (dubbo-go) or java (Dubbo Java 3.3)")
	f.IntVar(&o.threads, "threads", 200, "pool of each provider")
	f.DurationVar(&o.warmUp, "warm-up", 3*time.Second, "how long answers are checked one by one before anything is measured")
	f.StringVar(&o.bin, "bin", "bin", "directory with the mesh's programs")
	f.StringVar(&o.envoy, "envoy", os.Getenv("ENVOY"), "the Envoy to measure")
	f.StringVar(&o.docs, "docs", "docs", "directory for benchmark.md and benchmark.svg; empty writes neither")
	f.StringVar(&o.readme, "readme", "", "file whose part between the bench-rig marks is replaced; empty for none")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	for _, text := range strings.Split(connections, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 2 || n > 4096 {
			return o, fmt.Errorf("--connections %s: %q is not a number from 2 to 4096", connections, text)
		}
		o.connections = append(o.connections, n)
	}
	o.ways = ways
	for _, name := range strings.FieldsFunc(others, func(r rune) bool { return r == ',' }) {
		w, known := beside[name]
		if !known {
			return o, fmt.Errorf("--beside %s: write java, consumer, or java,consumer", others)
		}
		o.ways = append(slices.Clip(o.ways), w)
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q; everything is given by flags, see --help", f.Arg(0))
	case o.duration < time.Second || o.duration > 10*time.Minute:
		return o, fmt.Errorf("--duration %s: write 1s to 10m", o.duration)
	case len(o.connections) > 8:
		return o, fmt.Errorf("--connections %s: write at most eight numbers", connections)
	case o.rounds < 1 || o.rounds > 20:
		return o, fmt.Errorf("--rounds %d: write 1 to 20", o.rounds)
	case !slices.Contains([]string{"lean", "go", "java"}, o.provider):
		return o, fmt.Errorf("--provider %s: write lean, go or java", o.provider)
	case o.threads < 1:
		return o, fmt.Errorf("--threads %d: write 1 or more", o.threads)
	case o.envoy == "":
		return o, errors.New("--envoy is empty: `make bench-rig` finds an Envoy, or set ENVOY to the path of one")
	}
	return o, nil
}

// run measures and writes the results.
func run(o options) error {
	if _, err := exec.LookPath("wrk"); err != nil {
		return errors.New("wrk is missing; install it (Debian: apt-get install wrk)")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	runs := time.Duration(o.rounds * len(o.connections) * len(o.ways))
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute+runs*(o.duration+settle))
	defer cancel()

	r, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer r.stop()
	about, err := describe(ctx, o)
	if err != nil {
		return err
	}
	if err := r.verify(ctx); err != nil {
		return err
	}
	results, err := r.measureAll(ctx)
	if err != nil {
		return err
	}
	return publish(o, report{about: about, rows: summarize(results)})
}
