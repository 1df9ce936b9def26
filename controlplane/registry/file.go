package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// fileInterval is how often a file is looked at. Reading it whole is cheaper than every way of being told, and works for
// files that are replaced, linked or mounted.
const fileInterval = time.Second

// fileSource reads instances from one YAML file:
//
//	services:
//	  com.example.Hello:
//	    - {address: 10.0.0.5, port: 20880, weight: 200}
type fileSource struct{ path string }

func (s *fileSource) name() string { return s.path }
func (s *fileSource) kind() kind   { return kindFile }

// run reads the file whenever its content changed, until ctx ends. A file that cannot be read, or that is no such list
// as a whole, leaves in force what it said before.
func (s *fileSource) run(ctx context.Context, send func(batch)) {
	tick := time.NewTicker(fileInterval)
	defer tick.Stop()
	var last []byte
	lastErr := errors.New("not read yet")
	for {
		text, err := readFile(s.path)
		if err == nil && (lastErr != nil || !bytes.Equal(text, last)) {
			var items []item
			if items, err = parseFile(s.path, text); err == nil {
				send(batch{reset: true, items: items})
				last, lastErr = text, nil
			}
		}
		if err != nil && (lastErr == nil || err.Error() != lastErr.Error()) {
			send(batch{err: err})
			lastErr = err
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// readFile reads a file of bounded size.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return text, nil
}

// parseFile reads a whole file. An instance that cannot be used is an item with an error, and disturbs no other.
func parseFile(path string, text []byte) ([]item, error) {
	node, err := document.Parse(text, maxFile)
	if err != nil {
		return nil, err
	}
	top, err := fields(node)
	if err != nil {
		return nil, err
	}
	var items []item
	for _, f := range top {
		if f.name != "services" {
			return nil, f.unknown([]string{"services"})
		}
		services, err := fields(f.value)
		if err != nil {
			return nil, err
		}
		for _, service := range services {
			items = append(items, parseFileService(path, service)...)
		}
	}
	for i := range items {
		items[i].revision = int64(i)
	}
	return items, nil
}

// parseFileService reads the instances of one service. They are known by their place in the list.
func parseFileService(path string, service field) []item {
	where := func(n ast.Node) string {
		line, column := document.Position(n)
		return fmt.Sprintf("%s:%d:%d", path, line, column)
	}
	whole := item{key: path + "#" + service.name, where: where(service.key)}
	if whole.err = checkName(service.name, "service name"); whole.err != nil {
		return []item{whole}
	}
	list, ok := service.value.(*ast.SequenceNode)
	if !ok {
		if _, empty := service.value.(*ast.NullNode); empty {
			return nil
		}
		whole.err = fmt.Errorf("a service is a list of instances (- {address: 10.0.0.5, port: 20880}), found %s", document.Describe(service.value))
		return []item{whole}
	}
	items := make([]item, len(list.Values))
	for i, n := range list.Values {
		it := item{key: fmt.Sprintf("%s/%d", whole.key, i), where: where(n)}
		var in model.Instance
		if in, it.err = parseInstance(n); it.err == nil {
			it.record = record{service: service.name, instance: &in}
		}
		items[i] = it
	}
	return items
}
