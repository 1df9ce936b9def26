package transcode

import (
	"sync"
	"sync/atomic"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Schemas keeps the schemas that are in force under their IDs. Load and Release lock shortly; Find does not lock at
// all. The zero value is empty and ready.
type Schemas struct {
	mu      sync.Mutex
	uses    map[string]*loaded
	buckets [1024]atomic.Pointer[listed] // by ID, for Find
}

type loaded struct {
	schema *Schema
	count  int
}

// listed is an entry of a bucket. It never changes; the list does.
type listed struct {
	schema *Schema
	next   *listed
}

// Load reads the text of a schema and keeps it until Release has been called as often as Load. A schema that is
// there already is not read again. The error tells all that is wrong with the text.
func (s *Schemas) Load(text []byte) (*Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.uses[config.SchemaID(text)]; u != nil {
		u.count++
		return u.schema, nil
	}
	def, err := config.ParseSchema(text)
	if err != nil {
		return nil, err
	}
	made := compile(def)
	if u := s.uses[made.id]; u != nil { // the same in other words
		u.count++
		return u.schema, nil
	}
	if s.uses == nil {
		s.uses = map[string]*loaded{}
	}
	s.uses[made.id] = &loaded{made, 1}
	b := s.bucket([]byte(made.id))
	b.Store(&listed{made, b.Load()})
	return made, nil
}

// Release takes back one Load. Calls that have found the schema may go on using it.
func (s *Schemas) Release(schema *Schema) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uses[schema.id]
	if u == nil {
		return
	}
	if u.count--; u.count > 0 {
		return
	}
	delete(s.uses, schema.id)
	b := s.bucket([]byte(schema.id))
	var rest *listed
	for l := b.Load(); l != nil; l = l.next {
		if l.schema.id != schema.id {
			rest = &listed{l.schema, rest}
		}
	}
	b.Store(rest)
}

// Find returns the schema with this ID, nil when there is none.
func (s *Schemas) Find(id []byte) *Schema {
	if s == nil || len(id) != config.IDBytes {
		return nil
	}
	for l := s.bucket(id).Load(); l != nil; l = l.next {
		if l.schema.id == string(id) {
			return l.schema
		}
	}
	return nil
}

// bucket is where an ID, which is a hash already, is kept.
func (s *Schemas) bucket(id []byte) *atomic.Pointer[listed] {
	n := 0
	for _, c := range id[:4] {
		n = n<<4 ^ int(c)
	}
	return &s.buckets[n%len(s.buckets)]
}
