// Package translate turns the model into Envoy resources. It is pure, total and deterministic: the same services and
// options give the same resources, byte for byte, and there is no input it fails on — what cannot be expressed is left
// out alone and reported as a model.Problem. Nothing here may read a clock, a random source, a file or a network, log,
// or keep state between calls.
//
// The unit of work is one service (Service); Gateway joins any number of them, so that a caller that keeps the result
// per service computes again only what changed.
package translate
