package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

func TestLogFormat(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "it is empty",
		"plain":                                  "",
		"100%% %RESPONSE_CODE%":                  "",
		"%REQ(:PATH):20% %START_TIME(%Y-%m)%":    "",
		"%REQ(X-A?:PATH)%%RESPONSE_CODE%":        "",
		"50% of":                                 `"% of" is no command`,
		"%RESPONSE_COD%":                         "did you mean %RESPONSE_CODE%",
		"%NOTHING_LIKE_IT%":                      "no command of Envoy",
		"%REQ%":                                  "says not of what",
		"%DURATION(x)%":                          "takes nothing",
		"%RESPONSE_CODE":                         "is no command",
		"%REQ(:PATH)%" + strings.Repeat("a", 50): "",
	} {
		err := checkLogFormat(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// arguments are what commands are tried with that need one and do not take a header's name.
var arguments = map[string]string{
	"ENVIRONMENT": "HOME", "COMMON_DURATION": "DS_RX_BEG:DS_RX_END", "METADATA": "ROUTE:a:b", "QUERY_PARAM": "a",
}

// A real Envoy takes every command that is taken here.
func TestEnvoyKnowsLogCommands(t *testing.T) {
	fields := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(logCommands)) {
		argument := ""
		if logCommands[name] == needed {
			argument = "X-A"
			if other := arguments[name]; other != "" {
				argument = other
			}
			argument = "(" + argument + ")"
		}
		fields[name] = "%" + name + argument + "%"
		if err := checkLogFormat(fields[name]); err != nil {
			t.Error(err)
		}
	}
	format, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	code, log := testenvoy.Run(t, testenvoy.Options{Args: []string{"--mode", "validate"}, Bootstrap: fmt.Sprintf(`
static_resources:
  listeners:
  - address: {socket_address: {address: 127.0.0.1, port_value: 0}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: all
          route_config: {}
          http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
          access_log:
          - name: all
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog
              log_format: {json_format: %s}
`, format)})
	if code != 0 {
		t.Errorf("Envoy refuses them: %s", log[max(0, len(log)-2000):])
	}
}
