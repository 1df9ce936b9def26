package host_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/recovery"
)

var recoverySettings = config.Recovery{Service: "hello", StepPercent: 1, EveryMs: 10_000, OutMs: 30_000}

func TestRecoveryLeadsElsewhere(t *testing.T) {
	var set recovery.Set
	r, err := host.LoadRecovery(&set, recoverySettings.Text())
	if err != nil {
		t.Fatal(err)
	}
	quiet := func(m string) { t.Error(m) }
	last := ""
	for minute, healthy := range []int{2, 1, 2} {
		now := int64(minute) * int64(time.Minute)
		for range 200 {
			instance, call, events := host.ChooseInstance(r, host.Pool{Cluster: []byte("a"), Worker: 1, Total: 2, Healthy: healthy}, now, quiet)
			events |= host.InstanceAnswered(r, 1, call, now, []byte("10.0.0.2:80"), instance != "", quiet)
			if events != 0 {
				t.Fatalf("events %b", events)
			}
			if minute < 2 && instance != "" {
				t.Fatalf("in minute %d a call goes to %s", minute, instance)
			}
			last += instance
		}
	}
	if !strings.Contains(last, "10.0.0.2:80") {
		t.Error("no call goes elsewhere")
	}
	if _, err := host.LoadRecovery(&set, []byte("{}")); err == nil || !strings.Contains(err.Error(), "service is missing") {
		t.Errorf("a recovery without a service: %v", err)
	}
}

// A fault costs a call nothing.
func TestRecoveryPanics(t *testing.T) {
	var told []string
	log := func(m string) { told = append(told, m) }
	instance, call, events := host.ChooseInstance(nil, host.Pool{}, 0, log)
	if instance != "" || call != 0 || events != host.Panicked {
		t.Errorf("%q %d %b", instance, call, events)
	}
	if events := host.InstanceAnswered(nil, 0, 0, 0, nil, false, log); events != host.Panicked || len(told) != 2 {
		t.Errorf("%b %q", events, told)
	}
	if _, err := host.LoadRecovery(nil, recoverySettings.Text()); err == nil || !strings.Contains(err.Error(), "panic") {
		t.Errorf("%v", err)
	}
}

// What every call asks for allocates nothing.
func TestRecoveryAllocatesNothing(t *testing.T) {
	var set recovery.Set
	r, err := host.LoadRecovery(&set, recoverySettings.Text())
	if err != nil {
		t.Fatal(err)
	}
	quiet := func(m string) { t.Error(m) }
	p, address := host.Pool{Cluster: []byte("a"), Worker: 1, Total: 2, Healthy: 2}, []byte("10.0.0.2:80")
	n := testing.AllocsPerRun(100, func() {
		_, call, _ := host.ChooseInstance(r, p, 0, quiet)
		host.InstanceAnswered(r, 1, call, 0, address, false, quiet)
	})
	if n > 0 {
		t.Errorf("a call allocates %g times", n)
	}
}
