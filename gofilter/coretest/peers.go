// Package coretest is what the tests of the filter's core packages share: the bytes of real peers, and a bound on what a
// call allocates. It is for tests only.
package coretest

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorded is the folder of what peers wrote, seen from the folder of any core package, which is where its tests run.
const recorded = "../transcode/testdata"

// Frames are answers of Dubbo Java 2.7.23, Dubbo Java 3.3.6 and dubbo-go 3.3.1.
func Frames(t testing.TB) (frames [][]byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(recorded, "*.hex"))
	if err != nil || len(files) == 0 {
		t.Fatal("no captured answers", err)
	}
	for _, file := range files {
		frames = append(frames, Frame(t, file))
	}
	return frames
}

// Frame reads a frame that a file has in hex.
func Frame(t testing.TB, file string) []byte {
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

// JavaValue is a value as Dubbo Java's own library writes it, and the JSON of it.
type JavaValue struct {
	Name, JSON string
	Hessian    []byte
}

// JavaValues are one of each kind.
func JavaValues(t testing.TB) (values []JavaValue) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(recorded, "java-values.txt"))
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
		values = append(values, JavaValue{f[0], f[2], b})
	}
	return values
}
