package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// passedOn are the headers that an application passes on to what it calls: with them lanes and traces go from end to end.
var passedOn = []string{"X-Lane", "Baggage", "Traceparent", "Tracestate"}

// relayed is what GET /relay/… answers.
type relayed struct {
	By     string          `json:"by"` // the name of the instance
	Status int             `json:"status"`
	Answer json.RawMessage `json:"answer"` // a text where it is no JSON
}

// relay serves POST /relay/{path}: it calls the path at the host that the request named, which is the gateway that it came
// through, as an application that needs another service would. Only hosts of this machine are called.
func relay(name string) http.HandlerFunc {
	client := &http.Client{Timeout: 10 * time.Second}
	return func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			problem(w, http.StatusBadRequest, "the request names the host "+r.Host+", which is not on this machine")
			return
		}
		call, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "http://"+r.Host+"/"+strings.TrimPrefix(r.URL.Path, "/relay/"), http.NoBody)
		if err != nil {
			problem(w, http.StatusBadRequest, err.Error())
			return
		}
		for _, header := range passedOn {
			call.Header[header] = r.Header[header]
		}
		got, err := client.Do(call)
		if err != nil {
			problem(w, http.StatusBadGateway, err.Error())
			return
		}
		defer got.Body.Close()
		text, err := io.ReadAll(io.LimitReader(got.Body, maxBody))
		if err != nil {
			problem(w, http.StatusBadGateway, err.Error())
			return
		}
		if !json.Valid(text) {
			text, _ = json.Marshal(string(text)) // a text always is JSON
		}
		answer(w, http.StatusOK, relayed{By: name, Status: got.StatusCode, Answer: text})
	}
}
