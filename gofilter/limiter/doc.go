// Package limiter limits the rate of requests by token buckets. Its job is to say of a request whether it may be made.
//
// A bucket fills steadily. What is remembered of it is not how full it is but how much was taken, so that a new bucket is the
// zero value, and one whose size or rate changes goes on with what was taken.
//
// It knows no clock: times are nanoseconds that whoever calls brings along. There is no input, no output and no goroutine
// here. Conditions on requests may be expressions that users write; matching those takes time in proportion to the value.
package limiter
