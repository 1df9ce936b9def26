package host

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// Load takes the text of a schema that routes bring with them. It is taken back with Release of the same schemas. A
// panic becomes an error and is reported to log.
func Load(schemas *transcode.Schemas, text []byte, log func(message string)) (s *transcode.Schema, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			log(fmt.Sprintf("panic while reading a schema: %v\n%s", fault, debug.Stack()))
			s, err = nil, errors.New("schema: it cannot be read")
		}
	}()
	return schemas.Load(text)
}
