package main

import (
	"errors"
	"fmt"

	"github.com/dubbomesh/dubbomesh/bench/javahash"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// call reads requests; it keeps its buffers from one to the next.
type call struct {
	r    dubbo.Reader
	text []byte
}

// hash reads the body of a request for hash(String), typed or generic, and computes the answer.
func (c *call) hash(body []byte) (int32, error) {
	c.r.Reset(body, len(body))
	for range 3 { // protocol version, path, service version
		if err := c.r.Skip(); err != nil {
			return 0, err
		}
	}
	method, err := c.string()
	if err != nil {
		return 0, err
	}
	generic := method == "$invoke" || method == "$invokeAsync"
	if err := c.r.Skip(); err != nil { // descriptor of the parameters
		return 0, err
	}
	var arguments dubbo.Nested
	if generic {
		if method, err = c.string(); err != nil {
			return 0, err
		}
		if err := c.r.Skip(); err != nil { // names of the types
			return 0, err
		}
		if arguments, err = c.r.List(); err != nil {
			return 0, err
		}
		if more, err := c.r.More(&arguments); err != nil || !more {
			return 0, errors.Join(errors.New("hash has no argument"), err)
		}
	}
	if method != "hash" {
		return 0, fmt.Errorf("there is no method %q", method)
	}
	if c.text, err = c.r.AppendString(c.text[:0]); err != nil {
		return 0, err
	}
	return javahash.Of(c.text), nil
}

func (c *call) string() (string, error) {
	var err error
	c.text, err = c.r.AppendString(c.text[:0])
	switch string(c.text) { // those that come at each call cost no memory
	case "$invoke":
		return "$invoke", err
	case "$invokeAsync":
		return "$invokeAsync", err
	case "hash":
		return "hash", err
	}
	return string(c.text), err
}

// appendAnswer appends the frame of a value with attachments, as Dubbo answers callers of protocol 2.0.2.
func appendAnswer(dst []byte, id uint64, hash int32) []byte {
	return appendResponse(dst, id, dubbo.StatusOK, func(w *dubbo.Writer) {
		w.Int(dubbo.ResponseValueWithAttachments)
		w.Int(hash)
		w.UntypedMap()
		w.String("dubbo")
		w.String("2.0.2")
		w.End()
	})
}

// appendFailure appends the frame of a call that failed around the service.
func appendFailure(dst []byte, id uint64, status dubbo.Status, reason string) []byte {
	return appendResponse(dst, id, status, func(w *dubbo.Writer) { w.String(reason) })
}

func appendResponse(dst []byte, id uint64, status dubbo.Status, body func(*dubbo.Writer)) []byte {
	start := len(dst)
	var w dubbo.Writer
	w.Reset(dubbo.AppendHeader(dst, dubbo.Header{Flags: dubbo.Hessian2, Status: status, ID: id}))
	body(&w)
	dubbo.SetLength(w.Buf[start:], len(w.Buf)-start-dubbo.HeaderSize)
	return w.Buf
}
