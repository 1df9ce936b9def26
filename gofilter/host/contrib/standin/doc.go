// Package standin has the tests that run libdubbo-contrib.so without an Envoy: a process written in C (testdata) loads it
// and plays Envoy's side of the calls, and the tests play the rest of Envoy around that process. They are apart from
// package main because that one starts only where Envoy's functions are.
package standin
