// Package testenvoy runs a real Envoy for tests: started with a bootstrap, watched while the test runs, stopped when it
// ends. It also finds ports for what stands around it. It is for tests only.
package testenvoy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	pinned    = ".tools/envoy-1.39.3/envoy"
	readyIn   = 2 * time.Minute
	stopsIn   = time.Minute
	pollEvery = 20 * time.Millisecond
	logTail   = 16 << 10
)

// Options say how an Envoy is run.
type Options struct {
	Bootstrap string   // YAML; its admin address is replaced by a free port of 127.0.0.1
	Module    string   // path of libdubbo.so, whose folder becomes the search path; what Module says when empty
	Dir       string   // working directory, the repository's root when empty
	Args      []string // further command line arguments
	Env       []string // further KEY=value
}

// Envoy is a running Envoy. Its methods may be called by several goroutines, those that take part in the test's
// outcome only while the test runs.
type Envoy struct {
	AdminURL string // http://127.0.0.1:port

	t       testing.TB
	cmd     *exec.Cmd
	logPath string
	exited  chan struct{} // closed after cmd.Wait returned
	ended   bool          // by the test itself
}

// Binary is the Envoy that tests use: the environment variable ENVOY, or the pinned one below .tools.
func Binary(t testing.TB) string {
	t.Helper()
	return find(t, "ENVOY", pinned, "make envoy")
}

// Module is the libdubbo.so that tests use: the environment variable DUBBOMESH_MODULE, or bin/libdubbo.so.
func Module(t testing.TB) string {
	t.Helper()
	return find(t, "DUBBOMESH_MODULE", "bin/libdubbo.so", "make build")
}

// Start runs an Envoy and returns when it is ready. It is stopped when the test ends, and the test fails if it did not
// live that long or does not stop cleanly. Its log is shown when the test has failed.
func Start(t testing.TB, o Options) *Envoy {
	t.Helper()
	e, adminPath := launch(t, o)
	t.Cleanup(e.stop)
	if err := e.awaitReady(adminPath); err != nil {
		t.Fatalf("envoy: %v", err)
	}
	return e
}

// Run runs an Envoy that is expected to end by itself and returns its exit code and log.
func Run(t testing.TB, o Options) (code int, log string) {
	t.Helper()
	e, _ := launch(t, o)
	e.ended = true
	t.Cleanup(e.stop)
	select {
	case <-e.exited:
	case <-time.After(readyIn):
		t.Fatalf("envoy: still runs after %v; expected it to end\n%s", readyIn, e.Log())
	}
	return e.cmd.ProcessState.ExitCode(), e.Log()
}

// Log is what Envoy has logged so far.
func (e *Envoy) Log() string {
	text, err := os.ReadFile(e.logPath)
	if err != nil {
		return fmt.Sprintf("no log: %v", err)
	}
	return string(text)
}

// Pid is Envoy's process number.
func (e *Envoy) Pid() int { return e.cmd.Process.Pid }

// Signal sends a signal to Envoy.
func (e *Envoy) Signal(s os.Signal) {
	e.t.Helper()
	if err := e.cmd.Process.Signal(s); err != nil {
		e.t.Errorf("envoy: send %v: %v", s, err)
	}
}

// Kill ends Envoy at once, which is no failure of the test.
func (e *Envoy) Kill() {
	e.t.Helper()
	e.ended = true
	e.Signal(syscall.SIGKILL)
	<-e.exited
}

func launch(t testing.TB, o Options) (e *Envoy, adminPath string) {
	t.Helper()
	if o.Module == "" {
		o.Module = Module(t)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "bootstrap.yaml")
	if err := os.WriteFile(config, []byte(o.Bootstrap), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "envoy.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	adminPath = filepath.Join(dir, "admin")
	args := append([]string{
		"-c", config, "--concurrency", "2", "--use-dynamic-base-id", "--admin-address-path", adminPath,
		"--config-yaml", "admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}",
	}, o.Args...)
	e = &Envoy{t: t, cmd: exec.Command(Binary(t), args...), logPath: log.Name(), exited: make(chan struct{})}
	e.cmd.Stdout, e.cmd.Stderr, e.cmd.Dir = log, log, cmp.Or(o.Dir, root(t))
	e.cmd.Env = append(append(os.Environ(), "ENVOY_DYNAMIC_MODULES_SEARCH_PATH="+filepath.Dir(o.Module)), o.Env...)
	// An Envoy must not outlive a test process that is killed.
	e.cmd.SysProcAttr = childAttr()
	if err := e.cmd.Start(); err != nil {
		t.Fatalf("envoy: start %s: %v", e.cmd.Path, err)
	}
	go func() {
		_ = e.cmd.Wait() // its outcome is in ProcessState
		close(e.exited)
	}()
	return e, adminPath
}

func (e *Envoy) awaitReady(adminPath string) error {
	return e.poll(readyIn, "ready", func() error {
		if e.AdminURL == "" {
			address, err := os.ReadFile(adminPath)
			if err != nil {
				return err
			}
			if !bytes.Contains(address, []byte(":")) {
				return errors.New("admin address not yet written")
			}
			e.AdminURL = "http://" + strings.TrimSpace(string(address))
		}
		_, err := e.get("/ready")
		return err
	})
}

// poll calls try until it returns nil, Envoy ends or the time is over.
func (e *Envoy) poll(within time.Duration, what string, try func() error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	late := time.After(within)
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-e.exited:
			return fmt.Errorf("ended (%v) before it was %s", e.cmd.ProcessState, what)
		case <-late:
			return fmt.Errorf("not %s after %v: %w", what, within, err)
		case <-tick.C:
		}
	}
}

// stop ends Envoy, checks how it ended and shows its log if the test has failed.
func (e *Envoy) stop() {
	select {
	case <-e.exited:
		if !e.ended {
			e.t.Errorf("envoy: ended by itself: %v", e.cmd.ProcessState)
		}
	default:
		_ = e.cmd.Process.Signal(syscall.SIGTERM) // an Envoy that has just ended is seen below
		select {
		case <-e.exited:
			if !e.ended && !e.cmd.ProcessState.Success() {
				e.t.Errorf("envoy: did not stop cleanly: %v", e.cmd.ProcessState)
			}
		case <-time.After(stopsIn):
			_ = e.cmd.Process.Kill()
			<-e.exited
			e.t.Errorf("envoy: still ran %v after SIGTERM", stopsIn)
		}
	}
	if e.t.Failed() {
		log := e.Log()
		e.t.Logf("the end of Envoy's log:\n%s", log[max(0, len(log)-logTail):])
	}
}
