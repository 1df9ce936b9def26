package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/up/child"
)

// server is a process that answers the load.
type server struct {
	name    string
	weight  uint32
	process *child.Child
	address string // where it takes requests
	counts  string // where it tells its counts, "" when it has none
}

// sizes are the three providers of the experiment: weights 1 : 2 : 3, and the heaps of those that have one, in MB.
var sizes = []struct {
	name   string
	weight uint32
	heap   int
}{{"small", 1, 512}, {"medium", 2, 1536}, {"large", 3, 2560}}

// startServers starts and registers everything that answers. There are as many plain instances as providers, because
// a proxy that talks to more processes is woken more often, whatever they speak.
func (r *rig) startServers(ctx context.Context) error {
	for _, size := range sizes {
		s := &server{name: "plain " + size.name, weight: size.weight}
		if err := r.startServer(ctx, s, plainService, model.ProtocolHTTP, filepath.Join(r.dir, "echo")); err != nil {
			return err
		}
		r.plain = append(r.plain, s)

		path, args, err := r.providerCommand(size.name, size.heap)
		if err != nil {
			return err
		}
		s = &server{name: size.name, weight: size.weight}
		if err := r.startServer(ctx, s, helloService, model.ProtocolDubbo, path, args...); err != nil {
			return err
		}
		r.providers = append(r.providers, s)
	}
	return nil
}

// startServer starts one instance of a service and registers it once it listens.
func (r *rig) startServer(ctx context.Context, s *server, service string, protocol model.Protocol, path string, args ...string) (err error) {
	if s.process, err = r.launch(s.name, path, args...); err != nil {
		return err
	}
	if err := s.waitListening(ctx); err != nil {
		return err
	}
	return r.mesh.register(ctx, service, protocol, s)
}

// providerCommand is how a provider of the chosen kind is started.
func (r *rig) providerCommand(name string, heap int) (path string, args []string, err error) {
	threads := strconv.Itoa(r.options.threads)
	if r.options.provider == "lean" {
		return filepath.Join(r.dir, "provider"), []string{"--threads", threads}, nil
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	args = []string{"--listen", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), "--name", name, "--threads", threads}
	if r.options.provider == "go" {
		return filepath.Join(r.options.bin, "demo-provider"), args, nil
	}
	const jar = "examples/dubbo-java/provider-3/target/provider-3.jar"
	if _, err := os.Stat(jar); err != nil {
		return "", nil, fmt.Errorf("%w; `make java` builds it", err)
	}
	heapArgs := []string{fmt.Sprintf("-Xms%dm", heap), fmt.Sprintf("-Xmx%dm", heap), "-jar", jar}
	return "java", append(heapArgs, args...), nil
}

// startJavaGateway starts the gateway written in Java, which is told of the providers as it has no etcd.
func (r *rig) startJavaGateway(ctx context.Context) error {
	const jar = "examples/dubbo-java/gateway-3/target/gateway-3.jar"
	if _, err := os.Stat(jar); err != nil {
		return fmt.Errorf("%w; `make java` builds it", err)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	var providers []string
	for _, p := range r.providers {
		providers = append(providers, fmt.Sprintf("%s=%d", p.address, p.weight))
	}
	r.java = &server{name: "gateway written in Java"}
	r.java.process, err = r.launch(r.java.name, "java", "-jar", jar,
		"--listen", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), "--providers", strings.Join(providers, ","))
	if err != nil {
		return err
	}
	return r.java.waitListening(ctx)
}

// waitListening waits until the process has printed its addresses.
func (s *server) waitListening(ctx context.Context) error {
	return poll(ctx, s.name+" to listen", func() error {
		select {
		case <-s.process.Done():
			return fatal{s.process.Ended()}
		default:
		}
		out, err := os.ReadFile(s.process.Log())
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(out)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch key {
			case "counts":
				s.counts = value
			case "listening":
				s.address = value
				return nil
			}
		}
		return fmt.Errorf("it has printed:\n%s", s.process.Tail(5))
	})
}

// counts are what became of the calls of a provider.
type counts struct {
	Answered uint64 `json:"answered"`
	Refused  uint64 `json:"refused"`
}

// countAll asks every server; for those that do not count themselves Envoy tells how many requests it sent them.
func (r *rig) countAll(ctx context.Context, servers []*server) ([]counts, error) {
	all := make([]counts, len(servers))
	for i, s := range servers {
		if s.counts == "" {
			hosts, err := r.mesh.hosts(ctx)
			if err != nil {
				return nil, err
			}
			all[i].Answered = hosts[s.address].requests
			continue
		}
		if err := getJSON(ctx, "http://"+s.counts, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// getJSON reads a small JSON document from a local server.
func getJSON(ctx context.Context, url string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, answer.Status)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// freePort is a port that was free a moment ago, for programs that cannot choose one themselves.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
