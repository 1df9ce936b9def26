package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait of these tests. It is generous because the machines are shared; a test that works
// never waits that long.
const patience = 3 * time.Minute

// process is a child of the test. Its output is kept and shown when the test fails.
type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	out  *output
}

// start runs a command and ends it, by its process id, when the test does.
func start(t *testing.T, name, command string, args ...string) *process {
	t.Helper()
	p := &process{name: name, done: make(chan struct{}), out: newOutput()}
	p.cmd = exec.Command(command, args...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	// The signal comes when the thread ends that started the child. Go keeps its threads until the process ends.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v; run `make test-e2e`, which builds what these tests need", name, err)
	}
	go func() {
		_ = p.cmd.Wait() // its outcome is in ProcessState
		close(p.done)
	}()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("output of %s:\n%s", name, p.out.tail(2000))
		}
	})
	return p
}

// signal sends a signal to the process; a process that is gone already is not an error.
func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("signal %v to %s: %v", s, p.name, err)
	}
}

// kill ends the process at once, as a crash would.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGKILL)
	<-p.done
}

// stop asks the process to end, and ends it when it does not within some seconds.
func (p *process) stop(t *testing.T) {
	t.Helper()
	select {
	case <-p.done:
		return
	default:
	}
	p.signal(t, syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		t.Errorf("%s did not end within a minute of SIGTERM", p.name)
		p.kill(t)
	}
}

// waitOutput waits until the process has printed text.
func (p *process) waitOutput(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(patience)
	for {
		changed := p.out.changed()
		if strings.Contains(p.out.String(), text) {
			return
		}
		select {
		case <-changed:
		case <-p.done:
			if strings.Contains(p.out.String(), text) {
				return
			}
			t.Fatalf("%s ended before it printed %q; its output:\n%s", p.name, text, p.out.tail(4000))
		case <-deadline:
			t.Fatalf("%s did not print %q; its output:\n%s", p.name, text, p.out.tail(4000))
		}
	}
}

// output collects what a process prints and tells when there is more.
type output struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	more chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.more)
	o.more = make(chan struct{})
	return o.buf.Write(p)
}

func (o *output) changed() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.more
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func (o *output) tail(n int) string {
	s := o.String()
	return s[max(0, len(s)-n):]
}

// eventually polls check until it returns nil.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: still not so after %v: %v", what, patience, err)
		}
		<-tick.C
	}
}

// repository returns a path below the repository's root.
func repository(elem ...string) string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(append([]string{filepath.Dir(file), ".."}, elem...)...)
}

func local(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
