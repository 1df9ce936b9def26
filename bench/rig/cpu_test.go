package main

import (
	"os"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	used, parent, err := parseStat("4242 (an (odd) name) S 17 4242 4242 0 -1 4194560 5 6 7 8 150 50 9 10 20 0 3 0 100")
	if err != nil || used != 2*time.Second || parent != 17 {
		t.Errorf("got %v, parent %d, %v", used, parent, err)
	}
	for _, text := range []string{"", "1 (a)", "1 (a) S x 1 1 0 -1 1 1 1 1 1 1 1"} {
		if _, _, err := parseStat(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestCPUTimeOfThisProcess(t *testing.T) {
	if _, err := cpuTime(os.Getpid()); err != nil {
		t.Error(err)
	}
}

func TestParseMachine(t *testing.T) {
	busy, total, err := parseMachine("cpu  100 0 50 800 40 0 5 5 30 0\ncpu0 1 1\n")
	if err != nil || busy != 1600*time.Millisecond || total != 10*time.Second {
		t.Errorf("got %v of %v, %v", busy, total, err)
	}
	for _, text := range []string{"", "cpu 1 2", "cpu 1 2 3 4 5 6 7 x\n", "intr 1 2 3 4 5 6 7 8 9"} {
		if _, _, err := parseMachine(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestOtherShare(t *testing.T) {
	after := moment{hop: time.Second, servers: time.Second, loads: time.Second, busy: 5 * time.Second, total: 20 * time.Second}
	if got := otherShare(moment{}, after); got != 0.1 {
		t.Errorf("got %v, want 0.1", got)
	}
}
