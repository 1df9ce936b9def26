package registry

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// What rules look at in a request. What is the same for all requests of a service (its name) is no such thing.
const (
	askMethod      = "method"
	askCaller      = "application"
	askHost        = "host"
	askAttachment  = "attachments[" // followed by the key and a bracket
	askArgument    = "arguments["   // followed by the index and a bracket
	tagParam       = "dubbo.tag"
	askTag         = askAttachment + tagParam + "]"
	askForcedTag   = askAttachment + "dubbo.force.tag]"
	remedyMatching = "write a Route policy instead, with what it may match"
)

// ask is the name by which a key of a condition is known here; false when it is the service, which name has.
func ask(key string) (name string, ofRequest bool) {
	switch key {
	case "methods":
		return askMethod, true
	case "interface", "service", "path":
		return "", false
	}
	return key, true
}

// check says why a condition cannot be honoured.
func (c condition) check() error {
	for _, key := range slices.Sorted(maps.Keys(c.when)) {
		name, ofRequest := ask(key)
		for _, p := range slices.Concat(c.when[key].match, c.when[key].mismatch) {
			if strings.HasPrefix(p.prefix, "$") {
				return errors.New("a value that begins with $ stands for a parameter of the consumer, which is not known; " + remedyMatching)
			}
			if !ofRequest {
				continue
			}
			if err := expressible(name, p); err != nil {
				return err
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.then)) {
		for _, p := range slices.Concat(c.then[key].match, c.then[key].mismatch) {
			if strings.HasPrefix(p.prefix, "$") {
				return errors.New("a value that begins with $ stands for a parameter of the consumer, which is not known; " + remedyMatching)
			}
		}
	}
	return nil
}

// expressible says why a request cannot be asked for a pattern.
func expressible(name string, p pattern) error {
	switch name {
	case askMethod:
		return nil
	case askCaller:
		if p.open {
			return fmt.Errorf("callers are told apart by whole names, not by %s; name each, separated by commas", document.Quote(p.String()))
		}
		return nil
	case askHost:
		_, err := network(p)
		return err
	}
	if index, ok := inBrackets(name, askArgument); ok {
		if _, err := strconv.ParseUint(index, 10, 8); err != nil {
			return fmt.Errorf("%s has no index in its brackets; write arguments[0]", document.Quote(name))
		}
		if from, to, isRange := strings.Cut(p.prefix, "~"); isRange && digits(from) && digits(to) {
			return fmt.Errorf("the range %s is not honoured; write a Route policy instead, with match.arguments and a range", document.Quote(p.String()))
		}
		return nil
	}
	if key, ok := inBrackets(name, askAttachment); ok {
		if key == "" || strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c) }) {
			return fmt.Errorf("%s is no key of an attachment that a header could carry", document.Quote(key))
		}
		return nil
	}
	return fmt.Errorf("the parameter %s of a consumer is not known; method, arguments[n], attachments[key], application and host are", document.Quote(name))
}

func digits(text string) bool {
	return strings.Trim(text, "0123456789") == ""
}

func inBrackets(name, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, "]")
}

// network is the network of the addresses that a pattern fits: 10.0.* is 10.0.0.0/16.
func network(p pattern) (string, error) {
	bad := fmt.Errorf("the host %s is no address and no network of whole numbers such as 10.0.*; %s", document.Quote(p.String()), remedyMatching)
	if !p.open {
		ip, err := netip.ParseAddr(p.prefix)
		if err != nil {
			return "", bad
		}
		return ip.Unmap().String(), nil
	}
	if p.suffix != "" {
		return "", bad
	}
	if p.prefix == "" {
		return "0.0.0.0/0", nil
	}
	parts := strings.Split(p.prefix, ".")
	if last := parts[len(parts)-1]; last != "" || len(parts) > 4 {
		return "", bad
	}
	given := len(parts) - 1
	parts = parts[:given]
	for len(parts) < 4 {
		parts = append(parts, "0")
	}
	ip, err := netip.ParseAddr(strings.Join(parts, "."))
	if err != nil {
		return "", bad
	}
	return netip.PrefixFrom(ip, 8*given).String(), nil
}

// narrow adds to a match that what a rule asks for fits a pattern.
func narrow(m *model.RequestMatch, name string, p pattern) {
	switch name {
	case askMethod:
		if p != anything {
			text := p.match()
			m.Method = &text
		}
		return
	case askCaller:
		caller(m).Service = []string{p.prefix}
		return
	case askHost:
		if net, err := network(p); err == nil && p != anything {
			caller(m).IP = []string{net}
		}
		return
	}
	if index, ok := inBrackets(name, askArgument); ok {
		if m.Arguments == nil {
			m.Arguments = map[string]model.StringMatch{}
		}
		m.Arguments[index] = p.match()
	}
	if key, ok := inBrackets(name, askAttachment); ok {
		if m.Attachments == nil {
			m.Attachments = map[string]model.StringMatch{}
		}
		m.Attachments[key] = p.match()
	}
}

func caller(m *model.RequestMatch) *model.SourceMatch {
	if m.Source == nil {
		m.Source = &model.SourceMatch{}
	}
	return m.Source
}
