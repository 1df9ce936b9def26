package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/dubbomesh/dubbomesh/bench/javahash"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

const service = "com.alibaba.dubbo.performance.demo.provider.IHelloService"

// caller keeps a number of calls in flight on one connection. It is used by one goroutine.
type caller struct {
	conn  net.Conn
	out   *bufio.Writer
	end   time.Time // when no call is begun any more
	slots []slot    // by the id of the call in them
	busy  int

	r     dubbo.Reader
	w     dubbo.Writer
	text  []byte
	times []int64 // microseconds a call

	invalid int // answers that were not the hash
	failed  int // answers that were no value
}

// slot is a call in flight.
type slot struct {
	began time.Time
	hash  int32
}

func newCaller(conn net.Conn, calls int, end time.Time) *caller {
	return &caller{conn: conn, out: bufio.NewWriterSize(conn, 64<<10), end: end, slots: make([]slot, calls)}
}

// run calls until its time is over and every call has been answered.
func (c *caller) run(ctx context.Context) error {
	defer func() { _ = c.conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = c.conn.Close() })()
	for id := range c.slots {
		if err := c.call(uint64(id)); err != nil {
			return err
		}
	}
	frames := dubbo.FrameReader{MaxBody: 1 << 20}
	buffer := make([]byte, 64<<10)
	for c.busy > 0 {
		if err := c.out.Flush(); err != nil {
			return err
		}
		n, err := c.conn.Read(buffer)
		if err != nil {
			return fmt.Errorf("%d calls were not answered: %w", c.busy, err)
		}
		frames.Feed(buffer[:n])
		if err := c.take(&frames); err != nil {
			return err
		}
	}
	return nil
}

// take handles every whole frame that has arrived.
func (c *caller) take(frames *dubbo.FrameReader) error {
	for {
		h, body, ok, err := frames.Next()
		if err != nil || !ok {
			return err
		}
		if h.Flags.Event() || h.Flags.Request() {
			continue
		}
		if h.ID >= uint64(len(c.slots)) {
			return fmt.Errorf("an answer has the id %d, which no call has", h.ID)
		}
		now := time.Now()
		s := c.slots[h.ID]
		c.busy--
		c.times = append(c.times, now.Sub(s.began).Microseconds())
		if hash, ok := c.value(h, body); !ok {
			c.failed++
		} else if hash != s.hash {
			c.invalid++
		}
		if now.Before(c.end) {
			if err := c.call(h.ID); err != nil {
				return err
			}
		}
	}
}

// value reads the answer.
func (c *caller) value(h dubbo.Header, body []byte) (hash int32, ok bool) {
	c.r.Reset(body, len(body))
	kind, err := c.r.Int()
	if err != nil || h.Status != dubbo.StatusOK || kind != dubbo.ResponseValueWithAttachments {
		return 0, false
	}
	hash, err = c.r.Int()
	return hash, err == nil
}

// The strings are as long as those of rig.lua.
const shortest, longest = 8, 1023

// call begins a call with a fresh string, typed as a consumer with the interface makes it.
func (c *caller) call(id uint64) error {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	n := shortest + rand.IntN(longest-shortest+1)
	if len(c.text) < longest {
		c.text = make([]byte, longest)
		for i := range c.text {
			c.text[i] = alphabet[rand.IntN(len(alphabet))]
		}
	}
	for i := range shortest { // the rest is as it was: making all of it anew would be what is measured
		c.text[i] = alphabet[rand.IntN(len(alphabet))]
	}
	c.slots[id] = slot{began: time.Now(), hash: javahash.Of(c.text[:n])}
	c.busy++
	c.w.Reset(dubbo.AppendHeader(c.w.Buf[:0], dubbo.Header{Flags: dubbo.FlagRequest | dubbo.FlagTwoWay | dubbo.Hessian2, ID: id}))
	for _, s := range []string{"2.0.2", service, "0.0.0", "hash", "Ljava/lang/String;"} {
		c.w.String(s)
	}
	c.w.StringBytes(c.text[:n])
	c.w.UntypedMap()
	for _, s := range []string{"path", service, "interface", service, "version", "0.0.0", "timeout", "10000", "remote.application", "consumer"} {
		c.w.String(s)
	}
	c.w.End()
	dubbo.SetLength(c.w.Buf, len(c.w.Buf)-dubbo.HeaderSize)
	_, err := c.out.Write(c.w.Buf)
	return err
}
