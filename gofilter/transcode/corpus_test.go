package transcode

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// capturedFrames are the answers of real peers: those of TestCapturedAnswers.
func capturedFrames(t testing.TB) (frames [][]byte) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.hex")
	if err != nil || len(files) == 0 {
		t.Fatal("no captured answers", err)
	}
	for _, file := range files {
		frames = append(frames, frameIn(t, file))
	}
	return frames
}

// frameIn reads a frame that a file has in hex.
func frameIn(t testing.TB, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	frame, err := hex.DecodeString(strings.ReplaceAll(string(text), "\n", ""))
	if err != nil {
		t.Fatal(file, err)
	}
	return frame
}

// javaValue is a value as Dubbo Java's own library writes it, and the JSON of it.
type javaValue struct {
	name, json string
	hessian    []byte
}

// javaValues reads testdata/java-values.txt.
func javaValues(t testing.TB) (values []javaValue) {
	t.Helper()
	text, err := os.ReadFile("testdata/java-values.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if f[0] == "#" {
			continue
		}
		b, err := hex.DecodeString(f[1])
		if err != nil {
			t.Fatal(f[0], err)
		}
		values = append(values, javaValue{f[0], f[2], b})
	}
	return values
}
