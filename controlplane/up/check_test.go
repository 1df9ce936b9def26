package up

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/envoy"
)

// script writes a program that prints a text.
func script(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte("#!/bin/sh\ncat <<'END'\n"+text+"\nEND\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func version(number string) string {
	return "envoy  version: 6eb0d2d97489ec1b4e1584a004f5de443d97a41b/" + number + "/Clean/RELEASE/BoringSSL"
}

// sound is a set of options that passes all checks, with programs that do nothing.
func sound(t *testing.T) Options {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"libdubbo.so", "demo-provider", "demo-http"} {
		script(t, dir, name, "")
	}
	return Options{
		DataDir: filepath.Join(dir, "data"), GatewayAddress: loopback,
		Envoy: script(t, dir, "envoy", version("1.39.3")), Module: filepath.Join(dir, "libdubbo.so"), Demo: dir,
	}
}

func TestTools(t *testing.T) {
	o := sound(t)
	got, err := findTools(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want := tools{
		envoy: o.Envoy, version: "1.39.3", module: o.Module,
		provider: filepath.Join(o.Demo, "demo-provider"), http: filepath.Join(o.Demo, "demo-http"),
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(tools{})); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsMissingIsSaidBeforeAnythingStarts(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*testing.T, *Options)
		want  []string
	}{
		"no envoy":       {func(_ *testing.T, o *Options) { o.Envoy = "/no/such/envoy" }, []string{"no Envoy at /no/such/envoy", "make envoy", "--envoy", "ENVOY"}},
		"old envoy":      {func(t *testing.T, o *Options) { o.Envoy = script(t, t.TempDir(), "envoy", version("1.38.3")) }, []string{"is Envoy 1.38.3", "1.39.x and 1.40.x"}},
		"other program":  {func(t *testing.T, o *Options) { o.Envoy = script(t, t.TempDir(), "envoy", "hello") }, []string{"does not look like Envoy's"}},
		"failing envoy":  {func(_ *testing.T, o *Options) { o.Envoy = "/bin/false" }, []string{"/bin/false --version", "exit status 1"}},
		"no module":      {func(_ *testing.T, o *Options) { o.Module = "/no/libdubbo.so" }, []string{"the Envoy module is missing", "/no/libdubbo.so", "make build", "--module"}},
		"no demo":        {func(_ *testing.T, o *Options) { o.Demo = "/no/bin" }, []string{"/no/bin/demo-provider", "/no/bin/demo-http", "--demo"}},
		"data is a file": {func(_ *testing.T, o *Options) { o.DataDir = o.Envoy }, []string{"data directory", "--data-dir"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := sound(t)
			c.spoil(t, &o)
			refused(t, o, c.want...)
		})
	}
}

func TestBusyPort(t *testing.T) {
	l, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for flag, set := range map[string]func(*Options){
		"--gateway-port": func(o *Options) { o.GatewayPort = port(l) },
		"--xds-port":     func(o *Options) { o.XDSPort = port(l) },
		"--api-port":     func(o *Options) { o.APIPort = port(l) },
		"--etcd-port":    func(o *Options) { o.EtcdPort = port(l) },
		"--admin-port":   func(o *Options) { o.AdminPort = port(l) },
	} {
		o := sound(t)
		set(&o)
		refused(t, o, "is busy", flag)
	}
}

// refused runs a mesh that cannot start: it has to say why, print nothing else and leave nothing behind.
func refused(t *testing.T, o Options, want ...string) {
	t.Helper()
	var out bytes.Buffer
	err := Run(t.Context(), o, &out, slog.New(slog.DiscardHandler))
	if err == nil {
		t.Fatal("it runs")
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q lacks %q", err, w)
		}
	}
	if out.Len() > 0 {
		t.Errorf("printed %q", &out)
	}
	if _, err := os.Stat(filepath.Join(o.DataDir, "etcd")); err == nil {
		t.Error("etcd was started all the same")
	}
}

func TestEnvoyThatDoesNotStartEndsTheMesh(t *testing.T) {
	o := sound(t)
	o.Demo, o.Ephemeral, o.ReadyFile = "", true, filepath.Join(t.TempDir(), "ready.json")
	t.Setenv("TMPDIR", t.TempDir())
	var out bytes.Buffer
	err := Run(t.Context(), o, &out, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "envoy (pid ") || !strings.Contains(err.Error(), "/1.39.3/") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(o.ReadyFile); err == nil {
		t.Error("ready all the same")
	}
	left, err := fs.Glob(os.DirFS(os.Getenv("TMPDIR")), "dubbomesh-*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestStoppedWhileStarting(t *testing.T) {
	o := sound(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Run(ctx, o, &bytes.Buffer{}, slog.New(slog.DiscardHandler)); err != nil && !strings.Contains(err.Error(), "context canceled") && !strings.Contains(err.Error(), "killed") {
		t.Errorf("got %v", err)
	}
}

func TestRenderChangesOnlyAddresses(t *testing.T) {
	var before, after any
	text, err := render(envoy.Bootstrap, addresses{node: "n", xds: 1, admin: 2, module: "/opt/libdubbo.so"})
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(envoy.Bootstrap, &before); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &after); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"gateway-1": true, "9901": true, "bin/libdubbo.so": true, "18000": true}
	got := map[string]bool{}
	changes(before, after, got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// changes collects the leaves of a tree that are others in another tree of the same shape.
func changes(before, after any, into map[string]bool) {
	switch b := before.(type) {
	case map[string]any:
		for key := range b {
			changes(b[key], after.(map[string]any)[key], into)
		}
	case []any:
		for i := range b {
			changes(b[i], after.([]any)[i], into)
		}
	default:
		if before != after {
			into[fmt.Sprint(before)] = true
		}
	}
}

func TestRenderRefusesAnotherShape(t *testing.T) {
	for _, text := range []string{"", "node: {}", "node: {id: a}\nadmin: []", ":\n:"} {
		if _, err := render([]byte(text), addresses{}); err == nil {
			t.Errorf("%q was rendered", text)
		}
	}
}

func TestBusy(t *testing.T) {
	for stats, want := range map[string]bool{
		"": false,
		"http.admin.downstream_rq_active: 1\nhttp.gateway-http.downstream_rq_active: 0\n": false,
		"http.admin.downstream_rq_active: 1\nhttp.gateway-http.downstream_rq_active: 3\n": true,
	} {
		if busy(stats) != want {
			t.Errorf("%q: %v", stats, !want)
		}
	}
}

func TestTunables(t *testing.T) {
	for given, want := range map[string]string{
		"":                     "glibc.pthread.rseq=0",
		"glibc.malloc.arena=1": "glibc.malloc.arena=1:glibc.pthread.rseq=0",
		"glibc.pthread.rseq=1": "glibc.pthread.rseq=1:glibc.pthread.rseq=0", // the last one counts
	} {
		if got := tunables(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}
