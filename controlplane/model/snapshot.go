package model

import (
	"cmp"
	"slices"
	"time"
)

// Service is a name and the instances that answer to it. For Dubbo the name is the interface.
type Service struct {
	Name      string
	Instances []Instance // in the order of Compare; no two equal under it
}

// Snapshot is everything the control plane knows at one moment. It is never changed after it was published, so
// any number of goroutines may read it.
type Snapshot struct {
	Services []Service // sorted by name
	Policies Policies  // those in force
	// Definitions are the shapes of services, in the order of CompareDefinitions: for each service, group and version at
	// most one that was reported and one that was written by hand. Services need not be registered to have one.
	Definitions []Definition
}

// Service returns the named service.
func (s Snapshot) Service(name string) (Service, bool) {
	i, ok := slices.BinarySearchFunc(s.Services, name, func(s Service, n string) int { return cmp.Compare(s.Name, n) })
	if !ok {
		return Service{}, false
	}
	return s.Services[i], true
}

// Compare orders the instances of a service by what identifies them: address, port, protocol, group, version.
func Compare(a, b Instance) int {
	return cmp.Or(
		cmp.Compare(a.Address, b.Address),
		cmp.Compare(a.Port, b.Port),
		cmp.Compare(a.Protocol, b.Protocol),
		cmp.Compare(a.Group, b.Group),
		cmp.Compare(a.Version, b.Version),
	)
}

// Problem is something in the registry that could not be used. The mesh goes on without it, or with its last
// good value.
type Problem struct {
	Key      string    `json:"key"`               // where it is: an etcd key, or file:line:column
	Reason   string    `json:"reason"`            // what is wrong, where, and what to write instead
	LastGood bool      `json:"lastGood"`          // an earlier good value of this key stays in force
	LeftOut  bool      `json:"leftOut,omitempty"` // the policy of this key is accepted, and not in force where the reason says
	Since    time.Time `json:"since,omitzero"`    // when this was first seen
}
