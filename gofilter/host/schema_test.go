package host

import (
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

func TestLoad(t *testing.T) {
	logged := ""
	log := func(message string) { logged = message }
	var schemas transcode.Schemas
	s, err := Load(&schemas, []byte(`{"service":"a.B"}`), log)
	if err != nil || schemas.Find([]byte(s.ID())) != s {
		t.Errorf("%v, %v", s, err)
	}
	schemas.Release(s)
	if _, err := Load(&schemas, []byte(`{"service":"-"}`), log); err == nil || logged != "" {
		t.Errorf("%v, log %q", err, logged)
	}
	// A fault of the core's own becomes an error.
	if _, err := Load(nil, nil, log); err == nil || !strings.Contains(logged, "panic while reading a schema") {
		t.Errorf("%v, log %q", err, logged)
	}
}
