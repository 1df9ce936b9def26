package transcode

import (
	"strings"
	"testing"
)

func TestForm(t *testing.T) {
	const formType = "application/x-www-form-urlencoded"
	for _, tt := range []struct {
		body    string
		headers []string
		want    string // the arguments, or the problem
		status  int
	}{
		{"interface=a.B&method=m&parameterTypesString=Ljava%2Flang%2FString%3B&parameter=h%C3%A9+llo%2B", nil, `"m" "Ljava/lang/String;" "hé llo+"`, 200},
		{"parameterTypesString=Ljava/lang/String;&parameter=", nil, `"m" "Ljava/lang/String;" ""`, 200},
		{"parameterTypesString=java.lang.String,int,long%5B%5D&parameter=%22x&parameter=5&parameter=[1]&other=1&&", nil, `"m" "Ljava/lang/String;I[J" "\"x" 5 int64[1L]`, 200},
		{"parameterTypesString=ILa/U;&parameter=5&parameter=%7B%22a%22%3A1%7D", nil, generic + `string["int" "a.U"] hessian.Object[5 {"a":1}]`, 200},
		{"", nil, generic + `[] hessian.Object[]`, 200},
		{"parameterTypesString=", nil, `"m" ""`, 200},
		{"parameter=5", []string{types, "int"}, `"m" "I" 5`, 200},

		{`["hello"]`, nil, `send content-type: application/json for a JSON body`, 400},
		{`["hello"]`, []string{types, "java.lang.String"}, `send content-type: application/json for a JSON body`, 400},
		{`{"rate":"50%"}`, nil, `send content-type: application/json for a JSON body`, 400},
		{"other=1", nil, `none of the fields interface, method,`, 400},
		{"interface=a.C", nil, `interface is "a.C", but the path names "a.B"`, 400},
		{"method=n", nil, `method is "n", but the path names "m"`, 400},
		{"parameter=5", nil, `parameterTypesString is missing`, 400},
		{"parameterTypesString=I", nil, `0 fields parameter for 1 types`, 400},
		{"parameterTypesString=I&parameter=1&parameter=2", nil, `2 fields parameter for 1 types`, 400},
		{"parameterTypesString=II&parameter=1&parameter=x", nil, `form field parameter 1: byte 0`, 400},
		{"parameterTypesString=I&parameter=1.5", nil, `form field parameter 0: argument 0, byte 0 (at ""): expected int`, 400},
		{"parameterTypesString=I&parameter=", nil, `form field parameter 0: byte 0`, 400},
		{"parameterTypesString=I&parameter=1 2", nil, `form field parameter 0: byte 2: another value`, 400},
		{"parameterTypesString=?&parameter=1", nil, `form field parameterTypesString: "?" at byte 0`, 400},
		{"method=m&method=m", nil, `byte 9: field method occurs twice`, 400},
		{"method=%m", nil, `byte 0: incomplete %-escape in the value of field "method"`, 400},
		{"a=1&%2=m", nil, `byte 4: incomplete %-escape in the field name`, 400},
		{"parameterTypesString=Ljava/lang/String;&parameter=%ff", nil, `parameter 0 is not UTF-8`, 400},
	} {
		var c Call
		frame, bad := start(&c, tt.body, append([]string{":path", "/a.B/m", "content-type", formType + "; charset=UTF-8"}, tt.headers...)...)
		switch {
		case tt.status == 200 && bad != nil:
			t.Errorf("%s: %s", tt.body, bad.Body)
		case tt.status == 200:
			if got := args(t, frame); got != tt.want {
				t.Errorf("%s:\n got %s\nwant %s", tt.body, got, tt.want)
			}
		case bad == nil:
			t.Errorf("%s is accepted", tt.body)
		default:
			if p := problemOf(t, bad); p.Status != tt.status || !strings.Contains(p.Detail, tt.want) {
				t.Errorf("%s:\n got %s\nwant %s", tt.body, p.Detail, tt.want)
			}
		}
	}
}

func TestFormPath(t *testing.T) {
	for body, want := range map[string]string{
		"interface=com.x.Hello&method=hash&parameter=1": "/com.x.Hello/hash",
		"method=%24m&interface=a%2Fb+%3F%23%C3%A9":      "/a%2Fb%20%3F%23%C3%A9/$m",
	} {
		path, bad := FormPath([]byte(body))
		if bad != nil || path != want {
			t.Errorf("%s: got %q %+v, want %q", body, path, bad, want)
		}
	}
	for body, want := range map[string]string{
		"method=m": "interface is missing", "interface=a.B": "method is missing", "interface=&method=m": "interface is missing",
		"": "interface is missing", "interface=%": "incomplete", `{"a":1}`: "content-type: application/json",
		"parameter=1": "interface is missing", "[1]": "content-type: application/json",
	} {
		path, bad := FormPath([]byte(body))
		if bad == nil || bad.Status != 400 || path != "" || !strings.Contains(problemOf(t, bad).Detail, want) {
			t.Errorf("%s: got %q %+v", body, path, bad)
		}
	}
}
