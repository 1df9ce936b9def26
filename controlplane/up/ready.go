package up

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
)

// readyBound is how long everything together may take to work.
const readyBound = 90 * time.Second

// waitReady waits until the control plane is ready, Envoy has accepted all it was sent, and the gateway answers; with a
// demo, until the demo's services answer through it.
func (m *mesh) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyBound)
	defer cancel()
	control := api.NewClient(m.ports.api.Addr().String())
	for _, check := range []func(context.Context) error{
		control.Ready,
		func(ctx context.Context) error { return gatewayInSync(ctx, control) },
		m.gatewayAnswers,
		m.demoAnswers,
	} {
		for {
			err := check(ctx)
			if err == nil {
				break
			}
			select {
			case failed := <-m.failed:
				return failed
			default:
			}
			if !pause(ctx) {
				return fmt.Errorf("not ready after %v: %w; the logs are in %s", readyBound, err, filepath.Join(m.dir, "logs"))
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ready = true
	return nil
}

func gatewayInSync(ctx context.Context, control *api.Client) error {
	proxies, err := control.Proxies(ctx)
	if err != nil {
		return err
	}
	for _, p := range proxies {
		if p.ID == gatewayNode && p.InSync {
			return nil
		}
	}
	return errors.New("the gateway Envoy has not accepted its configuration yet")
}

// gatewayAddress is where clients of this machine reach the gateway.
func (m *mesh) gatewayAddress() string {
	host, number, _ := net.SplitHostPort(m.ports.gateway.Addr().String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = loopback
	}
	return net.JoinHostPort(host, number)
}

func (m *mesh) gatewayAnswers(ctx context.Context) error {
	dialer := net.Dialer{Timeout: oneAnswer}
	connection, err := dialer.DialContext(ctx, "tcp", m.gatewayAddress())
	if err != nil {
		return fmt.Errorf("the gateway: %w", err)
	}
	return connection.Close()
}

// demoAnswers calls each service of the demo once.
func (m *mesh) demoAnswers(ctx context.Context) error {
	if m.options.Demo == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, oneAnswer)
	defer cancel()
	call, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+m.gatewayAddress()+"/"+helloService+"/hash", strings.NewReader(`["hello"]`))
	if err != nil {
		return err
	}
	call.Header.Set("content-type", "application/json")
	if _, err := do(call); err != nil {
		return err
	}
	_, err = fetch(ctx, http.MethodGet, "http://"+m.gatewayAddress()+"/"+httpService+"/whoami")
	return err
}

// Ready is what the ready file holds.
type Ready struct {
	PID       int       `json:"pid"`     // of this process, which runs etcd and the control plane
	Gateway   string    `json:"gateway"` // host:port, as all addresses here
	Admin     string    `json:"admin"`   // of the gateway Envoy
	XDS       string    `json:"xds"`
	API       string    `json:"api"`
	Etcd      string    `json:"etcd"`
	Prefix    string    `json:"prefix"` // of the mesh in etcd
	Data      string    `json:"data"`   // directory
	Logs      string    `json:"logs"`   // directory
	Processes []Process `json:"processes"`
}

// Process is a child.
type Process struct {
	Name     string   `json:"name"`
	Address  string   `json:"address"`
	PID      int      `json:"pid"`
	Log      string   `json:"log"`
	Services []string `json:"services,omitempty"`
	Weight   uint32   `json:"weight,omitempty"`
}

func (m *mesh) facts() Ready {
	gateway := m.gateway.Current()
	r := Ready{
		PID: os.Getpid(), Gateway: m.gatewayAddress(), Admin: m.ports.admin.Addr().String(), XDS: m.ports.xds.Addr().String(),
		API: m.ports.api.Addr().String(), Etcd: m.ports.etcd.Addr().String(), Prefix: m.options.Settings.Etcd.Prefix,
		Data: m.dir, Logs: filepath.Join(m.dir, "logs"),
		Processes: []Process{{Name: "envoy", Address: m.gatewayAddress(), PID: gateway.PID(), Log: gateway.Log()}},
	}
	for _, d := range m.demos {
		r.Processes = append(r.Processes, Process{
			Name: d.name, Address: d.address.String(), PID: d.child.PID(), Log: d.child.Log(), Services: d.services, Weight: d.weight,
		})
	}
	return r
}

// announce prints what runs where, and writes the ready file. Whoever waits for the file finds it complete.
func (m *mesh) announce() error {
	facts := m.facts()
	m.say("%s", describe(facts, m.tools.version, os.Args[0]))
	if m.options.ReadyFile == "" {
		return nil
	}
	text, err := json.MarshalIndent(facts, "", "  ")
	if err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	half := m.options.ReadyFile + ".part"
	if err := errors.Join(os.WriteFile(half, append(text, '\n'), 0o600), os.Rename(half, m.options.ReadyFile)); err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	m.atEnd("the ready file to be removed", func() { _ = os.Remove(m.options.ReadyFile) })
	return nil
}
