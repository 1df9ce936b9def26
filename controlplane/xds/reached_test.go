package xds_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// TestWhoHasWhichPublication follows a proxy over a change that it takes and one that it refuses.
func TestWhoHasWhichPublication(t *testing.T) {
	r := newRig(t)
	if r.server.Published() != 0 {
		t.Fatal("something was published")
	}
	reached := func(number uint64) xds.Reached {
		t.Helper()
		list := r.server.Reached(number)
		if len(list) != 1 || list[0].ID != "p" {
			t.Fatalf("reached %+v", list)
		}
		return list[0]
	}
	r.server.Publish(world("r1", "a=1/1"))
	c := r.connect("p")
	c.settle("a")
	r.await("in sync", func(p xds.Proxy) bool { return p.InSync && len(p.Types) == 4 })
	first := reached(1)
	if first.At.IsZero() || !reached(2).At.IsZero() {
		t.Fatalf("after the first publication: %+v, %+v", first, reached(2))
	}

	had, _, _ := r.server.Acknowledged("p")
	r.server.Publish(world("r2", "a=1/1"))
	unanswered := c.expect(rds, "r")
	sent, _ := r.server.Config("p")
	has, how, connected := r.server.Acknowledged("p")
	if !connected || how.Published != 1 || !how.At.IsZero() || !proto.Equal(has.Routes["r"], had.Routes["r"]) || proto.Equal(has.Routes["r"], sent.Routes["r"]) {
		t.Errorf("before it has answered: %+v %v, it had %v and was sent %v", how, has.Routes, had.Routes, sent.Routes)
	}
	c.nack(unanswered, "no such thing")
	refused := r.await("refusing", func(p xds.Proxy) bool { return len(p.Types[3].Refused) > 0 })
	has, how, _ = r.server.Acknowledged("p")
	if how.Published != 2 || !how.At.IsZero() || !proto.Equal(has.Routes["r"], had.Routes["r"]) {
		t.Errorf("after its refusal it has the second but for that: %+v %v", how, has.Routes)
	}
	if now := reached(2); !now.At.IsZero() || len(now.Refused) != 1 || now.Refused[0].Text != "no such thing" || now.Refused[0].Since != 2 || now.Refused[0].Accepted != 1 || refused.InSync {
		t.Fatalf("after a refusal: %+v", now)
	}

	r.server.Publish(world("r3", "a=1/1"))
	c.ack(c.expect(rds, "r"))
	r.await("in sync", func(p xds.Proxy) bool { return p.InSync })
	if r.server.Published() != 3 || reached(3).At.IsZero() || reached(2).At != reached(3).At || reached(1).At != first.At {
		t.Errorf("in the end: %+v %+v", reached(2), reached(3))
	}
	r.server.Publish(world("r3", "a=1/1")) // nothing changes for the proxy: it has that at once
	if reached(4).At.IsZero() {
		t.Errorf("an equal publication is not reached: %+v", reached(4))
	}
}

// TestAPublicationBesideARefusal has a proxy refuse the routes twice, and take what changed between and after that.
func TestAPublicationBesideARefusal(t *testing.T) {
	r := newRig(t)
	r.server.Publish(world("r1", "a=1/1"))
	c := r.connect("p")
	c.settle("a")
	r.await("in sync", func(p xds.Proxy) bool { return p.InSync && len(p.Types) == 4 })
	arrives := func(what string, number uint64, lacks ...xds.Span) xds.Reached {
		t.Helper()
		var last xds.Reached
		r.await(what, func(xds.Proxy) bool {
			last = r.server.Reached(number)[0]
			return last.Published == number && (len(lacks) == 0 && len(last.Refused) == 0 || len(last.Refused) == 1 && cmp.Equal(last.Refused[0].Lacks, lacks))
		})
		return last
	}
	r.server.Publish(world("r2", "a=1/1"))
	c.nack(c.expect(rds, "r"), "no")
	if got := arrives("there but for its routes", 2, xds.Span{After: 1, Until: 2}); !got.At.IsZero() {
		t.Errorf("it has the second: %+v", got)
	}
	r.server.Publish(world("r2", "a=1/2"))
	c.ack(c.expect(eds, "a"))
	third := arrives("there with endpoints", 3, xds.Span{After: 1, Until: 2})
	if third.At.IsZero() {
		t.Errorf("it has not the third: %+v", third)
	}
	r.server.Publish(world("r4", "a=1/2"))
	c.nack(c.expect(rds, "r"), "neither")
	fourth := arrives("there but for both routes", 4, xds.Span{After: 1, Until: 2}, xds.Span{After: 3, Until: 4})
	if at := r.server.Reached(3)[0].At; !fourth.At.IsZero() || !at.Equal(third.At) {
		t.Errorf("it has the fourth, or the third at another time: %+v, %v", fourth, at)
	}
	r.server.Publish(world("r5", "a=1/2"))
	c.ack(c.expect(rds, "r"))
	fifth := arrives("there", 5)
	for number, at := range map[uint64]time.Time{2: fifth.At, 3: third.At, 4: fifth.At} {
		if got := r.server.Reached(number)[0].At; got.IsZero() || !got.Equal(at) {
			t.Errorf("publication %d at %v, want %v", number, got, at)
		}
	}
}
