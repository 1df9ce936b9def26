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
