package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHashes(t *testing.T) {
	for _, tt := range []struct {
		body   string
		status int
		answer string
	}{
		{`["hello"]`, 200, "99162322"},
		{`[""]`, 200, "0"},
		{`["a"b"]`, 400, ""},
		{`["a\n"]`, 400, ""},
		{`[1]`, 400, ""},
		{``, 400, ""},
	} {
		w := httptest.NewRecorder()
		hashes(0).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/hash", strings.NewReader(tt.body)))
		if w.Code != tt.status || tt.status == 200 && w.Body.String() != tt.answer {
			t.Errorf("%q: got %d %q, want %d %q", tt.body, w.Code, w.Body, tt.status, tt.answer)
		}
	}
}
