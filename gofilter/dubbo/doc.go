// Package dubbo reads and writes the Dubbo 2 wire protocol: the 16-byte frame header and the Hessian 2 values inside
// a frame's body. It works on byte slices only; it does no input or output, starts no goroutine and keeps no package
// state. Nothing that arrives from a peer may make it panic, recurse without bound or allocate more than a small
// multiple of the bytes that arrived.
//
// The formats are those of https://dubbo.apache.org (Dubbo 2 protocol) and http://hessian.caucho.com/doc/hessian-serialization.html,
// with the deviations of Dubbo's own Hessian library: strings are counted in UTF-16 units and written with surrogate
// pairs as two three-byte sequences (CESU-8), and 0x5f is a double in thousandths.
package dubbo
