// Package recovery spares instances that were out and have come back: they get a part of their share of the calls, which
// grows. Its job is to see that an instance has come back, and to say of a call to which other one it should go instead.
//
// Envoy says how many instances of a cluster are healthy, not which, and chooses an instance only after all filters. So the
// choices that it made are kept, and a call that should not meet an instance that has come back repeats one of them. Which
// instance that is shows with its first answer: it is the one that was not chosen for as long as one was out.
//
// It knows no clock: times are nanoseconds that whoever calls brings along, on a clock that does not go back. There is no
// input, no output and no goroutine here, and nothing on the way of a call allocates, but where an instance is new.
package recovery
