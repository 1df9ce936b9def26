package registry

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// plain is an instance with nothing but defaults.
func plain(address string) model.Instance {
	return model.Instance{Address: address, Port: 20880, Protocol: model.ProtocolDubbo, Weight: model.DefaultWeight, Status: model.StatusUp}
}

func TestParseNative(t *testing.T) {
	full := model.Instance{
		Address: "10.0.0.5", Port: 50051, Protocol: model.ProtocolTriple, Weight: 0, Group: "g", Version: "1.0", Zone: "east",
		Labels: map[string]string{"lane": "gray", "build": "7", "fast": "true"}, Status: model.StatusDraining, SidecarPort: 15006,
		WarmUp: 90 * time.Second,
	}
	slash := plain("10.0.0.5")
	for name, tc := range map[string]struct {
		key, value, service string
		want                model.Instance
	}{
		"two fields": {"hello/a", `{"address":"10.0.0.5","port":20880}`, "hello", plain("10.0.0.5")},
		"yaml":       {"hello/a", "# mine\naddress: 10.0.0.5 # here\nport: 20880\n", "hello", plain("10.0.0.5")},
		"json with tabs": {
			"hello/a", "{\n\t\"address\": \"10.0.0.5\",\n\t\"port\": 20880,\n\t\"labels\": {\n\t}\n}\n", "hello", plain("10.0.0.5"),
		},
		"as documented": {
			"hello/a",
			`{"address":"10.0.0.5","port":20880,"protocol":"dubbo","weight":100,"group":"","version":"","zone":"","labels":{},"status":"up","sidecarPort":0}`,
			"hello", plain("10.0.0.5"),
		},
		"nulls are defaults": {"hello/a", `{"address":"10.0.0.5","port":20880,"group":null,"labels":null}`, "hello", plain("10.0.0.5")},
		"every field": {
			"com.example.Hello/a",
			"address: 10.0.0.5\nport: 50051\nprotocol: tri\nweight: 0\ngroup: g\nversion: \"1.0\"\nzone: east\nlabels: {lane: gray, build: 7, fast: true}\n" +
				"status: draining\nsidecarPort: 15006\nwarmUp: 90s\n",
			"com.example.Hello", full,
		},
		"loopback":        {"hello/a", `{"address":"127.0.0.1","port":20880}`, "hello", plain("127.0.0.1")},
		"ipv6":            {"hello/a", `{"address":"2001:DB8::0:1","port":20880}`, "hello", plain("2001:db8::1")},
		"ipv4 in ipv6":    {"hello/a", `{"address":"::ffff:10.0.0.5","port":20880}`, "hello", plain("10.0.0.5")},
		"slash in a name": {"shop%2Fhello/10.0.0.5:20880", `{"address":"10.0.0.5","port":20880}`, "shop/hello", slash},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseNative(tc.key, []byte(tc.value))
			if err != nil {
				t.Fatal(err)
			}
			if got.service != tc.service {
				t.Errorf("service %q, want %q", got.service, tc.service)
			}
			if diff := cmp.Diff(tc.want, *got.instance); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseNativeReportsEverythingAtOnce(t *testing.T) {
	_, err := parseNative("hello/a", []byte("address: here\nport: 0\nweigth: 5\n"))
	want := `1:10: address "here" is not an IP address; write its IP address, not a host name; ` +
		`2:7: port must be an integer from 1 to 65535, found "0"; 3:1: unknown field "weigth"; did you mean "weight"?`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestParseYAMLBoundsItsInput(t *testing.T) {
	for name, text := range map[string]string{
		"size":     strings.Repeat("a", maxRegistration+1),
		"brackets": strings.Repeat("[", document.MaxDepth+1),
		"dashes":   strings.Repeat("- ", document.MaxDepth+1),
		"encoding": "\xff\xfe",
	} {
		if _, err := document.Parse([]byte(text), maxRegistration); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEncodeInstanceReadsBack(t *testing.T) {
	want := plain("2001:db8::1")
	want.Labels = map[string]string{"a": `"quoted"`, "n": "1"}
	want.WarmUp = 1500 * time.Millisecond
	value, err := EncodeInstance(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseNative("hello/a", value)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, *got.instance); diff != "" {
		t.Error(diff)
	}
}

// FuzzParseNative looks for values that crash the parser, give an instance that cannot be written back, or an error that
// is no single line.
func FuzzParseNative(f *testing.F) {
	for _, seed := range []string{
		`{"address":"10.0.0.5","port":20880}`, "address: 10.0.0.5\nport: 20880\nlabels: {a: b}\n", "{", "- a", "a: &x [*x]", "? a\n: b",
		"address: |\n  10.0.0.5\nport: 1", "<<: {address: 10.0.0.5}", "\"\\u00\"", "a:\n\t- b", "%YAML 1.2\n---\na: 1", "!!map {}",
	} {
		f.Add("hello/a", []byte(seed))
	}
	f.Add("%zz/%2F", []byte("{}"))
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		got, err := parseNative(key, value)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
			return
		}
		if got.service == "" || got.instance == nil {
			t.Fatalf("neither an instance nor an error: %+v", got)
		}
		text, err := EncodeInstance(*got.instance)
		if err != nil {
			t.Fatalf("read but not writable: %v", err)
		}
		again, err := parseNative(key, text)
		if err != nil || !cmp.Equal(got, again, cmp.AllowUnexported(record{}, hostPort{})) {
			t.Fatalf("%s reads back as %+v, %v; want %+v", text, again, err, got)
		}
	})
}
