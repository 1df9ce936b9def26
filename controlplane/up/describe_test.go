package up

import (
	"strings"
	"testing"
)

// TestDescribe holds that whoever chose other ports is told how commands find them.
func TestDescribe(t *testing.T) {
	for _, test := range []struct{ etcd, api, line string }{
		{"127.0.0.1:2379", "127.0.0.1:18001", ""},
		{"127.0.0.1:2389", "127.0.0.1:18001", "  export DUBBOMESH_ETCD_ENDPOINTS=127.0.0.1:2389\n"},
		{"127.0.0.1:2379", "127.0.0.1:4", "  export DUBBOMESH_API_LISTEN=127.0.0.1:4\n"},
		{"127.0.0.1:3", "127.0.0.1:4", "  export DUBBOMESH_ETCD_ENDPOINTS=127.0.0.1:3 DUBBOMESH_API_LISTEN=127.0.0.1:4\n"},
	} {
		text := describe(Ready{Etcd: test.etcd, API: test.api}, "1.39.3", "bin/dubbomesh")
		if !strings.Contains(text, test.line) || test.line == "" && strings.Contains(text, "export") {
			t.Errorf("%+v\n%s", test, text)
		}
	}
}
