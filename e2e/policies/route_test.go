package policies

import "testing"

func routeHeader(t *testing.T, s target) {
	s.always(t, 100, s.v2, "x-user", "ann")
	s.always(t, 100, s.v2, "x-user", "bob")
	s.always(t, 100, s.v1, "x-user", "eve")
	s.always(t, 100, s.v1)
}
