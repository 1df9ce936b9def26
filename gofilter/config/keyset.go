package config

import (
	"fmt"
	"strings"
)

// KeySetFilter is the filter_name of the HTTP filter that answers every request with the text of a file: the keys of
// tokens (a JSON Web Key Set, RFC 7517) on Envoy's machine. It stands in a cluster whose instance nobody reaches, so that
// Envoy fetches the file as it fetches keys from a server: a file that is missing or changes is no matter of
// configuration. Its configuration, a google.protobuf.StringValue, is the file's absolute path.
const KeySetFilter = "keyset"

// CheckKeySetFile reports a path that the filter would refuse.
func CheckKeySetFile(path string) error {
	if !strings.HasPrefix(path, "/") || strings.ContainsRune(path, 0) {
		return fmt.Errorf("key set: %.200q is no absolute path on the proxy's machine", path)
	}
	return nil
}
