package up

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dubbomesh/dubbomesh/controlplane/registry"
)

// describe says what runs where and what to try, for a terminal. program is how this program was called.
func describe(r Ready, envoyVersion, program string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	line := func(cells ...any) { _, _ = fmt.Fprintf(w, "  %v\t%v\t%v\t%v\n", cells...) }
	b.WriteString("The mesh is up. Ctrl-C stops all of it.\n\n")
	line("WHAT", "WHERE", "PID", "NOTE")
	for _, p := range r.Processes {
		if p.Name == "envoy" {
			line("gateway", p.Address, p.PID, "Envoy "+envoyVersion+", admin "+r.Admin)
			continue
		}
		line(p.Name, p.Address, p.PID, fmt.Sprintf("weight %d: %s", p.Weight, strings.Join(p.Services, ", ")))
	}
	line("control plane", r.API, r.PID, "API and /metrics; xDS "+r.XDS)
	line("etcd", r.Etcd, r.PID, "in the same process; data in "+r.Data)
	_ = w.Flush()
	fmt.Fprintf(&b, "\n  logs: %s\n", r.Logs)
	b.WriteString(elsewhere(r))
	b.WriteString(suggestions(r, program))
	return b.String()
}

// elsewhere says how a terminal is told where etcd and the API are, when they are not where commands look; "" when they are.
func elsewhere(r Ready) string {
	var set []string
	if etcdFlag(r) != "" {
		set = append(set, "DUBBOMESH_ETCD_ENDPOINTS="+r.Etcd)
	}
	if apiFlag(r) != "" {
		set = append(set, "DUBBOMESH_API_LISTEN="+r.API)
	}
	if len(set) == 0 {
		return ""
	}
	return "\nCommands look elsewhere by default: in the terminal in which you run them, first\n  export " + strings.Join(set, " ") + "\n"
}

// suggestions are the three things to try with the demo.
func suggestions(r Ready, program string) string {
	first := slices.IndexFunc(r.Processes, func(p Process) bool { return slices.Contains(p.Services, helloService) })
	if first < 0 {
		return fmt.Sprintf("\nRegister a service of yours, one that speaks Dubbo or one that speaks HTTP:\n"+
			"  %[1]s register com.example.Hello --address 127.0.0.1:20880%[2]s\n  %[1]s register orders --address 127.0.0.1:8090 --protocol http%[2]s\n", program, etcdFlag(r)+apiFlag(r))
	}
	provider := r.Processes[first]
	binary := "demo-provider"
	if at := strings.LastIndex(program, "/"); at >= 0 {
		binary = program[:at+1] + binary
	}
	key := registry.WeightKey(r.Prefix, echoService, provider.Address)
	return fmt.Sprintf(`
1. Call a Dubbo service over HTTP:
  curl -s -d '["hello"]' -H 'content-type: application/json' http://%[1]s/%[2]s/hash

2. Give %[3]s nine times its weight, and see it (where etcdctl is installed, the line behind # does the same as the first):
  %[4]s weight %[10]s %[5]s 900%[6]s%[7]s
  # etcdctl --endpoints %[8]s put %[9]s 900
  for i in $(seq 12); do curl -s -X POST http://%[1]s/%[10]s/whoami; echo; done | sort | uniq -c

3. Register one more provider (Ctrl-C ends its registration, and kill %%1 the provider itself, which runs in the background):
  %[11]s --listen 127.0.0.1:20890 --name extra &
  %[4]s register %[10]s --address 127.0.0.1:20890 --weight 600 --wait-healthy%[6]s%[7]s
`, r.Gateway, helloService, provider.Name, program, provider.Address, etcdFlag(r), apiFlag(r), r.Etcd, key, echoService, binary)
}

// etcdFlag and apiFlag are empty while the defaults are in use.
func etcdFlag(r Ready) string {
	if r.Etcd == "127.0.0.1:2379" {
		return ""
	}
	return " --etcd " + r.Etcd
}

func apiFlag(r Ready) string {
	if r.API == "127.0.0.1:18001" {
		return ""
	}
	return " --api " + r.API
}
