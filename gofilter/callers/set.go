package callers

import (
	"maps"
	"slices"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// Set is what a route asks of its callers. It does not change, but for the keys in its files.
type Set struct {
	// MaxRequestBytes bounds the bodies of signed requests further than the host does; 0 for no further.
	MaxRequestBytes int

	keeper     *Keeper
	text       string
	refs       int        // guarded by Keeper.mu
	files      []*keyFile // each once
	policies   []policy
	attachment bool
	reroute    bool
	challenge  string
}

type policy struct {
	name  string
	dry   bool
	tally *tally
	api   *apiKey
	hmac  *signature
}

// place is where a request has something: a header, which a Dubbo consumer writes as an attachment.
type place struct{ header, attachment string }

func placeOf(header string) place {
	if header == "" {
		return place{}
	}
	return place{header, config.AttachmentPrefix + header}
}

type caller struct {
	name string
	file *keyFile
}

type apiKey struct {
	place    place
	query    string
	callers  []caller
	optional bool
}

type signature struct {
	place    place
	window   int64 // seconds
	callers  map[string]caller
	signed   []string
	optional bool
}

// compile makes a set of what was checked. Callers hold Keeper.mu.
func (k *Keeper) compile(cfg config.Callers) *Set {
	s := &Set{MaxRequestBytes: cfg.MaxRequestBytes, keeper: k, attachment: cfg.Attachment, reroute: cfg.Reroute}
	mine := map[string]*keyFile{}
	fileOf := func(path string) *keyFile {
		if f := mine[path]; f != nil {
			return f
		}
		f := k.files[path]
		if f == nil {
			f = &keyFile{watched: watched{path: path, most: maxFileBytes}}
			k.files[path] = f
		}
		f.refs++
		mine[path] = f
		s.files = append(s.files, f)
		return f
	}
	challenges := map[string]bool{}
	for _, p := range cfg.Policies {
		out := policy{name: p.Name, dry: p.DryRun, tally: k.tallies.of(p.Name)}
		if a := p.APIKey; a != nil {
			out.api = &apiKey{place: placeOf(a.Header), query: a.Query, optional: a.Optional}
			for _, name := range slices.Sorted(maps.Keys(a.Keys)) {
				out.api.callers = append(out.api.callers, caller{name, fileOf(a.Keys[name])})
			}
			challenges[challengeOf("ApiKey", a.Header, a.Query)] = true
		}
		if h := p.HMAC; h != nil {
			k.seen.widen(int64(h.WindowSeconds))
			out.hmac = &signature{
				place: placeOf(h.Header), window: int64(h.WindowSeconds), signed: h.SignedHeaders, optional: h.Optional, callers: map[string]caller{},
			}
			for _, name := range slices.Sorted(maps.Keys(h.Keys)) {
				out.hmac.callers[name] = caller{name, fileOf(h.Keys[name])}
			}
			challenges[challengeOf(config.SignatureScheme, h.Header, "")] = true
		}
		s.policies = append(s.policies, out)
	}
	for _, one := range slices.Sorted(maps.Keys(challenges)) {
		if s.challenge != "" {
			s.challenge += ", "
		}
		s.challenge += one
	}
	return s
}

// challengeOf is a challenge of WWW-Authenticate (RFC 9110).
func challengeOf(scheme, header, query string) string {
	out := scheme
	if header != "" {
		out += ` header="` + header + `"`
	} else if query != "" {
		out += ` query="` + quotable(query) + `"`
	}
	return out
}

// quotable is a text as it can stand between quotation marks in a header.
func quotable(text string) string {
	out := []byte(text)
	for i, b := range out {
		if b < ' ' || b >= 0x7f || b == '"' || b == '\\' {
			out[i] = '_'
		}
	}
	return string(out)
}
