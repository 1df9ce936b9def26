package registry

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// parseOverride reads <prefix>/weights/<service>/<ip:port> → weight, which never registers anything; key is what
// follows "<prefix>/weights/".
func parseOverride(key string, value []byte) (record, error) {
	service, host, weight, err := parseWeightKey(key, value)
	if err != nil {
		return record{}, err
	}
	return record{service: service, host: host, weight: &weight}, nil
}

// parseWeightRegistration reads <p>/<service>/<ip:port> → weight, where the key is the registration; key is what
// follows "<p>/".
func parseWeightRegistration(protocol model.Protocol) parseFunc {
	return func(key string, value []byte) (record, error) {
		service, host, weight, err := parseWeightKey(key, value)
		if err != nil {
			return record{}, err
		}
		return record{service: service, instance: &model.Instance{
			Address: host.address, Port: host.port, Protocol: protocol, Weight: weight, Status: model.StatusUp,
		}}, nil
	}
}

// parseWeightKey reads the form that both have in common.
func parseWeightKey(key string, value []byte) (service string, host hostPort, weight uint32, err error) {
	service, address, ok := strings.Cut(key, "/")
	if !ok || strings.Contains(address, "/") {
		return "", host, 0, errors.New("a weight's key is …/<service>/<ip:port>; write %2F for a slash inside a name")
	}
	if service, err = segment(service, "service name"); err != nil {
		return "", host, 0, err
	}
	if address, err = segment(address, "address"); err != nil {
		return "", host, 0, err
	}
	if host, err = parseHostPort(address); err != nil {
		return "", host, 0, fmt.Errorf("in the key: %w", err)
	}
	weight, err = parseWeight(string(value))
	return service, host, weight, err
}
