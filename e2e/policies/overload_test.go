package policies

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// adaptiveConcurrency has calls become slow: the limit falls below what is under way, and rises again afterwards.
func adaptiveConcurrency(t *testing.T, s target) {
	before := s.gradient(t, "rq_blocked")
	idle := func() {
		if seen := s.sequence(t, 40); slices.Contains(seen, "") {
			t.Errorf("one after another are refused: %q", seen)
		}
	}
	idle()
	high := func() error {
		s.sequence(t, 20)
		if limit := s.gradient(t, "concurrency_limit"); limit < callers {
			return fmt.Errorf("the limit is %d", limit)
		}
		return nil
	}
	eventually(t, "the latency is known, and allows all callers", high)
	if n := s.gradient(t, "rq_blocked") - before; n != 0 {
		t.Errorf("%d are refused one after another", n)
	}
	refused := 0
	eventually(t, "what is slow is refused", func() error {
		seen := s.tally(t, 4*callers, "x-slow", "yes")
		refused += seen["503"]
		if seen["503"] == 0 || len(seen) < 2 {
			return fmt.Errorf("%v", seen)
		}
		return nil
	})
	limit, blocked := s.gradient(t, "concurrency_limit"), s.gradient(t, "rq_blocked")-before
	t.Logf("the limit is %d, %d calls were refused", limit, blocked)
	if limit >= callers || blocked != refused {
		t.Errorf("the limit is %d; Envoy counts %d refusals, callers %d", limit, blocked, refused)
	}
	eventually(t, "the limit rises again", high)
	idle()
	if n := s.gradient(t, "rq_blocked") - before; n != refused {
		t.Errorf("idle again, %d more are refused", n-refused)
	}
}

// gradient is a figure of the filter that looks at the latency.
func (s target) gradient(t *testing.T, figure string) int {
	t.Helper()
	_, page, err := fetch("http://" + s.Admin + "/stats?filter=adaptive_concurrency.gradient_controller." + figure + "$")
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for line := range strings.Lines(page) {
		_, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		n, err := strconv.Atoi(value)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		sum += n
	}
	return sum
}

// overloadProtection has half, then all calls fail, then none.
func overloadProtection(t *testing.T, s target) {
	failing := s
	failing.dial = func(t *testing.T) func([]string) (answer, error) {
		return func([]string) (answer, error) {
			if s.service == dubboService {
				return s.request(t, http.MethodPost, "/"+dubboService+"/fail", `["x"]`)
			}
			// To be called back at an address where nobody listens is a 502.
			return s.request(t, http.MethodPost, "/"+httpService+"/relay/x", "", "host", "127.0.0.1:1")
		}
	}
	s.always(t, 200, s.names())
	half, all := target{}, failing
	half.dial = func(t *testing.T) func([]string) (answer, error) {
		n, well, ill := 0, s.dial(t), failing.dial(t)
		return func(headers []string) (answer, error) {
			n++
			if n%2 == 0 {
				return well(headers)
			}
			return ill(headers)
		}
	}
	some, most := refusals(t, half, 400), refusals(t, all, 400)
	t.Logf("refused: %.0f %% while half fail, %.0f %% while all fail", some, most)
	if some < 10 || most < some+10 || most > 85 {
		t.Errorf("refused are %.0f %% while half fail, and %.0f %% while all fail", some, most)
	}
	eventually(t, "nothing is refused", func() error {
		if seen := s.tally(t, 400); seen["503"] > 0 {
			return fmt.Errorf("%v", seen)
		}
		return nil
	})
}

// refusals is the percentage that Envoy refused of the second half of so many calls.
func refusals(t *testing.T, s target, n int) float64 {
	t.Helper()
	s.tally(t, n/2)
	seen := s.tally(t, n/2)
	t.Logf("%v", seen)
	return 100 * float64(seen["503"]) / float64(n/2)
}
