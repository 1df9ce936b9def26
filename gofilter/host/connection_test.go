package host

import (
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/consumer"
)

// fragile is a relay that panics when the manager speaks.
type fragile struct{ said []string }

func (r *fragile) FromConsumer(part []byte) { r.said = append(r.said, string(part)) }
func (r *fragile) FromManager([]byte)       { panic("no luck") }
func (r *fragile) Drain()                   { r.said = append(r.said, "drain") }
func (r *fragile) Block(bool)               { r.said = append(r.said, "block") }
func (r *fragile) Output() consumer.Output {
	return consumer.Output{Manager: []byte(strings.Join(r.said, " "))}
}
func (r *fragile) Answers() consumer.Output { return consumer.Output{Later: true} }

// A panic ends the connection, once and for good, and is told.
func TestConnectionPanic(t *testing.T) {
	var logged []string
	c := &Connection{relay: &fragile{}, log: func(m string) { logged = append(logged, m) }}
	c.FromConsumer([][]byte{[]byte("one"), []byte("two")})
	if f := c.Block(true); !f.Later || f.Close {
		t.Errorf("got %+v", f)
	}
	if f := c.Wake(true); string(f.Manager) != "one two block drain" || f.Close {
		t.Errorf("got %+v", f)
	}
	if f := c.FromManager([][]byte{nil}); !f.Close || f.Events != Panicked {
		t.Errorf("got %+v, want the end", f)
	}
	if f := c.FromConsumer([][]byte{[]byte("three")}); !f.Close || f.Events != 0 || f.Manager != nil {
		t.Errorf("got %+v, want the end", f)
	}
	if len(logged) != 1 || !strings.Contains(logged[0], "no luck") {
		t.Errorf("logged %q", logged)
	}
}
