// Package registry turns everything that is registered anywhere into one model.Snapshot and keeps it current. It knows
// etcd, Dubbo's registry format and files; it must not know policies, proxies or Envoy.
//
// # Sources
//
//	<prefix>/services/<service>/<instance>      an instance as YAML or JSON, the native form
//	<prefix>/weights/<service>/<ip:port>        an integer that overrides a weight and never registers anything
//	<root>/<interface>/providers/<encoded URL>  Dubbo's own etcd registry, with configurators and routers beside it
//	<root>/config/dubbo/<whom>.<kind>           rules of Dubbo's configuration centre
//	<p>/<service>/<ip:port>                     an integer weight, where the key is the registration
//	<prefix>/definitions/<service>[/<name>]     the shape of a service, written by hand
//	<root>/<interface>/…/provider/<application> the shape of a service, as Dubbo's metadata report has it
//	files                                       services: {<service>: [<instance>, …]}
//
// Names in keys are percent-encoded where they hold a slash or a percent sign. Dubbo's application-level discovery
// (/services/<application>/…) is not read: it does not say which interfaces an address serves.
//
// # Merging
//
// Address, port, protocol, group and version identify an instance of a service. When several sources know the same one,
// the first of native, Dubbo, weights and files has the say over all its fields (within one kind of source, the first
// configured); within one source the key written last. Dubbo's configurators act on what Dubbo registered. A weight
// override then replaces the weight, whoever registered the instance.
//
// What configurators say of calls, and routers, become policies that count where no other says anything: a snapshot has
// them. Routers choose by labels that the instances get for them here.
//
// Definitions do not register anything. Of several that are reported for the same group and version the one written last
// is in force, and one that differs from it in its methods is a problem.
//
// # What is never done
//
// Endpoints are not withdrawn because etcd fails, restarts, compacts or changes its leader: what was known stays until a
// complete new list says otherwise. A key that does not parse does not disturb another one, and its own last good value
// stays in force until it parses again or is deleted. A service that loses most of its instances at once keeps them for a
// while (see Protection).
package registry
