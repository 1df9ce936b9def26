package callers

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// The bounds of a key file.
const (
	maxFileBytes = 64 << 10
	maxFileKeys  = 16
	minKeyBytes  = 16
)

// racy is how old a file has to be for its time to tell a later change: clocks of file systems are coarse.
const racy = 2 * time.Second

// key is one that a caller may use.
type key struct {
	secret []byte
	digest [sha256.Size]byte
	macs   sync.Pool // of hash.Hash
}

func newKey(secret []byte) *key {
	k := &key{secret: secret, digest: sha256.Sum256(secret)}
	k.macs.New = func() any { return hmac.New(sha256.New, k.secret) }
	return k
}

// sign returns the HMAC-SHA256 of a text.
func (k *key) sign(text []byte) (mac [sha256.Size]byte) {
	h := k.macs.Get().(hash.Hash)
	h.Reset()
	h.Write(text)
	h.Sum(mac[:0])
	k.macs.Put(h)
	return mac
}

// keyFile is a file with the keys of a caller, one a line. Requests read its keys without a lock; whoever looks after the
// file holds mu.
type keyFile struct {
	path string
	refs int // guarded by Keeper.mu

	keys atomic.Pointer[[]*key] // nil while the file cannot be used

	mu      sync.Mutex
	info    fs.FileInfo // of what was read; nil for nothing
	settled bool        // the file was old enough for its time to tell a later change
	wrong   string      // why it cannot be used, as it was reported
}

// usable returns the keys, none while the file cannot be used.
func (f *keyFile) usable() []*key {
	if keys := f.keys.Load(); keys != nil {
		return *keys
	}
	return nil
}

// refresh reads the file if it has changed. The report is not empty if something is to be told: each thing that is wrong
// once, and that it is mended.
func (f *keyFile) refresh(now time.Time) (report string, failed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	if err == nil && f.unchanged(info) {
		return "", false
	}
	var keys []*key
	if err == nil {
		keys, err = readKeys(f.path, info)
	}
	if err != nil {
		f.keys.Store(nil)
		f.info = nil
		if text := reasonOf(err); f.wrong != text {
			f.wrong = text
			return fmt.Sprintf("key file %s: %s; callers with this file are refused until it is mended", f.path, text), true
		}
		return "", false
	}
	f.keys.Store(&keys)
	f.info, f.settled = info, now.Sub(info.ModTime()) > racy
	if f.wrong != "" {
		f.wrong = ""
		return fmt.Sprintf("key file %s can be used again", f.path), false
	}
	return "", false
}

func (f *keyFile) unchanged(info fs.FileInfo) bool {
	return f.info != nil && f.settled && os.SameFile(f.info, info) && f.info.Size() == info.Size() && f.info.ModTime().Equal(info.ModTime())
}

// reasonOf is what is wrong with a file without its path, which is told beside it.
func reasonOf(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

// readKeys reads a file. What it says of a key is its line, never the key.
func readKeys(path string, info fs.FileInfo) ([]*key, error) {
	if !info.Mode().IsRegular() { // reading a pipe may never end
		return nil, errors.New("it is no regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	return parseKeys(text)
}

// parseKeys takes a key from each line that is not blank, without the blanks around it.
func parseKeys(text []byte) (keys []*key, err error) {
	if len(text) > maxFileBytes {
		return nil, fmt.Errorf("it has more than %d bytes", maxFileBytes)
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		secret := bytes.TrimSpace(line)
		switch {
		case len(secret) == 0:
			continue
		case len(secret) < minKeyBytes:
			return nil, fmt.Errorf("the key on line %d has %d bytes; use at least %d", n, len(secret), minKeyBytes)
		case len(keys) == maxFileKeys:
			return nil, fmt.Errorf("it has more than %d keys", maxFileKeys)
		}
		keys = append(keys, newKey(bytes.Clone(secret)))
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key in it")
	}
	return keys, nil
}
