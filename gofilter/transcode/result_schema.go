package transcode

import "github.com/dubbomesh/dubbomesh/gofilter/config"

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
	single map[string]bool   // the fields whose type is float, which has fewer digits than the double on the wire
}

// newAnswers prepares what s says of results and exceptions. It keeps parts of s.
func newAnswers(s *config.Schema) *answers {
	a := &answers{results: s.Results, exceptions: s.Exceptions, classes: map[string]answerClass{}}
	for name, c := range s.Classes {
		k := answerClass{enum: len(c.Enum) > 0, naming: c.Naming}
		for _, f := range c.Fields {
			if isFloat(f.Type) {
				if k.single == nil {
					k.single = map[string]bool{}
				}
				k.single[f.Name] = true
			}
		}
		a.renames = a.renames || len(k.naming) > 0
		if k.enum || len(k.naming) > 0 || k.single != nil {
			a.classes[name] = k
		}
	}
	return a
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
