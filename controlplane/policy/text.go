package policy

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// Bounds of texts, in bytes. Envoy takes no text above 16384 in most places, and a percent sign takes two of them.
const (
	maxText = 8 << 10
	maxName = 256 // of a header, an attachment, a cookie, a name in a mapping
)

// longest are the bounds of texts that have another one, by their format.
var longest = map[string]int{
	"jwks": 64 << 10, "header": maxName, "token": maxName, "host": maxName, "hosts": maxName, "javaName": maxName, "javaPath": 2 * maxName, "javaClass": 2 * maxName,
	"limitKey": maxName, "argument": maxName,
}

// checkText is what is asked of every text: it may become a header, a path or a name, which Envoy refuses with all that comes
// with them for one character that does not belong there.
func checkText(text, format string, lines bool) error {
	most := cmp.Or(longest[format], maxText)
	switch {
	case len(text) > most:
		return fmt.Errorf("has %d bytes; at most %d are possible", len(text), most)
	case !utf8.ValidString(text):
		return errors.New("is no UTF-8; write characters")
	}
	at := strings.IndexFunc(text, unicode.IsControl)
	if lines {
		at = strings.IndexFunc(text, func(c rune) bool { return unicode.IsControl(c) && !strings.ContainsRune("\t\r\n", c) })
	}
	switch {
	case at < 0:
		return nil
	case text[at] == '\n' && at == len(text)-1:
		return errors.New("ends with a line break, as a block of YAML does (|); write |- or quotation marks")
	case text[at] == '\n':
		return errors.New("has a line break; write one line")
	}
	c, _ := utf8.DecodeRuneInString(text[at:])
	return fmt.Errorf("has the control character U+%04X behind %d bytes; leave it out", c, at)
}

// keyFiles are the formats of texts in whose place somebody may write a key.
var keyFiles = map[string]bool{"keyFile": true, "tlsKey": true}

// format checks a text for what it must look like.
func (d *decoder) format(n ast.Node, path, text, name string) (fits bool) {
	err := formats[name].check(text)
	if err != nil {
		d.misses(n, path, name, err)
	}
	return err == nil
}

// misses notes a text that is not what it must be.
func (d *decoder) misses(n ast.Node, path, format string, err error) {
	f := formats[format]
	switch {
	case keyFiles[format]:
		d.fail(n, path, "must be %s, found text, which is not repeated here; write the path of a file with the key: %s", f.what, f.example)
	case d.secret && format != "" && format != "jwks":
		d.fail(n, path, "must be %s, such as %s", f.what, f.example)
	default:
		d.fail(n, path, "%v", err)
	}
}

// entry checks the name of an entry of a mapping, and reports whether its value is to be read.
func (d *decoder) entry(path, at string, n ast.Node, key string, r rule) bool {
	if d.secret {
		at = path
	}
	err := checkText(key, r.keys, false)
	switch {
	case err != nil:
	case key == "":
		err = errors.New("an entry has an empty name; write one")
	case r.keys == "" && len(key) > maxName:
		err = fmt.Errorf("a name of %d bytes; at most %d are possible", len(key), maxName)
	}
	if err != nil {
		d.fail(n, path, "%v", err)
		return false
	}
	fits := r.keys == "" || d.format(n, at, key, r.keys)
	return fits || !d.secret // else the name would be told with what is wrong with its value
}
