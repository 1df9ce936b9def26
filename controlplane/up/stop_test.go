package up

import (
	"strings"
	"testing"
	"time"
)

// told hands on what is written.
type told chan string

func (t told) Write(text []byte) (int, error) {
	t <- string(text)
	return len(text), nil
}

// What takes long to stop is named, what does not is not.
func TestStopTellsWhatItWaitsFor(t *testing.T) {
	out := make(told, 10)
	m := &mesh{out: out}
	m.atEnd("something slow", func() {
		select {
		case line := <-out:
			if line != "waiting for something slow\n" {
				t.Errorf("it says %q", line)
			}
		case <-time.After(patience):
			t.Error("it says nothing")
		}
	})
	m.atEnd("something quick", func() {})
	m.stop()
	if len(out) > 0 {
		t.Errorf("it says %q too", <-out)
	}
}

func TestSuggestions(t *testing.T) {
	r := Ready{Gateway: "g:1", Etcd: "e:1", API: "127.0.0.1:18001"}
	if text := suggestions(r, "bin/dubbomesh"); !strings.Contains(text, "bin/dubbomesh register orders --address 127.0.0.1:8090 --protocol http --etcd e:1\n") {
		t.Errorf("without a demo: %s", text)
	}
	r.Processes = []Process{{Name: "small", Address: "p:1", Services: []string{helloService}}}
	text := suggestions(r, "bin/dubbomesh")
	for _, line := range []string{
		"  bin/dubbomesh weight " + echoService + " p:1 900 --etcd e:1\n  # etcdctl --endpoints e:1 put /weights/" + echoService + "/p:1 900\n",
		"and kill %1 the provider itself",
		"  bin/demo-provider --listen 127.0.0.1:20890 --name extra &\n",
	} {
		if !strings.Contains(strings.ReplaceAll(text, "/dubbomesh/weights", "/weights"), line) {
			t.Errorf("%q is missing in %s", line, text)
		}
	}
}
