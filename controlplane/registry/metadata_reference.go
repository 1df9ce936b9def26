package registry

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// typeDefinition is Dubbo's TypeDefinition. Dubbo 2.7 nests definitions in each other; Dubbo 3 names them, so that an
// item or a property is a text. The JSON library of Dubbo 2.7 writes an object once and then where it was
// ("$.types[0].properties.name"); a "$ref" with the name of a class is Dubbo's own mark for a class inside itself.
type typeDefinition struct {
	Type       string                     `json:"type"`
	Ref        string                     `json:"$ref"`
	Enums      []string                   `json:"enums"`
	Enum       []string                   `json:"enum"` // as versions before 2.7.9 name it
	Items      []typeDefinition           `json:"items"`
	Properties map[string]*typeDefinition `json:"properties"`
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (d *typeDefinition) UnmarshalJSONFrom(in *jsontext.Decoder) error {
	if in.PeekKind() == '"' {
		return json.UnmarshalDecode(in, &d.Type)
	}
	type object typeDefinition
	return json.UnmarshalDecode(in, (*object)(d))
}

// constants are the names of an enum's constants.
func (d *typeDefinition) constants() []string {
	if len(d.Enums) > 0 {
		return d.Enums
	}
	return d.Enum
}

// resolve follows a reference to another place in the report. It returns nil when there is nothing at that place.
func (r *report) resolve(d *typeDefinition) *typeDefinition {
	const most = 8 // a place that is referred to holds the object itself
	for range most {
		if d == nil || d.Type != "" || d.Ref == "" {
			return d
		}
		d = r.at(d.Ref)
	}
	return nil
}

// at returns what stands at a path such as $.types[17].properties.rights.items[1].
func (r *report) at(path string) *typeDefinition {
	steps := pathSteps(path)
	var d *typeDefinition
	pick := func(list []typeDefinition, index string) *typeDefinition {
		if i, err := strconv.Atoi(index); err == nil && i >= 0 && i < len(list) {
			return &list[i]
		}
		return nil
	}
	switch {
	case len(steps) >= 2 && steps[0] == "types":
		d, steps = pick(r.Types, steps[1]), steps[2:]
	case len(steps) >= 4 && steps[0] == "methods" && steps[2] == "parameters":
		if i, err := strconv.Atoi(steps[1]); err == nil && i >= 0 && i < len(r.Methods) {
			d = pick(r.Methods[i].Parameters, steps[3])
		}
		steps = steps[4:]
	}
	for ; d != nil && len(steps) >= 2; steps = steps[2:] {
		switch steps[0] {
		case "properties":
			d = d.Properties[steps[1]]
		case "items":
			d = pick(d.Items, steps[1])
		default:
			return nil
		}
	}
	if len(steps) > 0 {
		return nil
	}
	return d
}

// pathSteps splits a path: $.a[1].b\_c is a, 1 and b_c. A backslash takes what follows as it is.
func pathSteps(path string) []string {
	rest, ok := strings.CutPrefix(path, "$")
	if !ok {
		return nil
	}
	var steps []string
	var step []byte
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\' && i+1 < len(rest):
			i++
			step = append(step, rest[i])
		case c == '.' || c == '[' || c == ']':
			if len(step) > 0 {
				steps = append(steps, string(step))
				step = step[:0]
			}
		default:
			step = append(step, c)
		}
	}
	if len(step) > 0 {
		steps = append(steps, string(step))
	}
	return steps
}
