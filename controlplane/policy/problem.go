package policy

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Problem is something that is wrong with a policy, or, as a warning, that is probably not meant.
type Problem struct {
	Line    int    `json:"line"`   // from 1; 0 when it concerns no place in particular
	Column  int    `json:"column"` // from 1
	Width   int    `json:"-"`      // how many characters it concerns
	Hidden  bool   `json:"-"`      // its line is not shown: there may be a key in it
	Field   string `json:"field,omitempty"`
	Message string `json:"message"` // what is wrong, and what to write instead
	Warning bool   `json:"warning,omitempty"`
}

// String is line:column: field: message.
func (p Problem) String() string {
	text := p.Message
	if p.Field != "" {
		text = p.Field + ": " + text
	}
	if p.Line > 0 {
		text = fmt.Sprintf("%d:%d: %s", p.Line, p.Column, text)
	}
	if p.Warning {
		text = "warning: " + text
	}
	return text
}

// Report writes a problem of a file for people: file:line:column, and the line with a caret under the place.
func (p Problem) Report(file string, text []byte) string {
	head := p.String()
	if p.Line > 0 {
		head = strings.TrimPrefix(head, "warning: ")
		head = file + ":" + head
		if p.Warning {
			head = "warning: " + head
		}
	} else {
		head = file + ": " + head
	}
	lines := strings.Split(string(text), "\n")
	if p.Line < 1 || p.Line > len(lines) || p.Hidden {
		return head
	}
	return head + "\n" + excerpt(lines[p.Line-1], p.Line, p.Column, p.Width)
}

// widestExcerpt is how many characters of a line are shown.
const widestExcerpt = 100

func excerpt(line string, number, column, width int) string {
	runes := []rune(strings.TrimRight(line, "\r"))
	for i, r := range runes {
		if r < ' ' || (r >= 0x7f && r < 0xa0) { // tabs too, so that the caret stands below the place
			runes[i] = ' '
		}
	}
	at := min(max(column-1, 0), len(runes))
	from := 0
	if at > widestExcerpt*2/3 {
		from = at - widestExcerpt/2
	}
	to := min(len(runes), from+widestExcerpt)
	width = max(1, min(width, to-at))
	margin := fmt.Sprintf("%6d", number)
	return fmt.Sprintf("%s | %s\n%s | %s%s", margin, string(runes[from:to]), strings.Repeat(" ", len(margin)), strings.Repeat(" ", at-from), strings.Repeat("^", width))
}

// sortProblems orders problems by their place, each once.
func sortProblems(list []Problem) []Problem {
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(list)
}

// split tells errors from warnings.
func split(list []Problem) (errs, warnings []Problem) {
	for _, p := range list {
		if p.Warning {
			warnings = append(warnings, p)
		} else {
			errs = append(errs, p)
		}
	}
	return errs, warnings
}

// join makes one error of the errors in a list; nil when there is none.
func join(list []Problem) error {
	var errs []error
	for _, p := range list {
		if !p.Warning {
			errs = append(errs, errors.New(p.String()))
		}
	}
	return errors.Join(errs...)
}

// positioned is an error text that begins with line:column.
var positioned = regexp.MustCompile(`^(\d+):(\d+): (?s:(.*))$`)

// whole makes a problem of what is wrong with a document as a whole.
func whole(err error) Problem {
	m := positioned.FindStringSubmatch(err.Error())
	if m == nil {
		return Problem{Message: err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	return Problem{Line: line, Column: column, Width: 1, Message: m[3]}
}
