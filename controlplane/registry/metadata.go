package registry

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// maxMetadata is the largest report that is read, in bytes. etcd itself takes 1.5 MiB.
const maxMetadata = 2 << 20

// shape is a definition with the ID of its schema, by which two are compared.
type shape struct {
	definition model.Definition
	id         string
}

// newShape checks a definition with the code that the filter reads it with.
func newShape(d model.Definition) (*shape, error) {
	s := d.Schema()
	if err := s.Check(); err != nil {
		return nil, shorten(err)
	}
	return &shape{definition: d, id: s.ID()}, nil
}

// shorten makes one readable line of what is wrong.
func shorten(err error) error {
	lines := strings.Split(err.Error(), "\n")
	if rest := len(lines) - 5; rest > 0 {
		lines = append(lines[:5], fmt.Sprintf("and %d more", rest))
	}
	return errors.New(strings.Join(lines, "; "))
}

// parseMetadata reads a key of a Dubbo metadata report in etcd as Dubbo for Java writes it; key is what follows
// "<root>/metadata/". A provider's is
//
//	<interface>[/<version>][/<group>]/provider/<application>
//
// with Dubbo's FullServiceDefinition as JSON. What else stands there (consumers, revisions of applications, URLs) says
// nothing of a service's shape and is ignored.
func parseMetadata(key string, value []byte) (record, error) {
	parts := strings.Split(key, "/")
	last := len(parts) - 1
	if last < 2 || parts[last-1] != "provider" {
		return record{}, nil
	}
	service, err := segment(parts[0], "interface")
	if err != nil {
		return record{}, err
	}
	application, err := segment(parts[last], "application")
	if err != nil {
		return record{}, err
	}
	report, err := decodeReport(value)
	if err != nil {
		return record{}, err
	}
	if release := report.Parameters["release"]; strings.HasPrefix(release, "dubbo-golang") {
		return record{notices: []string{fmt.Sprintf("%s reports the types of Go, not of Java, which is not used: write a definition at %s/definitions/<interface> instead", document.Quote(release), DefaultPrefix)}}, nil
	}
	d := model.Definition{Service: service, Application: application}
	d.Version, d.Group = report.variant(parts[1 : last-1])
	if d.Methods, d.Classes, err = report.describe(); err != nil {
		return record{}, err
	}
	s, err := newShape(d)
	if err != nil {
		return record{}, err
	}
	return record{service: service, shape: s}, nil
}

// report is Dubbo's FullServiceDefinition: what is read of it.
type report struct {
	Methods    []methodDefinition `json:"methods"`
	Types      []typeDefinition   `json:"types"`
	Parameters map[string]string  `json:"parameters"` // of the provider's URL
}

// methodDefinition is Dubbo's MethodDefinition.
type methodDefinition struct {
	Name           string           `json:"name"`
	ParameterTypes []string         `json:"parameterTypes"`
	ReturnType     string           `json:"returnType"`
	Parameters     []typeDefinition `json:"parameters"` // written by some versions, and never with names
}

// decodeReport reads the JSON of a report.
func decodeReport(value []byte) (*report, error) {
	if len(value) > maxMetadata {
		return nil, fmt.Errorf("%d bytes are too many; at most %d are read", len(value), maxMetadata)
	}
	var r report
	err := json.Unmarshal(value, &r, json.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(true))
	if err != nil {
		return nil, fmt.Errorf("no service definition as Dubbo's metadata report writes it: %w", firstLine(err))
	}
	if r.Methods == nil {
		return nil, errors.New("no service definition as Dubbo's metadata report writes it: there are no \"methods\"")
	}
	return &r, nil
}

// variant tells version and group. The key has those that are not empty, so that one alone may be either; the
// provider's URL says which.
func (r *report) variant(key []string) (version, group string) {
	switch _, known := r.Parameters["interface"]; {
	case known:
		version, group = r.Parameters["version"], r.Parameters["group"]
	case len(key) == 1 && key[0] != "" && (key[0][0] < '0' || key[0][0] > '9'):
		group = key[0]
	case len(key) > 0:
		version, group = key[0], strings.Join(key[1:], "/")
	}
	if version == "0.0.0" {
		version = "" // Dubbo's way of saying that there is none
	}
	return version, group
}

// describe returns the methods, sorted, and the classes that they use.
func (r *report) describe() ([]config.Method, map[string]config.Class, error) {
	types := r.gather()
	var methods []config.Method
	for i := range r.Methods {
		m, err := types.method(&r.Methods[i])
		if err != nil {
			return nil, nil, err
		}
		methods = append(methods, m)
	}
	slices.SortStableFunc(methods, compareMethods)
	// A method that several super-interfaces declare is reported once for each.
	methods = slices.CompactFunc(methods, func(a, b config.Method) bool { return compareMethods(a, b) == 0 })
	classes, err := types.classes()
	return methods, classes, err
}
