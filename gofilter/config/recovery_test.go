package config_test

import (
	"math"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func TestRecovery(t *testing.T) {
	r := config.Recovery{Service: "hello", StepPercent: 12.5, EveryMs: 10000, OutMs: 30000}
	again, err := config.ParseRecovery(r.Text())
	if err != nil || again != r {
		t.Fatalf("%+v, %v", again, err)
	}
	for name, x := range map[string]struct {
		edit func(*config.Recovery)
		want string
	}{
		"service": {func(r *config.Recovery) { r.Service = "" }, "service is missing"},
		"little":  {func(r *config.Recovery) { r.StepPercent = 0.5 }, "stepPercent is 0.5; write a percentage from 1 to less than 100"},
		"much":    {func(r *config.Recovery) { r.StepPercent = 100 }, "stepPercent is 100"},
		"every":   {func(r *config.Recovery) { r.EveryMs = 0 }, "everyMs is 0; write a number from 1 to 86400000"},
		"out":     {func(r *config.Recovery) { r.OutMs = math.MaxInt64 }, "outMs is 9223372036854775807"},
	} {
		bad := r
		x.edit(&bad)
		if _, err := config.ParseRecovery(bad.Text()); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %s", name, err, x.want)
		}
	}
	for _, text := range []string{"", "{", `{"service":"hello","unknown":1}`, `[]`} {
		if _, err := config.ParseRecovery([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
