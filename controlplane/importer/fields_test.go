package importer

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/golden"
)

// silent are the fields that go without a word, as docs/import.md says: they say nothing of traffic.
var silent = []string{"HTTPMatchRequest.name", "HTTPMatchRequest.statPrefix"}

// Every field of Istio's messages is taken or told. What becomes of each is what the import of a rule with it has that the
// import of the same rule without it has not.
func TestFields(t *testing.T) {
	var seen []string
	var out strings.Builder
	for _, line := range lines(t, "testdata/fields.txt") {
		field, rule, _ := strings.Cut(line, " | ")
		seen = append(seen, field)
		said := rule[strings.Index(rule, "«")+len("«") : strings.Index(rule, "»")]
		with, told := imported(t, strings.NewReplacer("«", "", "»", "").Replace(rule))
		without, before := imported(t, strings.NewReplacer("«"+said+"», ", "", ", «"+said+"»", "", "«"+said+"»", "").Replace(rule))
		out.WriteString("- " + field + ": " + said + "\n")
		effect := 0
		for _, list := range []struct {
			mark      string
			now, then []string
		}{{"  + ", with, without}, {"  - ", without, with}, {"  told: ", told, before}} {
			for _, one := range missing(list.now, list.then) {
				effect++
				out.WriteString(list.mark + one + "\n")
			}
		}
		if strings.Contains(strings.Join(told, "\n"), "there is no such thing here") {
			t.Errorf("%s is not known: %q", field, told)
		}
		if effect == 0 && !slices.Contains(silent, field) {
			t.Errorf("%s is neither taken nor told: %s", field, said)
		}
	}
	for _, line := range lines(t, "testdata/messages.txt") {
		words := strings.Fields(line)
		for _, field := range words[1:] {
			if !slices.Contains(seen, words[0]+"."+field) {
				t.Errorf("testdata/fields.txt has no rule with %s.%s", words[0], field)
			}
		}
	}
	golden.Compare(t, "testdata/fields.out.txt", out.String())
}

// imported is what becomes of a rule, line by line, and what is told.
func imported(t *testing.T, rule string) (text, told []string) {
	t.Helper()
	all, lost, err := Import([]Document{{"f", rule}})
	if err != nil {
		t.Fatalf("%s: %v", rule, err)
	}
	for _, l := range lost {
		told = append(told, strings.TrimPrefix(l.Field+": ", ": ")+l.Why)
	}
	for line := range strings.Lines(all) {
		text = append(text, strings.TrimSpace(line))
	}
	return text, told
}

// missing are the items of a list that another one has not so often.
func missing(list, in []string) (out []string) {
	in = slices.Clone(in)
	for _, one := range list {
		if i := slices.Index(in, one); i >= 0 {
			in = slices.Delete(in, i, i+1)
		} else {
			out = append(out, one)
		}
	}
	return out
}

// lines are those of a file that are no comments.
func lines(t *testing.T, file string) (out []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}
