package policies

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// patience bounds every wait of these tests; one that works never waits that long.
const patience = time.Minute

// mesh is what `make run` runs, on ports that were free: etcd, control plane, gateway and the demo services.
type mesh struct {
	ready
	command *exec.Cmd
	output  *lockedBuffer
	ended   chan struct{} // closed when the process has ended
	bare    string        // the gateway's configuration without policies
	at      place         // the folder that is being tried
}

// ready is what the mesh says of itself when it runs: addresses are host:port.
type ready struct {
	Gateway   string     `json:"gateway"`
	Admin     string     `json:"admin"`
	API       string     `json:"api"`
	Etcd      string     `json:"etcd"`
	Processes []instance `json:"processes"`
}

// instance is a process of the mesh.
type instance struct {
	Name     string   `json:"name"`
	Address  string   `json:"address"`
	Services []string `json:"services"`
}

// TestMain stops the mesh, if a test has started it. A data race in the control plane shows in its exit code.
func TestMain(m *testing.M) {
	code := m.Run()
	if shared != nil {
		if err := shared.stop(); err != nil {
			fmt.Fprintf(os.Stderr, "the mesh: %v; it said:\n%s", err, shared.output)
			code = 1
		}
	}
	os.Exit(code)
}

// shared is the mesh that all tests use, nil before one has asked for it.
var (
	shared   *mesh
	starting sync.Once
	errStart = errors.New("an earlier test could not start the mesh")
)

// theMesh returns the running mesh, and starts it for the first test that asks.
func theMesh(t *testing.T) *mesh {
	t.Helper()
	starting.Do(func() { shared, errStart = startMesh(testenvoy.Binary(t), testenvoy.Module(t)) })
	if errStart != nil {
		t.Fatalf("%v; `make test-policies` builds what these tests need", errStart)
	}
	t.Cleanup(func() {
		if t.Failed() {
			text := shared.output.String()
			t.Logf("the mesh said:\n%s", text[max(0, len(text)-4000):])
		}
	})
	return shared
}

func startMesh(envoy, module string) (*mesh, error) {
	dir, err := os.MkdirTemp("", "dubbomesh-policies-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "ready.json")
	m := &mesh{output: &lockedBuffer{}, ended: make(chan struct{})}
	args := []string{"up", "--ephemeral", "--ready-file", file, "--demo", repository("bin"), "--envoy", envoy, "--module", module}
	for _, port := range []string{"gateway", "xds", "api", "etcd", "admin"} {
		args = append(args, "--"+port+"-port", "0")
	}
	m.command = exec.Command(repository("bin", "race", "dubbomesh"), args...)
	m.command.Stdout, m.command.Stderr = m.output, m.output
	m.command.Env = append(os.Environ(), "DUBBOMESH_XDS_LINGER=0s") // so that no folder finds what is left of the one before
	// The signal comes when the thread ends that started the child. Go keeps its threads until the process ends.
	m.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := m.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = m.command.Wait() // its outcome is in ProcessState
		close(m.ended)
	}()
	err = poll(2*patience, func() error {
		text, err := os.ReadFile(file)
		if err == nil {
			return json.Unmarshal(text, &m.ready)
		}
		select {
		case <-m.ended:
			return over{fmt.Errorf("the mesh ended: %s", m.output)}
		default:
			return err
		}
	})
	if err == nil {
		err = poll(patience, m.settle)
	}
	if err != nil {
		_ = m.stop() // the reason is known
		return nil, err
	}
	return m, nil
}

// settle keeps the configuration without policies as what the gateway has to come back to, once all instances are in it.
func (m *mesh) settle() error {
	config, err := m.config()
	if err != nil {
		return err
	}
	for _, p := range m.Processes {
		_, port, _ := strings.Cut(p.Address, ":")
		endpoint := regexp.MustCompile(`"portValue":\s*` + port + `\b`)
		if n := len(endpoint.FindAllString(config, -1)); n < len(p.Services) {
			return fmt.Errorf("%s is %d times in the gateway's configuration", p.Name, n)
		}
	}
	m.bare = config
	return nil
}

// stop ends the mesh and returns how it ended, nil for well.
func (m *mesh) stop() error {
	if err := m.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-m.ended:
	case <-time.After(patience):
		_ = m.command.Process.Kill()
		<-m.ended
	}
	if code := m.command.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("it ended with %d", code)
	}
	return nil
}

// config is what the gateway was sent, a resource a line, once it has accepted all of it.
func (m *mesh) config() (string, error) {
	var proxies []struct {
		ID     string `json:"id"`
		InSync bool   `json:"inSync"`
	}
	if err := m.get("/api/proxies", &proxies); err != nil {
		return "", err
	}
	if len(proxies) != 1 || !proxies[0].InSync {
		return "", fmt.Errorf("the gateway has not answered yet: %+v", proxies)
	}
	var all []struct {
		Type string          `json:"type"`
		Name string          `json:"name"`
		Body json.RawMessage `json:"body"`
	}
	if err := m.get("/api/proxies/"+proxies[0].ID+"/config", &all); err != nil {
		return "", err
	}
	var b bytes.Buffer
	for _, r := range all {
		fmt.Fprintf(&b, "%s %s ", r.Type, r.Name)
		if err := json.Compact(&b, r.Body); err != nil {
			return "", err
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// get reads JSON from the control plane's API.
func (m *mesh) get(path string, into any) error {
	status, body, err := fetch("http://" + m.API + path)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("GET %s: %d %s", path, status, body)
	}
	return json.Unmarshal([]byte(body), into)
}

// dubbomesh runs the command line against the mesh and returns what it printed.
func (m *mesh) dubbomesh(t *testing.T, args ...string) string {
	t.Helper()
	out, err := m.run(args...)
	if err != nil {
		t.Fatalf("dubbomesh %q: %v\n%s", args, err, out)
	}
	return out
}

// run is dubbomesh that may fail.
func (m *mesh) run(args ...string) (string, error) {
	c := exec.Command("bin/dubbomesh", args...) // also after the test's context has ended
	c.Dir, c.Env = repository(), m.environment()
	out, err := c.CombinedOutput()
	return string(out), err
}

// environment makes the command line use this mesh.
func (m *mesh) environment() []string {
	return append(os.Environ(), "DUBBOMESH_ETCD_ENDPOINTS="+m.Etcd, "DUBBOMESH_API_LISTEN="+m.API)
}

// process is one of the demo's, by the name that it answers whoami with: small, medium, large, one, two.
func (m *mesh) process(t *testing.T, name string) instance {
	t.Helper()
	at := slices.IndexFunc(m.Processes, func(p instance) bool { return strings.HasSuffix(p.Name, "-"+name) })
	if at < 0 {
		t.Fatalf("there is no instance %q", name)
	}
	return m.Processes[at]
}

// hostStat sums a figure of Envoy's about the instance at an address, such as rq_total, over the clusters of a service.
func (m *mesh) hostStat(t *testing.T, service, address, figure string) int {
	t.Helper()
	return hostStat(t, m.clusters(t), service, address, figure)
}

// clusters is what Envoy tells of its clusters at one moment.
func (m *mesh) clusters(t *testing.T) string {
	t.Helper()
	_, page, err := fetch("http://" + m.Admin + "/clusters")
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func hostStat(t *testing.T, page, service, address, figure string) int {
	t.Helper()
	sum, marker := 0, "::"+address+"::"+figure+"::"
	for line := range strings.Lines(page) {
		cluster, value, found := strings.Cut(strings.TrimSpace(line), marker)
		if !found || !strings.Contains(cluster, "|"+service+"|") {
			continue
		}
		n, err := strconv.Atoi(value)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		sum += n
	}
	return sum
}
