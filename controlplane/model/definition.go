package model

import "github.com/dubbomesh/dubbomesh/gofilter/config"

// Definition is what a provider's Dubbo metadata says of one service, or a policy in its place.
type Definition struct {
	Service        string // the interface
	Group, Version string
	Application    string // that reported it
	Methods        []config.Method
	Classes        map[string]config.Class
	Source         string // the key it was read from
}
