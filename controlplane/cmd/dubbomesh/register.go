package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

// leaving bounds how long a registration takes to leave.
const leaving = 5 * time.Second

func newRegister() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "register <service> --address ip:port",
		Short: "Register an instance and keep its lease alive, until Ctrl-C",
		Long: "Register an instance of a service and keep its lease alive in the foreground. Ctrl-C, SIGTERM or SIGHUP marks it\n" +
			"draining and deregisters it; when the process dies otherwise, the registration ends with its lease. What another\n" +
			"living process registered under the same name is left alone, unless --takeover says otherwise.",
		Example: "  dubbomesh register com.example.Hello --address 10.0.0.5:20880 --weight 200 --label version=v2\n" +
			"  dubbomesh register orders --address 10.0.0.6:8080 --protocol http --wait-healthy",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(serviceNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			registration, err := registrationOf(cmd, args[0])
			if err != nil {
				return usageError{err}
			}
			return withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				registration.Prefix = c.Etcd.Prefix
				if err := checkPeers(ctx, cmd, client, c, registration); err != nil {
					return err
				}
				return keepRegistered(ctx, cmd, client, registration, c)
			})
		},
	}
	f := cmd.Flags()
	f.String("address", "", "where the instance listens, ip:port")
	f.String("name", "", "name of the instance in the service (its address)")
	f.String("protocol", string(model.ProtocolDubbo), "what it speaks: dubbo, tri, http, h2 or grpc")
	f.Uint32("weight", model.DefaultWeight, "share of the traffic among its peers, 0 for none")
	f.StringToString("label", nil, "name=value, may be repeated")
	f.String("group", "", "Dubbo group")
	f.String("version", "", "Dubbo version")
	f.String("zone", "", "where it runs, for routing to the nearest")
	f.Duration("ttl", registry.DefaultTTL, "how long the registration outlives this process")
	f.Bool("wait-healthy", false, "register only once the address accepts connections, and answers a heartbeat if it is to speak dubbo")
	f.Bool("takeover", false, "register although another living process keeps the same name")
	_ = cmd.RegisterFlagCompletionFunc("protocol", cobra.FixedCompletions(protocols(), cobra.ShellCompDirectiveNoFileComp))
	settings.Flags(f, settings.EtcdGroup, settings.APIGroup, settings.LogGroup)
	return cmd
}

func protocols() []string {
	var names []string
	for _, p := range model.Protocols {
		names = append(names, string(p))
	}
	return names
}

// registrationOf reads the flags.
func registrationOf(cmd *cobra.Command, service string) (registry.RegistrationConfig, error) {
	var c registry.RegistrationConfig
	f := cmd.Flags()
	text, _ := f.GetString("address")
	address, err := netip.ParseAddrPort(text)
	if err != nil || address.Port() == 0 {
		return c, fmt.Errorf("--address is %q: write an IP address and a port, such as 10.0.0.5:20880", text)
	}
	if _, _, err := registry.SplitAddress(text); err != nil {
		return c, fmt.Errorf("--address: %w", err)
	}
	protocol, _ := f.GetString("protocol")
	if !slices.Contains(protocols(), protocol) {
		return c, fmt.Errorf("--protocol is %q: write one of %v", protocol, model.Protocols)
	}
	weight, _ := f.GetUint32("weight")
	if weight > model.MaxWeight {
		return c, fmt.Errorf("--weight is %d: write 0 to %d", weight, model.MaxWeight)
	}
	c = registry.RegistrationConfig{Service: service, Instance: model.Instance{
		Address: address.Addr().String(), Port: uint32(address.Port()), Protocol: model.Protocol(protocol), Weight: weight, Status: model.StatusUp,
	}}
	c.Name, _ = f.GetString("name")
	c.Instance.Labels, _ = f.GetStringToString("label")
	c.Instance.Group, _ = f.GetString("group")
	c.Instance.Version, _ = f.GetString("version")
	c.Instance.Zone, _ = f.GetString("zone")
	if c.TTL, _ = f.GetDuration("ttl"); c.TTL < time.Second {
		return c, fmt.Errorf("--ttl is %s: write 1s or more", c.TTL)
	}
	takeover, _ := f.GetBool("takeover")
	c.Exclusive = !takeover
	switch wait, _ := f.GetBool("wait-healthy"); {
	case wait && c.Instance.Protocol == model.ProtocolDubbo:
		c.DelayUntil = registry.WaitDubbo(c.Instance.HostPort())
	case wait:
		c.DelayUntil = registry.WaitTCP(c.Instance.HostPort())
	}
	return c, nil
}

// keepRegistered holds a registration until the context ends, then takes it back.
func keepRegistered(ctx context.Context, cmd *cobra.Command, client *clientv3.Client, rc registry.RegistrationConfig, c settings.Config) error {
	// The registration gets a context of its own: a signal has to end it by Close, not by running out.
	r, err := registry.Register(context.WithoutCancel(ctx), client, rc, newLogger(cmd, c.Log))
	if err != nil {
		return usageError{err} // nothing but what was asked for was looked at
	}
	if rc.DelayUntil != nil {
		cmd.PrintErrf("waiting until %s %s\n", rc.Instance.HostPort(), healthy(rc.Instance.Protocol))
	}
	there := false
	select {
	case <-r.Registered():
		there = true
		say(cmd, "registered %s as %s; Ctrl-C deregisters it", r.Key(), rc.Instance.Protocol)
		<-ctx.Done()
	case err := <-r.Failed():
		return fmt.Errorf("%w; %s", err, remedy(err))
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaving)
	defer cancel()
	if err := r.Close(bounded); err != nil {
		return fmt.Errorf("deregister %s: %w; it ends with its lease, within %s", r.Key(), err, rc.TTL)
	}
	if there {
		say(cmd, "deregistered %s", r.Key())
	} else {
		say(cmd, "nothing was registered")
	}
	return nil
}
