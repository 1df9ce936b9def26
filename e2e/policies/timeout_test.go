package policies

import (
	"net/http"
	"testing"
	"time"
)

// resilienceTimeout adds an instance that never answers: who gets there is told so in time, and all others have their answer.
func resilienceTimeout(t *testing.T, s target) {
	const usual, longer = 300 * time.Millisecond, time.Second
	s.standIn(t, func(int) reply { return silent })
	seen := s.tally(t, 70)
	t.Logf("70 calls: %v", seen)
	others := 0
	for _, name := range s.names() {
		others += seen[name]
	}
	if seen["504"] < 5 || others < 35 || others+seen["504"] != 70 {
		t.Errorf("70 calls: %v", seen)
	}
	s.alone(t)
	ends := func(what string, from, until time.Duration, call func() answer) {
		t.Helper()
		began := time.Now()
		a := call()
		if took := time.Since(began); a.status != http.StatusGatewayTimeout || took < from-early || took >= until-early {
			t.Errorf("%s: %d after %s, want 504 after %s", what, a.status, took, from)
		}
	}
	for range 2 {
		ends("whoami", usual, longer, func() answer { return s.ask(t) })
	}
	if s.service == httpService {
		ends("the path", longer, 5*longer, func() answer { return s.send(t, http.MethodGet, "/"+httpService+"/request/report", "") })
	} else {
		ends("the method", longer, 5*longer, func() answer { return s.send(t, http.MethodPost, "/"+dubboService+"/slow", "[1]") })
	}
}
