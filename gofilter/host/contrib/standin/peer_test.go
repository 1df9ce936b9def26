package standin_test

import (
	"bufio"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"
)

// The fake provider of the other tests answers heartbeats because real ones do, also to a connection's first frame: so
// does dubbo-go.
func TestRealProvider(t *testing.T) {
	p := startDemoProvider(t)
	url := start(t,
		hosttest.Route{Prefix: "/com.alibaba.dubbo.performance.demo.provider.IHelloService/", Providers: []*hosttest.Provider{p}, Timeout: long},
		hosttest.Route{Prefix: "/org.dubbomesh.demo.Echo/", Providers: []*hosttest.Provider{p}, Timeout: long})
	const hash = "/com.alibaba.dubbo.performance.demo.provider.IHelloService/hash"
	bad, ok := hosttest.Reply{Status: http.StatusBadRequest}, hosttest.Reply{Status: http.StatusOK, Body: "99162322"}
	call := hosttest.Invoke("hello")
	call.Path = hash
	oneWay := call
	oneWay.Header = map[string]string{"x-dubbo-one-way": "true"}
	form := hosttest.Request{Path: "/", Type: "application/x-www-form-urlencoded",
		Body: "interface=com.alibaba.dubbo.performance.demo.provider.IHelloService&method=hash&parameterTypesString=Ljava/lang/String;&parameter=hello"}
	for range 3 {
		hosttest.Expect(t, url, hosttest.Request{Path: hash, Body: `["hello"`}, bad)
		hosttest.Expect(t, url, call, ok)
		hosttest.Expect(t, url, oneWay, hosttest.Reply{Status: http.StatusAccepted})
		hosttest.Expect(t, url, form, ok)
		hosttest.Expect(t, url, hosttest.Request{Verb: http.MethodGet, Path: "/org.dubbomesh.demo.Echo/whoami", Type: "-"}, hosttest.Reply{Status: http.StatusOK, Body: `"peer"`})
		hosttest.Expect(t, url, hosttest.Request{Verb: http.MethodGet, Path: "/org.dubbomesh.demo.Echo/nosuch", Type: "-"}, hosttest.Reply{Status: http.StatusNotFound})
	}
}

// startDemoProvider starts the dubbo-go example, which make build makes.
func startDemoProvider(t *testing.T) *hosttest.Provider {
	t.Helper()
	cmd := exec.Command("../../../../bin/demo-provider", "--listen", "127.0.0.1:0", "--name", "peer", "--delay", "1ms", "--drain", "0s")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; run make build", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // Wait says how it ended
		if err := cmd.Wait(); err != nil {
			t.Errorf("demo-provider: %v", err)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		address, listens := strings.CutPrefix(lines.Text(), "listening ")
		if !listens {
			continue
		}
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			t.Fatal(err)
		}
		go func() { // ends with the process
			for lines.Scan() {
			}
		}()
		return hosttest.Remote(n)
	}
	t.Fatal("demo-provider does not listen")
	return nil
}
