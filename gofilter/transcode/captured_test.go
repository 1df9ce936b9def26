package transcode

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/golden"
	"github.com/dubbomesh/dubbomesh/gofilter/coretest"
)

// TestCapturedAnswers reads what Dubbo Java 2.7.23, Dubbo Java 3.3.6 and dubbo-go 3.3.1 answered to calls of
// org.dubbomesh.demo.Echo. A new case is a new file: the frame in hex, named peer-what-form.hex.
func TestCapturedAnswers(t *testing.T) {
	files, err := filepath.Glob("testdata/*.hex")
	if err != nil || len(files) == 0 {
		t.Fatal("no captured answers", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			frame := coretest.Frame(t, file)
			headers := []string{":path", "/org.dubbomesh.demo.Echo/m"}
			if strings.HasSuffix(file, "-typed.hex") {
				headers = append(headers, types, "")
			}
			whole := captured(t, frame, len(frame), headers)
			if single := captured(t, frame, 1, headers); single != whole {
				t.Errorf("byte by byte: %s", single)
			}
			golden.Compare(t, strings.TrimSuffix(file, ".hex")+".http", whole)
		})
	}
}

// captured shows the response to a frame that arrives in parts of step bytes.
func captured(t *testing.T, frame []byte, step int, headers []string) string {
	t.Helper()
	var c Call
	if _, bad := start(&c, "", headers...); bad != nil {
		t.Fatalf("%s", bad.Body)
	}
	frame = bytes.Clone(frame)
	binary.BigEndian.PutUint64(frame[4:], c.id) // the call that was answered had another id
	for len(frame) > 0 {
		n := min(step, len(frame))
		_, done := c.Upstream(frame[:n], false)
		if frame = frame[n:]; done == nil {
			continue
		}
		out := strconv.Itoa(done.Status) + "\n"
		for _, h := range done.Headers {
			out += h.Name + ": " + h.Value + "\n"
		}
		return out + "\n" + string(done.Body) + "\n"
	}
	t.Fatal("no response")
	return ""
}
