package translate

import "github.com/dubbomesh/dubbomesh/gofilter/config"

// Schema returns what the gateway knows of one group and version of a service: what was reported or written of it together
// with what Mapping policies add. It is false when that is nothing.
func Schema(in Input, group, version string) (config.Schema, bool) {
	s, _ := describe(in, pair{group, version})
	return s.config, s.id != ""
}

// Schemas are all that requests for one group and version of a service are read and answered by: that of calls, and those
// of the operations of policies that have one of their own.
func Schemas(in Input, group, version string) (out []config.Schema) {
	d, _ := describe(in, pair{group, version})
	if d.id != "" {
		out = append(out, d.config)
	}
	for _, policy := range Names(d.own) {
		out = append(out, d.own[policy].config)
	}
	return out
}
