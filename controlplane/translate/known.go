package translate

import "github.com/dubbomesh/dubbomesh/gofilter/config"

// Schema returns what the gateway knows of one group and version of a service: what was reported or written of it together
// with what Mapping policies add. It is false when that is nothing.
func Schema(in Input, group, version string) (config.Schema, bool) {
	s, _ := describe(in, pair{group, version})
	return s.config, s.id != ""
}
