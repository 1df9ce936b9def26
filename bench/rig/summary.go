package main

import (
	"cmp"
	"slices"
)

// row is what is told about one number of connections.
type row struct {
	connections            int
	direct, plain, dubbo   figures
	java, consumer         figures // when they were measured
	share                  spread  // requests/s through the gateway to Dubbo, in proportion to straight at plain HTTP
	hop                    spread  // Envoy's CPU per request to Dubbo, in proportion to plain HTTP
	ofJava                 spread  // the same in proportion to the gateway written in Java
	ofConsumer             spread  // Envoy's CPU per call of a Dubbo consumer, in proportion to plain HTTP
	split                  []float64
	errors, wrong, refused uint64 // in all rounds
	requests               uint64 // to Dubbo, in all rounds
	others                 float64
}

// figures are the medians of one way over all rounds. Times are in milliseconds, CPU times in microseconds a request.
type figures struct {
	rate, mean, p50, p99 float64
	hopCPU, serverCPU    float64
	errors               uint64 // in all rounds
}

// spread is a median with the lowest and the highest value.
type spread struct{ median, low, high float64 }

// summarize makes one row for each number of connections, in ascending order. Proportions are taken within a round,
// so that what slowed a whole round down does not count.
func summarize(all []measurement) []row {
	var rows []row
	for _, connections := range distinct(all) {
		r := row{connections: connections}
		byWay := map[way][]measurement{}
		for _, m := range all {
			if m.connections == connections {
				byWay[m.way] = append(byWay[m.way], m)
			}
		}
		r.direct, r.plain, r.dubbo = figuresOf(byWay[direct]), figuresOf(byWay[plain]), figuresOf(byWay[dubbo])
		r.java, r.consumer = figuresOf(byWay[javaGateway]), figuresOf(byWay[consumer])
		r.ofJava, r.ofConsumer = hopRatio(byWay[dubbo], byWay[javaGateway]), hopRatio(byWay[consumer], byWay[plain])
		var shares, others []float64
		counted := make([]uint64, len(sizes))
		for i, d := range byWay[dubbo] {
			shares = append(shares, d.load.rate()/byWay[direct][i].load.rate())
			r.errors += d.load.errors()
			r.wrong += d.load.Invalid
			r.refused += d.refused
			r.requests += d.load.Requests
			for p, n := range d.split {
				counted[p] += n
			}
		}
		for _, ms := range byWay {
			for _, m := range ms {
				others = append(others, m.otherCPU)
			}
		}
		r.share, r.hop, r.others = spreadOf(shares), hopRatio(byWay[dubbo], byWay[plain]), spreadOf(others).median
		r.split = inWeights(counted)
		rows = append(rows, r)
	}
	return rows
}

// hopRatio is the gateway's CPU per request on one way in proportion to that on another, round by round.
func hopRatio(of, to []measurement) spread {
	var ratios []float64
	for i := range min(len(of), len(to)) {
		ratios = append(ratios, of[i].perRequest(of[i].hopCPU)/max(1, to[i].perRequest(to[i].hopCPU)))
	}
	return spreadOf(ratios)
}

func distinct(all []measurement) []int {
	var out []int
	for _, m := range all {
		out = append(out, m.connections)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func figuresOf(ms []measurement) figures {
	median := func(value func(measurement) float64) float64 {
		var values []float64
		for _, m := range ms {
			values = append(values, value(m))
		}
		return spreadOf(values).median
	}
	f := figures{
		rate:      median(func(m measurement) float64 { return m.load.rate() }),
		mean:      median(func(m measurement) float64 { return m.load.Mean / 1000 }),
		p50:       median(func(m measurement) float64 { return m.load.P50 / 1000 }),
		p99:       median(func(m measurement) float64 { return m.load.P99 / 1000 }),
		hopCPU:    median(func(m measurement) float64 { return m.perRequest(m.hopCPU) }),
		serverCPU: median(func(m measurement) float64 { return m.perRequest(m.serverCPU) }),
	}
	for _, m := range ms {
		f.errors += m.load.errors()
	}
	return f
}

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	slices.SortFunc(values, cmp.Compare)
	n := len(values)
	return spread{median: (values[(n-1)/2] + values[n/2]) / 2, low: values[0], high: values[n-1]}
}

// inWeights scales counts so that their sum is that of the weights: an exact split reads 1, 2, 3.
func inWeights(counted []uint64) []float64 {
	var sum, weights float64
	for i, n := range counted {
		sum += float64(n)
		weights += float64(sizes[i].weight)
	}
	out := make([]float64, len(counted))
	for i, n := range counted {
		out[i] = float64(n) * weights / max(1, sum)
	}
	return out
}
