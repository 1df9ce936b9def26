package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/dubbomesh/dubbomesh/controlplane/explain"
)

// writeExplanation prints an explanation for people.
func writeExplanation(out io.Writer, e explain.Explanation) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	line("%s", printable(e.Request))
	if e.Behind != nil {
		line("proxy      %s %s", printable(e.Proxy), e.Behind)
	}
	if g := e.Gateway; g != nil && (g.Policy != "" || len(g.Overridden) > 0) {
		line("port       %d of %s%s", g.Port, printable(cmp.Or(g.Policy, "the settings")), before(g.Overridden))
	}
	if len(e.Routes) == 0 {
		line("no route: Envoy answers 404")
	}
	for _, r := range e.Routes {
		writeRoute(out, r)
	}
	for i, n := range e.Notes {
		if i == 0 {
			line("")
		}
		line("note: %s", printable(n))
	}
}

// writeRoute prints a route: where it stands, who leads to it, what holds on it, and where it leads.
func writeRoute(out io.Writer, r explain.Route) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	line("")
	if r.Percent < 100 {
		line("%g%% of such requests:", r.Percent)
	}
	line("route      %s of virtual host %s", printable(r.Place), printable(r.VirtualHost))
	if x := r.Exposed; x != nil {
		line("exposed    by %s%s", printable(x.By), before(x.Overridden))
	}
	if h := r.Host; h != nil {
		line("host       %s by %s%s", printable(h.Name), printable(h.By), before(h.Overridden))
	}
	line("rule       %s", printable(cmp.Or(r.Rule, "none of a policy")))
	for _, p := range r.Passed {
		line("  not      %s", printable(p))
	}
	if l := r.Lane; l != nil {
		writeLane(out, *l)
	}
	if r.Service != "" {
		line("service    %s", printable(strings.TrimSuffix(r.Service+"."+r.Method, ".")))
	}
	if r.Operation != "" {
		line("operation  %s%s", printable(r.Operation), ofMapping(r.Mapping))
	}
	if r.Answer != "" {
		line("answer     %s", printable(r.Answer))
	}
	for _, b := range r.Breakers {
		line("breaker    %s: %s; %s refused", printable(strings.TrimSuffix(b.Service+"."+b.Method, ".")), b.State, count(int(b.Refused), "call"))
	}
	writeSettings(out, r)
	for _, d := range r.Destinations {
		writeDestination(out, d)
	}
}

// before names those who have lost, "" for none.
func before(overridden []string) string {
	if len(overridden) == 0 {
		return ""
	}
	return ", before " + printable(strings.Join(overridden, ", "))
}

func ofMapping(m *explain.Mapping) string {
	if m == nil || m.Policy == "" {
		return ""
	}
	return " of " + printable(m.Policy) + before(m.Overridden)
}

// writeLane prints the lane of a request, and why it is in no other.
func writeLane(out io.Writer, l explain.Lane) {
	text := "none"
	if l.Name != "" {
		text = fmt.Sprintf("%s %s (%s)", l.How, cmp.Or(l.Policy, "a lane"), l.Name)
		switch l.Falls {
		case "base":
			text += ", in which the service has no instance: it falls back to base"
		case "none":
			text += ", in which the service has no instance"
		}
	}
	_, _ = fmt.Fprintf(out, "lane       %s%s\n", printable(text), before(l.Overridden))
	for _, n := range l.Not {
		_, _ = fmt.Fprintf(out, "  not      %s\n", printable(n))
	}
}

// narrow is how many characters of a value stand in the table of settings; longer ones, and several, follow below it.
const narrow = 60

func writeSettings(out io.Writer, r explain.Route) {
	if len(r.Settings) > 0 {
		rows := [][]string{{"SETTING", "VALUE", "FROM", "BEFORE"}}
		for _, s := range r.Settings {
			value := s.Value
			if long(s) {
				value = "(below)"
			}
			if s.Applies != explain.Yes {
				value += applies(s.Applies)
			}
			rows = append(rows, []string{s.Field, value, s.From, strings.Join(s.Overridden, ", ")})
		}
		writeRows(out, rows)
	}
	for _, s := range r.Settings {
		if !long(s) {
			continue
		}
		_, _ = fmt.Fprintf(out, "  %s of %s:\n", printable(s.Field), printable(s.From))
		for _, one := range s.Each {
			_, _ = fmt.Fprintf(out, "    %s%s\n", printable(one.Value), applies(one.Applies))
		}
		if len(s.Each) == 0 {
			_, _ = fmt.Fprintf(out, "    %s\n", printable(s.Value))
		}
	}
	writeAccess(out, r)
}

func long(s explain.Setting) bool { return len(s.Each) > 0 || utf8.RuneCountInString(s.Value) > narrow }

// applies says of what is for some requests alone whether this is one of them.
func applies(a explain.Answer) string {
	switch a {
	case explain.Yes:
		return " (for this request)"
	case explain.No:
		return " (not for this request)"
	case explain.Depends:
		return " (perhaps for this request)"
	}
	return ""
}

// writeAccess prints who may call.
func writeAccess(out io.Writer, r explain.Route) {
	if len(r.Access) == 0 {
		return
	}
	_, _ = fmt.Fprintf(out, "callers    %s\n", printable(r.Callers))
	var rows [][]string
	for _, a := range r.Access {
		note := strings.Join(a.Asks, ", ")
		if note != "" {
			note = "asks for " + note
		}
		switch {
		case !a.InForce:
			note = "not in force yet"
		case a.DryRun:
			note = strings.TrimPrefix(note+"; only counts", "; ")
		}
		rows = append(rows, []string{a.Policy, a.Action, "", string(a.Fits), note})
		for _, rule := range a.Rules {
			rows = append(rows, []string{"", "", rule.Place, string(rule.Fits), rule.From})
		}
	}
	writeRows(out, append([][]string{{"ACCESS", "ACTION", "RULE", "FITS", "FROM"}}, rows...))
}

func writeDestination(out io.Writer, d explain.Destination) {
	_, _ = fmt.Fprintf(out, "\nto %s, %g%%", printable(d.Cluster), d.Percent)
	if l := d.Limits; l != nil {
		_, _ = fmt.Fprintf(out, "; at once %s connections, %s requests, %s pending, %s retries", bound(l.Connections), bound(l.Requests), bound(l.Pending), retries(*l))
	}
	_, _ = fmt.Fprintln(out)
	if len(d.Endpoints) == 0 {
		_, _ = fmt.Fprintln(out, "  no instance")
		return
	}
	rows := [][]string{{"INSTANCE", "WEIGHT", "SHARE", "PRIORITY", "ZONE", "REGISTERED AS"}}
	asked := d.Endpoints[0].Seen != ""
	if asked {
		rows[0] = append(rows[0], "FOUND")
	}
	for _, e := range d.Endpoints {
		row := []string{
			e.Address, strconv.FormatUint(uint64(e.Weight), 10), strconv.FormatFloat(e.Percent, 'g', -1, 64) + "%",
			strconv.FormatUint(uint64(e.Priority), 10), e.Zone, e.Health,
		}
		if asked {
			row = append(row, e.Seen)
		}
		rows = append(rows, row)
	}
	writeRows(out, rows)
}

func retries(l explain.Limits) string {
	if l.RetryBudget > 0 {
		return fmt.Sprintf("%g%% of the requests as", l.RetryBudget)
	}
	return bound(l.Retries)
}

// unbounded is what clusters without a limit have.
const unbounded = 1 << 20

func bound(n uint32) string {
	if n >= unbounded {
		return "any number of"
	}
	return strconv.FormatUint(uint64(n), 10)
}

func writeRows(out io.Writer, rows [][]string) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
		}
		_, _ = fmt.Fprintln(w, "  "+strings.Join(row, "\t"))
	}
	_ = w.Flush()
}
