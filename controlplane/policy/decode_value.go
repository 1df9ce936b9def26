package policy

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/nearest"
)

// text decodes a text.
func (d *decoder) text(path string, n ast.Node, to reflect.Value, r rule) {
	text, ok := document.Scalar(n)
	if !ok {
		d.fail(n, path, "must be text, found %s", d.found(n))
		return
	}
	to.SetString(text)
	if err := checkText(text, r.format, d.lines); err != nil {
		d.misses(n, path, r.format, err)
		return
	}
	if len(r.oneOf) > 0 && !slices.Contains(r.oneOf, text) {
		hint := "write one of " + strings.Join(r.oneOf, ", ")
		if near := nearest.Word(text, r.oneOf); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		d.fail(n, path, "%s is not known; %s", document.Quote(text), hint)
	}
	if r.format != "" {
		d.format(n, path, text, r.format)
	}
	if r.required && text == "" {
		d.fail(n, path, "it is empty; write something")
	}
}

// errBounds is replaced by a message with the bounds.
var errBounds = errors.New("out of bounds")

// number decodes an integer or a floating-point number.
func (d *decoder) number(path string, n ast.Node, to reflect.Value, r rule) {
	text, ok := document.Scalar(n)
	quoted := ok && (n.GetToken().Type == token.DoubleQuoteType || n.GetToken().Type == token.SingleQuoteType)
	err := errBounds
	var value float64
	if ok && !quoted {
		switch to.Kind() {
		case reflect.Uint32:
			var v uint64
			v, err = strconv.ParseUint(text, 10, 32)
			to.SetUint(v & (1<<32 - 1))
			value = float64(v)
		case reflect.Int64:
			var v int64
			v, err = strconv.ParseInt(text, 10, 64)
			to.SetInt(v)
			value = float64(v)
		case reflect.Float64:
			value, err = strconv.ParseFloat(text, 64)
			to.SetFloat(value)
		}
	}
	what := "whole number"
	if to.Kind() == reflect.Float64 {
		what = "number"
	}
	low, lowErr := strconv.ParseFloat(r.min, 64)
	high, highErr := strconv.ParseFloat(r.max, 64)
	switch {
	case len(r.oneOf) > 0 && !slices.Contains(r.oneOf, text):
		d.fail(n, path, "must be one of %s, found %s", strings.Join(r.oneOf, ", "), d.found(n))
	case err != nil, value != value, lowErr == nil && value < low, highErr == nil && value > high: //nolint:gocritic // NaN is unequal to itself
		found := d.found(n)
		if quoted {
			found += " in quotation marks"
		}
		if to.Kind() == reflect.Uint32 {
			r.min, r.max = cmp.Or(r.min, "0"), cmp.Or(r.max, strconv.FormatUint(math.MaxUint32, 10))
		}
		d.fail(n, path, "must be a %s%s, found %s", what, between(r), found)
	}
}

// between says what a number may be.
func between(r rule) string {
	switch {
	case r.min != "" && r.max != "":
		return " from " + r.min + " to " + r.max
	case r.max != "":
		return " up to " + r.max
	case r.min != "":
		return " of " + r.min + " or more"
	}
	return ""
}

// quantity decodes a duration, a percentage or a size.
func (d *decoder) quantity(path string, n ast.Node, to reflect.Value, r rule) {
	text, _ := document.Scalar(n)
	q := quantities[to.Type()]
	v, err := q.parse(text)
	low, lowErr := q.parse(r.min)
	high, highErr := q.parse(r.max)
	if r.max = cmp.Or(r.max, q.most); q.most != "" {
		r.min = cmp.Or(r.min, "0%")
	}
	switch {
	case err != nil && q.most != "":
		d.fail(n, path, "must be a %s%s, such as %s, found %s", q.what, between(r), q.example, d.found(n))
	case err != nil:
		d.fail(n, path, "must be a %s such as %s, found %s", q.what, q.example, d.found(n))
	case r.zero && (v > 0 && v < low || v > high):
		d.fail(n, path, "must be 0s, or a %s%s, found %s", q.what, between(r), d.found(n))
	case lowErr == nil && v < low && !r.zero, highErr == nil && v > high:
		d.fail(n, path, "must be a %s%s, found %s", q.what, between(r), d.found(n))
	default:
		if to.CanInt() {
			to.SetInt(v)
		} else {
			to.SetUint(uint64(v))
		}
	}
}

// anything decodes a value of any shape to what encoding/json would make of it.
func (d *decoder) anything(path string, n ast.Node) (any, bool) {
	if absent(n) {
		return nil, true
	}
	if all, ok := entries(n); ok {
		out := make(map[string]any, len(all))
		for _, e := range all {
			key, _ := document.Scalar(e.Key)
			v, ok := d.anything(path, e.Value)
			if !ok {
				return nil, false
			}
			out[key] = v
		}
		return out, true
	}
	switch n := n.(type) {
	case *ast.SequenceNode:
		out := make([]any, len(n.Values))
		for i, item := range n.Values {
			v, ok := d.anything(path, item)
			if !ok {
				return nil, false
			}
			out[i] = v
		}
		return out, true
	case *ast.BoolNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode:
		text := n.GetToken().Value
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return v, true
		}
		if json.Valid([]byte(text)) { // as it is written: nothing is rounded
			return json.RawMessage(text), true
		}
		d.fail(n, path, "%s is no number of JSON; write it with digits", d.found(n))
		return nil, false
	}
	text, ok := document.Scalar(n)
	if !ok {
		d.fail(n, path, "must be a value of JSON, found %s", d.found(n))
	}
	return text, ok
}
