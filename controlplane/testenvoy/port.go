package testenvoy

import (
	"net"
	"strconv"
	"testing"
)

// FreePort is a port of 127.0.0.1 that nobody listens on now: for a server that is to be started, or to be missed.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// FreeAddress is 127.0.0.1 with a free port.
func FreeAddress(t testing.TB) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(FreePort(t)))
}
