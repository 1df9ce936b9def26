package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func TestElsewhereChooses(t *testing.T) {
	e := config.Elsewhere{Choices: []config.FallbackChoice{
		{On: []string{config.FailedOpen}, Again: true},
		{On: []string{config.FailedRateLimited}},
		{On: []string{config.FailedOverload, config.FailedTimeout}, Again: true},
		{Statuses: []int{404}, Again: true},
		{On: []string{config.Failed5xx}, Statuses: []int{429}, Again: true},
	}}
	again, err := config.ParseElsewhere(e.Text())
	if diff := cmp.Diff(e, again); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	for name, x := range map[string]struct {
		status  int
		details string
		want    int
	}{
		"fine":          {200, "via_upstream", -1},
		"breaker":       {503, "dubbo_breaker_open", 0},
		"nobody":        {503, "no_healthy_upstream", 0},
		"a full limit":  {503, "upstream_reset_before_response_started{overflow}", 0},
		"no connection": {503, "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}", 0},
		"rate limit":    {429, "dubbo_rate_limited", -1}, // another filter answers
		"a 429 of its":  {429, "via_upstream", 4},
		"overload":      {503, "via_upstream", 2},
		"timeout":       {504, "response_timeout", 2},
		"not found":     {404, "via_upstream", 3},
		"failed":        {500, "via_upstream", 4},
		"bad gateway":   {502, "upstream_reset_before_response_started{connection_termination}", 4},
	} {
		if got := e.Choose(x.status, x.details); got != x.want {
			t.Errorf("%s: %d, want %d", name, got, x.want)
		}
	}
	for text, want := range map[string]string{
		"{":                              "fallbacks: ",
		`{"choices":[]}`:                 "there are no choices",
		`{"choices":[{"on":["never"]}]}`: `on is "never"; write one of [open overload rateLimited timeout 5xx]`,
		`{"choices":[{}],"more":1}`:      "more",
	} {
		if _, err := config.ParseElsewhere([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
