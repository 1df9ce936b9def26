// Package callers finds out who makes a request: by an API key, or by a signature over the request. It decides, and
// leaves it to a host to refuse a request or to pass on what was found. It reads key files, but never while it handles a
// request, and holds no clock: a host says what time it is. No key leaves it, in logs or otherwise.
package callers
