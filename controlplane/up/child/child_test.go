package child

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds waits for other processes; a test that works never waits that long.
const patience = 2 * time.Minute

// TestMain lets the test binary be the parent that is killed: it starts a child of its own, says which, and waits.
func TestMain(m *testing.M) {
	if log := os.Getenv("CHILD_TEST_PARENT_LOG"); log != "" {
		c, err := Start(Spec{Name: "sleeper", Path: "/bin/sh", Args: []string{"-c", "exec sleep 600"}, Log: log})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(c.PID())
		<-c.Done()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func shell(t *testing.T, script string) Spec {
	t.Helper()
	return Spec{Name: "helper", Path: "/bin/sh", Args: []string{"-c", script}, Log: filepath.Join(t.TempDir(), "helper.log")}
}

func run(t *testing.T, spec Spec) *Child {
	t.Helper()
	c, err := Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop(0) })
	return c
}

// until polls a condition that another process brings about.
func until(t *testing.T, what string, met func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
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

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func printed(c *Child, text string) func() bool {
	return func() bool { return strings.Contains(c.Tail(20), text) }
}

func TestStopTakesTheWholeGroupAlong(t *testing.T) {
	c := run(t, shell(t, "sleep 600 & echo pid $!; trap 'exit 0' TERM; wait"))
	until(t, "the helper has its own child", printed(c, "pid "))
	_, number, _ := strings.Cut(c.Tail(1), "pid ")
	inner, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil {
		t.Fatal(err)
	}
	if !c.Stop(patience) {
		t.Error("SIGTERM did not end the helper")
	}
	until(t, "the inner process is gone", func() bool { return !alive(inner) || zombie(inner) })
}

// zombie tells whether the process only waits for its parent to look.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestStopKillsWhatDoesNotListen(t *testing.T) {
	c := run(t, shell(t, "trap '' TERM; echo deaf; while :; do sleep 600; done"))
	until(t, "the helper ignores SIGTERM", printed(c, "deaf"))
	if c.Stop(50 * time.Millisecond) {
		t.Error("the helper ended by itself")
	}
	if alive(c.PID()) {
		t.Error("the helper is still there")
	}
}

func TestEndedShowsTheLastLines(t *testing.T) {
	c := run(t, shell(t, "for i in 1 2 3 4 5 6 7; do echo line $i; done; exit 3"))
	got := c.Ended().Error()
	for _, want := range []string{"helper (pid ", "exit status 3", c.Log(), "line 3", "line 7"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if strings.Contains(got, "line 2") {
		t.Errorf("more than the last five lines: %q", got)
	}
}

func TestMissingProgram(t *testing.T) {
	_, err := Start(Spec{Name: "ghost", Path: "/no/such/program", Log: filepath.Join(t.TempDir(), "x.log")})
	if err == nil || !strings.Contains(err.Error(), "ghost") || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("got %v", err)
	}
}

func TestKilledParentLeavesNoChild(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "CHILD_TEST_PARENT_LOG="+filepath.Join(t.TempDir(), "sleeper.log"))
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !alive(pid) {
		t.Fatalf("no child: %q, %v", line, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	until(t, "the orphan is gone", func() bool { return !alive(pid) || zombie(pid) })
}

func TestKeptIsStartedAgainUntilStopped(t *testing.T) {
	spec := shell(t, "echo up; exec sleep 600")
	reports := make(chan string, 8)
	k, err := Keep(spec, patience, func(ended error, _ time.Duration) { reports <- ended.Error() })
	if err != nil {
		t.Fatal(err)
	}
	first := k.Current()
	first.signal(syscall.SIGKILL)
	if got := <-reports; !strings.Contains(got, "signal: killed") {
		t.Errorf("reported %q", got)
	}
	until(t, "another process runs", func() bool { return k.Current() != first })
	second := k.Current()
	k.Stop()
	if alive(second.PID()) {
		t.Error("the kept process is still there")
	}
}
