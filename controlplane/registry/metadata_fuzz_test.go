package registry

import (
	"os"
	"strings"
	"testing"
)

// FuzzMetadata: no report can make the control plane panic, and what is taken of one is what the filter takes.
func FuzzMetadata(f *testing.F) {
	for _, name := range []string{"testdata/metadata-dubbo-2.7.23.txt", "testdata/metadata-dubbo-3.3.6.txt"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if i%2 == 1 && len(line) < 5000 { // the mutator does poorly with more
				f.Add([]byte(line))
			}
		}
	}
	f.Add([]byte(`{"methods":[{"name":"of","parameterTypes":["[[I","java.util.List<T>"]}],"types":[{"type":"a.B","properties":{"x":{"$ref":"$.types[0].properties.x"}}}]}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		r, err := parseMetadata("a.B/1.0/blue/provider/app", value)
		if err != nil || r.shape == nil {
			return
		}
		if err := r.shape.definition.Schema().Check(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzDefinition does the same for what is written by hand.
func FuzzDefinition(f *testing.F) {
	text, err := os.ReadFile("../../examples/registration/definition.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"methods":[{"name":"of","parameters":["int",{"type":"a.B","name":"b"}]}],"classes":{"a.B":{"enum":["X"]}}}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		r, err := parseDefinition("a.B", value)
		if err != nil {
			return
		}
		if err := r.shape.definition.Schema().Check(); err != nil {
			t.Error(err)
		}
	})
}
