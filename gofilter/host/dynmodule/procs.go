package main

import "runtime"

// Envoy runs a worker for each processor, and each of them holds one of Go's processors from one call into Go to the next.
// With none to spare, Go's monitor thread takes them away every 20 µs, to no one's good. See runtime.c as well.
func init() { runtime.GOMAXPROCS(2 * runtime.NumCPU()) }
