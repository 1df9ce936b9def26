package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/etcdembed"
	"github.com/dubbomesh/dubbomesh/controlplane/plane"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// patience bounds every wait; a test that works never waits that long.
const patience = 2 * time.Minute

// rig is an etcd and a control plane in this process.
type rig struct{ etcd, api string }

func newRig(t *testing.T) rig {
	t.Helper()
	etcd := startEtcd(t)
	return rig{etcd: etcd, api: controlPlane(t, etcd)}
}

// startEtcd runs an etcd until the test ends, and returns where.
func startEtcd(t *testing.T) string {
	t.Helper()
	etcd, err := etcdembed.Start(t.Context(), etcdembed.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", NoSync: true}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Stop)
	return etcd.Endpoint()
}

// controlPlane runs a control plane until the test ends, and returns the address of its API.
func controlPlane(t *testing.T, etcd string) string {
	t.Helper()
	api, _ := controlPlaneFor(t, etcd, 8080)
	return api
}

// controlPlaneFor is one whose Envoys listen on a port, and returns the addresses of its API and for Envoys.
func controlPlaneFor(t *testing.T, etcd string, gateway int) (api, xds string) {
	t.Helper()
	c, err := settings.Load(pflag.NewFlagSet("test", pflag.ContinueOnError), "")
	if err != nil {
		t.Fatal(err)
	}
	c.Etcd.Endpoints = []string{etcd}
	c.XDS.Listen, c.API.Listen = "127.0.0.1:0", "127.0.0.1:0"
	c.Gateway.Port, c.Gateway.DubboPort = gateway, 0
	p, err := plane.Listen(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the control plane ended with %v", err)
		}
	})
	return p.API().String(), p.XDS().String()
}

// command runs the program and returns its exit code and both outputs.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&errs)
	code = run(t.Context(), root)
	return code, out.String(), errs.String()
}

// waitFor polls until something is met.
func waitFor(t *testing.T, what string, met func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !met() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// until polls the control plane's view of a service.
func (r rig) until(t *testing.T, service, what string, met func([]api.Instance) bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		_, out, errs := command(t, "instances", service, "--api", r.api, "-o", "json")
		var list []api.Instance
		if json.Unmarshal([]byte(out), &list) != nil {
			list = nil // the service is not there
		}
		if met(list) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s; last: %s%s", what, out, errs)
		}
	}
}

// register runs the register command in the background and returns when it has registered. The result ends it as
// Ctrl-C does, and returns the rest of its output.
func (r rig) register(t *testing.T, args ...string) (end func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	root := newRoot()
	root.SetArgs(append([]string{"register", "--etcd", r.etcd, "--api", r.api}, args...))
	root.SetOut(writer)
	root.SetErr(io.Discard)
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, root)
		_ = writer.Close()
	}()
	lines := bufio.NewReader(reader)
	line, err := lines.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "registered ") {
		cancel()
		t.Fatalf("register says %q, %v", line, err)
	}
	return func() string {
		cancel()
		rest, _ := io.ReadAll(lines)
		if c := <-code; c != 0 {
			t.Errorf("register exits with %d", c)
		}
		return string(rest)
	}
}

func weighs(n uint32) func([]api.Instance) bool {
	return func(list []api.Instance) bool { return len(list) == 1 && list[0].Weight == n }
}

func gone(list []api.Instance) bool { return len(list) == 0 }

func TestRegisterWeightDeregister(t *testing.T) {
	r := newRig(t)
	const service, address = "com.example.Hello", "10.1.2.3:20880"
	end := r.register(t, service, "--address", address, "--weight", "200", "--label", "version=v2", "--zone", "a", "--group", "g")
	r.until(t, service, "the instance is there", func(list []api.Instance) bool {
		return weighs(200)(list) && list[0].Address == address && list[0].Labels["version"] == "v2" && list[0].Zone == "a" && list[0].Group == "g"
	})
	if code, out, errs := command(t, "weight", service, address, "7", "--etcd", r.etcd, "--api", r.api); code != 0 || !strings.Contains(out, "now weighs 7") || errs != "" {
		t.Errorf("weight: %d %s%s", code, out, errs)
	}
	r.until(t, service, "the weight is overridden", weighs(7))
	if code, _, errs := command(t, "weight", service, address, "reset", "--etcd", r.etcd); code != 0 {
		t.Errorf("weight reset: %d %s", code, errs)
	}
	r.until(t, service, "the weight is its own again", weighs(200))
	if rest := end(); !strings.Contains(rest, "deregistered /dubbomesh/services/com.example.Hello/"+address) {
		t.Errorf("register ends with %q", rest)
	}
	r.until(t, service, "the instance is gone", gone)
}

func TestDeregisterWhatSomebodyElseKeeps(t *testing.T) {
	r := newRig(t)
	end := r.register(t, "orders", "--address", "10.0.0.1:80", "--protocol", "http", "--name", "one")
	defer end()
	r.until(t, "orders", "the instance is there", weighs(100))
	if code, out, errs := command(t, "deregister", "orders", "one", "--etcd", r.etcd); code != 0 || !strings.Contains(out, "deregistered") {
		t.Errorf("%d %s%s", code, out, errs)
	}
	r.until(t, "orders", "the instance is gone", gone)
	code, _, errs := command(t, "deregister", "orders", "one", "--etcd", r.etcd)
	if code != 1 || !strings.Contains(errs, "nothing is registered at /dubbomesh/services/orders/one") {
		t.Errorf("%d %s", code, errs)
	}
}

func TestWaitHealthyRegistersOnceTheAddressAnswers(t *testing.T) {
	r := newRig(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	end := r.register(t, "orders", "--address", l.Addr().String(), "--wait-healthy", "--protocol", "http")
	r.until(t, "orders", "the instance is there", weighs(100))
	end()
}

func TestWeightOfUnknownInstance(t *testing.T) {
	r := newRig(t)
	end := r.register(t, "com.example.Hello", "--address", "10.0.0.1:20880", "--weight", "200")
	defer end()
	r.until(t, "com.example.Hello", "the instance is there", weighs(200))
	with := func(args ...string) []string { return append(args, "--etcd", r.etcd, "--api", r.api) }
	want(t, 1, "", `dubbomesh: there is no service com.example.Helo: did you mean "com.example.Hello"\? Nothing was changed; --force .*`, with("weight", "com.example.Helo", "10.0.0.1:20880", "5")...)
	want(t, 1, "", `dubbomesh: there is no instance 10.0.0.1:20881 of com.example.Hello: did you mean "10.0.0.1:20880"\? .*`, with("weight", "com.example.Hello", "10.0.0.1:20881", "5")...)
	want(t, 0, "", "no weight is overridden.*", with("weights")...)
	want(t, 0, ".*now weighs 5\n", "", with("weight", "com.example.Hello", "10.0.0.1:20881", "5", "--force")...)
	want(t, 0, ".*now weighs 0\n", "note: whether there is such an instance is not known .*", "weight", "com.example.Hello", "10.0.0.1:20880", "0", "--etcd", r.etcd, "--api", "127.0.0.1:1")
	r.until(t, "com.example.Hello", "the override", weighs(0))
	want(t, 0, `SERVICE .*\n.* 0 \(override; registered 200\) .*`, "", "instances", "--api", r.api)
	want(t, 0, `.*"weight": 0,\n    "registeredWeight": 200,.*`, "", "instances", "--api", r.api, "-o", "json")
	want(t, 0, `SERVICE +ADDRESS +WEIGHT +REGISTERED +KEY\ncom.example.Hello +10.0.0.1:20880 +0 +200 +/dubbomesh/weights/.*\ncom.example.Hello +10.0.0.1:20881 +5 +- +/.*`, "", with("weights")...)
	want(t, 0, ".*\n", "", with("weight", "com.example.Hello", "10.0.0.1:20881", "reset")...)
	want(t, 0, `SERVICE.*\n.*10.0.0.1:20880.*\n`, "", with("weights")...)
}

func TestCompletion(t *testing.T) {
	r := newRig(t)
	end := r.register(t, "com.example.Hello", "--address", "10.1.2.3:20880")
	defer end()
	r.until(t, "com.example.Hello", "the instance is there", weighs(100))
	for _, c := range []struct {
		want string
		args []string
	}{
		{"com.example.Hello", []string{"instances", "--api", r.api, "com"}},
		{"10.1.2.3:20880", []string{"weight", "--api", r.api, "com.example.Hello", "10"}},
		{"reset", []string{"weight", "--api", r.api, "com.example.Hello", "10.1.2.3:20880", ""}},
		{"table", []string{"services", "-o", ""}},
	} {
		_, out, _ := command(t, append([]string{"__complete"}, c.args...)...)
		if first, _, _ := strings.Cut(out, "\n"); first != c.want {
			t.Errorf("%v completes to %q, want %q", c.args, out, c.want)
		}
	}
}

func TestControlPlaneWithoutEtcdWaitsForIt(t *testing.T) {
	endpoint := testenvoy.FreeAddress(t)
	at := controlPlane(t, endpoint)
	client := api.NewClient(at)
	if err := client.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), endpoint) {
		t.Fatalf("ready without etcd, or not saying where: %v", err)
	}
	if code, out, errs := command(t, "problems", "--api", at); code != 0 || !strings.Contains(out, "/dubbomesh/services/") || !strings.Contains(out, endpoint) {
		t.Errorf("problems without etcd: %d %s%s", code, out, errs)
	}
	if code, _, errs := command(t, "services", "--api", at); code != 0 || !strings.Contains(errs, "`dubbomesh problems` shows why") {
		t.Errorf("services without etcd: %d %s", code, errs)
	}
	etcd, err := etcdembed.Start(t.Context(), etcdembed.Options{Dir: t.TempDir(), Listen: endpoint, NoSync: true}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Stop)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for err = errors.New("not asked yet"); err != nil; err = client.Ready(ctx) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not ready although etcd is there: %v", err)
		}
	}
	if code, _, errs := command(t, "problems", "--api", at); code != 0 || errs != "no problems\n" {
		t.Errorf("problems with etcd: %d %s", code, errs)
	}
}

func TestMistakes(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"servces", 2, `did you mean "services"?`},
		{"xyzzy", 2, "lists the commands"},
		{"services extra", 2, "usage: dubbomesh services"},
		{"services --frobnicate", 2, "dubbomesh services --help"},
		{"services -o xml", 2, "write table, json or yaml"},
		{"services --api nowhere", 2, `api.listen (--api): "nowhere" is no host:port: write host:port, such as 127.0.0.1:18001`},
		{"services --api 127.0.0.1:1", 1, "cannot reach the control plane at 127.0.0.1:1: "},
		{"services --config no/such.yaml", 2, "no/such.yaml"},
		{"config x --type files", 2, "clusters, endpoints, listeners, routes, secrets"},
		{"register a", 2, "--address"},
		{"register a --address localhost:80", 2, "write an IP address and a port"},
		{"register a --address 1.2.3.4:80 --protocol smtp", 2, "--protocol"},
		{"register a --address 1.2.3.4:80 --weight 1000001", 2, "--weight"},
		{"register a --address 1.2.3.4:80 --ttl 5ms", 2, "--ttl"},
		{"register a --address 1.2.3.4:80 --etcd 127.0.0.1:1 --etcd-dial-timeout 200ms", 1, "cannot reach etcd at 127.0.0.1:1: dial tcp 127.0.0.1:1"},
		{"weight a b 1", 2, "write its address"},
		{"weight a 1.2.3.4:80 many", 2, "or reset"},
		{"weight a 1.2.3.4:80 -5", 2, `weight is "-5": write 0 to 1000000, or reset`},
		{"weight a 1.2.3.4:80 -x", 2, "dubbomesh weight --help"},
		{"controlplane --xds " + busy.Addr().String(), 1, "cannot listen on " + busy.Addr().String()},
		{"controlplane --etcd-ca no/such.pem", 1, "etcd.tls.ca"},
		{"up --gateway-address here", 2, "--gateway-address"},
	} {
		code, _, errs := command(t, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: %d %s\nwant %d and %q", c.args, code, errs, c.code, c.want)
		}
	}
}

func TestVersion(t *testing.T) {
	code, out, _ := command(t, "version")
	if code != 0 || !strings.HasPrefix(out, "dubbomesh dev (go") {
		t.Errorf("%d %q", code, out)
	}
	if code, flag, _ := command(t, "--version"); code != 0 || flag != out {
		t.Errorf("--version: %d %q, want %q", code, flag, out)
	}
}
