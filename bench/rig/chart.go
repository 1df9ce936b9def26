package main

import (
	"fmt"
	"math"
	"strings"
)

// Places in the drawing, in its own units.
const (
	chartWidth, chartHeight = 940.0, 380.0
	chartTop, chartBottom   = 78.0, 330.0
	ratesLeft, ratesRight   = 70.0, 640.0
	hopLeft, hopRight       = 710.0, 915.0
)

var barColors = map[string]string{"published": "#94a3b8", "best public": "#60a5fa", "dubbomesh": "#0f766e", "ceiling": "none"}

// chart draws requests per second beside the published ones and the ceiling, and what the hop costs.
func (r report) chart() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="12" role="img" aria-labelledby="t d">
  <title id="t">The founding experiment: requests per second and CPU of the hop</title>
  <desc id="d">%s</desc>
  <rect width="%.0f" height="%.0f" rx="12" fill="#ffffff"/>
`, chartWidth, chartHeight, r.inWords(), chartWidth, chartHeight)
	r.drawRates(&b)
	r.drawHop(&b)
	b.WriteString("</svg>\n")
	return b.String()
}

// inWords says what the drawing shows to those who cannot see it.
func (r report) inWords() string {
	var parts []string
	for _, w := range r.rows {
		parts = append(parts, fmt.Sprintf("%d connections: %.0f requests per second, ceiling %.0f, CPU of the hop %.2f times plain HTTP",
			w.connections, w.dubbo.rate, ceiling(w.connections), w.hop.median))
	}
	return strings.Join(parts, "; ") + "."
}

func (r report) drawRates(b *strings.Builder) {
	top := 0.0
	for _, w := range r.rows {
		top = max(top, ceiling(w.connections), w.dubbo.rate)
	}
	step := roundStep(top)
	top = math.Ceil(top/step) * step
	title(b, ratesLeft, "Requests per second by connections")
	for v := 0.0; v <= top; v += step {
		grid(b, ratesLeft, ratesRight, height(v, top), fmt.Sprintf("%.0f", v))
	}
	x := ratesLeft
	for _, name := range []string{"published", "best public", "dubbomesh", "ceiling"} {
		fmt.Fprintf(b, `  <rect x="%.1f" y="48" width="11" height="11" fill="%s"%s/><text x="%.1f" y="58" fill="#334155">%s</text>`+"\n", x, barColors[name], dashed(name), x+16, name)
		x += 100
	}
	group := (ratesRight - ratesLeft) / float64(max(1, len(r.rows)))
	for i, w := range r.rows {
		p := figuresPublished[w.connections]
		left, width := ratesLeft+group*float64(i)+group*0.12, group*0.76/4
		for j, one := range []struct {
			name  string
			value float64
		}{{"published", p.paper}, {"best public", p.best}, {"dubbomesh", w.dubbo.rate}, {"ceiling", ceiling(w.connections)}} {
			if one.value > 0 {
				bar(b, left+width*float64(j), width*0.9, height(one.value, top), one.name, fmt.Sprintf("%.0f", one.value))
			}
		}
		label(b, ratesLeft+group*(float64(i)+0.5), fmt.Sprintf("%d", w.connections))
	}
}

func (r report) drawHop(b *strings.Builder) {
	top := 1.5
	for _, w := range r.rows {
		top = max(top, math.Ceil(2*w.hop.median)/2)
	}
	title(b, hopLeft-20, "Envoy CPU, plain HTTP = 1")
	for v := 0.0; v <= top; v += 0.5 {
		grid(b, hopLeft, hopRight, height(v, top), fmt.Sprintf("%.1f", v))
	}
	group := (hopRight - hopLeft) / float64(max(1, len(r.rows)))
	for i, w := range r.rows {
		middle := hopLeft + group*(float64(i)+0.5)
		bar(b, middle-group*0.25, group*0.5, height(w.hop.median, top), "dubbomesh", "")
		// Inside the bar, where the line of the goal does not cross it.
		fmt.Fprintf(b, `  <text x="%.1f" y="%.1f" text-anchor="middle" fill="#ffffff">%.2f</text>`+"\n", middle, chartBottom-10, w.hop.median)
		label(b, middle, fmt.Sprintf("%d", w.connections))
	}
	y := height(hopGoal, top)
	fmt.Fprintf(b, `  <path d="M%.1f %.1f H%.1f" stroke="#dc2626" stroke-dasharray="5 4"/><text x="%.1f" y="58" text-anchor="end" fill="#dc2626">goal ≤ %.2f</text>`+"\n",
		hopLeft, y, hopRight, hopRight, hopGoal)
}

// height is where a value lies on a scale from 0 to top.
func height(value, top float64) float64 {
	return chartBottom - (chartBottom-chartTop)*value/max(top, math.SmallestNonzeroFloat64)
}

// roundStep is a round distance that divides the scale into about five.
func roundStep(top float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(max(1, top/5))))
	for _, factor := range []float64{1, 2, 5} {
		if factor*power >= top/6 {
			return factor * power
		}
	}
	return 10 * power
}

func title(b *strings.Builder, x float64, text string) {
	fmt.Fprintf(b, `  <text x="%.1f" y="32" font-size="15" font-weight="600" fill="#0f172a">%s</text>`+"\n", x, text)
}

func grid(b *strings.Builder, left, right, y float64, text string) {
	fmt.Fprintf(b, `  <path d="M%.1f %.1f H%.1f" stroke="#e2e8f0"/><text x="%.1f" y="%.1f" text-anchor="end" fill="#64748b">%s</text>`+"\n", left, y, right, left-6, y+4, text)
}

func bar(b *strings.Builder, x, width, top float64, name, value string) {
	fmt.Fprintf(b, `  <rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"%s/><text x="%.1f" y="%.1f" font-size="10" text-anchor="middle" fill="#334155">%s</text>`+"\n",
		x, top, width, chartBottom-top, barColors[name], dashed(name), x+width/2, top-4, value)
}

func dashed(name string) string {
	if name == "ceiling" {
		return ` stroke="#94a3b8" stroke-dasharray="4 3"`
	}
	return ""
}

func label(b *strings.Builder, x float64, text string) {
	fmt.Fprintf(b, `  <text x="%.1f" y="%.1f" text-anchor="middle" fill="#334155">%s</text>`+"\n", x, chartBottom+20, text)
}
