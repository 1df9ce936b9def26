// Package up runs a whole mesh on one machine, in the foreground: etcd, control plane, a gateway Envoy and, when asked
// for, demo services. It starts and stops things in order and says what runs where; it decides nothing about traffic.
package up

import (
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

// Options say what to run, and where. A port of 0 takes a free one.
type Options struct {
	Settings settings.Config // of the control plane; addresses and the module are overwritten

	DataDir   string // etcd's data, logs, Envoy's bootstrap
	Ephemeral bool   // use a temporary directory instead of DataDir, and remove it at the end
	ReadyFile string // is written when everything is ready, "" for none

	GatewayAddress string // the IP the gateway binds
	GatewayPort    uint16
	XDSPort        uint16
	APIPort        uint16
	EtcdPort       uint16
	AdminPort      uint16 // of the gateway Envoy's admin interface

	Envoy  string // the binary, a path or a name on the PATH
	Module string // libdubbo.so
	Demo   string // directory with the demo binaries, "" for no demo
}

// loopback is where everything listens that only this machine needs.
const loopback = "127.0.0.1"
