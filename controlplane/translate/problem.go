package translate

import (
	"cmp"
	"fmt"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/go-json-experiment/json"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

const problemType = "application/problem+json" // RFC 9457

// maxDetail bounds a problem's text: Envoy refuses all routes because of one response larger than 4096 bytes.
const maxDetail = 1500

// sourceOf is where what is wrong with a policy is told: its key or file, or its name when it has neither.
func sourceOf(p model.Policy) string { return cmp.Or(p.Meta().Source, model.PolicyID(p)) }

// problemResponse is an answer of the gateway's own, as RFC 9457 problem JSON; it needs problemHeaders beside it.
func problemResponse(status uint32, title, detail string) *routev3.Route_DirectResponse {
	if len(detail) > maxDetail {
		detail = strings.ToValidUTF8(detail[:maxDetail], "") + "…"
	}
	body, err := json.Marshal(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status uint32 `json:"status"`
		Detail string `json:"detail"`
	}{"urn:dubbomesh:" + strings.ReplaceAll(strings.ToLower(title), " ", "-"), title, status, detail})
	if err != nil {
		body = fmt.Appendf(nil, `{"status":%d}`, status)
	}
	return &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{
		Status: status,
		Body:   &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: string(body)}},
	}}
}

func problemHeaders() []*corev3.HeaderValueOption {
	return []*corev3.HeaderValueOption{{
		Header:       &corev3.HeaderValue{Key: "content-type", Value: problemType},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}}
}
