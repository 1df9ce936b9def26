package testenvoy

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func (e *Envoy) get(path string) (string, error) {
	r, err := http.Get(e.AdminURL + path)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, r.Status)
	}
	return string(body), err
}

// Get returns a page of the admin interface, for instance "/clusters".
func (e *Envoy) Get(path string) string {
	e.t.Helper()
	body, err := e.get(path)
	if err != nil {
		e.t.Fatalf("envoy: %v", err)
	}
	return body
}

// Stat is the value of a counter or gauge, 0 when there is none of that name.
func (e *Envoy) Stat(name string) uint64 {
	e.t.Helper()
	for line := range strings.Lines(e.Get("/stats")) {
		if value, found := strings.CutPrefix(line, name+": "); found {
			n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64)
			if err != nil {
				e.t.Fatalf("envoy: stat %s: %v", name, err)
			}
			return n
		}
	}
	return 0
}

// WaitStat waits until the named counter or gauge satisfies ok and returns its value. The test fails after ten seconds.
func (e *Envoy) WaitStat(name string, ok func(uint64) bool) (value uint64) {
	e.t.Helper()
	err := e.poll(10*time.Second, "there: "+name, func() error {
		if value = e.Stat(name); !ok(value) {
			return fmt.Errorf("%s is %d", name, value)
		}
		return nil
	})
	if err != nil {
		e.t.Fatalf("envoy: %v", err)
	}
	return value
}

// ConfigDump is Envoy's configuration as its admin interface shows it, in JSON, endpoints included.
func (e *Envoy) ConfigDump() []byte {
	e.t.Helper()
	return []byte(e.Get("/config_dump?include_eds"))
}

// ListenerURL is the address of a listener, which may be bound to port 0, as http://host:port.
func (e *Envoy) ListenerURL(name string) string {
	e.t.Helper()
	var page struct {
		Listeners []struct {
			Name    string `json:"name"`
			Address struct {
				Socket struct {
					Address string `json:"address"`
					Port    int    `json:"port_value"`
				} `json:"socket_address"`
			} `json:"local_address"`
		} `json:"listener_statuses"`
	}
	if err := json.Unmarshal([]byte(e.Get("/listeners?format=json")), &page); err != nil {
		e.t.Fatalf("envoy: listeners: %v", err)
	}
	for _, l := range page.Listeners {
		if l.Name == name {
			return fmt.Sprintf("http://%s:%d", l.Address.Socket.Address, l.Address.Socket.Port)
		}
	}
	e.t.Fatalf("envoy: no listener %q among %d", name, len(page.Listeners))
	return ""
}
