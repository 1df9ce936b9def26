// Demo-provider is a Dubbo service written with dubbo-go, for trying out the mesh and for its tests. It knows
// nothing of the mesh: it answers Dubbo requests on a TCP port and, when told to, announces itself in etcd by
// dubbo-go's own registry, as any existing dubbo-go application does.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"dubbo.apache.org/dubbo-go/v3"
	"dubbo.apache.org/dubbo-go/v3/graceful_shutdown"
	"dubbo.apache.org/dubbo-go/v3/logger"
	"dubbo.apache.org/dubbo-go/v3/protocol"
	"dubbo.apache.org/dubbo-go/v3/registry"
	"dubbo.apache.org/dubbo-go/v3/server"
)

// options are the command line of the program.
type options struct {
	listen   string
	name     string
	delay    time.Duration
	threads  int
	registry string
	weight   int64
	group    string
	version  string
	drain    time.Duration

	utilization float64
}

func main() {
	var o options
	var port int
	flag.StringVar(&o.listen, "listen", "127.0.0.1:20880", "IP address and port to listen on; port 0 takes a free one")
	flag.IntVar(&port, "port", 0, "port to listen on at 127.0.0.1, in place of --listen")
	flag.StringVar(&o.name, "name", "small", "what whoami() answers")
	flag.DurationVar(&o.delay, "delay", 50*time.Millisecond, "how long hash() takes")
	flag.IntVar(&o.threads, "threads", 0, "calls of one interface worked on at a time; more are refused by an exception, which is a 500 and not retried; 0 for no limit, as dubbo-go has it")
	flag.StringVar(&o.registry, "registry", "", "etcd endpoints, separated by commas, to register at; empty for none")
	flag.Int64Var(&o.weight, "weight", 100, "weight to register with")
	flag.StringVar(&o.group, "group", "", "Dubbo group of both services")
	flag.StringVar(&o.version, "version", "", "Dubbo version of both services")
	flag.DurationVar(&o.drain, "drain", 300*time.Millisecond, "how long to go on answering after SIGTERM, at least")
	flag.Float64Var(&o.utilization, "utilization", 0, "the load that whoami() reports (ORCA), 1 for full; 0 reports none")
	flag.Parse()
	if port != 0 {
		o.listen = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "demo-provider:", err)
		os.Exit(1)
	}
}

// run serves until the process is told to end; it returns only when it could not start.
func run(o options) error {
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; everything is given by flags, see --help", flag.Arg(0))
	}
	host, port, err := reserve(o.listen)
	if err != nil {
		return err
	}
	instance, err := dubbo.NewInstance(instanceOptions(o, host, port)...)
	if err != nil {
		return fmt.Errorf("configure Dubbo: %w", err)
	}
	srv, err := instance.NewServer(func(s *server.ServerOptions) {
		s.Provider.Weight = o.weight
		s.TLS = nil // dubbo-go 3.3.1 takes its own empty default for a wish to serve TLS
	})
	if err != nil {
		return fmt.Errorf("configure the Dubbo server: %w", err)
	}
	common := []server.ServiceOption{server.WithGroup(o.group), server.WithVersion(o.version)}
	if o.threads > 0 {
		common = append(common, server.WithExecuteLimit(strconv.Itoa(o.threads)), server.WithExecuteLimitRejectedHandler(refuse))
	}
	for name, service := range map[string]any{
		helloInterface: &Hello{delay: o.delay},
		echoInterface:  &Echo{name: o.name, utilization: o.utilization},
		typesInterface: &Types{},
	} {
		if err := srv.RegisterService(service, append(common, server.WithInterface(name))...); err != nil {
			return fmt.Errorf("export %s: %w", name, err)
		}
	}
	announceWhenReady(net.JoinHostPort(host, strconv.Itoa(port)))
	return srv.Serve()
}

// connections are the limits of dubbo-go's TCP server, under the names of its configuration file. Its own would
// refuse the 701st connection and a message over 1 MB.
var connections = map[string]any{
	"session-number":      10000,
	"getty-session-param": map[string]any{"max-msg-len": 16 << 20},
}

// instanceOptions says what the whole process needs: quiet logs, the address, how to end and where to register.
func instanceOptions(o options, host string, port int) []dubbo.InstanceOption {
	opts := []dubbo.InstanceOption{
		dubbo.WithName("demo-provider"),
		// Dubbo's own MetadataService would open the port first, on every address, and make a port bound to one
		// address fail. Kept in a remote report, which is not configured, it is not served at all.
		dubbo.WithRemoteMetadata(),
		dubbo.WithLogger(logger.WithZap(), logger.WithLevel("warn")),
		dubbo.WithProtocol(protocol.WithDubbo(), protocol.WithIp(host), protocol.WithPort(port),
			protocol.WithParams(connections)),
		dubbo.WithShutdown(
			graceful_shutdown.WithConsumerUpdateWaitTime(o.drain),
			graceful_shutdown.WithStepTimeout(o.drain),
			graceful_shutdown.WithOfflineRequestWindowTimeout(o.drain),
		),
	}
	if o.registry != "" {
		opts = append(opts, dubbo.WithRegistry(
			registry.WithEtcdV3(),
			registry.WithAddress(o.registry),
			registry.WithRegisterInterface(),
			registry.WithoutUseAsMetaReport(),
			registry.WithoutUseAsConfigCenter(),
		))
	}
	return opts
}

// reserve checks that the address is an IP literal with a port nobody uses, and chooses a port when it is 0.
// dubbo-go itself panics when it cannot listen.
func reserve(listen string) (host string, port int, err error) {
	host, _, err = net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("--listen %s: %w; write it as 127.0.0.1:20880", listen, err)
	}
	if strings.TrimSpace(host) == "" || net.ParseIP(host) == nil {
		return "", 0, fmt.Errorf("--listen %s: %q is no IP address; write it as 127.0.0.1:20880", listen, host)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return "", 0, fmt.Errorf("--listen %s: %w", listen, errors.Unwrap(err))
	}
	defer l.Close()
	return host, l.Addr().(*net.TCPAddr).Port, nil
}

// announceWhenReady prints the address once every service is exported and registered: dubbo-go asks for its
// internal services right after that, and this one declines.
func announceWhenReady(address string) {
	server.SetProviderServices(&server.InternalService{
		Name: "ready",
		Init: func(*server.ServiceOptions) (*server.ServiceDefinition, bool) {
			fmt.Println("listening", address)
			return nil, false
		},
	})
}
