package config_test

import (
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func TestBreaker(t *testing.T) {
	b := config.Breaker{
		Service: "hello", Method: "slow", ErrorPercent: 50, SlowPercent: 12.5, SlowMs: 100, MinRequests: 20, WindowMs: 10000,
		OpenMs: 30000, Probes: 5, StepPercent: 10, EveryMs: 10000,
	}
	again, err := config.ParseBreaker(b.Text())
	if err != nil || again != b {
		t.Fatalf("%+v, %v", again, err)
	}
	for name, x := range map[string]struct {
		edit func(*config.Breaker)
		want string
	}{
		"service":  {func(b *config.Breaker) { b.Service = "" }, "service is missing"},
		"errors":   {func(b *config.Breaker) { b.ErrorPercent = 101 }, "errorPercent is 101; write a percentage from 0 to 100"},
		"slow":     {func(b *config.Breaker) { b.SlowMs = 0 }, "slowMs is 0; write a number from 1 to 86400000"},
		"requests": {func(b *config.Breaker) { b.MinRequests = 0 }, "minRequests is 0"},
		"window":   {func(b *config.Breaker) { b.WindowMs = 1 }, "windowMs is 1"},
		"open":     {func(b *config.Breaker) { b.OpenMs = -1 }, "openMs is -1"},
		"probes":   {func(b *config.Breaker) { b.Probes = 0 }, "probes is 0"},
		"step":     {func(b *config.Breaker) { b.StepPercent = 0.5 }, "stepPercent is 0.5; write a percentage from 1 to 100"},
		"every":    {func(b *config.Breaker) { b.EveryMs = 0 }, "everyMs is 0"},
	} {
		bad := b
		x.edit(&bad)
		if _, err := config.ParseBreaker(bad.Text()); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %s", name, err, x.want)
		}
	}
	for _, text := range []string{"", "{", `{"service":"hello","unknown":1}`, `[]`} {
		if _, err := config.ParseBreaker([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
