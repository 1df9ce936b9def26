// Package model is the one vocabulary of the control plane: what is registered, independent of where it was
// registered and of the proxy it is translated for. Values are plain, immutable once published and free of
// behaviour that needs a clock, a logger or a network; nothing from etcd, Dubbo or Envoy may be imported here.
package model

import (
	"net"
	"strconv"
	"time"
)

// Protocol is what an instance speaks on its port.
type Protocol string

// The protocols an instance can speak. Triple and gRPC are HTTP/2 on the wire.
const (
	ProtocolDubbo  Protocol = "dubbo" // Dubbo 2 frames over TCP
	ProtocolTriple Protocol = "tri"   // Dubbo 3 Triple
	ProtocolHTTP   Protocol = "http"  // HTTP/1.1
	ProtocolH2     Protocol = "h2"    // HTTP/2 with prior knowledge
	ProtocolGRPC   Protocol = "grpc"
)

// Protocols lists every protocol in the order in which documentation and errors name them.
var Protocols = []Protocol{ProtocolDubbo, ProtocolTriple, ProtocolHTTP, ProtocolH2, ProtocolGRPC}

// Status says whether an instance wants new requests.
type Status string

// The states of an instance.
const (
	StatusUp       Status = "up"       // takes requests
	StatusDraining Status = "draining" // finishes what it has, takes nothing new
)

// DefaultWeight is what an instance weighs that does not say, as in Dubbo.
const DefaultWeight = 100

// MaxWeight bounds a weight so that the sum over a large service still fits Envoy's 32 bits.
const MaxWeight = 1_000_000

// Instance is one address of a service.
type Instance struct {
	Address     string // IPv4 or IPv6 literal
	Port        uint32 // 1..65535
	Protocol    Protocol
	Weight      uint32 // 0..MaxWeight; 0 means no traffic
	Overridden  bool   // Weight is an operator's, not what was registered
	Registered  uint32 // the weight that was registered, where Overridden
	Group       string // Dubbo group, "" for none
	Version     string // Dubbo version, "" for none
	Zone        string
	Labels      map[string]string
	Status      Status
	SidecarPort uint32        // port of the proxy in front of the instance, 0 for none
	WarmUp      time.Duration // how long a fresh instance takes to reach its full weight, 0 for none
	Source      string        // the key or file that registered it, for operators
}

// HostPort returns the instance's address as "ip:port" ("[ip]:port" for IPv6).
func (i Instance) HostPort() string {
	return net.JoinHostPort(i.Address, strconv.FormatUint(uint64(i.Port), 10))
}

// Serves reports whether the instance is to receive new requests.
func (i Instance) Serves() bool { return i.Weight > 0 && i.Status == StatusUp }
