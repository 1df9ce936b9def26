package main

import (
	"fmt"
	"net/http"
	"strings"
)

// request is what arrived of a request: what a proxy on the way has made of it.
type request struct {
	By      string            `json:"by"` // the name of the instance
	Method  string            `json:"method"`
	Host    string            `json:"host"`
	Path    string            `json:"path"`
	Query   string            `json:"query,omitempty"`
	Headers map[string]string `json:"headers"` // in lower case, several values with commas between
}

func arrived(name string, r *http.Request) request {
	headers := make(map[string]string, len(r.Header))
	for header, values := range r.Header {
		headers[strings.ToLower(header)] = strings.Join(values, ",")
	}
	return request{By: name, Method: r.Method, Host: r.Host, Path: r.URL.Path, Query: r.URL.RawQuery, Headers: headers}
}

// reporting adds a load report to every answer, as the Open Request Cost Aggregation (ORCA) has it.
func reporting(utilization float64, next http.Handler) http.Handler {
	if utilization <= 0 {
		return next
	}
	report := fmt.Sprintf("TEXT application_utilization=%g,rps_fractional=100", utilization)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Endpoint-Load-Metrics", report)
		next.ServeHTTP(w, r)
	})
}
