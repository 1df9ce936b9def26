// Package policystore keeps policies in etcd: it follows what stands there, tells good ones from bad ones with package
// policy, and writes back what became of each. It also is how commands change policies. It knows no proxies and no Envoy.
//
//	<prefix>/policies/<kind>/<name>                     a policy as YAML or JSON
//	<prefix>/status/policies/<kind>/<name>              Status, as JSON: written by control planes
//	<prefix>/history/policies/<kind>/<name>/<sequence>  Change, as JSON: the last HistoryKept of each policy
//
// A value that cannot be used never takes effect. What the key said when it was last good stays in force, over restarts of
// the control plane too, because the status holds it; no other key is affected. Deleting a key ends its policy.
//
// Any number of control planes may run on one etcd. All come to the same verdict, and whoever is first writes it down.
package policystore
