package main_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
	"github.com/dubbomesh/dubbomesh/gofilter/host/hosttest"
)

// A route's schema decides about responses: status, body and exceptions of an operation, and which calls are one-way.
func TestAnswersBySchema(t *testing.T) {
	def := config.Schema{
		Service: "a.B",
		Methods: []config.Method{
			{Name: "take", Parameters: []config.Parameter{{Type: "java.lang.String"}}},
			{Name: "tell", Parameters: []config.Parameter{{Type: "java.lang.String"}}, OneWay: true},
		},
		Operations: []config.Operation{{
			Verb: "POST", Path: "/things", Method: "take", Status: http.StatusNoContent,
			Parameters: []config.Binding{{From: config.FromBody, Type: "java.lang.String"}},
			Exceptions: []config.Exception{{Class: "a.Sold", Status: http.StatusConflict, Body: `{"sold":true}`}},
		}},
		Exceptions: []config.Exception{{Class: "a.Sold", Status: http.StatusGone}},
	}
	call := served{prefix: "/a.B/", text: string(def.Text()), id: def.ID()}
	things := served{prefix: "/things", text: call.text, id: call.id}
	things.extra = fmt.Sprintf(`, {header: {key: %s, value: "0"}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}`, config.OperationHeader)
	r, _ := startSchemasFor(t, routesOf("1", call, things), func(p *hosttest.Peer, c hosttest.Call) {
		switch {
		case !c.Flags.TwoWay():
		case c.Argument == "sold":
			var w dubbo.Writer
			w.Int(dubbo.ResponseException)
			w.Object("a.Sold", "detailMessage")
			w.String("gone")
			head := dubbo.AppendHeader(nil, dubbo.Header{Flags: dubbo.Hessian2, Status: dubbo.StatusOK, ID: c.ID, Length: len(w.Buf)})
			p.Send(append(head, w.Buf...))
		default:
			echo(p, c)
		}
	})
	var sold dubbo.Writer
	sold.String("sold")
	n := strconv.Itoa(len(sold.Buf))
	consumer := []string{"content-type", "application/x-dubbo", "x-dubbo-arguments", n, "x-dubbo-parameter-types", "Ljava/lang/String;"}
	for _, tt := range []struct {
		path, body string
		headers    []string
		status     int
		want       string // in the body
	}{
		{"/things", `"x"`, nil, http.StatusNoContent, ""},
		{"/things", `"sold"`, nil, http.StatusConflict, `{"sold":true}`},
		{"/a.B/take", `["x"]`, nil, http.StatusOK, `"x"`},
		{"/a.B/take", `["sold"]`, nil, http.StatusGone, `"status":410`},
		{"/a.B/take", string(sold.Buf) + "N", consumer, http.StatusGone, "\x06a.Sold"},
		{"/a.B/tell", `["x"]`, nil, http.StatusAccepted, ""},
		{"/a.B/tell", `["x"]`, []string{"x-dubbo-one-way", "false"}, http.StatusOK, `"x"`},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(tt.headers); i += 2 {
			request.Header.Set(tt.headers[i], tt.headers[i+1])
		}
		got, answered, err := exchange(t, request)
		if err != nil || got.status != tt.status || !strings.Contains(got.body, tt.want) || tt.want == "" && got.body != "" {
			t.Errorf("%s %.20q: got %v %v, want %d %s", tt.path, tt.body, got, err, tt.status, tt.want)
		}
		if strings.Contains(tt.body, "sold") && answered.Get(config.ExceptionHeader) != "a.Sold" {
			t.Errorf("%s: %v", tt.path, answered)
		}
	}
}
