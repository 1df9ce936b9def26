package hosttest

import (
	"encoding/binary"
	"fmt"
	"strconv"

	hessian "github.com/apache/dubbo-go-hessian2"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// argumentOf reads a request's body up to its first argument; that of a generic call stands in a list.
func argumentOf(body []byte) (string, error) {
	d := hessian.NewDecoder(body)
	var texts [5]string // Dubbo version, path, service version, method, parameter types
	for i := range texts {
		v, err := d.Decode()
		if err != nil {
			return "", fmt.Errorf("text %d: %w", i, err)
		}
		texts[i], _ = v.(string)
	}
	switch {
	case texts[4] == "":
		return "", nil
	case texts[3] == "$invoke":
		return genericArgument(d)
	}
	v, err := d.Decode()
	if err != nil {
		return "", fmt.Errorf("argument: %w", err)
	}
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("argument is a %T, not a string", v)
	}
	return s, nil
}

func genericArgument(d *hessian.Decoder) (string, error) {
	var list any
	for range 3 { // name, types, arguments
		var err error
		if list, err = d.Decode(); err != nil {
			return "", fmt.Errorf("generic call: %w", err)
		}
	}
	if all, _ := list.([]any); len(all) > 0 {
		s, _ := all[0].(string)
		return s, nil
	}
	return "", nil
}

// Frame is an answer: a string without attachments.
func Frame(id uint64, value string) []byte {
	e := hessian.NewEncoder()
	if err := e.Encode(value); err != nil {
		panic(err) // a string always encodes
	}
	return answer(id, dubbo.StatusOK, append([]byte{0x91}, e.Buffer()...))
}

func answer(id uint64, status dubbo.Status, body []byte) []byte {
	return append(dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.Hessian2, Status: status, ID: id, Length: len(body)}), body...)
}

// event is a frame that is no call: a heartbeat with body 'N', or READONLY with "R".
func event(flags dubbo.Flags, body string) []byte {
	h := dubbo.Header{Flags: dubbo.FlagRequest | dubbo.FlagEvent | dubbo.Hessian2 | flags, ID: 1 << 40, Length: len(body)}
	return append(dubbo.AppendHeader(nil, h), body...)
}

// Quoted is a string as JSON, for strings that need no more escapes than Go's.
func Quoted(s string) string { return strconv.Quote(s) }

// Echo answers with the argument.
func Echo(p *Peer, c Call) { p.Send(Frame(c.ID, c.Argument)) }

// Split answers in pieces of one byte and then some.
func Split(p *Peer, c Call) {
	answer := Frame(c.ID, c.Argument)
	for i := 0; i < len(answer); {
		n := min(1+i%13, len(answer)-i)
		p.Send(answer[i : i+n])
		i += n
	}
}

// Noisy answers after a heartbeat, a READONLY event and the answer to someone else's call.
func Noisy(p *Peer, c Call) {
	all := event(dubbo.FlagTwoWay, "N")
	all = append(all, event(0, "\x01R")...)
	all = append(all, Frame(c.ID+1, "not yours")...)
	p.Send(append(all, Frame(c.ID, c.Argument)...))
}

// Restless answers and then sends a heartbeat.
func Restless(p *Peer, c Call) {
	p.Send(append(Frame(c.ID, c.Argument), event(dubbo.FlagTwoWay, "N")...))
}

// Silent never answers.
func Silent(*Peer, Call) {}

// HangUp closes the connection instead of answering.
func HangUp(p *Peer, _ Call) { _ = p.Close() }

// Die takes the whole provider down in the middle of a call.
func Die(p *Peer, _ Call) { p.Provider.Kill() }

// Garbage answers in another protocol.
func Garbage(p *Peer, _ Call) { p.Send([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }

// Huge declares an answer of a gigabyte.
func Huge(p *Peer, c Call) {
	h := dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.Hessian2, Status: dubbo.StatusOK, ID: c.ID})
	binary.BigEndian.PutUint32(h[12:], 1<<30)
	p.Send(h)
}

// Busy says that the provider has no free thread.
func Busy(p *Peer, c Call) { p.Send(answer(c.ID, 100, append([]byte{7}, "no room"...))) }

// Says answers with value, whatever was asked.
func Says(value string) Behaviour {
	return func(p *Peer, c Call) { p.Send(Frame(c.ID, value)) }
}
