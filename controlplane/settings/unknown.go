package settings

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/dubbomesh/dubbomesh/controlplane/nearest"
)

// checkFile reports every key of the YAML file that does not exist, with its line.
func checkFile(file string) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return fmt.Errorf("configuration file %s is no YAML: %w", file, err)
	}
	if len(parsed.Docs) > 1 {
		return fmt.Errorf("configuration file %s holds %d documents: keep one", file, len(parsed.Docs))
	}
	var errs []error
	for _, doc := range parsed.Docs {
		errs = append(errs, checkNode(file, "", doc.Body)...)
	}
	return errors.Join(errs...)
}

// checkNode walks mappings down to known keys. What is below a known key is left to decoding.
func checkNode(file, path string, node ast.Node) []error {
	var entries []*ast.MappingValueNode
	switch n := node.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return nil
	case *ast.MappingNode:
		entries = n.Values
	case *ast.MappingValueNode:
		entries = []*ast.MappingValueNode{n}
	default:
		at := node.GetToken().Position
		return []error{fmt.Errorf("%s:%d:%d: %s wants keys below it, such as %q", file, at.Line, at.Column, orRoot(path), children(path)[0])}
	}
	var errs []error
	for _, entry := range entries {
		key := strings.TrimPrefix(path+"."+entry.Key.GetToken().Value, ".")
		switch {
		case key == weightsKey:
			errs = append(errs, checkWeights(file, entry.Value)...)
		case slices.Contains(keys(), key):
		case len(children(key)) > 0:
			errs = append(errs, checkNode(file, key, entry.Value)...)
		default:
			at := entry.Key.GetToken().Position
			errs = append(errs, fmt.Errorf("%s:%d:%d: unknown key %q: %s", file, at.Line, at.Column, key, suggest(key, keys())))
		}
	}
	return errs
}

const weightsKey = "sources.weights"

// checkWeights reports unknown keys of the one setting that is a list of structures.
func checkWeights(file string, node ast.Node) []error {
	var errs []error
	for _, found := range ast.Filter(ast.MappingValueType, node) {
		key := found.(*ast.MappingValueNode).Key.GetToken()
		if known := []string{"prefix", "protocol"}; !slices.Contains(known, key.Value) {
			errs = append(errs, fmt.Errorf("%s:%d:%d: unknown key %q in %s: %s",
				file, key.Position.Line, key.Position.Column, key.Value, weightsKey, suggest(key.Value, known)))
		}
	}
	return errs
}

func orRoot(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

// checkEnv reports DUBBOMESH_ variables that set nothing: a misspelt one would otherwise be ignored in silence.
func checkEnv(environ []string) error {
	known := []string{ConfigVariable}
	for _, s := range table {
		if s.value != nil {
			known = append(known, env(s.key))
		}
	}
	var errs []error
	for _, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		if strings.HasPrefix(name, envPrefix) && !slices.Contains(known, name) {
			errs = append(errs, fmt.Errorf("unknown environment variable %s: %s", name, suggest(name, known)))
		}
	}
	return errors.Join(errs...)
}

func keys() []string {
	var all []string
	for _, s := range table {
		all = append(all, s.key)
	}
	return all
}

// children lists the keys below path.
func children(path string) []string {
	var below []string
	for _, key := range keys() {
		if path == "" || strings.HasPrefix(key, path+".") {
			below = append(below, key)
		}
	}
	return below
}

// suggest names the known word that goes on behind the given one, as DUBBOMESH_API_LISTEN does behind DUBBOMESH_API, or else
// the one that takes the fewest edits to reach.
func suggest(word string, known []string) string {
	if at := slices.IndexFunc(known, func(k string) bool { return strings.HasPrefix(k, word+"_") }); at >= 0 {
		return fmt.Sprintf("did you mean %q?", known[at])
	}
	return fmt.Sprintf("did you mean %q?", nearest.Closest(word, known))
}

// fieldPath turns a key into the path of its field in Config: etcd.tls.ca is Etcd.TLS.CA.
func fieldPath(key string) string {
	t := reflect.TypeFor[Config]()
	var path []string
	for part := range strings.SplitSeq(key, ".") {
		if t.Kind() != reflect.Struct {
			break
		}
		field, ok := t.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, part) })
		if !ok {
			break
		}
		path = append(path, field.Name)
		t = field.Type
	}
	return strings.Join(path, ".")
}
