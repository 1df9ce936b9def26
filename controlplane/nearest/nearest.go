// Package nearest finds what somebody probably meant to write.
package nearest

import (
	"slices"
	"strings"
)

// Word returns the known word that differs from the given one by at most two edits, or a third of its length, upper and
// lower case being the same and a plural as near as one edit; "" when there is none. Of equally near ones it is the first.
func Word(word string, known []string) string {
	best, distance := "", max(2, len(word)/3)+1
	for _, k := range known {
		a, b := strings.ToLower(word), strings.ToLower(k)
		if d := min(edits(a, b), edits(singular(a), singular(b))+1); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// Closest is the known word that takes the fewest edits to reach, however many they are.
func Closest(word string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int {
		return edits(strings.ToLower(word), strings.ToLower(a)) - edits(strings.ToLower(word), strings.ToLower(b))
	})
}

// singular is what an English plural is one of.
func singular(word string) string {
	if stem, ok := strings.CutSuffix(word, "ies"); ok && len(stem) > 1 {
		return stem + "y"
	}
	return strings.TrimSuffix(word, "s")
}

// maxWord is the length beyond which a word is no slip of the pen any more.
const maxWord = 64

// edits is the Levenshtein distance.
func edits(a, b string) int {
	if len(a) > maxWord {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
