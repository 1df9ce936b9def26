package policies

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// joined is an instance that a test has started and registered.
type joined struct {
	address string
	process *os.Process
}

// kill ends the instance as a crash does, and waits until nobody listens there; its registration stays.
func (j joined) kill(t *testing.T) {
	t.Helper()
	if err := j.process.Kill(); err != nil {
		t.Error(err)
	}
	eventually(t, j.address+" is free", func() error {
		if conn, err := net.Dial("tcp", j.address); err == nil {
			return errors.Join(errors.New("somebody listens"), conn.Close())
		}
		return nil
	})
}

// in tells whether the instance is in a configuration.
func (j joined) in(config string) bool {
	_, port, _ := strings.Cut(j.address, ":")
	return regexp.MustCompile(`"portValue":\s*` + port + `\b`).MatchString(config)
}

// join starts one more instance of a service, bin/demo-http or bin/demo-provider with flags, and registers it by the command
// line with flags of that. Both end with the test.
func (m *mesh) join(t *testing.T, service, name string, flags, registration []string) joined {
	t.Helper()
	j := m.begin(t, service, name, flags)
	m.enrol(t, service, name, j.address, registration)
	return j
}

// begin starts one more instance of a service and registers it nowhere. It ends with the test.
func (m *mesh) begin(t *testing.T, service, name string, flags []string) joined {
	t.Helper()
	program := "demo-provider"
	if service == httpService {
		program = "demo-http"
	}
	process, output := m.child(t, repository("bin", program), append([]string{"--listen", "127.0.0.1:0", "--name", name}, flags...)...)
	j := joined{process: process}
	eventually(t, name+" listens", func() error {
		_, after, found := strings.Cut(output.String(), "listening ")
		address, _, ended := strings.Cut(after, "\n")
		if !found || !ended {
			return fmt.Errorf("it says %s", output)
		}
		j.address = address
		return nil
	})
	return j
}

// enrol registers an instance by the command line until the test ends, and waits until the gateway knows of it. It is used for
// a process that the test has started before, which so ends after its registration. It returns the process that keeps the lease.
func (m *mesh) enrol(t *testing.T, service, name, address string, registration []string) *os.Process {
	t.Helper()
	protocol := "dubbo"
	if service == httpService {
		protocol = "http"
	}
	j := joined{address: address}
	t.Cleanup(func() {
		eventually(t, "the gateway knows that "+name+" has left", func() error {
			config, err := m.config()
			if err == nil && j.in(config) {
				err = errors.New("it is in its configuration")
			}
			return err
		})
	})
	args := append([]string{"register", service, "--address", j.address, "--protocol", protocol, "--label", "name=" + name}, registration...)
	lease, _ := m.child(t, repository("bin", "dubbomesh"), args...)
	eventually(t, name+" is known to the gateway", func() error {
		config, err := m.config()
		if err == nil && !j.in(config) {
			err = errors.New("it is not in its configuration")
		}
		return err
	})
	return lease
}

// child starts a process that ends with the test.
func (m *mesh) child(t *testing.T, program string, args ...string) (*os.Process, *lockedBuffer) {
	t.Helper()
	c, output := exec.Command(program, args...), &lockedBuffer{}
	c.Stdout, c.Stderr, c.Dir, c.Env = output, output, repository(), m.environment()
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := c.Start(); err != nil {
		t.Fatalf("%v; `make test-policies` builds what these tests need", err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM) // one that a test has killed is gone
		_ = c.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", program, output)
		}
	})
	return c.Process, output
}

// weigh gives an instance of the demo another weight until the test ends, and waits until the gateway knows.
func (m *mesh) weigh(t *testing.T, service, name, weight string) {
	t.Helper()
	before, err := m.config()
	if err != nil {
		t.Fatal(err)
	}
	address := m.process(t, name).Address
	known := func(as string, is bool) {
		eventually(t, fmt.Sprintf("the gateway knows the weight %s of %s", weight, name), func() error {
			config, err := m.config()
			if err == nil && (config == as) != is {
				err = errors.New("not yet")
			}
			return err
		})
	}
	t.Cleanup(func() {
		m.dubbomesh(t, "weight", service, address, "reset")
		known(before, true)
	})
	m.dubbomesh(t, "weight", service, address, weight)
	known(before, false)
}
