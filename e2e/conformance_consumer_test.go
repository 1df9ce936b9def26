package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// overHTTP is the provider's name of what an HTTP service answers.
const overHTTP = "HTTP"

// dubboCaller is a real Dubbo consumer that calls every method of the demo services. Its lines have the number of the URL,
// whether the call was generic, the call, and what came of it.
type dubboCaller struct {
	name string
	run  func(t *testing.T, urls, interfaces string) ([]byte, error)
}

var dubboCallers = []dubboCaller{
	{"dubbo-java-3.3.6", javaCaller("consumer-3")},
	{"dubbo-java-2.7.23", javaCaller("consumer-2")},
	{"dubbo-go-3.3.1", func(t *testing.T, urls, _ string) ([]byte, error) {
		return exec.CommandContext(t.Context(), repository("bin", "demo-consumer"), "--retries", "0", "--timeout", "20s", urls, "all", "1").Output()
	}},
}

func javaCaller(name string) func(*testing.T, string, string) ([]byte, error) {
	return func(t *testing.T, urls, interfaces string) ([]byte, error) {
		jar := repository("examples", "dubbo-java", name, "target", name+".jar")
		return exec.CommandContext(t.Context(), "java", "-Xmx128m", "--add-opens", "java.base/java.lang=ALL-UNNAMED", "-jar", jar,
			urls, "all", "1", "--interface", interfaces, "--retries", "0", "--timeout", "20000").Output()
	}
}

// consumerCalls is what became of the calls of all consumers: what is expected is what the same consumer gets of the same
// provider without the mesh between them.
type consumerCalls struct {
	rows  []string                           // the calls, in the order they were first made
	cells map[string]map[string]consumerCall // by call, and by "consumer to provider"
	known []conformanceException             // why a call is different
}

type consumerCall struct {
	straight, got, note string
	passed              bool
}

// conformanceException says that a call is different from plain Dubbo: which, by the beginnings of the call's, the
// consumer's and the provider's name, and what it yields then, an expression for the whole of it. Every one has to be of use.
type conformanceException struct {
	Call, Consumer, Provider, Got, Why string
	used                               bool
}

// What is different in each run: addresses, and the length of a request, which Dubbo Java shows as an attachment.
var (
	anyAddress = regexp.MustCompile(`127\.0\.0\.1:\d+|2130706433:\d+`)
	anyLength  = regexp.MustCompile(`"input"="\d+"`)
)

// consumers has every consumer call the provider, straight and through the gateway.
func (r *conformanceReport) consumers(t *testing.T, m *mesh, p peer, provider *provider) {
	interfaces := echoService
	if p.java {
		interfaces = strings.Join([]string{typesService, overloadedService, echoService}, ",")
	}
	r.compare(t, p.name, fmt.Sprintf("dubbo://%s,dubbo://%s", provider.address, local(m.gatewayPort)), interfaces)
}

// consumersOfHTTP has them call an HTTP service, which sends arguments back, in the place of the last provider.
func (r *conformanceReport) consumersOfHTTP(t *testing.T, m *mesh) {
	m.place(t, typesService, typesOverHTTP(t), "http")
	eventually(t, "the HTTP service is called", func() error {
		status, _, body, err := m.call(t.Context(), typesService+"/"+typesService, "ofString", `["x"]`)
		if err == nil && string(body) != `"x"` {
			err = fmt.Errorf("%d %.300s", status, body)
		}
		return err
	})
	r.compare(t, overHTTP, "dubbo://"+local(m.gatewayPort), typesService)
}

// compare runs the consumers, each of which calls the first URL and then the second, and compares what they got.
func (r *conformanceReport) compare(t *testing.T, provider, urls, interfaces string) {
	var running sync.WaitGroup
	outputs := make([]string, len(dubboCallers))
	for i, c := range dubboCallers {
		if provider == overHTTP && strings.HasPrefix(c.name, "dubbo-go") {
			continue // it calls Echo only
		}
		running.Go(func() {
			out, err := c.run(t, urls, interfaces)
			if err != nil {
				var ended *exec.ExitError
				errors.As(err, &ended)
				t.Errorf("consumer %s: %v\n%s", c.name, err, ended.Stderr)
			}
			outputs[i] = anyLength.ReplaceAllString(anyAddress.ReplaceAllString(string(out), "ADDRESS"), `"input"="N"`)
		})
	}
	running.Wait()
	for i, c := range dubboCallers {
		t.Run("consumer "+c.name+" to "+provider, func(t *testing.T) { r.read(t, c.name, provider, outputs[i]) })
	}
}

// read takes the lines of a consumer. Those of the HTTP service are compared with what Dubbo Java 3.3.6 answered.
func (r *conformanceReport) read(t *testing.T, consumer, provider, output string) {
	straight := map[string]string{}
	for line := range strings.Lines(output) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 4)
		if len(parts) < 4 || parts[1] != "typed" && parts[1] != "generic" {
			continue // a line of a log
		}
		call, outcome := parts[1]+" "+parts[2], parts[3]
		switch {
		case provider == overHTTP && strings.HasPrefix(parts[2], "Types.of"):
			r.calls.add(t, call, consumer, provider, r.calls.cells[call][consumer+" to "+peers[1].name].straight, outcome)
		case provider == overHTTP:
		case parts[0] == "0":
			straight[call] = outcome
		default:
			r.calls.add(t, call, consumer, provider, straight[call], outcome)
		}
	}
}

// add compares one call.
func (c *consumerCalls) add(t *testing.T, call, consumer, provider, straight, got string) {
	if c.cells[call] == nil {
		c.rows = append(c.rows, call)
		c.cells[call] = map[string]consumerCall{}
	}
	result := consumerCall{straight: straight, got: got, passed: got == straight && got != ""}
	if !result.passed {
		result.note = c.why(t, call, consumer, provider, got)
		result.passed = result.note != ""
	}
	if !result.passed {
		t.Errorf("%s\nstraight: %.600s\ngot:      %.600s", call, straight, got)
	}
	c.cells[call][consumer+" to "+provider] = result
}

// ran reports whether there is a call from a consumer to a provider.
func (c *consumerCalls) ran(pair string) bool {
	for _, cells := range c.cells {
		if _, ok := cells[pair]; ok {
			return true
		}
	}
	return false
}

// why finds the reason in consumers.yaml.
func (c *consumerCalls) why(t *testing.T, call, consumer, provider, got string) string {
	for i := range c.known {
		e := &c.known[i]
		if !strings.HasPrefix(call, e.Call) || !strings.HasPrefix(consumer, e.Consumer) || !strings.HasPrefix(provider, e.Provider) {
			continue
		}
		fits, err := regexp.MatchString("^(?:"+e.Got+")$", got)
		if err != nil || e.Got == "" {
			t.Errorf("consumers.yaml: %s: got: %q is no expression: %v", e.Call, e.Got, err)
		}
		if fits {
			e.used = true
			return e.Why
		}
	}
	return ""
}

// requireUsed fails the test when a difference is explained that there is not.
func (c *consumerCalls) requireUsed(t *testing.T) {
	for _, e := range c.known {
		if !e.used {
			t.Errorf("consumers.yaml: no call is different in this way any more: %s, consumer %q, provider %q, got %q", e.Call, e.Consumer, e.Provider, e.Got)
		}
	}
}

func newConsumerCalls(t *testing.T) *consumerCalls {
	t.Helper()
	c := &consumerCalls{cells: map[string]map[string]consumerCall{}}
	readConformance(t, "consumers", &c.known)
	return c
}

// typesOverHTTP is a service that answers the only argument of a POST.
func typesOverHTTP(t *testing.T) (address string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var arguments []json.RawMessage
		if err != nil || json.Unmarshal(body, &arguments) != nil || len(arguments) != 1 {
			http.Error(w, "not an array of one", http.StatusBadRequest)
			return
		}
		w.Header().Set("content-type", "application/json")
		_, _ = w.Write(arguments[0])
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}
