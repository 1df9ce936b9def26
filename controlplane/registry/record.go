package registry

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// record is what one key, or one entry of a file, says. Exactly one of instance, weight, rules, router and shape is set; a
// record without a service says nothing and is ignored.
type record struct {
	service  string            // or what scopeOf makes of an application
	instance *model.Instance   // a registration
	host     hostPort          // whom weight is for
	weight   *uint32           // an override of a weight
	rules    []*configurator   // Dubbo's configurators
	router   *router           // a Dubbo routing rule
	shape    *shape            // what the service looks like
	params   map[string]string // of a Dubbo provider's own URL
	notices  []string          // what it asks for that is not honoured; the rest of it is in force
}

// hostPort is an address as the keys of weights name it.
type hostPort struct {
	address string
	port    uint32
}

// String returns ip:port, [ip]:port for IPv6.
func (h hostPort) String() string {
	return net.JoinHostPort(h.address, strconv.FormatUint(uint64(h.port), 10))
}

// item is a change of one key, in the order in which it was made.
type item struct {
	key      string
	revision int64 // at which etcd wrote it; for files the position in the file
	deleted  bool
	leased   bool // it ends with a lease
	record   record
	err      error  // the value cannot be used
	where    string // key to report, "" for key itself
}

// batch is what a source saw at once.
type batch struct {
	source   int  // index into the registry's sources
	reset    bool // items are everything the source holds: keys not among them are gone
	items    []item
	revision int64
	err      error // the source itself cannot be read now; nothing it said before is withdrawn
}

// segment decodes one percent-encoded segment of a key and checks that it can name something.
func segment(raw, what string) (string, error) {
	name, err := url.PathUnescape(raw)
	if err != nil {
		return "", fmt.Errorf("the %s %s is not percent-encoded well: %w; write %%25 for a percent sign", what, document.Quote(raw), err)
	}
	return name, checkName(name, what)
}

// maxName is the longest name of a service or an instance, in bytes.
const maxName = 512

// checkName refuses names that could not be shown or used as part of a proxy's resource name.
func checkName(name, what string) error {
	switch {
	case name == "":
		return fmt.Errorf("the %s is empty", what)
	case len(name) > maxName:
		return fmt.Errorf("the %s has %d bytes; at most %d are possible", what, len(name), maxName)
	}
	for _, c := range name {
		if c == unicode.ReplacementChar || unicode.IsSpace(c) || !unicode.IsPrint(c) {
			return fmt.Errorf("the %s %s has a blank or unprintable character", what, document.Quote(name))
		}
	}
	return nil
}

// parseAddress reads an IP literal that can be connected to and returns it in its canonical form.
func parseAddress(text string) (string, error) {
	ip, err := netip.ParseAddr(text)
	switch {
	case text == "":
		return "", fmt.Errorf("address is missing; write the instance's IP address")
	case err != nil:
		return "", fmt.Errorf("address %s is not an IP address; write its IP address, not a host name", document.Quote(text))
	case ip.Zone() != "":
		return "", fmt.Errorf("address %s has a zone, which means nothing on another machine; write it without", document.Quote(text))
	case ip.IsUnspecified():
		return "", fmt.Errorf("address %s is the wildcard address; write the IP address at which others reach the instance", document.Quote(text))
	case ip.IsMulticast():
		return "", fmt.Errorf("address %s is a multicast address; write the IP address of one instance", document.Quote(text))
	}
	return ip.Unmap().String(), nil
}

// parsePort reads a port.
func parsePort(text string) (uint32, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("port must be an integer from 1 to 65535, found %s", document.Quote(text))
	}
	return uint32(port), nil
}

// parseWeight reads a weight; surrounding blanks and a final line break, as an editor leaves them, are allowed.
func parseWeight(text string) (uint32, error) {
	weight, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	if err != nil || weight > model.MaxWeight {
		return 0, fmt.Errorf("weight must be an integer from 0 to %d, found %s", model.MaxWeight, document.Quote(text))
	}
	return uint32(weight), nil
}

// SplitAddress reads ip:port, [ip]:port for IPv6, of an instance.
func SplitAddress(text string) (address string, port uint32, err error) {
	hp, err := parseHostPort(text)
	return hp.address, hp.port, err
}

// parseHostPort reads "ip:port" or "[ip]:port".
func parseHostPort(text string) (hostPort, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return hostPort{}, fmt.Errorf("%s is not ip:port ([ip]:port for IPv6)", document.Quote(text))
	}
	var hp hostPort
	if hp.address, err = parseAddress(host); err != nil {
		return hostPort{}, err
	}
	hp.port, err = parsePort(port)
	return hp, err
}
