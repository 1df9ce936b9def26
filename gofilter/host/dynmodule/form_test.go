package main_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func (r *rig) postForm(t *testing.T, form url.Values) reply {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, r.url+"/", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("content-type", "application/x-www-form-urlencoded; charset=utf-8")
	got, err := send(t, request)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func form(service, parameter string) url.Values {
	return url.Values{
		"interface": {service}, "method": {"hash"}, "parameterTypesString": {"Ljava/lang/String;"}, "parameter": {parameter},
	}
}

// The form's body says where it goes.
func TestForm(t *testing.T) {
	one, two := startProvider(t, says("one")), startProvider(t, says("two"))
	r := startRig(t,
		route{prefix: "/com.example.One/", providers: []*provider{one}},
		route{prefix: "/com.example.Two/", providers: []*provider{two}})
	large := strings.Repeat("x", 3<<20) // more than one of Envoy's buffers
	for _, c := range []struct {
		name string
		form url.Values
		want reply
	}{
		{"one", form("com.example.One", "hello"), ok("one")},
		{"two", form("com.example.Two", "hello"), ok("two")},
		{"large", form("com.example.Two", large), ok("two")},
		{"unknown", form("com.example.Three", "hello"), reply{status: http.StatusNotFound}},
		{"no interface", url.Values{"method": {"hash"}}, reply{status: http.StatusBadRequest}},
		{"empty", nil, reply{status: http.StatusBadRequest}},
		{"too large", form("com.example.Two", strings.Repeat("x", 8<<20)), reply{status: http.StatusRequestEntityTooLarge}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := r.postForm(t, c.form)
			if got.status != c.want.status || c.want.body != "" && got.body != c.want.body {
				t.Errorf("got %d %.200s, want %d %s", got.status, got.body, c.want.status, c.want.body)
			}
		})
	}
	if n := one.Calls.Load(); n != 1 {
		t.Errorf("provider one was called %d times, want 1", n)
	}
}

// What is no form on POST / is left alone.
func TestNoForm(t *testing.T) {
	p := startProvider(t, echo)
	r := startRig(t, route{prefix: "/com.example.Hello/", providers: []*provider{p}})
	r.expect(t, "/", "hello", reply{status: http.StatusNotFound})
	r.expect(t, hash, "hello", ok("hello"))
}
