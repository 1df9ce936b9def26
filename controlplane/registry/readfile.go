package registry

import (
	"cmp"
	"slices"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// ReadFile reads services from a file in the form of the file source, once and without a registry, sorted by name. What
// cannot be used is left out and told of; an error is a file that is none of that form.
func ReadFile(path string) ([]model.Service, []model.Problem, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	items, err := parseFile(path, text)
	if err != nil {
		return nil, nil, err
	}
	t := newTable([]source{&fileSource{path: path}})
	t.apply(batch{reset: true, items: items}, time.Time{})
	var services []model.Service
	for name := range t.index {
		services = append(services, model.Service{Name: name, Instances: t.merge(name)})
	}
	slices.SortFunc(services, func(a, b model.Service) int { return cmp.Compare(a.Name, b.Name) })
	return services, t.problems(), nil
}
