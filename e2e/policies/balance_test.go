package policies

import "testing"

func balanceWeighted(t *testing.T, s target) { s.shares(t, 1200, s.weights, 2) }
