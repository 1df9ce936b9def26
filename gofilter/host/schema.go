package host

import (
	"errors"

	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

// Load takes the text of a schema that routes bring with them. It is taken back with Release of the same schemas. A
// panic becomes an error and is reported to log.
func Load(schemas *transcode.Schemas, text []byte, log func(message string)) (s *transcode.Schema, err error) {
	err = errors.New("schema: it cannot be read")
	guarded("reading a schema", func() { s, err = schemas.Load(text) }, log)
	return s, err
}
