package policies

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

func routeByArgument(t *testing.T, m *mesh) {
	for body, want := range map[string]string{
		`{"user": {"plan": "gold"}}`: "two", `[{"user": {"name": "x", "plan": "gold"}}, 2]`: "two",
		`{"user": {"plan": "free"}}`: "one", `{"user": "gold"}`: "one", `["gold"]`: "one", `{"user": {`: "one",
	} {
		for range 10 {
			if got := m.byBody(t, body); got != want {
				t.Errorf("%s went to %s, want %s", body, got, want)
			}
		}
	}
	s := m.dubbo()
	m.calls(t, 30, "echo", `["gold-ann"]`, s.v2)
	m.calls(t, 60, "echo", `["ann"]`, s.v1)
	m.calls(t, 30, "add", `[5, 1]`, s.v2)
	m.calls(t, 60, "add", `[10, 1]`, s.v1)
	m.reach(t, 30, func() error { return m.form(t, "echo", "gold-ann") }, s.v2)
	m.reach(t, 60, func() error { return m.form(t, "echo", "ann") }, s.v1)
	echo := m.consumeText(t, "echo")
	m.reach(t, 30, func() error { return echo("gold-ann") }, s.v2)
	m.reach(t, 60, func() error { return echo("ann") }, s.v1)
}

func routeByCaller(t *testing.T, s target) {
	const name = attachmentPrefix + "remote.application"
	s.always(t, 60, s.v2, name, "shop")
	s.always(t, 60, s.v2, name, "desk")
	s.always(t, 60, s.v1, name, "shopping")
	s.always(t, 60, s.v1)
}

func hashByArgument(t *testing.T, m *mesh) {
	met := map[string]bool{}
	for i := range 30 {
		seen := map[string]bool{}
		for n := range 10 {
			seen[m.byBody(t, fmt.Sprintf(`{"n": %d, "user": {"id": %d}}`, n, i))] = true
		}
		if len(seen) > 1 {
			t.Errorf("user %d is served by %v", i, slices.Sorted(maps.Keys(seen)))
		}
		maps.Copy(met, seen)
	}
	if len(met) < 2 {
		t.Errorf("all are served by %v", slices.Sorted(maps.Keys(met)))
	}
	echo, served := m.consumeText(t, "echo"), map[string]bool{}
	for i := range 12 {
		text := fmt.Sprintf("user-%d", i)
		before := m.served(t)
		for range 4 {
			if a := m.send(t, http.MethodPost, "/"+dubboService+"/echo", `["`+text+`"]`); a.status != http.StatusOK {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if err := m.form(t, "echo", text); err != nil {
				t.Fatal(err)
			}
			if err := echo(text); err != nil {
				t.Fatal(err)
			}
		}
		got := between(before, m.served(t))
		if len(got) != 1 {
			t.Errorf("%s is served by %v", text, got)
		}
		for _, name := range got {
			served[name] = true
		}
	}
	if len(served) < 2 {
		t.Errorf("all are served by %v", served)
	}
}

// byBody is the instance of the HTTP service that gets a body.
func (m *mesh) byBody(t *testing.T, body string) string {
	t.Helper()
	a := m.send(t, http.MethodPost, "/"+httpService+"/request/1", body)
	_, after, _ := strings.Cut(a.body, `"by":`)
	return strings.Split(after+`""`, `"`)[1]
}

// served is how many calls each instance of the Dubbo service has got, by Envoy's counters.
func (m *mesh) served(t *testing.T) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, name := range m.dubbo().names() {
		out[name] = m.hostStat(t, dubboService, m.process(t, name).Address, "rq_total")
	}
	return out
}

// between are the instances that have got calls in between.
func between(before, after map[string]int) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if after[name] > before[name] {
			out = append(out, name)
		}
	}
	return out
}

// reach makes n calls and requires that exactly these instances get them.
func (m *mesh) reach(t *testing.T, n int, call func() error, names []string) {
	t.Helper()
	before := m.served(t)
	for range n {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	if got := between(before, m.served(t)); !slices.Equal(got, slices.Sorted(slices.Values(names))) {
		t.Errorf("%d calls went to %q, want %q", n, got, names)
	}
}

// form calls a method with a text by the form on POST /.
func (m *mesh) form(t *testing.T, method, text string) error {
	form := url.Values{"interface": {dubboService}, "method": {method}, "parameterTypesString": {"Ljava/lang/String;"}, "parameter": {text}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+m.Gateway+"/", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("content-type", "application/x-www-form-urlencoded")
	got, err := client.Do(r)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if body, err := io.ReadAll(got.Body); err != nil || got.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s %s %w", method, got.Status, body, err)
	}
	return nil
}

// consumeText is a Dubbo consumer that calls a method with a text.
func (m *mesh) consumeText(t *testing.T, method string) func(text string) error {
	conn, err := net.Dial("tcp", m.Gateway)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	id := uint64(0)
	return func(text string) error {
		id++
		var w dubbo.Writer
		w.Reset(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.FlagRequest | dubbo.FlagTwoWay | dubbo.Hessian2, ID: id}))
		for _, s := range []string{"2.0.2", dubboService, "0.0.0", method, "Ljava/lang/String;", text} {
			w.String(s)
		}
		w.UntypedMap()
		w.String("path")
		w.String(dubboService)
		w.End()
		dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		if _, err := conn.Write(w.Buf); err != nil {
			return err
		}
		head := make([]byte, dubbo.HeaderSize)
		if _, err := io.ReadFull(conn, head); err != nil {
			return err
		}
		h, err := dubbo.ParseHeader(head)
		if err != nil {
			return err
		}
		body := make([]byte, h.Length)
		if _, err := io.ReadFull(conn, body); err != nil || h.Status != dubbo.StatusOK || !strings.Contains(string(body), text) {
			return fmt.Errorf("%s: %v %q %w", method, h.Status, body, err)
		}
		return nil
	}
}
