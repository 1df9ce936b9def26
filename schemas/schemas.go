// Package schemas holds the JSON Schemas of the policies, for editors: <Kind>.json of each kind, policy.json of any. They are
// made from the declarations in controlplane/model; `go test ./controlplane/policy -update` writes them anew.
package schemas

import "embed"

// Files are the schemas.
//
//go:embed *.json
var Files embed.FS
