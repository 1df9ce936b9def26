package main

import (
	"fmt"
	"strings"
)

// surrounding is how many lines that stay are shown around those that change.
const surrounding = 3

// lineChange is a line of one of two texts, or of both.
type lineChange struct {
	sign byte // '-' only in the first, '+' only in the second, ' ' in both
	text string
}

// maxCompared bounds the work of finding the shortest way, which grows with the product of the lines.
const maxCompared = 4_000_000

// compareLines tells what makes the second text of the first: the shortest way, by lines, unless that is too much work.
func compareLines(first, second string) []lineChange {
	a, b := splitLines(first), splitLines(second)
	if len(a)*len(b) > maxCompared {
		return append(signed('-', a), signed('+', b)...)
	}
	// longest[i][j] is the length of the longest sequence of lines that a[i:] and b[j:] have in common.
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	var out []lineChange
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, lineChange{' ', a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && longest[i+1][j] >= longest[i][j+1]:
			out = append(out, lineChange{'-', a[i]})
			i++
		default:
			out = append(out, lineChange{'+', b[j]})
			j++
		}
	}
	return out
}

func signed(sign byte, lines []string) []lineChange {
	out := make([]lineChange, len(lines))
	for i, line := range lines {
		out[i] = lineChange{sign, line}
	}
	return out
}

func splitLines(text string) []string {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// showLines writes what changes with some lines around it; "" when nothing does.
func showLines(changes []lineChange) string {
	near := make([]bool, len(changes))
	for i, c := range changes {
		if c.sign != ' ' {
			for k := max(0, i-surrounding); k <= min(len(changes)-1, i+surrounding); k++ {
				near[k] = true
			}
		}
	}
	var out strings.Builder
	for i, c := range changes {
		switch {
		case near[i]:
			fmt.Fprintf(&out, "%c %s\n", c.sign, strings.Map(visible, c.text))
		case i > 0 && near[i-1]:
			out.WriteString("  …\n")
		}
	}
	return out.String()
}
