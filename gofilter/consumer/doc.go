// Package consumer lets a Dubbo consumer call through an HTTP connection manager. A Session stands between the two on one
// connection: the consumer's Dubbo frames become HTTP/2 streams, as gofilter/config describes them, and what answers those
// streams becomes Dubbo frames again. It does no input or output, starts no goroutine and keeps no package state.
//
// Nothing that either side sends may make it panic, recurse without bound or hold more memory than its configuration
// allows. HTTP/2 is that of RFC 9113, of which it speaks the client's part towards a manager in the same process.
package consumer
