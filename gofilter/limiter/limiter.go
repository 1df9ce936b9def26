package limiter

import (
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Limits are the limits of routes that have equal ones. Any number of goroutines may use them at the same time.
type Limits struct {
	service string
	all     []limit
	text    string
	users   int // of the Set
}

type limit struct {
	settings config.Limit
	rate     rate
	match    [][]condition
	buckets  *buckets
}

// Refusal is why a request may not be made.
type Refusal struct {
	Service string
	Limit   *config.Limit // not to be changed
	// Wait is how long it takes until there is a token, 0 when there will never be one.
	Wait time.Duration
}

// Ask takes a token of each limit that counts the request. When one has none, the others get theirs back, and ok is false.
func (l *Limits) Ask(r *Request, now int64) (why Refusal, ok bool) {
	var taken [config.MaxLimits]struct {
		is  bool
		key key
	}
	for i := range l.all {
		one := &l.all[i]
		if !one.counts(r) {
			continue
		}
		var k key
		if one.buckets.keyed {
			k = keyOf(one.settings.By, r)
		}
		has, wait := one.buckets.take(k, one.rate, now)
		switch {
		case has:
			taken[i].is, taken[i].key = true, k
			continue
		case one.settings.DryRun:
			one.buckets.tried.Add(1)
			continue
		}
		one.buckets.refused.Add(1)
		for j := range i {
			if taken[j].is {
				l.all[j].buckets.giveBack(taken[j].key)
			}
		}
		return Refusal{Service: l.service, Limit: &one.settings, Wait: wait}, false
	}
	for i := range l.all {
		if taken[i].is {
			l.all[i].buckets.admitted.Add(1)
		}
	}
	return Refusal{}, true
}

// counts reports whether the limit is for a request.
func (l *limit) counts(r *Request) bool {
	for _, all := range l.match {
		if fitsAll(all, r) {
			return true
		}
	}
	return len(l.match) == 0
}

func fitsAll(all []condition, r *Request) bool {
	for i := range all {
		if !all[i].fits(r) {
			return false
		}
	}
	return true
}
