package model

import "slices"

// Lane is a version of several services that some requests go through from end to end.
type Lane struct {
	PolicyMeta
	// Lane is what the header carries; the policy's name by default.
	Lane string `json:"lane,omitempty" check:"format=token"`
	// Match says which requests enter the lane: at Service, or else at whichever service they come to, one of Services or not.
	Match []RequestMatch `json:"match,omitempty" check:"single"`
	// Labels of the instances that belong to the lane; lane: <its name> by default.
	Labels map[string]string `json:"labels,omitempty" check:"nonEmpty"`
	// Services that have the lane; all when empty.
	Services []string `json:"services,omitempty" check:"single,nonEmpty,format=service"`
	// Fallback where a service has no instance in the lane: base (instances in no lane) or none; base by default.
	Fallback string `json:"fallback,omitempty" check:"oneOf=base|none"`
	// Percent of the requests that fit Match.
	Percent *Percent `json:"percent,omitempty"`
}

// Kind implements Policy.
func (Lane) Kind() Kind { return KindLane }

// Value is what the header of the lane carries.
func (l Lane) Value() string {
	if l.Lane != "" {
		return l.Lane
	}
	return l.Name
}

// InstanceLabels are the labels of the lane's instances.
func (l Lane) InstanceLabels() map[string]string {
	if len(l.Labels) > 0 {
		return l.Labels
	}
	return map[string]string{"lane": l.Value()}
}

// Has reports whether instances of a service may be in the lane.
func (l Lane) Has(service string) bool {
	return len(l.Services) == 0 || slices.Contains(l.Services, service)
}

// EnteredAt reports whether requests to a service may enter the lane there, whether the service has it or not.
func (l Lane) EnteredAt(service string) bool {
	return len(l.Match) > 0 && (l.Service == "" || l.Service == service)
}
