package e2e

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

const usersService = "org.dubbomesh.demo.Users"

// usersDefinition and usersMapping make a Dubbo service of the REST interface that the HTTP example has.
const (
	usersDefinition = `
methods:
- {name: find, parameters: [{name: id, type: long}], returns: org.dubbomesh.demo.Person}
- {name: list, parameters: [{name: ids, type: "java.util.List<java.lang.Long>"}], returns: "java.util.List<org.dubbomesh.demo.Person>"}
- {name: add, parameters: [{name: user, type: org.dubbomesh.demo.Person}], returns: org.dubbomesh.demo.Person}
- {name: remove, parameters: [{name: id, type: long}], returns: void}
classes:
  org.dubbomesh.demo.Role: {enum: [ADMIN, MEMBER]}
  org.dubbomesh.demo.Person: {fields: {id: long, name: java.lang.String, role: org.dubbomesh.demo.Role}}
`
	usersMapping = `
kind: Mapping
name: users
service: org.dubbomesh.demo.Users
operations:
- {verb: GET, path: "/users/{id}", method: find, parameters: [{from: path, name: id}]}
- {verb: GET, path: /users, method: list, parameters: [{from: query, name: ids}]}
- {verb: POST, path: /users, method: add, status: 201, parameters: [{from: body}]}
- {verb: DELETE, path: "/users/{id}", method: remove, parameters: [{from: path, name: id}]}
exceptions: [{class: org.dubbomesh.demo.Taken, status: 409}]
`
)

// A Dubbo consumer calls a REST service that a Mapping policy describes.
func TestConsumerOfREST(t *testing.T) {
	m := startMesh(t)
	address := testenvoy.FreeAddress(t)
	start(t, "http service", repository("bin", "demo-http"), "--listen", address).waitOutput(t, "listening")
	m.put(t, "/dubbomesh/definitions/"+usersService, usersDefinition)
	m.put(t, "/dubbomesh/policies/Mapping/users", usersMapping)
	m.register(t, usersService, address, "--protocol", "http")
	c := m.dialDubbo(t)
	long := func(v int64) func(*dubbo.Writer) { return func(w *dubbo.Writer) { w.Long(v) } }
	eventually(t, "user 1 is found", func() error {
		_, err := c.call(usersService, "find", "J", long(1), "\x03Ann", "\x05ADMIN", "\x19org.dubbomesh.demo.Person")
		return err
	})
	person := func(w *dubbo.Writer) {
		w.Object("org.dubbomesh.demo.Person", "name", "role")
		w.String("Eve")
		w.Object("org.dubbomesh.demo.Role", "name")
		w.String("MEMBER")
	}
	for _, x := range []struct {
		method, descriptor string
		argument           func(*dubbo.Writer)
		want               []string // in the answer's body
	}{
		{"find", "J", long(404), []string{"java.lang.RuntimeException", "HTTP 404 Not Found: there is no user 404"}},
		{"list", "Ljava/util/List;", func(w *dubbo.Writer) { w.ListN(2); w.Long(2); w.Long(1) }, []string{"\x03Bob", "\x03Ann"}},
		{"add", "Lorg/dubbomesh/demo/Person;", person, []string{"\x03Eve", "\x06MEMBER", "\xe3"}},
		{"add", "Lorg/dubbomesh/demo/Person;", person, []string{"org.dubbomesh.demo.Taken", "the name Eve is taken"}},
		{"remove", "J", long(3), []string{"\x95H\x05dubbo\x052.0.2"}},
		{"find", "J", long(3), []string{"there is no user 3"}},
	} {
		if body, err := c.call(usersService, x.method, x.descriptor, x.argument, x.want...); err != nil {
			t.Errorf("%s: %v: %q", x.method, err, body)
		}
	}
}

// dubboConsumer is a Dubbo consumer with one connection to the gateway.
type dubboConsumer struct {
	t    *testing.T
	conn net.Conn
	last uint64
}

func (m *mesh) dialDubbo(t *testing.T) *dubboConsumer {
	t.Helper()
	conn, err := net.Dial("tcp", local(m.gatewayPort))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &dubboConsumer{t: t, conn: conn}
}

// call makes a call with one argument and returns the body of its answer. It is an error when that does not contain all
// of the texts.
func (c *dubboConsumer) call(service, method, descriptor string, argument func(*dubbo.Writer), want ...string) (string, error) {
	c.t.Helper()
	c.last++
	var w dubbo.Writer
	w.Reset(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.FlagRequest | dubbo.FlagTwoWay | dubbo.Hessian2, ID: c.last}))
	for _, s := range []string{"2.0.2", service, "0.0.0", method, descriptor} {
		w.String(s)
	}
	argument(&w)
	w.UntypedMap()
	w.String("path")
	w.String(service)
	w.End()
	dubbo.SetLength(w.Buf, len(w.Buf)-dubbo.HeaderSize)
	if err := c.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.conn.Write(w.Buf); err != nil {
		c.t.Fatal(err)
	}
	return c.answer(want)
}

func (c *dubboConsumer) answer(want []string) (string, error) {
	head := make([]byte, dubbo.HeaderSize)
	if _, err := io.ReadFull(c.conn, head); err != nil {
		c.t.Fatal(err)
	}
	h, err := dubbo.ParseHeader(head)
	if err != nil || h.ID != c.last {
		c.t.Fatalf("answer %+v to call %d, %v", h, c.last, err)
	}
	body := make([]byte, h.Length)
	if _, err := io.ReadFull(c.conn, body); err != nil {
		c.t.Fatal(err)
	}
	if h.Status != dubbo.StatusOK {
		return string(body), fmt.Errorf("status %v", h.Status)
	}
	for _, text := range want {
		if !strings.Contains(string(body), text) {
			return string(body), fmt.Errorf("no %q in it", text)
		}
	}
	return string(body), nil
}
