package up

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

// patience bounds every wait; a test that works never waits that long.
const patience = 3 * time.Minute

// readyFile, set, makes the test binary be the mesh itself, so that it can be killed.
const readyFile = "UP_TEST_READY_FILE"

func TestMain(m *testing.M) {
	if file := os.Getenv(readyFile); file != "" {
		if err := runHere(file); err != nil {
			fmt.Println("up:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// runHere runs a mesh with the demo on free ports in this process, until SIGTERM.
func runHere(file string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := settings.Load(pflag.NewFlagSet("up", pflag.ContinueOnError), "")
	if err != nil {
		return err
	}
	return Run(ctx, Options{
		Settings: c, Ephemeral: true, ReadyFile: file, GatewayAddress: loopback,
		Envoy: os.Getenv("ENVOY"), Module: "../../bin/libdubbo.so", Demo: "../../bin",
	}, os.Stdout, slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn})))
}

// running is a mesh in a process of its own.
type running struct {
	Ready
	command *exec.Cmd
	ended   chan struct{}
	out     *output
	temp    string
}

// output is read while it is written.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// runMesh runs a mesh with the demo on free ports, and returns when it is ready.
func runMesh(t *testing.T) *running {
	t.Helper()
	envoy := os.Getenv("ENVOY")
	if envoy == "" {
		envoy = "../../.tools/envoy-1.39.3/envoy"
	}
	r := &running{ended: make(chan struct{}), out: &output{}, temp: t.TempDir()}
	file := filepath.Join(t.TempDir(), "ready.json")
	r.command = exec.Command(os.Args[0])
	r.command.Env = append(os.Environ(), readyFile+"="+file, "ENVOY="+envoy, "TMPDIR="+r.temp)
	r.command.Stdout, r.command.Stderr = r.out, r.out
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = r.command.Wait()
		close(r.ended)
	}()
	t.Cleanup(func() {
		_ = r.command.Process.Kill()
		<-r.ended
		if t.Failed() {
			t.Log(r.out)
		}
	})
	until(t, "the mesh is ready", func() bool {
		select {
		case <-r.ended:
			t.Fatal("the mesh ended; does `make build envoy` work?")
		default:
		}
		text, err := os.ReadFile(file)
		return err == nil && json.Unmarshal(text, &r.Ready) == nil
	})
	return r
}

func until(t *testing.T, what string, met func() bool) {
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

// gone tells whether no child is left; one that only waits to be reaped does nothing any more.
func (r *running) gone() bool {
	for _, p := range r.Processes {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID))
		if err == nil && !strings.Contains(string(stat), ") Z ") {
			return false
		}
	}
	return true
}

func (r *running) process(t *testing.T, name string) Process {
	t.Helper()
	for _, p := range r.Processes {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("there is no %s among %v", name, r.Processes)
	return Process{}
}

// call is the first thing that a new user tries.
func (r *running) call() (int, string) { return r.post(helloService+"/hash", `["hello"]`) }

func (r *running) post(path, body string) (int, string) {
	answer, err := http.Post("http://"+r.Gateway+"/"+path, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, strings.TrimSpace(string(text))
}

func TestMeshSurvivesItsChildrenAndStopsCleanly(t *testing.T) {
	r := runMesh(t)
	// java.lang.String's hash of "hello".
	if status, body := r.call(); status != http.StatusOK || body != "99162322" {
		t.Errorf("call: %d %s", status, body)
	}
	until(t, "the demo's types are known", func() bool {
		status, body := r.post(echoService+"/saveUser", `{"role":"ADMIN","created":"2024-02-29T13:14:15Z"}`)
		return status == http.StatusOK && strings.Contains(body, `"ADMIN"`) && strings.Contains(body, `"2024-02-29T13:14:15.000Z"`)
	})
	if text, err := fetch(t.Context(), http.MethodGet, "http://"+r.API+"/openapi/"+echoService); err != nil || !strings.Contains(text, "saveUser") {
		t.Errorf("OpenAPI document: %v %.300s", err, text)
	}
	for _, want := range []string{r.Gateway, r.API, r.Etcd, "provider-small", "provider-large", "http-two", " weight " + echoService, "etcdctl", " register "} {
		if !strings.Contains(r.out.String(), want) {
			t.Errorf("the screen lacks %q", want)
		}
	}

	provider := r.process(t, "provider-medium")
	if err := syscall.Kill(provider.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, "the death of a provider is reported", func() bool {
		return strings.Contains(r.out.String(), fmt.Sprintf("provider-medium (pid %d) ended: signal: killed", provider.PID))
	})
	if err := syscall.Kill(r.process(t, "envoy").PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, "a new Envoy answers", func() bool {
		status, _ := r.call()
		return status == http.StatusOK && strings.Contains(r.out.String(), "envoy is started again")
	})

	// What is under way when the mesh is told to stop is still answered.
	slow := make(chan int)
	go func() {
		status, _ := r.post(echoService+"/slow", "[1000]")
		slow <- status
	}()
	until(t, "the slow call is under way", func() bool {
		stats, err := fetch(t.Context(), http.MethodGet, "http://"+r.Admin+"/stats?filter=downstream_rq_active")
		return err == nil && busy(stats)
	})
	if err := r.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := <-slow; status != http.StatusOK {
		t.Errorf("the call that was under way ended with %d", status)
	}
	<-r.ended
	if code := r.command.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exits with %d", code)
	}
	if !r.gone() {
		t.Errorf("children are left")
	}
	if status, _ := r.call(); status != 0 {
		t.Errorf("something still answers: %d", status)
	}
	if left, err := filepath.Glob(filepath.Join(r.temp, "dubbomesh-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestKilledMeshLeavesNoChild(t *testing.T) {
	r := runMesh(t)
	if err := r.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-r.ended
	until(t, "all children are gone", r.gone)
}

func TestTwoMeshesSideBySide(t *testing.T) {
	first, second := runMesh(t), runMesh(t)
	for _, r := range []*running{first, second} {
		if status, body := r.call(); status != http.StatusOK {
			t.Errorf("call: %d %s", status, body)
		}
	}
}
