package translate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// What Envoy would refuse is told when a policy is written. What is not known there, or comes of several policies together,
// is found here: the policy that is why says nothing of the service then, and everything else stays as it is.

// maxTrials bounds how often a service is translated to find out which of its policies Envoy would refuse.
const maxTrials = 100

// trial finds out which policies of a service it can have.
type trial struct {
	in   Input
	opt  Options
	left map[string]bool  // what is left out
	why  map[string]error // and why, nil when that was not found out
	done int
	out  ServiceResources // of the last time that Envoy would take it
}

// contained is a service without those of its policies for which Envoy would refuse it. It is false when that is not for its
// policies.
func contained(in Input, opt Options) (ServiceResources, bool) {
	t := &trial{in: in, opt: opt, left: map[string]bool{}, why: map[string]error{}}
	all := in.governors()
	for _, id := range all {
		t.left[id] = true
	}
	if len(all) == 0 || !t.fits() {
		return ServiceResources{}, false
	}
	t.add(all)
	sources := in.sources()
	for _, id := range all {
		if t.left[id] {
			t.out.Problems = append(t.out.Problems, model.Problem{Key: sources[id].key, LeftOut: true, Reason: sources[id].told(id, in.Service.Name, t.why[id])})
		}
	}
	return t.out, true
}

// fits reports whether Envoy would take the service as it is now.
func (t *trial) fits() bool { return t.try() == nil }

func (t *trial) try() error {
	t.done++
	out := service(t.in.without(t.left), t.opt)
	err := out.validate(true, t.opt)
	if err == nil {
		t.out = out
	}
	return err
}

// add takes in all policies of a list that can be, in its order. That all of them together cannot is tried first.
func (t *trial) add(list []string) {
	if t.done >= maxTrials {
		return
	}
	for _, id := range list {
		delete(t.left, id)
	}
	err := t.try()
	if err == nil {
		return
	}
	for _, id := range list {
		t.left[id] = true
	}
	if len(list) == 1 {
		t.why[list[0]] = err
		return
	}
	t.add(list[:len(list)/2])
	t.add(list[len(list)/2:])
}

// governor is where what is wrong with a policy is told, and what is to be told.
type governor struct {
	key    string
	closes bool // it says who may call
}

func (g governor) told(id, service string, err error) string {
	what := "is not in force on " + service
	if g.closes {
		what = "refuses all requests of " + service
	}
	if err == nil {
		return fmt.Sprintf("%s %s: too many policies of it cannot be in force; mend those, and apply it again", id, what)
	}
	return fmt.Sprintf("%s %s: Envoy would refuse what is made of it: %s; change it", id, what, inShort(err))
}

// inShort is the first of what is wrong, from the message around it to the field.
func inShort(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	text = strings.ReplaceAll(text, ": embedded message failed validation | caused by: invalid ", ", ")
	return strings.ToValidUTF8(text[:min(len(text), 300)], "")
}

// governors name the policies that say something of the service, or of those that it leads to, in the order in which they
// are taken in: who may call comes first. Where Gateway policies expose it stands for those.
func (in Input) governors() []string {
	var access, rest []string
	sources := in.sources()
	for _, id := range Names(sources) {
		if sources[id].closes {
			access = append(access, id)
		} else {
			rest = append(rest, id)
		}
	}
	return append(access, rest...)
}

func (in Input) sources() map[string]governor {
	out := map[string]governor{}
	for _, id := range in.Policies.From {
		out[id] = governor{key: id}
	}
	note(out, in.Policies.Routes)
	note(out, in.Policies.Lanes)
	note(out, in.Policies.Mappings)
	note(out, in.Policies.Access)
	for _, prefix := range in.Mounts {
		out[mountID(prefix)] = governor{key: in.Service.Name}
	}
	for _, o := range in.Others {
		maps.Copy(out, o.sources())
	}
	return out
}

func note[P model.Policy](into map[string]governor, list []P) {
	for _, p := range list {
		into[model.PolicyID(p)] = governor{key: sourceOf(p), closes: p.Kind() == model.KindAccess}
	}
}

// mountID stands for the Gateway policies that expose a service below a prefix.
func mountID(prefix string) string { return "expose.prefix " + prefix }

// without is the input when some policies say nothing. Those that say who may call refuse everybody instead.
func (in Input) without(ids map[string]bool) Input {
	in.Policies = in.Policies.Without(ids)
	in.Policies.Access = slices.Clone(in.Policies.Access)
	for i, p := range in.Policies.Access {
		if ids[model.PolicyID(p)] {
			in.Policies.Access[i] = closed(p)
		}
	}
	in.Mounts = slices.DeleteFunc(slices.Clone(in.Mounts), func(prefix string) bool { return ids[mountID(prefix)] })
	in.Others = slices.Clone(in.Others)
	for i, o := range in.Others {
		in.Others[i] = o.without(ids)
	}
	return in
}
