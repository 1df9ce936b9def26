package main

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
	"testing"
)

func TestClosedTerminalEndsACommandUnlessIgnored(t *testing.T) {
	if got := slices.Contains(endings(), os.Signal(syscall.SIGHUP)); got == signal.Ignored(syscall.SIGHUP) {
		t.Errorf("SIGHUP ends commands: %v, ignored: %v", got, !got)
	}
	signal.Ignore(syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	if slices.Contains(endings(), os.Signal(syscall.SIGHUP)) {
		t.Error("SIGHUP ends commands although it was ignored")
	}
}
