package transcode

import "github.com/dubbomesh/dubbomesh/gofilter/config"

// answers is what a schema says of results and exceptions, ready for use. Calls read it at the same time; it never
// changes.
type answers struct {
	exceptions []config.Exception
}
