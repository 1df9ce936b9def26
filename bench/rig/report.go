package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// report is everything that is written.
type report struct {
	about about
	rows  []row
}

// publish writes the page, the chart and the part of the README that were asked for.
func publish(o options, r report) error {
	fmt.Println()
	fmt.Print(r.short())
	if o.docs != "" {
		page, chart := filepath.Join(o.docs, "benchmark.md"), filepath.Join(o.docs, "benchmark.svg")
		if err := errors.Join(os.WriteFile(page, []byte(r.page(o)), 0o644), os.WriteFile(chart, []byte(r.chart()), 0o644)); err != nil {
			return err
		}
	}
	if o.readme == "" {
		return nil
	}
	text, err := os.ReadFile(o.readme)
	if err != nil {
		return err
	}
	if text, err = replaceMarked(text, r.short()); err != nil {
		return fmt.Errorf("%s: %w", o.readme, err)
	}
	return os.WriteFile(o.readme, text, 0o644)
}

const (
	beginMark = "<!-- bench-rig:begin -->"
	endMark   = "<!-- bench-rig:end -->"
)

// replaceMarked puts text between the two marks, each on a line of its own.
func replaceMarked(document []byte, text string) ([]byte, error) {
	before, rest, found := bytes.Cut(document, []byte(beginMark+"\n"))
	_, after, ended := bytes.Cut(rest, []byte(endMark))
	if !found || !ended {
		return nil, fmt.Errorf("there are no lines %q and, below, %q to write between", beginMark, endMark)
	}
	return bytes.Join([][]byte{before, []byte(beginMark + "\n" + text + endMark), after}, nil), nil
}

// short is the table for the README.
func (r report) short() string {
	var b strings.Builder
	b.WriteString("| connections | requests/s | published | best public | ceiling | of wrk straight at plain HTTP (goal) | p99 | Envoy CPU beside plain HTTP (goal) | split 1 : 2 : 3 | errors |\n")
	b.WriteString("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, w := range r.rows {
		p := figuresPublished[w.connections]
		fmt.Fprintf(&b, "| %d | **%s** | %s | %s | %.0f | %s | %.1f ms | × %.2f (≤ %.2f) | %s | %d |\n",
			w.connections, number(w.dubbo.rate), number(p.paper), number(p.best), ceiling(w.connections),
			withGoal(w.share.median, p.share), w.dubbo.p99, w.hop.median, hopGoal, w.splitText(), w.errors)
	}
	fmt.Fprintf(&b, "\n`%s` on %s, %s; %s. Published figures are from other machines.\n", r.about.command, r.about.system, r.about.date, r.about.versions)
	return b.String()
}

// figures are those of each way, in the ways' order.
func (w row) figures() []figures { return []figures{w.direct, w.plain, w.dubbo, w.java, w.consumer} }

func number(v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", v)
}

func withGoal(share, goal float64) string {
	if goal == 0 {
		return fmt.Sprintf("%.1f %%", 100*share)
	}
	return fmt.Sprintf("%.1f %% (≥ %.0f %%)", 100*share, 100*goal)
}

func (w row) splitText() string {
	var parts []string
	for _, s := range w.split {
		parts = append(parts, fmt.Sprintf("%.2f", s))
	}
	return strings.Join(parts, " : ")
}

// page is docs/benchmark.md.
func (r report) page(o options) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# The founding experiment

An HTTP client sends a random string, a Dubbo provider sleeps 50 ms and answers the string's Java hash, and the client
checks it. Three providers, small, medium and large, share the load 1 : 2 : 3, each with a pool of %d threads. They
register in etcd with leases; the gateway's Envoy gets them from the control plane.

This page is written by

    %s

on %s, on %s, with %s. The providers are %s.

![requests per second and CPU](benchmark.svg)

`, o.threads, r.about.command, r.about.date, r.about.system, r.about.versions, r.about.provider)
	b.WriteString(r.short())
	b.WriteString("\n## Every way\n\nMedians of the rounds. CPU is user and system time of the process per answered request.\n\n")
	b.WriteString("| connections | way | requests/s | mean | p50 | p99 | errors | gateway CPU | servers' CPU |\n|--:|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, w := range r.rows {
		for i, f := range w.figures() {
			way := way(i)
			if f.rate == 0 {
				continue // not measured
			}
			gateway := "–"
			if way != direct {
				gateway = fmt.Sprintf("%.0f µs", f.hopCPU)
			}
			fmt.Fprintf(&b, "| %d | %s | %.2f | %.2f ms | %.2f ms | %.2f ms | %d | %s | %.0f µs |\n",
				w.connections, way, f.rate, f.mean, f.p50, f.p99, f.errors, gateway, f.serverCPU)
		}
	}
	b.WriteString(r.besides())
	fmt.Fprintf(&b, "\n## Spread, refusals, neighbours\n\n%s", rounds(o.rounds))
	b.WriteString("| connections | of straight at plain HTTP, lowest – highest | Envoy CPU, lowest – highest | wrong hashes | refused by a full pool, answered by another | used by others on the machine |\n|--:|--:|--:|--:|--:|--:|\n")
	for _, w := range r.rows {
		fmt.Fprintf(&b, "| %d | %.1f – %.1f %% | × %.2f – %.2f | %d | %d of %d | %.0f %% |\n",
			w.connections, 100*w.share.low, 100*w.share.high, w.hop.low, w.hop.high, w.wrong, w.refused, w.requests, 100*w.others)
	}
	b.WriteString(method)
	return b.String()
}

// besides tells of what was measured only on request.
func (r report) besides() string {
	var b strings.Builder
	if len(r.rows) > 0 && r.rows[0].java.rate > 0 {
		b.WriteString("\n## Beside a gateway written in Java\n\n" + besideJava)
		b.WriteString("| connections | requests/s, Java | requests/s, mesh | p99, Java | p99, mesh | CPU, Java | CPU, mesh | mesh beside Java (goal) |\n|--:|--:|--:|--:|--:|--:|--:|--:|\n")
		for _, w := range r.rows {
			fmt.Fprintf(&b, "| %d | %.2f | %.2f | %.1f ms | %.1f ms | %.0f µs | %.0f µs | × %.2f (≤ 0.50) |\n",
				w.connections, w.java.rate, w.dubbo.rate, w.java.p99, w.dubbo.p99, w.java.hopCPU, w.dubbo.hopCPU, w.ofJava.median)
		}
	}
	if len(r.rows) > 0 && r.rows[0].consumer.rate > 0 {
		b.WriteString("\n## Dubbo consumers\n\n" + besideConsumer)
		b.WriteString("| calls in flight | calls/s | mean | p99 | errors | Envoy CPU | beside plain HTTP (goal) |\n|--:|--:|--:|--:|--:|--:|--:|\n")
		for _, w := range r.rows {
			fmt.Fprintf(&b, "| %d | %.2f | %.2f ms | %.1f ms | %d | %.0f µs | × %.2f (≤ 2.00) |\n",
				w.connections, w.consumer.rate, w.consumer.mean, w.consumer.p99, w.consumer.errors, w.consumer.hopCPU, w.ofConsumer.median)
		}
	}
	return b.String()
}

const (
	besideJava = `Dubbo 3.3's asynchronous generic call behind the HTTP server of the JDK (examples/dubbo-java/gateway-3), with the
same providers and weights, warmed up for 20 seconds and more. It puts all calls to a provider on one connection, which costs
less for each the more there are at a time; Envoy's pools lend a connection to one call. Envoy needs about as much for plain HTTP,
so the goal is out of reach of anything that runs in it at this load. Dubbo's asynchronous calls are not tried elsewhere when a pool
is used up: those errors are the Java gateway's, the mesh has none.

`
	besideConsumer = `The calls of the experiment from Dubbo consumers with 8 connections together, through the gateway's HTTP port, which
knows them by their first bytes.

`
)

func rounds(n int) string {
	if n == 1 {
		return "One round.\n\n"
	}
	return fmt.Sprintf("%d rounds.\n\n", n)
}

// method is how the page explains itself.
const method = `
## How to read this

- **Everything shares one machine**: wrk with two threads, Envoy, three providers, etcd and the control plane. A part of
  what is lost against the ceiling is lost to that; therefore the yardstick is what wrk reaches in the same run straight
  at a plain HTTP/1.1 service that answers the same hash after the same 50 ms (` + "`bench/echo`" + `).
- **The hop** is compared with the same Envoy, gateway and load in front of that plain service, with as many instances
  and the same weights as there are providers: what Dubbo costs is the difference, the rest is an HTTP proxy's price.
  (In front of a single plain process the same Envoy needs less CPU, because it is woken less often.)
- **Order**: the ways follow one another with each number of connections, and another one begins each time. Proportions
  are taken within a round.
- **Checks**: wrk tells its script neither the connection nor the request of an answer, so the script keeps the hashes
  that each thread waits for; an answer that is none of them is wrong. Two answers that were swapped inside one thread
  would not be seen; before the measurement a client of the rig's own compares each answer with its request, at the
  largest number of connections, and one that is wrong ends the experiment.
- **Strings** are 8 to 1,023 random letters and digits, new with each request.
- **Errors** are wrong hashes, answers other than 200, and failed or timed out connections.
- **Refusals**: 512 calls at once, 3 of 6 to the large provider, are 256 at a time: more than its pool. A provider
  refuses such a call before it begins, and the gateway sends it to another one. This is why the split at 512 may
  lean away from the large provider.
- **The split** is what the providers counted themselves, scaled to a sum of 6 (for dubbo-go and Java: what Envoy sent
  to each of them).
- **Published** figures: a paper on mesh-based governance (2019) and the best public score of the 2018 agent contest
  on the same rig, measured on other machines; the ceiling, connections divided by 50 ms, is the same for all.
`
