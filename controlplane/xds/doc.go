// Package xds delivers Envoy resources to proxies over the aggregated discovery service, incrementally or as state of
// the world. It decides when a proxy gets what — never what is in it, and it knows nothing of where it comes from.
//
// One proxy is one stream. A stream is a small state machine (gate.go says what may go when) that is moved by three
// events: a request of the proxy, a publication, and the end of a wait.
package xds
