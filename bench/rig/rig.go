package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/up/child"
)

// way is one of the paths that the load takes.
type way int

// The ways, from the shortest.
const (
	direct      way = iota // straight at one instance of the plain HTTP service
	plain                  // through the gateway to that service, with as many instances and the same weights as the next
	dubbo                  // through the gateway to the Dubbo providers
	javaGateway            // through a gateway written in Java to the Dubbo providers
	consumer               // Dubbo consumers through the gateway to the Dubbo providers
)

// ways are those that are always measured; beside are the others, by the names that ask for them.
var (
	ways   = []way{direct, plain, dubbo}
	beside = map[string]way{"java": javaGateway, "consumer": consumer}
)

func (w way) String() string {
	return [...]string{"straight at plain HTTP", "gateway to plain HTTP", "gateway to Dubbo", "Java gateway to Dubbo", "Dubbo consumers to Dubbo"}[w]
}

const (
	settle = 5 * time.Second // more than a run of wrk takes beside its duration
	grace  = 5 * time.Second // for a child to end after SIGTERM

	helloService = "com.alibaba.dubbo.performance.demo.provider.IHelloService"
	plainService = "plain"
)

// rig is everything that runs during a measurement.
type rig struct {
	options   options
	dir       string // logs and built programs, removed at the end
	mesh      *mesh
	plain     []*server // small, medium, large
	providers []*server // likewise
	java      *server   // the gateway written in Java, nil when it is not measured
	ends      []func()  // what stops it, in the order in which it was started
}

// measurement is one run of wrk.
type measurement struct {
	round, connections int
	way                way
	load               load
	hopCPU             time.Duration // of the gateway
	serverCPU          time.Duration // of whoever answered
	otherCPU           float64       // share of the machine that none of the rig's processes used
	split              []uint64      // answered by small, medium, large
	refused            uint64        // by a used up pool, and repeated elsewhere by the gateway
}

// start brings everything up, or nothing.
func start(ctx context.Context, o options) (r *rig, err error) {
	r = &rig{options: o}
	defer func() {
		if err != nil {
			r.stop()
		}
	}()
	if r.dir, err = os.MkdirTemp("", "bench-rig-"); err != nil {
		return nil, err
	}
	r.atEnd(func() { _ = os.RemoveAll(r.dir) })
	if err := r.build(ctx); err != nil {
		return nil, err
	}
	if r.mesh, err = r.startMesh(ctx); err != nil {
		return nil, err
	}
	if err := r.startServers(ctx); err != nil {
		return nil, err
	}
	if slices.Contains(o.ways, javaGateway) {
		if err := r.startJavaGateway(ctx); err != nil {
			return nil, err
		}
	}
	return r, r.mesh.waitRoutes(ctx, slices.Concat(r.plain, r.providers))
}

// build makes the programs that only this experiment needs.
func (r *rig) build(ctx context.Context) error {
	for _, name := range []string{"echo", "provider", "consumer"} {
		build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(r.dir, name), "./bench/"+name)
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build bench/%s: %w\n%s", name, err, out)
		}
	}
	return nil
}

// atEnd remembers what stops something that was just started.
func (r *rig) atEnd(f func()) { r.ends = append(r.ends, f) }

// stop ends what was started, last first.
func (r *rig) stop() {
	for _, end := range slices.Backward(r.ends) {
		end()
	}
	r.ends = nil
}

// launch starts a program that is stopped with the rig.
func (r *rig) launch(name, path string, args ...string) (*child.Child, error) {
	c, err := child.Start(child.Spec{Name: name, Path: path, Args: args, Log: filepath.Join(r.dir, name+".log")})
	if err != nil {
		return nil, err
	}
	r.atEnd(func() { c.Stop(grace) })
	return c, nil
}

// measureAll runs wrk on every way with every number of connections. The order of the ways turns, so that no way
// always comes first.
func (r *rig) measureAll(ctx context.Context) ([]measurement, error) {
	var all []measurement
	turn := 0
	for round := range r.options.rounds {
		for _, connections := range r.options.connections {
			for i := range r.options.ways {
				m, err := r.measure(ctx, r.options.ways[(i+turn)%len(r.options.ways)], connections)
				if err != nil {
					return nil, err
				}
				m.round = round
				all = append(all, m)
				fmt.Println(m)
			}
			turn++
		}
	}
	return all, nil
}

// measure is one run of wrk.
func (r *rig) measure(ctx context.Context, w way, connections int) (measurement, error) {
	m := measurement{way: w, connections: connections}
	answering := r.providers
	switch w {
	case direct:
		answering = r.plain[:1]
	case plain:
		answering = r.plain
	}
	before, err := r.look(ctx, w, answering)
	if err != nil {
		return m, err
	}
	if m.load, err = r.runLoad(ctx, w, connections); err != nil {
		return m, err
	}
	after, err := r.look(ctx, w, answering)
	if err != nil {
		return m, err
	}
	m.hopCPU, m.serverCPU = after.hop-before.hop, after.servers-before.servers
	m.otherCPU = otherShare(before, after)
	if w != direct && w != plain {
		for i := range answering {
			m.split = append(m.split, after.counts[i].Answered-before.counts[i].Answered)
			m.refused += after.counts[i].Refused - before.counts[i].Refused
		}
	}
	if m.load.Requests == 0 {
		return m, errors.New("wrk got no answer at all: " + r.url(w))
	}
	return m, nil
}

// url is where a way begins.
func (r *rig) url(w way) string {
	switch w {
	case direct:
		return "http://" + r.plain[0].address + "/hash"
	case plain:
		return "http://" + r.mesh.gateway + "/" + plainService + "/hash"
	case javaGateway:
		return "http://" + r.java.address + "/" + helloService + "/hash"
	}
	return "http://" + r.mesh.gateway + "/" + helloService + "/hash"
}

// String is the line that is printed while the experiment runs.
func (m measurement) String() string {
	return fmt.Sprintf("%3d connections, %-24s %8.2f requests/s  mean %6.2f ms  p99 %7.2f ms  errors %d  gateway %3.0f µs  servers %3.0f µs  other load %2.0f %%  split %v refused %d",
		m.connections, m.way, m.load.rate(), m.load.Mean/1000, m.load.P99/1000, m.load.errors(),
		m.perRequest(m.hopCPU), m.perRequest(m.serverCPU), 100*m.otherCPU, m.split, m.refused)
}

// perRequest is CPU time in microseconds for each answered request.
func (m measurement) perRequest(cpu time.Duration) float64 {
	return float64(cpu.Microseconds()) / float64(max(1, m.load.Requests))
}
