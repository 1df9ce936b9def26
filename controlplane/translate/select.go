package translate

import (
	"cmp"
	"slices"
)

// selection says which variants answer a request that asks for a group and a version, "" where it does not ask.
type selection struct {
	group, version string    // asked for
	to             []variant // of one group and version, by protocol
}

// selections lists every request that has an answer: a request gets the variant it names exactly, or else the only
// variant that fits what it names. A request that names nothing so gets the variant without group and version, or the
// only one there is. What a caller asked for is never replaced by something else.
func selections(all []variant) []selection {
	type pair struct{ group, version string }
	byPair := map[pair][]variant{}
	fits := map[pair]map[pair]bool{} // asked for -> the variants that fit
	for _, v := range all {
		p := pair{v.group, v.version}
		byPair[p] = append(byPair[p], v)
		for _, asked := range []pair{p, {p.group, ""}, {"", p.version}, {"", ""}} {
			if fits[asked] == nil {
				fits[asked] = map[pair]bool{}
			}
			fits[asked][p] = true
		}
	}
	var out []selection
	for asked, found := range fits {
		switch {
		case found[asked]:
			out = append(out, selection{asked.group, asked.version, byPair[asked]})
		case len(found) == 1:
			for p := range found {
				out = append(out, selection{asked.group, asked.version, byPair[p]})
			}
		}
	}
	slices.SortFunc(out, func(a, b selection) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.version, b.version))
	})
	return out
}
