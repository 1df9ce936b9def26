package pipeline

import (
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/translate"
)

// Translator is translate.Translate with a memory: it translates only services of which something changed since the last
// time. The messages of the others are the very same ones. It is used by one goroutine at a time.
type Translator struct {
	opt      translate.Options
	last     map[string]translated
	policies model.Policies // of the last time
}

type translated struct {
	from translate.Input
	to   translate.ServiceResources
}

// NewTranslator returns a translator that remembers nothing yet.
func NewTranslator(opt translate.Options) *Translator {
	return &Translator{opt: opt, last: map[string]translated{}}
}

// Translate returns what translate.Translate returns, and how many services it had to translate for it.
func (t *Translator) Translate(snap model.Snapshot) (r translate.Resources, done int) {
	services := translate.Services(snap)
	next := make(map[string]translated, len(services))
	parts := make([]translate.ServiceResources, len(services))
	ruled := t.policies.Same(snap.Policies)
	for i, svc := range services {
		old, known := t.last[svc.Name]
		if !known || !ruled || !untouched(old.from, snap, svc) {
			in := translate.InputOf(snap, svc)
			if !known || !sameInput(old.from, in) {
				old = translated{in, translate.Service(in, t.opt)}
				done++
			}
		}
		next[svc.Name] = old
		parts[i] = old.to
	}
	t.last, t.policies = next, snap.Policies
	return translate.Gateway(parts, snap.Policies, t.opt), done
}
