package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// IDBytes is the length of a schema's ID.
const IDBytes = 16

// maxSchemaBytes bounds the text of a schema. Envoy's main thread reads it.
const maxSchemaBytes = 4 << 20

// ParseSchema reads the JSON text of a schema. Everything that is wrong with it is told at once, each error with the
// path of its field: operations[2].parameters[0].type. Unknown members are errors.
func ParseSchema(text []byte) (Schema, error) {
	if len(text) > maxSchemaBytes {
		return Schema{}, fmt.Errorf("schema: %d bytes; at most %d are read, so describe fewer methods and classes", len(text), maxSchemaBytes)
	}
	var s Schema
	if err := json.Unmarshal(text, &s, json.RejectUnknownMembers(true)); err != nil {
		return Schema{}, fmt.Errorf("schema: %w", err)
	}
	if err := s.Check(); err != nil {
		return Schema{}, err
	}
	return s, nil
}

// Check says what is wrong with the schema, all at once, each error with the path of its field.
func (s Schema) Check() error {
	c := checker{types: map[string]bool{}}
	c.schema(&s)
	return errors.Join(c.errs...)
}

// Text returns the schema as ParseSchema reads it. Equal schemas give equal bytes.
func (s Schema) Text() []byte {
	text, err := json.Marshal(s, json.Deterministic(true))
	if err != nil {
		// Only text that is not UTF-8 does not marshal, and Check refuses it.
		return []byte("{}")
	}
	return text
}

// ID names the schema by its content: sixteen hexadecimal digits. Equal schemas have equal IDs.
func (s Schema) ID() string { return SchemaID(s.Text()) }

// SchemaID is the ID of the schema with this text, if Schema.Text wrote it.
func SchemaID(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:IDBytes]
}
