// Package child runs other programs so that none of them outlives this one: each has its own process group, its
// output goes to a file, it is stopped within a bound, and on Linux the kernel kills it when this process dies,
// however it dies.
package child

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Spec says what to run.
type Spec struct {
	Name string   // for people
	Path string   // of the program
	Args []string // after the program's name
	Env  []string // NAME=value, added to this process's environment
	Log  string   // file that takes both outputs; emptied at the start unless Append
	// Append keeps what an earlier run of the same child wrote.
	Append bool
}

// Child is a running program. Its methods may be called by any goroutine.
type Child struct {
	spec Spec
	cmd  *exec.Cmd
	done chan struct{}
	err  error // valid after done
}

// Start runs a program. The caller stops it, or waits for Done.
func Start(spec Spec) (*Child, error) {
	if err := os.MkdirAll(filepath.Dir(spec.Log), 0o700); err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	mode := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if !spec.Append {
		mode |= os.O_TRUNC
	}
	log, err := os.OpenFile(spec.Log, mode, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	defer func() { _ = log.Close() }() // the child has its own copy
	cmd := exec.Command(spec.Path, spec.Args...)
	cmd.Env = append(os.Environ(), spec.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes()
	if err := launch(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	c := &Child{spec: spec, cmd: cmd, done: make(chan struct{})}
	go func() {
		c.err = cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

// launcher is the one thread that starts children. Linux sends the signal of a parent's death when the thread that
// started the child ends, so this one must never end.
var launcher = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

func launch(cmd *exec.Cmd) error {
	result := make(chan error)
	launcher() <- func() { result <- cmd.Start() }
	return <-result
}

// Name is the name given in the Spec.
func (c *Child) Name() string { return c.spec.Name }

// Log is the file with the child's output.
func (c *Child) Log() string { return c.spec.Log }

// PID is the process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Done is closed when the process has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Ended tells how the process ended, with its last lines of output. It waits for the end.
func (c *Child) Ended() error {
	<-c.done
	how := "exit status 0"
	if c.err != nil {
		how = c.err.Error()
	}
	return fmt.Errorf("%s (pid %d) ended: %s; its log %s ends with:\n%s", c.spec.Name, c.PID(), how, c.spec.Log, c.Tail(5))
}

// Stop asks the process group to end with SIGTERM, and ends it with SIGKILL when it is still there after grace. It
// returns when the process is gone, and says whether it went by itself.
func (c *Child) Stop(grace time.Duration) bool {
	c.signal(syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.done:
		return true
	case <-timer.C:
	}
	c.signal(syscall.SIGKILL)
	<-c.done
	return false
}

// signal reaches the whole group, so that a shell around a program takes the program along. Nothing is sent once the
// process is known to be gone, because its id may then be somebody else's.
func (c *Child) signal(s syscall.Signal) {
	select {
	case <-c.done:
	default:
		_ = syscall.Kill(-c.PID(), s)
	}
}

const tailBytes = 8 << 10

// Tail returns the last n lines of output, indented.
func (c *Child) Tail(n int) string {
	file, err := os.Open(c.spec.Log)
	if err != nil {
		return "  (" + err.Error() + ")"
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err == nil && info.Size() > tailBytes {
		_, _ = file.Seek(-tailBytes, io.SeekEnd)
	}
	text, err := io.ReadAll(io.LimitReader(file, tailBytes))
	if err != nil {
		return "  (" + err.Error() + ")"
	}
	lines := strings.Split(string(bytes.TrimSpace(text)), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-n):], "\n  ")
}
