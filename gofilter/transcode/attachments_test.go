package transcode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// The first attachments that fit become headers, the number of the others is told.
func TestAttachmentsAreBounded(t *testing.T) {
	for _, tt := range []struct {
		pairs, size   int // of each value, in bytes
		kept, dropped int
	}{
		{pairs: 64, size: 10, kept: 64},
		{pairs: 65, size: 10, kept: 64, dropped: 1},
		{pairs: 5000, size: 10, kept: 64, dropped: 4936},
		{pairs: 20, size: 1000, kept: 16, dropped: 4}, // 16384 bytes: just full,
		{pairs: 2, size: 16 << 10, dropped: 2},
	} {
		for _, form := range []int32{dubbo.ResponseNullWithAttachments, dubbo.ResponseExceptionWithAttachments} {
			r := answered(t, 20, func(w *dubbo.Writer) {
				w.Int(form)
				if form == dubbo.ResponseExceptionWithAttachments {
					object(w, "a.B", "detailMessage", "x")
				}
				w.UntypedMap()
				for i := range tt.pairs {
					w.String(fmt.Sprintf("K%04d", i))
					w.String(strings.Repeat("v", tt.size))
				}
				w.End()
			})
			kept, size := 0, 0
			for _, h := range r.Headers {
				if !strings.HasPrefix(h.Name, attachmentPrefix) {
					continue
				}
				if want := fmt.Sprintf("%sk%04d", attachmentPrefix, kept); h.Name != want {
					t.Errorf("%d of %d bytes: %s, want %s", tt.pairs, tt.size, h.Name, want)
				}
				kept, size = kept+1, size+len(h.Name)+len(h.Value)
			}
			want := ""
			if tt.dropped > 0 {
				want = fmt.Sprint(tt.dropped)
			}
			if got := get(r, "x-dubbo-attachments-dropped"); kept != tt.kept || size > maxAttachmentsBytes || got != want {
				t.Errorf("%d of %d bytes: %d headers of %d bytes, %q dropped", tt.pairs, tt.size, kept, size, got)
			}
		}
	}
}

// What a provider says of its load is told where Envoy looks for it.
func TestLoadReport(t *testing.T) {
	const report = "TEXT application_utilization=0.25,rps_fractional=100"
	r := answered(t, 20, func(w *dubbo.Writer) {
		w.Int(dubbo.ResponseValueWithAttachments)
		w.String("ann")
		pairs(w, "Endpoint-Load-Metrics", report, "other", "x")
	})
	if got := get(r, "endpoint-load-metrics"); got != report || get(r, attachmentPrefix+"other") != "x" || get(r, attachmentPrefix+"endpoint-load-metrics") != "" {
		t.Errorf("%+v", r.Headers)
	}
}

// What a provider says of its load is told of answers to Dubbo consumers too, which have it in their body all the same.
func TestLoadReportOfOpaqueAnswers(t *testing.T) {
	const report = "TEXT application_utilization=0.25,rps_fractional=100"
	for name, answer := range map[string]func(w *dubbo.Writer){
		"of a value": func(w *dubbo.Writer) {
			w.Int(dubbo.ResponseValueWithAttachments)
			pairs(w, "endpoint-load-metrics", "not this")
			pairs(w, "a", "b", "endpoint-load-metrics", report)
		},
		"of null": func(w *dubbo.Writer) {
			w.Int(dubbo.ResponseNullWithAttachments)
			pairs(w, "endpoint-load-metrics", report)
		},
		"none": func(w *dubbo.Writer) {
			w.Int(dubbo.ResponseValue)
			pairs(w, "endpoint-load-metrics", "not this")
		},
	} {
		var c Call
		if _, bad := start(&c, string(opaqueArguments())+"HZ", opaqueHeaders(len(opaqueArguments()))...); bad != nil {
			t.Fatal(bad)
		}
		_, done := c.Upstream(reply(&c, dubbo.StatusOK, answer), true)
		if done == nil || done.Status != 200 {
			t.Fatalf("%s: %+v", name, done)
		}
		want := report
		if name == "none" {
			want = ""
		}
		if got := get(done, "endpoint-load-metrics"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
