package model

import "testing"

func TestDefinitionInForce(t *testing.T) {
	s := Snapshot{Definitions: []Definition{
		{Service: "a", Group: "g", Version: "1", Application: "app", Source: "reported"},
		{Service: "b", Source: "general"},
		{Service: "b", Application: "app", Source: "plain"},
		{Service: "b", Group: "g", Version: "1", Source: "by hand"},
		{Service: "b", Group: "g", Version: "1", Application: "app", Source: "reported"},
		{Service: "c", Group: "g", Source: "grouped"},
	}}
	for _, tc := range []struct{ service, group, version, want string }{
		{"a", "g", "1", "reported"},
		{"a", "g", "2", ""},
		{"a", "", "", ""},
		{"b", "", "", "general"},
		{"b", "g", "1", "by hand"},
		{"b", "g", "2", "general"},
		{"c", "g", "", "grouped"},
		{"c", "", "", ""},
		{"d", "", "", ""},
	} {
		d, ok := s.Definition(tc.service, tc.group, tc.version)
		if d.Source != tc.want || ok != (tc.want != "") {
			t.Errorf("%s %q %q: got %q %t, want %q", tc.service, tc.group, tc.version, d.Source, ok, tc.want)
		}
	}
	if n := len(s.DefinitionsOf("b")); n != 4 {
		t.Errorf("%d definitions of b", n)
	}
}
