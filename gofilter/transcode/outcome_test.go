package transcode

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// What an answer shows of a method: that there is one, or nothing.
func TestOutcome(t *testing.T) {
	exception := func(class, message string) func(w *dubbo.Writer) {
		return func(w *dubbo.Writer) {
			w.Int(dubbo.ResponseException)
			object(w, class, "detailMessage", message)
		}
	}
	generic := func(w *dubbo.Writer) {
		w.Int(dubbo.ResponseException)
		object(w, "org.apache.dubbo.rpc.service.GenericException", "exceptionClass", "java.lang.NoSuchMethodException", "exceptionMessage", "a.B.m")
	}
	requests := map[string][]string{
		"json":   {":path", "/a.B/m"},
		"opaque": opaqueHeaders(1, "x-dubbo-method", "$invoke"),
	}
	for name, c := range map[string]struct {
		status        dubbo.Status
		answer        func(w *dubbo.Writer)
		known, thrown bool
	}{
		"value":          {20, func(w *dubbo.Writer) { w.Int(dubbo.ResponseValue); w.String("x") }, true, false},
		"null":           {20, func(w *dubbo.Writer) { w.Int(dubbo.ResponseNull) }, true, false},
		"unknown form":   {20, func(w *dubbo.Writer) { w.Int(9) }, false, false},
		"exception":      {20, exception("a.Gone", "x"), true, true},
		"refusal":        {20, exception("java.lang.Throwable", "don't have this exporter, key: a.B"), false, false},
		"of Dubbo":       {20, exception("org.apache.dubbo.rpc.RpcException", "no such method"), false, true},
		"of reflection":  {20, generic, false, true},
		"not found":      {60, func(w *dubbo.Writer) { w.String("no") }, false, false},
		"busy":           {100, func(w *dubbo.Writer) { w.String("no") }, false, false},
		"failed":         {70, func(w *dubbo.Writer) { w.String("no") }, false, false},
		"unknown status": {0, func(w *dubbo.Writer) { w.String("no") }, false, false},
		"null, attached": {20, func(w *dubbo.Writer) { w.Int(dubbo.ResponseNullWithAttachments); w.UntypedMap(); w.End() }, true, false},
	} {
		for kind, headers := range requests {
			var call Call
			frame, refused := start(&call, "N", headers...)
			if kind == "json" {
				frame, refused = start(&call, "null", headers...)
			}
			if refused != nil {
				t.Fatalf("%s: %s", kind, refused.Body)
			}
			answer := reply(&call, c.status, c.answer)
			want := Outcome{[]byte("a.B"), []byte("m"), c.known, c.status, false, c.thrown, len(frame), len(answer)}
			call.Upstream(answer, false)
			if d := cmp.Diff(want, call.Outcome()); d != "" {
				t.Errorf("%s, %s (-want +got):\n%s", name, kind, d)
			}
		}
	}
}

// A schema shows it before there is an answer.
func TestOutcomeBySchema(t *testing.T) {
	schemas := new(Schemas)
	def := config.Schema{Service: "a.B", Methods: []config.Method{{Name: "m", Returns: "void"}}}
	if _, err := schemas.Load(def.Text()); err != nil {
		t.Fatal(err)
	}
	for path, known := range map[string]bool{"/a.B/m": true, "/a.B/guess": false} {
		for name, headers := range map[string][]string{
			"json":   {":path", path, "x-dubbo-schema", def.ID()},
			"opaque": append(opaqueHeaders(0, "x-dubbo-schema", def.ID()), ":path", path),
		} {
			call := Call{Schemas: schemas}
			body := "N"
			if name == "json" {
				body = ""
			}
			if _, refused := start(&call, body, headers...); refused != nil {
				t.Fatalf("%s: %s", name, refused.Body)
			}
			o := call.Outcome()
			if o.Known != known || o.Status != 0 || o.RequestBytes == 0 {
				t.Errorf("%s %s: got %+v, want known %v", name, path, o, known)
			}
			if broken := call.Broken(); broken.Status != 500 || len(call.Outcome().Service) > 0 {
				t.Errorf("after a panic: %+v", call.Outcome())
			}
		}
	}
}
