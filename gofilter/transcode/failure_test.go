package transcode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

func TestStatuses(t *testing.T) {
	const trace = "\n\tat org.apache.dubbo.X.y(X.java:1)\n"
	for _, tt := range []struct {
		status    dubbo.Status
		text      string
		want      int
		retriable string
		detail    string
	}{
		{25, "Data length too large", 502, "", "Dubbo status 25 SERIALIZATION_ERROR: Data length too large"},
		{30, "waited", 504, "", "CLIENT_TIMEOUT"},
		{31, "waited", 504, "", "SERVER_TIMEOUT"},
		{35, "gone", 503, "", "CHANNEL_INACTIVE"},
		{40, "Fail to decode request due to: RpcInvocation" + trace, 400, "", "due to: RpcInvocation (no such service"},
		{40, "Fail to decode request due to: java.lang.IllegalArgumentException: Service not found:a.B, nope" + trace, 404, "", "a.B, nope (no such"},
		{50, "not in allow list", 502, "", "BAD_RESPONSE"},
		{60, "no", 404, "", "SERVICE_NOT_FOUND"},
		{70, "org.apache.dubbo.remoting.RemotingException: Not found exported service: a.B in [], channel: secret X.java" + trace, 404, "true", "in []"},
		{70, "org.apache.dubbo.rpc.RpcException: Not unique method for method name(echo) in class" + trace, 400, "", "x-dubbo-parameter-types"},
		{70, "org.apache.dubbo.rpc.RpcException: a.B.m" + trace + "Caused by: java.lang.NoSuchMethodException: a.B.m()" + trace, 404, "", "RpcException: a.B.m"},
		{70, "org.apache.dubbo.rpc.RpcException: java.lang.NumberFormatException: For input string: \"x\"" + trace + "\tat org.apache.dubbo.common.utils.PojoUtils.realize0(PojoUtils.java:1)", 400, "", "For input"},
		{70, "java.lang.IllegalStateException: x" + trace, 500, "", "IllegalStateException: x"},
		{80, "x", 502, "", "SERVER_ERROR"},
		{90, "x", 502, "", "CLIENT_ERROR"},
		{100, "Server side(1.2.3.4,20880) thread pool is exhausted, detail msg:...", 503, "true", "thread pool is exhausted"},
		{105, "x", 502, "", "status 105"},
		{0, "x", 502, "", "status 0"},
	} {
		r := answered(t, tt.status, func(w *dubbo.Writer) { w.String(tt.text) })
		p := problemOf(t, r)
		if r.Status != tt.want || get(r, "x-dubbo-retriable") != tt.retriable || !strings.Contains(p.Detail, tt.detail) {
			t.Errorf("%d %s: got %d %q %s", tt.status, tt.text, r.Status, get(r, "x-dubbo-retriable"), p.Detail)
		}
		if strings.Contains(string(r.Body), "X.java") {
			t.Errorf("%d: stack trace in %s", tt.status, r.Body)
		}
		if p.Dubbo.Status != int(tt.status) || get(r, "x-dubbo-status") != fmt.Sprint(int(tt.status)) {
			t.Errorf("%d: %+v %v", tt.status, p, r.Headers)
		}
	}
	r := answered(t, 70, func(w *dubbo.Writer) { w.Buf = append(w.Buf, 0x40) })
	if p := problemOf(t, r); r.Status != 500 || !strings.Contains(p.Detail, "gave no reason") {
		t.Errorf("without text: %+v", p)
	}
	r = answered(t, 70, func(w *dubbo.Writer) { w.String(strings.Repeat("é", 4000)) })
	if p := problemOf(t, r); len(p.Detail) > 2*maxReason {
		t.Errorf("%d bytes of reason", len(p.Detail))
	}
}

// throwable writes an exception as Dubbo Java does: its cause is itself.
func throwable(w *dubbo.Writer, class, message string, own ...any) {
	fields := []any{
		"suppressedExceptions", func() { w.ListN(0) },
		"stackTrace", func() {
			w.TypedListN("[java.lang.StackTraceElement", 1)
			object(w, "java.lang.StackTraceElement", "declaringClass", "a.Secret", "lineNumber", 5)
		},
	}
	fields = append(fields, own...)
	fields = append(fields, "cause", func() { w.Ref(0) }, "detailMessage", message)
	object(w, class, fields...)
}

// dubbo-go answers status 20 and an exception when a call cannot be made.
func TestRefusalsOfDubboGo(t *testing.T) {
	for text, want := range map[string]struct {
		status    int
		retriable string
	}{
		"don't have this exporter, key: a.B":                      {404, "true"},
		"don't have the invoker, key: a.B":                        {404, "true"},
		"cannot find service [a.B] in dubbo":                      {404, "true"},
		"cannot find method [m] of service [a.B] in dubbo":        {404, ""},
		`"m" method is not found, service key: a.B`:               {404, ""},
		`the number of args(=1) is not matched with "add" method`: {400, ""},
		"realization failed, realizing map failed":                {400, ""},
		"reflect: Call using int32 as type int64":                 {400, ""},
		"reflect: Call with too few input arguments":              {400, ""},
		"reflect: call of a method that is the service's own":     {500, ""},
	} {
		for class, status := range map[string]int{"java.lang.Throwable": want.status, "a.OwnException": 500} {
			r := answered(t, 20, func(w *dubbo.Writer) {
				w.Int(dubbo.ResponseException)
				object(w, class, "serialVersionUID", 0, "detailMessage", text)
			})
			retriable := want.retriable
			if status == 500 {
				retriable = ""
			}
			if p := problemOf(t, r); p.Status != status || get(r, "x-dubbo-retriable") != retriable || !strings.Contains(p.Detail, text) || len(p.Fields) > 0 || strings.Contains(p.Detail, "20 OK") {
				t.Errorf("%s: %s: %s %v", class, text, r.Body, r.Headers)
			}
		}
	}
}

func TestExceptions(t *testing.T) {
	for name, tt := range map[string]struct {
		write          func(w *dubbo.Writer)
		class, message string
		fields         map[string]any
	}{
		"own fields": {
			write: func(w *dubbo.Writer) {
				throwable(w, "a.OrderException", "sold \"out\"", "code", 7, "self", func() { w.Ref(0) }, "items", func() { w.ListN(1); w.String("x") })
			},
			class: "a.OrderException", message: `sold "out"`, fields: map[string]any{"code": 7.0, "self": nil, "items": []any{"x"}},
		},
		"dubbo-go": {
			write: func(w *dubbo.Writer) { object(w, "java.lang.Throwable", "detailMessage", "boom") },
			class: "java.lang.Throwable", message: "boom", fields: map[string]any{},
		},
		"generic": {
			write: func(w *dubbo.Writer) {
				throwable(w, "com.alibaba.dubbo.rpc.service.GenericException", "a.B: c\n\tat a.Secret", "exceptionClass", "a.B", "exceptionMessage", "c")
			},
			class: "a.B", message: "c", fields: map[string]any{},
		},
		"generic of Dubbo 3": {
			write: func(w *dubbo.Writer) {
				throwable(w, "org.apache.dubbo.rpc.service.GenericException", "", "exceptionMessage", "c", "exceptionClass", "a.B", "useCompatible", 1)
			},
			class: "a.B", message: "c", fields: map[string]any{},
		},
		"unknown class as text": {
			write: func(w *dubbo.Writer) {
				throwable(w, "java.lang.RuntimeException", "a.b.PayException: no money: left\r\n\tat a.Secret.m(Secret.java:1)\n")
			},
			class: "a.b.PayException", message: "no money: left", fields: map[string]any{},
		},
		"trace in the message": {
			write: func(w *dubbo.Writer) { throwable(w, "java.lang.RuntimeException", "no class here\n\tat a.Secret") },
			class: "java.lang.RuntimeException", message: "no class here", fields: map[string]any{},
		},
		"no object": {
			write: func(w *dubbo.Writer) { w.String("odd") },
			class: "", message: `"odd"`, fields: map[string]any{},
		},
	} {
		for _, form := range []int32{dubbo.ResponseException, dubbo.ResponseExceptionWithAttachments} {
			r := answered(t, 20, func(w *dubbo.Writer) {
				w.Int(form)
				tt.write(w)
				if form == dubbo.ResponseExceptionWithAttachments {
					w.UntypedMap()
					w.String("k")
					w.String("v")
					w.End()
				}
			})
			p := problemOf(t, r)
			want := problem{Type: "urn:dubbomesh:exception", Title: p.Title, Detail: tt.message, Status: 500, Class: tt.class, Message: tt.message, Fields: tt.fields}
			want.Dubbo.Status = 20
			if diff := cmp.Diff(want, p); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if get(r, "x-dubbo-exception") != tt.class || get(r, "x-dubbo-status") != "20" {
				t.Errorf("%s: %v", name, r.Headers)
			}
			if strings.Contains(string(r.Body), "Secret") {
				t.Errorf("%s: stack trace in %s", name, r.Body)
			}
			if form == dubbo.ResponseExceptionWithAttachments && get(r, attachmentPrefix+"k") != "v" {
				t.Errorf("%s: %v", name, r.Headers)
			}
		}
	}
	r := answered(t, 20, func(w *dubbo.Writer) {
		w.Int(dubbo.ResponseException)
		object(w, "a.\r\nB", "detailMessage", func() { w.Null() })
	})
	if p := problemOf(t, r); p.Message != "" || p.Detail != "a.\r\nB" || get(r, "x-dubbo-exception") != "a.??B" {
		t.Errorf("%+v %v", p, r.Headers)
	}
}

// A class name that is too long for a header is still in the body.
func TestLongExceptionClass(t *testing.T) {
	for n, header := range map[int]bool{256: true, 257: false} {
		class := "a." + strings.Repeat("B", n-2)
		r := answered(t, 20, func(w *dubbo.Writer) {
			w.Int(dubbo.ResponseException)
			object(w, class, "detailMessage", "x")
		})
		if told := get(r, "x-dubbo-exception") == class; told != header || problemOf(t, r).Class != class {
			t.Errorf("%d bytes: %v %s", n, r.Headers, r.Body)
		}
	}
}
