package host

// Gone ends an exchange whatever has become of it: its request timed out, was given up or reset, or is answered. A host
// that counts calls must call it before the exchange begins anew.
func (x *Exchange) Gone() {
	x.over = true
	if x.asked {
		defer func() { _ = recover() }() // as in countPanic
		x.count()
	}
}

// clock is the time while calls are counted.
func (x *Exchange) clock() int64 {
	if x.Metrics == nil {
		return 0
	}
	return Clock()
}

// count counts the call, once, if it has reached a provider.
func (x *Exchange) count() {
	if !x.asked {
		return
	}
	x.asked = false
	if x.Metrics != nil {
		o := x.core.Outcome()
		x.Metrics.Count(&o, x.encode, x.decode)
	}
}

// countPanic counts a panic and the call that it ends. The core may be in any state: should it panic again, that panic is
// not counted.
func (x *Exchange) countPanic() {
	defer func() { _ = recover() }()
	if x.Metrics == nil {
		return
	}
	o := x.core.Outcome()
	x.Metrics.Panicked(&o)
	x.count()
}
