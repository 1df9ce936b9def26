package main

import (
	"context"
	"time"
	"unicode/utf16"
)

const helloInterface = "com.alibaba.dubbo.performance.demo.provider.IHelloService"

// Hello is the service of the 2018 Dubbo-agent contest: it hashes a string, slowly.
type Hello struct {
	delay time.Duration
}

// Reference names the service inside dubbo-go.
func (*Hello) Reference() string { return helloInterface }

// MethodMapper gives the methods the names they have in Java.
func (*Hello) MethodMapper() map[string]string { return map[string]string{"Hash": "hash"} }

// Hash answers what String.hashCode answers in Java, after the delay.
func (h *Hello) Hash(_ context.Context, s string) (int32, error) {
	time.Sleep(h.delay)
	return javaHash(s), nil
}

// javaHash is String.hashCode: a polynomial in 31 over the UTF-16 units, modulo 2^32.
func javaHash(s string) int32 {
	var h int32
	for _, unit := range utf16.Encode([]rune(s)) {
		h = 31*h + int32(unit)
	}
	return h
}
