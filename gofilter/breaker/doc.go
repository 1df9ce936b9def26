// Package breaker is a circuit breaker: closed, open, half-open, and closed again in steps. Its job is to say of a call
// whether it may be made, and to learn from what became of it.
//
// It knows no clock: times are nanoseconds that whoever calls brings along, on a clock that does not go back. Nothing on the
// way of a call locks or allocates. There is no input, no output and no goroutine here.
package breaker
