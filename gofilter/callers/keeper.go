package callers

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Keeper holds what all requests of an Envoy share: the key files, the signatures that were used, and the counts. All of
// its methods may be called from any goroutine.
type Keeper struct {
	log func(message string)

	mu      sync.Mutex
	sets    map[string]*Set // by text
	files   map[string]*keyFile
	keySets map[*KeySet]bool

	seen    *seen
	tallies tallies
	failed  atomic.Uint64 // how often a key file could not be used
	flushed uint64        // of Flush
}

// NewKeeper returns a keeper that writes what operators have to know to log.
func NewKeeper(log func(message string)) *Keeper {
	return &Keeper{log: log, sets: map[string]*Set{}, files: map[string]*keyFile{}, keySets: map[*KeySet]bool{}, seen: newSeen(seenPerShard)}
}

// Load takes the text of a config.Callers and reads the key files that it names. A file that cannot be used is no error:
// its callers are refused. The set is given back with Release.
func (k *Keeper) Load(text []byte) (*Set, error) {
	k.mu.Lock()
	s := k.sets[string(text)]
	if s != nil {
		s.refs++
		k.mu.Unlock()
		return s, nil
	}
	k.mu.Unlock()
	cfg, err := config.ParseCallers(text)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	if s = k.sets[string(text)]; s == nil {
		s = k.compile(cfg)
		s.text = string(text)
		k.sets[s.text] = s
	}
	s.refs++
	fresh := slices.Clone(s.files)
	k.mu.Unlock()
	k.refresh(fresh)
	return s, nil
}

// Release gives a set back. Requests that have it may use it on.
func (k *Keeper) Release(s *Set) {
	if s == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if s.refs--; s.refs > 0 {
		return
	}
	delete(k.sets, s.text)
	for _, f := range s.files {
		if f.refs--; f.refs == 0 {
			delete(k.files, f.path)
		}
	}
}

// Refresh reads the key files that have changed. It is called about once a second, where it may wait for files.
func (k *Keeper) Refresh() {
	k.mu.Lock()
	all := make([]*keyFile, 0, len(k.files))
	for _, f := range k.files {
		all = append(all, f)
	}
	keySets := slices.Collect(maps.Keys(k.keySets))
	k.mu.Unlock()
	k.refresh(all)
	for _, s := range keySets {
		k.look(&s.watched, s.take)
	}
}

func (k *Keeper) refresh(files []*keyFile) {
	for _, f := range files {
		k.look(&f.watched, f.take)
	}
}

func (k *Keeper) look(w *watched, take func(text []byte) error) {
	report, failed := w.refresh(time.Now(), take)
	if failed {
		k.failed.Add(1)
	}
	if report != "" {
		k.log(report)
	}
}

// Flush hands what was counted since the last flush to add: how many requests had an outcome at a policy, those that a
// dry run would have refused apart. Failed is told how many key files turned out not to be usable.
func (k *Keeper) Flush(add func(policy, outcome string, tried bool, n uint64), failed func(n uint64)) {
	k.tallies.flush(add)
	k.mu.Lock()
	now := k.failed.Load()
	n := now - k.flushed
	k.flushed = now
	k.mu.Unlock()
	if n != 0 {
		failed(n)
	}
}

// tried notes what a dry run would have refused.
func (k *Keeper) tried(p *policy, o Outcome, path []byte, now time.Time) {
	if p.tally.mayLog(now.Unix()) {
		k.log(fmt.Sprintf("dry run of %s: a request for %.200s would be refused: %s", p.name, path, o))
	}
}
