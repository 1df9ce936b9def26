package explain

import "fmt"

// Behind is how far a proxy is that has not acknowledged everything that is published.
type Behind struct {
	Revision  int64 `json:"revision"`  // of the policies that it has acknowledged; 0 when that is not known
	Published int64 `json:"published"` // of the policies that are published
	// Policies reports whether settings are shown by the policies of that revision; else by those of now.
	Policies bool `json:"policies"`
}

// String says what the proxy lacks and what is shown in its place.
func (b Behind) String() string {
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
	if q.Behind != nil && q.Behind.Policies {
		return fmt.Sprintf("as of revision %d", q.Behind.Revision)
	}
	return "now"
}
