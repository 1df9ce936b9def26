package policies

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// step is a command of a README and the lines that it is said to print, none for any.
type step struct {
	command string
	want    []string
}

// parseSession reads the ```console blocks of a README: what follows "$ " is a command, other lines are what it prints.
func parseSession(readme string) []step {
	var steps []step
	inside, open := false, false // open: the command goes on in the next line
	for line := range strings.Lines(readme) {
		line = strings.TrimSuffix(line, "\n")
		command, is := strings.CutPrefix(line, "$ ")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case !inside:
		case open:
			last := &steps[len(steps)-1]
			last.command += "\n" + line
			open = strings.HasSuffix(line, `\`)
		case is:
			steps = append(steps, step{command: command})
			open = strings.HasSuffix(line, `\`)
		case len(steps) > 0:
			steps[len(steps)-1].want = append(steps[len(steps)-1].want, line)
		}
	}
	return steps
}

// beforeApply counts the commands of a session that make what its policies need.
func beforeApply(steps []step) int {
	return max(0, slices.IndexFunc(steps, func(s step) bool { return strings.HasPrefix(s.command, "bin/dubbomesh apply ") }))
}

// runSession runs what a README says, in one shell as its reader would, on this mesh in place of that of `make run`.
func (m *mesh) runSession(t *testing.T, readme string) {
	t.Helper()
	const mark = "--- step "
	ours, usual := []string{m.Gateway, m.Admin, m.API, m.Etcd}, slices.Clone(ofMakeRun)
	for i, port := range m.at.usual {
		ours, usual = append(ours, "127.0.0.1:"+m.at.ports[i]), append(usual, "127.0.0.1:"+port)
	}
	for _, address := range loopback.FindAllString(readme, -1) { // where a README starts something of its own
		if !slices.Contains(usual, address) {
			ours, usual = append(ours, testenvoy.FreeAddress(t)), append(usual, address)
		}
	}
	steps := parseSession(readme)
	var script string
	for _, s := range steps {
		script += strings.ReplaceAll(replaceAll(s.command, usual, ours), m.at.written, m.at.folder) + "\nprintf '\\n" + mark + "%s\\n' $?\n"
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience) // what a README waits for must come
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-c", script)
	shell.Dir, shell.Env = repository(), m.environment()
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) } // with all that it has started
	before := m.dubbomesh(t, "instances")
	out, err := toFile(t, shell)
	if err != nil {
		_ = syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) // what it has started may live on
		t.Fatalf("the session ended with %v:\n%s", err, out)
	}
	m.requireNothingLeft(t, shell.Process.Pid, before)
	parts := regexp.MustCompile(`\n`+mark+`(\d+)\n`).FindAllStringSubmatchIndex(string(out), -1)
	if len(parts) != len(steps) {
		t.Fatalf("%d of %d commands ended:\n%s", len(parts), len(steps), out)
	}
	begin := 0
	for i, at := range parts {
		got, code := replaceAll(string(out[begin:at[0]]), ours, usual), string(out[at[2]:at[3]])
		begin = at[1]
		if code != "0" {
			t.Errorf("$ %s\nended with %s:\n%s", steps[i].command, code, got)
		}
		if want := strings.Join(steps[i].want, "\n"); strings.TrimSpace(want) != "" && !printed(want, got) {
			t.Errorf("$ %s\nprints\n%s\nwhich the README shows as\n%s", steps[i].command, got, want)
		}
	}
}

// toFile runs a command and returns what it printed. A pipe would be open for as long as anything lives that the command starts.
func toFile(t *testing.T, c *exec.Cmd) ([]byte, error) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "session"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c.Stdout, c.Stderr = file, file
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := c.Wait()
	out, err := os.ReadFile(file.Name())
	return out, errors.Join(ended, err)
}

// loopback finds addresses of this machine.
var loopback = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)

func replaceAll(text string, old, by []string) string {
	for i := range old {
		text = strings.ReplaceAll(text, old[i], by[i])
	}
	return text
}

// shown splits what a README shows: … and numbers with ~ stand for others, white space for any, all else for itself.
var shown = regexp.MustCompile(`…|~\d+|\s+|[^…~\s]+|~`)

// printed tells whether a text is as a README shows it: white space does not count, … stands for anything, and ~100 for a
// number that is about that.
func printed(want, got string) bool {
	var pattern strings.Builder
	var means []float64
	for _, part := range shown.FindAllString(strings.TrimSpace(want), -1) {
		mean, err := strconv.ParseFloat(strings.TrimPrefix(part, "~"), 64)
		switch {
		case strings.HasPrefix(part, "~") && err == nil:
			means = append(means, mean)
			pattern.WriteString(`(\d+)`)
		case part == "…":
			pattern.WriteString(`(?s:.*)`)
		case strings.TrimSpace(part) == "":
			pattern.WriteString(`\s*`)
		default:
			pattern.WriteString(regexp.QuoteMeta(part))
		}
	}
	found := regexp.MustCompile(`^` + pattern.String() + `$`).FindStringSubmatch(strings.TrimSpace(got))
	if found == nil {
		return false
	}
	for i, mean := range means {
		have, err := strconv.ParseFloat(found[i+1], 64)
		// Five standard deviations of what chance decides: right in all but one of a million runs.
		if err != nil || math.Abs(have-mean) > max(0.3*mean, 5*math.Sqrt(mean)) {
			return false
		}
	}
	return true
}

func TestPrinted(t *testing.T) {
	for _, c := range []struct {
		want, got string
		is        bool
	}{
		{"one", "one\n", true},
		{"one", "two\n", false},
		{"~100 one\n~200 two", "     92 one\n    208 two\n", true},
		{"~100 one", "40 one", false},
		{"x::~100", "x::88", true},
		{"HTTP/1.1 403 …", "HTTP/1.1 403 Forbidden\nserver: envoy", true},
		{"HTTP/1.1 200 OK … \"b\":2}", "HTTP/1.1 200 OK\ndate: x\n\n{\"a\":1,\"b\":2}\n", true},
		{`{"by":"one",…}`, `{"by":"one","path":"/"}`, true},
	} {
		if printed(c.want, c.got) != c.is {
			t.Errorf("%q shown as %q: %v", c.got, c.want, !c.is)
		}
	}
}
