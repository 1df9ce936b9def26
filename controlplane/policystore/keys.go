package policystore

import (
	"fmt"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// Key is where a policy stands.
func Key(prefix string, kind model.Kind, name string) string {
	return policiesPrefix(prefix) + string(kind) + "/" + name
}

// RestKey is the key of which rest follows that of the policies: <kind>/<name>, or what is no policy's.
func RestKey(prefix, rest string) string { return policiesPrefix(prefix) + rest }

// StatusKey is where control planes write what became of it.
func StatusKey(prefix string, kind model.Kind, name string) string {
	return statusPrefix(prefix) + string(kind) + "/" + name
}

func policiesPrefix(prefix string) string { return strings.TrimRight(prefix, "/") + "/policies/" }

func statusPrefix(prefix string) string { return strings.TrimRight(prefix, "/") + "/status/policies/" }

// historyPrefix is what the keys of a policy's changes begin with.
func historyPrefix(prefix string, kind model.Kind, name string) string {
	return strings.TrimRight(prefix, "/") + "/history/policies/" + string(kind) + "/" + name + "/"
}

// historyKey is where one change stands. Sequences sort as text.
func historyKey(prefix string, kind model.Kind, name string, sequence int64) string {
	return fmt.Sprintf("%s%010d", historyPrefix(prefix, kind, name), sequence)
}

// splitKey takes kind and name from what follows a prefix.
func splitKey(rest string) (kind model.Kind, name string, ok bool) {
	k, name, ok := strings.Cut(rest, "/")
	return model.Kind(k), name, ok && !strings.Contains(name, "/")
}
