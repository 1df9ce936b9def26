package rest

import (
	"bytes"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// request turns the call into the request for the HTTP service.
func (c *Call) request() *fault {
	if f := c.splitPath(); f != nil {
		return f
	}
	n, err := strconv.Atoi(c.arguments)
	if err != nil || n < 0 || n > len(c.body) || len(c.body) == 0 {
		return badCall("header %s is %.20q for a body of %d bytes; it is how many of them are the arguments, in front of the attachments",
			config.ArgumentsHeader, c.arguments, len(c.body))
	}
	if c.schemaID != "" && c.schemas != nil {
		c.schema = c.schemas([]byte(c.schemaID))
	}
	how := transcode.Arguments{MaxBytes: c.cfg.MaxRequestBytes, Schema: c.schema, DropClass: c.generic}
	if !c.generic {
		how.Descriptor = c.types
	}
	list, err := c.values.Array(c.body[:n], how)
	if err != nil {
		return badCall("the arguments cannot be read: %v", err)
	}
	if c.generic {
		if list, err = c.unwrap(list); err != nil {
			return badCall("the arguments of a generic call are a name, types and a list of arguments: %v", err)
		}
	}
	c.json = list
	if f := c.write(); f != nil {
		return f
	}
	c.dress()
	return nil
}

// write puts the arguments where the mapping wants them, or all of them into the body.
func (c *Call) write() *fault {
	if c.schema != nil {
		arguments, err := elements(c.json)
		if err != nil {
			return badCall("the arguments cannot be read: %v", err)
		}
		c.arity = len(arguments)
		if c.findOperation(); c.operation != nil {
			return c.fill(arguments)
		}
	}
	c.set(":method", "POST")
	c.set("content-type", "application/json")
	c.msg.Body = c.json
	return nil
}

// dress sets what every request for an HTTP service has, and takes off what is between the parts of the mesh.
func (c *Call) dress() {
	c.set("content-length", strconv.Itoa(len(c.msg.Body)))
	c.set("accept", "application/json")
	for _, name := range [...]string{
		"accept-encoding", config.ArgumentsHeader, config.ProtocolHeader, config.TypesHeader, config.MethodHeader,
		config.OneWayHeader, config.TimeoutHeader, config.SchemaHeader, config.OperationHeader, config.AttachmentPrefix + "generic",
	} {
		c.set(name, "")
	}
}

// splitPath finds interface and method in the path, and whether the call is a generic one.
func (c *Call) splitPath() *fault {
	path, _, _ := strings.Cut(c.path, "?")
	service, method, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	var err1, err2 error
	c.service, err1 = url.PathUnescape(service)
	c.method, err2 = url.PathUnescape(method)
	if !ok || err1 != nil || err2 != nil || c.service == "" || c.method == "" {
		return badCall("path %.200q names no method; a call's path is /{interface}/{method}", c.path)
	}
	if c.invoked == "" {
		c.invoked = c.method
	}
	if c.generic = c.invoked == "$invoke" || c.invoked == "$invokeAsync"; !c.generic {
		return nil
	}
	switch c.mode {
	case "gson", "bean", "nativejava", "protobuf-json":
		return badCall("generic=%s is not supported for HTTP services; use generic=true", c.mode)
	}
	return nil
}

// unwrap takes method and arguments of a generic call from its three arguments.
func (c *Call) unwrap(list []byte) ([]byte, error) {
	three, err := elements(list)
	if err != nil {
		return nil, err
	}
	if len(three) != 3 || three[0].Kind() != '"' {
		return nil, errNotGeneric
	}
	name, err := jsontext.AppendUnquote(nil, three[0])
	if err != nil {
		return nil, err
	}
	c.method = string(name)
	c.set(":path", "/"+escape(c.service)+"/"+escape(c.method))
	switch three[2].Kind() {
	case '[':
		return three[2], nil
	case 'n':
		return []byte("[]"), nil
	}
	return nil, errNotGeneric
}

var errNotGeneric = errors.New("found something else")

// elements gives the values of a JSON array, which are parts of it.
func elements(list []byte) ([]jsontext.Value, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(list), jsontext.AllowDuplicateNames(true))
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	var out []jsontext.Value
	for d.PeekKind() != ']' {
		v, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		end := d.InputOffset()
		out = append(out, jsontext.Value(list[end-int64(len(v)):end]))
	}
	return out, nil
}
