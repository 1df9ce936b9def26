package consumer

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// meaning is what an HTTP status is to a Dubbo consumer. Consumers call again, two times unless told otherwise, after
// every status but OK. So what will be refused again is an exception of the call: an RpcException with a code.
type meaning struct {
	dubbo     dubbo.Status
	exception int32 // code, 0 for none
}

// Codes of org.apache.dubbo.rpc.RpcException.
const (
	codeForbidden = 4
	codeLimit     = 7
	codeBadCall   = 12 // VALIDATION_EXCEPTION
)

// statusTable is the one place where statuses of HTTP become those of Dubbo. The class of the status stands for those
// that are not listed.
var statusTable = map[int]meaning{
	401: {dubbo.StatusOK, codeForbidden},
	403: {dubbo.StatusOK, codeForbidden},
	404: {dubbo.StatusServiceNotFound, 0},
	407: {dubbo.StatusOK, codeForbidden},
	408: {dubbo.StatusServerTimeout, 0},
	429: {dubbo.StatusOK, codeLimit},
	502: {dubbo.StatusBadResponse, 0},
	503: {dubbo.StatusThreadPoolExhausted, 0}, // nobody to ask, or no room for the call: it never ran
	504: {dubbo.StatusServerTimeout, 0},
}

func statusOf(status int) meaning {
	if m, ok := statusTable[status]; ok {
		return m
	}
	switch status / 100 {
	case 2:
		return meaning{dubbo.StatusOK, 0}
	case 4:
		return meaning{dubbo.StatusOK, codeBadCall}
	}
	return meaning{dubbo.StatusServerError, 0}
}

// maxReason is how much of an answer's body is told as the reason, in bytes.
const maxReason = 1 << 10

// reason says in words what the body of an answer tells: the detail of a problem in JSON, or the text.
func reason(body []byte) string {
	text := detail(body)
	if text == "" {
		text = string(body[:min(len(body), maxReason)])
	}
	if len(text) > maxReason {
		text = text[:maxReason]
		for len(text) > 0 && !utf8.ValidString(text[max(0, len(text)-utf8.UTFMax):]) {
			text = text[:len(text)-1]
		}
	}
	return strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
}

// detail returns the member of that name of a JSON object, "" when there is none.
func detail(body []byte) string {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return ""
	}
	for {
		name, err := d.ReadToken()
		if err != nil || name.Kind() != '"' {
			return ""
		}
		if name.String() != "detail" {
			if d.SkipValue() != nil {
				return ""
			}
			continue
		}
		if v, err := d.ReadToken(); err == nil && v.Kind() == '"' {
			return v.String()
		}
		return ""
	}
}

// appendJSONB appends text as Dubbo's fastjson2 serialization writes a string: its length, and fastjson2's binary form.
func appendJSONB(dst []byte, text string) []byte {
	const asciiString, int32Value = 0x79, 0x48
	dst = binary.BigEndian.AppendUint32(dst, uint32(6+len(text)))
	dst = binary.BigEndian.AppendUint32(append(dst, asciiString, int32Value), uint32(len(text)))
	for i := range len(text) {
		dst = append(dst, min(text[i], '~'))
	}
	return dst
}
