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

// watched is a file that is read again when it has changed.
type watched struct {
	path string
	most int64 // bytes

	mu      sync.Mutex
	info    fs.FileInfo // of what was read; nil for nothing
	settled bool        // the file was old enough for its time to tell a later change
	wrong   string      // why it cannot be used, as it was reported
}

// refresh hands the file's text to take if it has changed, and nil if it cannot be used. The report is not empty if something is
// to be told: each thing that is wrong once, and that it is mended.
func (w *watched) refresh(now time.Time, take func(text []byte) error) (report string, failed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	info, err := os.Stat(w.path)
	if err == nil && w.unchanged(info) {
		return "", false
	}
	var text []byte
	if err == nil {
		text, err = w.read(info)
	}
	if err == nil {
		err = take(text)
	}
	if err != nil {
		_ = take(nil)
		w.info = nil
		if text := reasonOf(err); w.wrong != text {
			w.wrong = text
			return fmt.Sprintf("key file %s: %s; nobody is let in by it until it is mended", w.path, text), true
		}
		return "", false
	}
	w.info, w.settled = info, now.Sub(info.ModTime()) > racy
	if w.wrong != "" {
		w.wrong = ""
		return fmt.Sprintf("key file %s can be used again", w.path), false
	}
	return "", false
}

func (w *watched) unchanged(info fs.FileInfo) bool {
	return w.info != nil && w.settled && os.SameFile(w.info, info) && w.info.Size() == info.Size() && w.info.ModTime().Equal(info.ModTime())
}

func (w *watched) read(info fs.FileInfo) ([]byte, error) {
	if !info.Mode().IsRegular() { // reading a pipe may never end
		return nil, errors.New("it is no regular file")
	}
	file, err := os.Open(w.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, w.most+1))
	if err == nil && int64(len(text)) > w.most {
		err = fmt.Errorf("it has more than %d bytes", w.most)
	}
	return text, err
}

// keyFile is a file with the keys of a caller, one a line. Requests read its keys without a lock.
type keyFile struct {
	watched
	refs int // guarded by Keeper.mu

	keys atomic.Pointer[[]*key] // nil while the file cannot be used
}

// usable returns the keys, none while the file cannot be used.
func (f *keyFile) usable() []*key {
	if keys := f.keys.Load(); keys != nil {
		return *keys
	}
	return nil
}

func (f *keyFile) take(text []byte) error {
	keys, err := parseKeys(text)
	if err != nil {
		f.keys.Store(nil)
		return err
	}
	f.keys.Store(&keys)
	return nil
}

// reasonOf is what is wrong with a file without its path, which is told beside it.
func reasonOf(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

// parseKeys takes a key from each line that is not blank, without the blanks around it. What it says of a key is its line,
// never the key.
func parseKeys(text []byte) (keys []*key, err error) {
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
