package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/plane"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

// mesh is `dubbomesh up`: etcd, control plane and gateway Envoy.
type mesh struct {
	rig      *rig
	gateway  string // host:port
	admin    string // of the Envoy, host:port
	prefix   string // of the mesh in etcd
	envoyPID int
	client   *clientv3.Client
}

// startMesh runs `dubbomesh up` on free ports until everything in it works.
func (r *rig) startMesh(ctx context.Context) (*mesh, error) {
	file := filepath.Join(r.dir, "ready.json")
	up, err := r.launch("dubbomesh", filepath.Join(r.options.bin, "dubbomesh"), "up", "--ephemeral", "--ready-file", file,
		"--envoy", r.options.envoy, "--gateway-port", "0", "--xds-port", "0", "--api-port", "0", "--etcd-port", "0", "--admin-port", "0")
	if err != nil {
		return nil, fmt.Errorf("%w; `make build` makes it", err)
	}
	var ready struct {
		Gateway, Admin, Etcd, Prefix string
		Processes                    []struct {
			Name string
			PID  int
		}
	}
	err = poll(ctx, "the mesh to be ready", func() error {
		select {
		case <-up.Done():
			return fatal{up.Ended()}
		default:
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &ready)
	})
	if err != nil {
		return nil, err
	}
	m := &mesh{rig: r, gateway: ready.Gateway, admin: ready.Admin, prefix: ready.Prefix}
	for _, p := range ready.Processes {
		if p.Name == "envoy" {
			m.envoyPID = p.PID
		}
	}
	if m.envoyPID == 0 {
		return nil, errors.New("dubbomesh does not tell the process id of its Envoy")
	}
	m.client, err = plane.Dial(ctx, settings.Etcd{Endpoints: []string{ready.Etcd}, DialTimeout: 5 * time.Second})
	if err != nil {
		return nil, err
	}
	r.atEnd(func() { _ = m.client.Close() })
	return m, nil
}

// register keeps a server registered, by a lease, as long as the rig runs.
func (m *mesh) register(ctx context.Context, service string, protocol model.Protocol, s *server) error {
	address, err := netip.ParseAddrPort(s.address)
	if err != nil {
		return fmt.Errorf("%s listens on %q: %w", s.name, s.address, err)
	}
	r, err := registry.Register(context.WithoutCancel(ctx), m.client, registry.RegistrationConfig{
		Prefix: m.prefix, Service: service,
		Instance: model.Instance{
			Address: address.Addr().String(), Port: uint32(address.Port()), Protocol: protocol, Weight: s.weight, Status: model.StatusUp,
		},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	m.rig.atEnd(func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		_ = r.Close(bounded) // else it ends with its lease, or with the etcd
	})
	select {
	case <-r.Registered():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("register %s: %w", s.name, ctx.Err())
	}
}

// host is what Envoy knows of an instance.
type host struct {
	weight   uint32
	requests uint64 // sent to it so far
}

// hosts asks Envoy for all instances, by address.
func (m *mesh) hosts(ctx context.Context) (map[string]host, error) {
	var page struct {
		Clusters []struct {
			Hosts []struct {
				Address struct {
					Socket struct {
						Address string `json:"address"`
						Port    int    `json:"port_value"`
					} `json:"socket_address"`
				} `json:"address"`
				Weight uint32 `json:"weight"`
				Stats  []struct {
					Name  string `json:"name"`
					Value string `json:"value"`
				} `json:"stats"`
			} `json:"host_statuses"`
		} `json:"cluster_statuses"`
	}
	if err := getJSON(ctx, "http://"+m.admin+"/clusters?format=json", &page); err != nil {
		return nil, err
	}
	all := map[string]host{}
	for _, c := range page.Clusters {
		for _, h := range c.Hosts {
			known := host{weight: h.Weight}
			for _, s := range h.Stats {
				if s.Name == "rq_total" {
					known.requests, _ = strconv.ParseUint(s.Value, 10, 64) // 0 is left out of the page
				}
			}
			all[net.JoinHostPort(h.Address.Socket.Address, strconv.Itoa(h.Address.Socket.Port))] = known
		}
	}
	return all, nil
}

// waitRoutes waits until Envoy knows every server with its weight and both services answer through the gateway.
func (m *mesh) waitRoutes(ctx context.Context, servers []*server) error {
	err := poll(ctx, "Envoy to know all instances", func() error {
		hosts, err := m.hosts(ctx)
		if err != nil {
			return err
		}
		var missing []string
		for _, s := range servers {
			if h, known := hosts[s.address]; !known || h.weight != s.weight {
				missing = append(missing, s.name)
			}
		}
		if len(missing) > 0 {
			return fmt.Errorf("it does not know %s yet", strings.Join(missing, ", "))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return poll(ctx, "both services to answer", func() error {
		return errors.Join(m.rig.check(ctx, dubbo), m.rig.check(ctx, plain))
	})
}
