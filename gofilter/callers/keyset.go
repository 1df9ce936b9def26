package callers

import (
	"errors"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// maxKeySetBytes bounds a file with the keys of tokens.
const maxKeySetBytes = 256 << 10

// KeySet is a file with the public keys of tokens (JWKS), for Envoy to fetch; see config.KeySetFilter.
type KeySet struct {
	watched
	text atomic.Pointer[[]byte]
}

// Text returns what the file has, or an empty set while it cannot be used. It does not change.
func (s *KeySet) Text() []byte {
	if text := s.text.Load(); text != nil {
		return *text
	}
	return noKeys
}

var noKeys = []byte(`{"keys":[]}`)

func (s *KeySet) take(text []byte) error {
	if !jsontext.Value(text).IsValid() {
		s.text.Store(nil)
		return errors.New("it is no JSON text")
	}
	s.text.Store(&text)
	return nil
}

// LoadKeySet reads a file and has it looked after until it is given back with ReleaseKeySet. A file that cannot be used is no error.
func (k *Keeper) LoadKeySet(path string) (*KeySet, error) {
	if err := config.CheckKeySetFile(path); err != nil {
		return nil, err
	}
	s := &KeySet{watched: watched{path: path, most: maxKeySetBytes}}
	k.look(&s.watched, s.take)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keySets[s] = true
	return s, nil
}

// ReleaseKeySet gives a key set back.
func (k *Keeper) ReleaseKeySet(s *KeySet) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keySets, s)
}
