package coretest

import (
	"runtime"
	"testing"
)

// Bounded runs do and checks that it allocates no more than so many bytes, and some that any call may take. Nothing else
// may run at the same time.
func Bounded(t *testing.T, most int, do func()) {
	t.Helper()
	const free = 4 << 20
	if n := Allocated(do); n > uint64(most+free) {
		t.Fatalf("%d bytes allocated, %d allowed", n, most+free)
	}
}

// Allocated runs do and returns how many bytes it allocates. Nothing else may run at the same time.
func Allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
