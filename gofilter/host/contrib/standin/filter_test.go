package standin_test

import (
	"errors"
	"strconv"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// What the SDK's filter functions return.
const (
	filterLocalReply             = 1
	filterContinue               = 2
	filterStopAndBufferWatermark = 4
	filterStopNoBuffer           = 5
)

// filterTurn is what came of a call of the library.
type filterTurn struct {
	status, route uint64
	data, added   []byte
	head          []header
	replyStatus   uint64
	reply         []header
	replyBody     []byte
}

func (w *worker) filter(op byte, fields ...any) (got filterTurn, err error) {
	w.ask(op, fields, func() {
		got.status, got.data, got.added, got.route = w.number(), w.text(), w.text(), w.number()
		got.head, got.replyStatus = w.headers(), w.number()
		got.reply, got.replyBody = w.headers(), w.text()
		err = w.err
	})
	return got, err
}

// formed is what the form filter has made of a request.
type formed struct {
	reply   *response // instead of what follows
	destroy func()    // called when the request is done
}

// formFilter does what Envoy's filter manager and Filter do: the request's head and body afterwards are what the filter
// let through.
func (g *gateway) formFilter(x *exchange) (f formed, err error) {
	id := x.worker.object('n', g.form, config.FormFilter)
	f.destroy = func() { x.worker.object('x', id) }
	f.reply = new(response)
	t, err := x.worker.filter('h', id, !x.hasBody, x.head)
	var through []byte
	for err == nil && t.status != filterContinue {
		through = append(through, t.data...)
		switch t.status {
		case filterLocalReply:
			f.reply = localReply(t)
			return f, nil
		case filterStopAndBufferWatermark, filterStopNoBuffer:
			if t.route != 0 {
				return f, errors.New("the route is chosen again while the request is stopped")
			}
			part, more := <-x.parts
			if !more && x.trailer() {
				t, err = x.worker.filter('t', id, []header{{"x-trailer", "1"}})
			} else {
				t, err = x.worker.filter('d', id, !more, part)
			}
		default:
			return f, errors.New("unexpected status " + strconv.FormatUint(t.status, 10))
		}
	}
	if err != nil {
		return f, err
	}
	through = append(append(through, t.data...), t.added...)
	f.reply = nil
	if t.route != 0 { // the whole body came through the filter
		whole := make(chan []byte, 1)
		if len(through) > 0 {
			whole <- through
		}
		close(whole)
		x.parts, x.trailer = whole, func() bool { return false }
	}
	x.head = t.head
	return f, nil
}

// localReply is what Envoy makes of one: it adds the length.
func localReply(t filterTurn) *response {
	return &response{
		status:  strconv.FormatUint(t.replyStatus, 10),
		headers: append(t.reply, header{"content-length", strconv.Itoa(len(t.replyBody))}),
		body:    t.replyBody,
	}
}
