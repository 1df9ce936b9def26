package pipeline

import (
	"slices"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// Translator is translate.Translate with a memory: it translates only services that changed since the last time. The
// messages of the others are the very same ones. It is used by one goroutine at a time.
type Translator struct {
	opt  translate.Options
	last map[string]translated
}

type translated struct {
	from model.Service
	to   translate.ServiceResources
}

// NewTranslator returns a translator that remembers nothing yet.
func NewTranslator(opt translate.Options) *Translator {
	return &Translator{opt: opt, last: map[string]translated{}}
}

// Translate returns what translate.Translate returns, and how many services it had to translate for it.
func (t *Translator) Translate(snap model.Snapshot) (r translate.Resources, done int) {
	next := make(map[string]translated, len(snap.Services))
	parts := make([]translate.ServiceResources, len(snap.Services))
	for i, svc := range snap.Services {
		old, known := t.last[svc.Name]
		if !known || !sameService(old.from, svc) {
			old = translated{svc, translate.Service(svc, t.opt)}
			done++
		}
		next[svc.Name] = old
		parts[i] = old.to
	}
	t.last = next
	return translate.Gateway(parts, t.opt), done
}

func sameService(a, b model.Service) bool {
	return a.Name == b.Name && slices.EqualFunc(a.Instances, b.Instances, sameInstance)
}
