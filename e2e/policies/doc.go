// Package policies proves that each folder of examples/policies does what it says, on the mesh that `make run` starts: an
// HTTP and a Dubbo service behind a real Envoy, policies written by the real command line, effects as clients see them.
package policies
