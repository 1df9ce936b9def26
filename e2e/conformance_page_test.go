package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// conformanceReport is everything that was got.
type conformanceReport struct {
	tables   []*conformanceTable
	requests []conformanceResults // of each table
	calls    *consumerCalls
	notes    []string // the reasons, in the order they were first shown
}

// conformanceResults are those of one table: of each case by provider.
type conformanceResults []map[string]conformanceResult

// conformanceResult is what one request yielded.
type conformanceResult struct {
	shown  string // without what is different in each run
	note   string // why it is different from plain Dubbo
	passed bool
}

func (r conformanceResults) add(i int, peer string, result conformanceResult) {
	if r[i] == nil {
		r[i] = map[string]conformanceResult{}
	}
	r[i][peer] = result
}

const conformanceIntro = `# Conformance

What a real Envoy with the mesh makes of calls, against what Dubbo itself makes of them. Written by ` + "`make conformance`" + ` from
[e2e/testdata/conformance](../e2e/testdata/conformance); ` + "`make test-e2e`" + ` runs the same cases and fails when one of them is different.

| | |
|---|---|
| ✓ | what is expected was got: of requests the value that the case states, of consumers what the same consumer got of the same provider without the mesh |
| ≠ (n) | it is not what plain Dubbo does, or not what other providers do: reason n [below](#differences-from-plain-dubbo). What was got is shown where it is not in the column "expected" |
| ✗ | a failure |
| – | the provider or consumer has no such method |

- Providers: Dubbo Java 3.3.6 and 2.7.23 ([Types](../examples/dubbo-java/api/src/main/java/org/dubbomesh/demo/Types.java) has a method for each type), dubbo-go 3.3.1.
- Consumers: the same three, at a direct URL.

## Summary

`

// page is docs/conformance.md.
func (r *conformanceReport) page() string {
	var b strings.Builder
	for i, table := range r.tables {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", table.Title, strings.TrimSpace(table.About))
		b.WriteString("| case | request | expected | Java 3.3.6 | Java 2.7.23 | dubbo-go |\n|---|---|---|---|---|---|\n")
		for j, c := range table.Cases {
			fmt.Fprintf(&b, "| %s | %s | %s |", plain(c.Name), c.shown(), c.Outcome.shown())
			for _, p := range []peer{peers[1], peers[2], peers[0]} {
				result, ran := r.requests[i][j][p.name]
				fmt.Fprintf(&b, " %s |", r.cell(ran, result.passed, result.shown, result.note, c.outcome(p).Why != c.Outcome.Why))
			}
			b.WriteString("\n")
		}
	}
	r.consumerSections(&b)
	b.WriteString("\n## Differences from plain Dubbo\n\n")
	for i, note := range r.notes {
		fmt.Fprintf(&b, "%d. %s.\n", i+1, strings.TrimSuffix(strings.TrimSpace(note), "."))
	}
	return conformanceIntro + r.summary() + b.String()
}

// consumerSections are the tables of the consumers' calls.
func (r *conformanceReport) consumerSections(b *strings.Builder) {
	b.WriteString(`
## Dubbo consumers and Dubbo providers

Every consumer calls every method with a value of each declared type, typed and generic (` + "`$invoke`" + `), first the provider straight and then
through Envoy. Expected is what the same consumer got straight, with the class of everything in the result; the column shows that
of Dubbo Java 3.3.6, or of another consumer where that has no such call. A column is consumer → provider.

`)
	r.consumerTable(b, func(string) bool { return true }, []string{peers[1].name, peers[2].name, peers[0].name})
	b.WriteString(`
## Dubbo consumers and an HTTP service

The service sends the only argument of ` + "`POST /{interface}/{method}`" + ` back as the JSON that it came as; the description of Types
makes of it what the method returns. Expected is what the same consumer got of Dubbo Java 3.3.6, straight.

`)
	r.consumerTable(b, func(call string) bool { return strings.Contains(call, " Types.of") }, []string{overHTTP})
}

func (r *conformanceReport) consumerTable(b *strings.Builder, fits func(call string) bool, providers []string) {
	b.WriteString("| call | expected |")
	lines, columns := "|---|---|", []string{}
	for _, c := range dubboCallers {
		for _, p := range providers {
			if p == overHTTP && c.name == peers[0].name {
				continue
			}
			columns = append(columns, c.name+" to "+p)
			fmt.Fprintf(b, " %s → %s |", strings.TrimPrefix(c.name, "dubbo-"), strings.TrimPrefix(p, "dubbo-"))
			lines += "---|"
		}
	}
	fmt.Fprintf(b, "\n%s\n", lines)
	for _, call := range r.calls.rows {
		if !fits(call) {
			continue
		}
		expected, cells := "", ""
		for _, column := range columns {
			result, ran := r.calls.cells[call][column]
			if expected == "" {
				expected = result.straight
			}
			cells += fmt.Sprintf(" %s |", r.cell(ran, result.passed, code(result.got), result.note, result.note != ""))
		}
		fmt.Fprintf(b, "| %s | %s |%s\n", code(call), code(expected), cells)
	}
}

// cell shows a result: what was got only if it is not what the row expects.
func (r *conformanceReport) cell(ran, passed bool, shown, note string, different bool) string {
	if !ran {
		return "–"
	}
	if !passed {
		return "✗ " + shown
	}
	if note == "" {
		return "✓"
	}
	i := slices.Index(r.notes, note)
	if i < 0 {
		i = len(r.notes)
		r.notes = append(r.notes, note)
	}
	if !different {
		return fmt.Sprintf("≠ (%d)", i+1)
	}
	return fmt.Sprintf("≠ %s (%d)", shown, i+1)
}

// tally counts results.
type tally struct{ same, explained, failed int }

func (n *tally) add(passed bool, note string) {
	switch {
	case !passed:
		n.failed++
	case note != "":
		n.explained++
	default:
		n.same++
	}
}

func (n tally) String() string {
	if n == (tally{}) {
		return "–"
	}
	out := fmt.Sprintf("%d ✓", n.same)
	if n.explained > 0 {
		out += fmt.Sprintf(" %d ≠", n.explained)
	}
	if n.failed > 0 {
		out += fmt.Sprintf(" %d ✗", n.failed)
	}
	return out
}

// summary counts what was got.
func (r *conformanceReport) summary() string {
	var b strings.Builder
	b.WriteString("| requests | Java 3.3.6 | Java 2.7.23 | dubbo-go |\n|---|---|---|---|\n")
	columns := []string{peers[1].name, peers[2].name, peers[0].name}
	for i, table := range r.tables {
		fmt.Fprintf(&b, "| %s |", table.Title)
		for _, p := range columns {
			var n tally
			for _, results := range r.requests[i] {
				if result, ran := results[p]; ran {
					n.add(result.passed, result.note)
				}
			}
			fmt.Fprintf(&b, " %v |", n)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n| consumers of | Java 3.3.6 | Java 2.7.23 | dubbo-go |\n|---|---|---|---|\n")
	for _, p := range append(slices.Clone(columns), overHTTP) {
		fmt.Fprintf(&b, "| %s |", p)
		for _, consumer := range columns {
			var n tally
			for _, cells := range r.calls.cells {
				if result, ran := cells[consumer+" to "+p]; ran {
					n.add(result.passed, result.note)
				}
			}
			fmt.Fprintf(&b, " %v |", n)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// shown is the request as the page shows it.
func (c conformanceCase) shown() string {
	out := code(c.Method + c.Request)
	if c.Send != "" {
		out += " " + code(c.Send)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		out += " " + code(name+": "+c.Headers[name])
	}
	if c.Crowd > 0 {
		out += fmt.Sprintf(" %d at once", c.Crowd)
	}
	return out
}

// shown is what is expected, as the page shows it.
func (o outcome) shown() string {
	text := o.Want
	if o.Detail != "" {
		text = "… " + o.Detail + " …"
	}
	return strings.TrimSpace(fmt.Sprint(o.Status, " ", code(text)))
}

var runNumbers = regexp.MustCompile(`\bid=\d+`)

// shownAnswer is an answer as the page shows it, without what is different in each run.
func shownAnswer(status int, body []byte, address string) string {
	text := string(body)
	var value any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&value) == nil {
		if all, ok := value.(map[string]any); ok && status >= http.StatusBadRequest && all["detail"] != nil {
			text = fmt.Sprint(all["detail"])
		} else if sorted, err := json.Marshal(value); err == nil {
			text = string(sorted)
		}
	}
	text = runNumbers.ReplaceAllString(strings.ReplaceAll(text, address, "ADDRESS"), "id=N")
	return strings.TrimSpace(fmt.Sprint(status, " ", code(text)))
}

// code is a text as code in a table, cut to what fits.
func code(text string) string {
	if text == "" {
		return ""
	}
	const most = 90
	if letters := []rune(text); len(letters) > most {
		text = string(letters[:most]) + "…"
	}
	return "`" + strings.NewReplacer("|", `\|`, "`", "'", "\n", " ").Replace(text) + "`"
}

// plain is a text in a table.
func plain(text string) string {
	return strings.NewReplacer("<", "&lt;", "|", `\|`, "[]", `\[]`).Replace(text)
}
