package explain

import (
	"fmt"
	"strings"
)

// Behind is how far a proxy is that has not acknowledged everything that is published.
type Behind struct {
	Revision  int64 `json:"revision"`  // of the policies that it has acknowledged; 0 when that is not known
	Published int64 `json:"published"` // of the policies that are published
	// Policies reports whether settings are shown by the policies of that revision; else by those of now.
	Policies bool `json:"policies"`
	// Refuses is what the proxy does not take, in words; of that it goes on with what it had.
	Refuses []string `json:"refuses,omitempty"`
}

// String says what the proxy lacks and what is shown in its place.
func (b Behind) String() string {
	if len(b.Refuses) == 0 {
		return b.late()
	}
	refuses := strings.Join(b.Refuses, "; ")
	switch {
	case b.Revision == 0:
		return refuses + "; it " + b.late()
	case b.Revision < b.Published:
		return fmt.Sprintf("%s; of that it goes on with what it had. Of the rest, revision %d of the policies is published, it has %d. What follows is as of that", refuses, b.Published, b.Revision)
	}
	return fmt.Sprintf("%s; of that it goes on with what it had. What follows is as of revision %d but for that", refuses, b.Revision)
}

// late says how far a proxy is that refuses nothing.
func (b Behind) late() string {
	switch {
	case b.Revision == 0:
		return fmt.Sprintf("has acknowledged nothing of what is published yet (policies of revision %d): what follows is what they would make of the request", b.Published)
	case b.Revision == b.Published:
		return fmt.Sprintf("has not acknowledged all that it was sent, though it has the policies of revision %d: what follows is what it has acknowledged", b.Published)
	case !b.Policies:
		return fmt.Sprintf("has not acknowledged the newest: revision %d of the policies is published, it has %d. Routes and instances are those that it has acknowledged; the policies of then are not kept, settings are those of revision %[1]d", b.Published, b.Revision)
	}
	return fmt.Sprintf("has not acknowledged the newest: revision %d of the policies is published, it has %d. What follows is as of revision %[2]d", b.Published, b.Revision)
}

// when is when the policies are of that settings are told by.
func (q Question) when() string {
	switch {
	case q.Behind == nil || !q.Behind.Policies:
		return "now"
	case len(q.Behind.Refuses) > 0:
		return fmt.Sprintf("as of revision %d, but for what it refuses", q.Behind.Revision)
	}
	return fmt.Sprintf("as of revision %d", q.Behind.Revision)
}
