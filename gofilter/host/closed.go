package host

// Closed ends an exchange whose provider closed its side before it answered. It is for hosts that have to send a
// response even then: where Envoy can reset the request instead, it may try another provider.
func (x *Exchange) Closed() (s Step) {
	if x.over {
		return s
	}
	defer func() { x.over = true }()
	defer x.guard(&s, false)
	_, s.Response = x.core.Upstream(nil, true)
	if s.Response == nil {
		s.Response = x.core.Broken()
	}
	return s
}
