package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/nearest"
)

// What stands in parentheses behind a command.
const (
	bare     = iota // nothing
	optional        // something or nothing
	needed          // something
)

// logCommands are the commands of Envoy 1.39 that a line of an access log may have. Envoy refuses a port because of one
// that it does not know.
var logCommands = map[string]int{
	"START_TIME": optional, "EMIT_TIME": optional, "COMMON_DURATION": needed, "DURATION": bare, "REQUEST_DURATION": bare, "REQUEST_TX_DURATION": bare,
	"RESPONSE_DURATION": bare, "RESPONSE_TX_DURATION": bare, "ROUNDTRIP_DURATION": bare,
	"BYTES_RECEIVED": bare, "BYTES_SENT": bare, "REQUEST_HEADERS_BYTES": bare, "RESPONSE_HEADERS_BYTES": bare, "RESPONSE_TRAILERS_BYTES": bare,
	"UPSTREAM_WIRE_BYTES_SENT": bare, "UPSTREAM_WIRE_BYTES_RECEIVED": bare, "DOWNSTREAM_WIRE_BYTES_SENT": bare, "DOWNSTREAM_WIRE_BYTES_RECEIVED": bare,
	"PROTOCOL": bare, "UPSTREAM_PROTOCOL": bare, "RESPONSE_CODE": bare, "RESPONSE_CODE_DETAILS": optional, "RESPONSE_FLAGS": bare, "RESPONSE_FLAGS_LONG": bare,
	"CONNECTION_TERMINATION_DETAILS": bare, "GRPC_STATUS": optional, "GRPC_STATUS_NUMBER": bare, "LOCAL_REPLY_BODY": bare,
	"REQ": needed, "RESP": needed, "TRAILER": needed, "QUERY_PARAM": needed, "PATH": optional,
	"UPSTREAM_HOST": bare, "UPSTREAM_HOST_NAME": bare, "UPSTREAM_CLUSTER": bare, "UPSTREAM_REQUEST_ATTEMPT_COUNT": bare, "UPSTREAM_TRANSPORT_FAILURE_REASON": bare,
	"UPSTREAM_LOCAL_ADDRESS": bare, "UPSTREAM_REMOTE_ADDRESS": bare, "UPSTREAM_REMOTE_PORT": bare, "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": bare, "UPSTREAM_CONNECTION_ID": bare,
	"DOWNSTREAM_REMOTE_ADDRESS": bare, "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": bare, "DOWNSTREAM_REMOTE_PORT": bare,
	"DOWNSTREAM_DIRECT_REMOTE_ADDRESS": bare, "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT": bare,
	"DOWNSTREAM_LOCAL_ADDRESS": bare, "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT": bare, "DOWNSTREAM_LOCAL_PORT": bare,
	"DOWNSTREAM_TLS_VERSION": bare, "DOWNSTREAM_TLS_CIPHER": bare, "DOWNSTREAM_PEER_SUBJECT": bare, "DOWNSTREAM_PEER_ISSUER": bare, "DOWNSTREAM_PEER_URI_SAN": bare,
	"DOWNSTREAM_PEER_DNS_SAN": bare, "DOWNSTREAM_PEER_SERIAL": bare, "DOWNSTREAM_PEER_FINGERPRINT_256": bare, "DOWNSTREAM_PEER_CERT_V_END": optional,
	"DOWNSTREAM_TRANSPORT_FAILURE_REASON": bare, "REQUESTED_SERVER_NAME": bare, "CONNECTION_ID": bare, "STREAM_ID": bare, "TRACE_ID": bare, "SPAN_ID": bare,
	"ROUTE_NAME": bare, "VIRTUAL_CLUSTER_NAME": bare, "FILTER_CHAIN_NAME": bare, "HOSTNAME": bare, "ACCESS_LOG_TYPE": bare, "UNIQUE_ID": bare,
	"ENVIRONMENT": needed, "DYNAMIC_METADATA": needed, "UPSTREAM_METADATA": needed, "CLUSTER_METADATA": needed, "METADATA": needed, "FILTER_STATE": needed,
}

var logCommand = regexp.MustCompile(`^%([A-Z0-9_]+)(\([^)]*\))?(:[0-9]{1,6})?%`)

// checkLogFormat takes what Envoy writes a line of, or a field of one, from.
func checkLogFormat(text string) error {
	if text == "" {
		return errors.New("it is empty; write text with commands, such as %RESPONSE_CODE%")
	}
	for {
		_, rest, found := strings.Cut(text, "%")
		if !found {
			return nil
		}
		if after, escaped := strings.CutPrefix(rest, "%"); escaped {
			text = after
			continue
		}
		m := logCommand.FindStringSubmatch("%" + rest)
		if m == nil {
			return fmt.Errorf("%s is no command; write one such as %%RESPONSE_CODE%% or %%REQ(:PATH)%%, and %%%% for a percent sign", document.Quote("%"+first(rest, 30)))
		}
		if err := fitsCommand(m[1], strings.Trim(m[2], "()")); err != nil {
			return err
		}
		text = rest[len(m[0])-1:]
	}
}

func fitsCommand(name, argument string) error {
	takes, known := logCommands[name]
	switch {
	case !known:
		var names []string
		for n := range logCommands {
			names = append(names, n)
		}
		slices.Sort(names)
		if near := nearest.Word(name, names); near != "" {
			return fmt.Errorf("no command of Envoy is called %%%s%%; did you mean %%%s%%?", name, near)
		}
		return fmt.Errorf("no command of Envoy is called %%%s%%", name)
	case takes == needed && argument == "":
		return fmt.Errorf("%%%s%% says not of what; write %%%s(…)%%", name, name)
	case takes == bare && argument != "":
		return fmt.Errorf("%%%s%% takes nothing in parentheses", name)
	}
	return nil
}

// first is how a text begins.
func first(text string, n int) string {
	if len(text) > n {
		return strings.ToValidUTF8(text[:n], "") + "…"
	}
	return text
}
