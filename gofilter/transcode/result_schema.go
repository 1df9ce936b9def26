package transcode

import (
	"strings"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// answers is what a schema says of results and exceptions, ready for use. Calls read it at the same time; it never
// changes.
type answers struct {
	results    config.Results
	exceptions []config.Exception
	classes    map[string]answerClass // by Java name; the ones of which there is something to say
	renames    bool                   // some class has a naming
}

// answerClass says how objects of a class are written.
type answerClass struct {
	enum   bool
	naming map[string]string // Java field → JSON name
	// properties is naming for generic answers, in which fields are called as their getters have it: uRL for URL.
	properties map[string]string
	single     map[string]bool // the fields whose type is float, which has fewer digits than the double on the wire
}

// newAnswers prepares what s says of results and exceptions. It keeps parts of s.
func newAnswers(s *config.Schema) *answers {
	a := &answers{results: s.Results, exceptions: s.Exceptions, classes: map[string]answerClass{}}
	for name, c := range s.Classes {
		k := answerClass{enum: len(c.Enum) > 0, naming: c.Naming, properties: properties(&c)}
		for _, f := range c.Fields {
			if isFloat(f.Type) {
				if k.single == nil {
					k.single = map[string]bool{}
				}
				k.single[f.Name] = true
			}
		}
		a.renames = a.renames || len(k.properties) > 0
		if k.enum || len(k.properties) > 0 || k.single != nil {
			a.classes[name] = k
		}
	}
	return a
}

// properties gives the JSON names of the fields of a class that have another name in a generic answer, or in JSON.
func properties(c *config.Class) map[string]string {
	all, fields := map[string]string{}, map[string]bool{}
	for _, f := range c.Fields {
		fields[f.Name] = true
	}
	for name, other := range c.Naming {
		all[name] = other
	}
	for _, f := range c.Fields {
		p := property(f)
		if fields[p] {
			continue
		}
		if all[p] = f.Name; c.Naming[f.Name] != "" {
			all[p] = c.Naming[f.Name]
		}
	}
	return all
}

// property is what Dubbo Java makes of the name of a field's getter: uRL of getURL, active of isActive.
func property(f config.Parameter) string {
	name := f.Name
	if rest, ok := strings.CutPrefix(name, "is"); ok && f.Type == "boolean" && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' {
		name = rest
	}
	if name != "" && name[0] >= 'A' && name[0] <= 'Z' {
		return string(name[0]+'a'-'A') + name[1:]
	}
	return name
}

// isFloat reports whether a Java type is float, its box, or an array or collection of one of them.
func isFloat(javaType string) bool {
	switch javaType {
	case "float", "float[]", "java.lang.Float", "java.lang.Float[]", "java.util.List<java.lang.Float>",
		"java.util.Set<java.lang.Float>", "java.util.Collection<java.lang.Float>":
		return true
	}
	return false
}
