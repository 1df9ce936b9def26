package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

var verbs = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

func (c *checker) operation(path string, o *Operation) {
	if !slices.Contains(verbs, o.Verb) {
		c.fail(path+".verb", "%q is not known; write one of %s", o.Verb, strings.Join(verbs, ", "))
	}
	segments, err := ParseTemplate(o.Path)
	if err != nil {
		c.fail(path+".path", "%v", err)
	}
	if !identifier(o.Method) {
		c.fail(path+".method", "%q is no name of a Java method", o.Method)
	}
	if o.Status != 0 && (o.Status < 200 || o.Status > 299) {
		c.fail(path+".status", "%d is not from 200 to 299", o.Status)
	}
	c.count(path+".parameters", len(o.Parameters), maxParameters)
	bodies := 0
	for i := range o.Parameters {
		at := fmt.Sprintf("%s.parameters[%d]", path, i)
		b := &o.Parameters[i]
		c.binding(at, b)
		switch b.From {
		case FromPath:
			if err == nil && !slices.ContainsFunc(segments, func(s Segment) bool { return s.Variable == b.Name }) {
				c.fail(at+".name", "there is no {%s} in the path %s", b.Name, o.Path)
			}
		case FromBody, FromField:
			if o.Verb == "GET" || o.Verb == "HEAD" {
				c.fail(at+".from", "a %s request has no body; take the parameter from query, header, cookie or path", o.Verb)
			}
			if b.From == FromBody {
				bodies++
			}
		}
	}
	if bodies > 1 {
		c.fail(path+".parameters", "%d of them are the whole body; one can be", bodies)
	}
	c.exceptions(path+".exceptions", o.Exceptions)
}

func (c *checker) binding(path string, b *Binding) {
	switch b.From {
	case FromPath, FromQuery, FromHeader, FromCookie, FromField:
		if b.Name == "" {
			c.fail(path+".name", "it is missing; name the %s parameter", b.From)
		}
	case FromBody:
		if b.Name != "" {
			c.fail(path+".name", "the whole body has no name; write from: %s for one member of it", FromField)
		}
	default:
		c.fail(path+".from", "%q is not known; write path, query, header, cookie, field or body", b.From)
	}
	c.javaType(path+".type", b.Type)
	if b.Default == "" {
		return
	}
	if b.Required {
		c.fail(path+".default", "a required parameter has no default; leave out one of the two")
	}
	if !jsontext.Value(b.Default).IsValid() {
		c.fail(path+".default", "%.100q is no JSON text; a text is written in quotation marks", b.Default)
	}
}
