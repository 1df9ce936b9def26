package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

// checkPeers looks at what else serves a service. An instance that would be registered with a protocol that nobody chose and
// none of the others speaks is a slip, which would take calls away from them.
func checkPeers(ctx context.Context, cmd *cobra.Command, client *clientv3.Client, c settings.Config, rc registry.RegistrationConfig) error {
	peers, err := peersOf(ctx, client, c, rc)
	if err != nil {
		return err
	}
	mine := string(rc.Instance.Protocol)
	if len(peers) == 0 || slices.Contains(peers, mine) {
		return nil
	}
	spoken := strings.Join(peers, " and ")
	if cmd.Flags().Changed("protocol") {
		cmd.PrintErrf("note: the other instances of %s speak %s, this one %s; `dubbomesh problems` shows which requests go where\n", rc.Service, spoken, mine)
		return nil
	}
	return fmt.Errorf("the other instances of %s speak %s, and this one would be registered as %s: write --protocol %s, or --protocol %s if it is meant; nothing was registered",
		rc.Service, spoken, mine, peers[0], mine)
}

// peersOf lists the protocols that the other instances of a service speak: as the control plane knows them from all sources
// or, when it cannot be asked, as they are registered in the mesh's own part of etcd.
func peersOf(ctx context.Context, client *clientv3.Client, c settings.Config, rc registry.RegistrationConfig) ([]string, error) {
	var protocols []string
	note := func(address, protocol string) {
		if address != rc.Instance.HostPort() && !slices.Contains(protocols, protocol) {
			protocols = append(protocols, protocol)
		}
	}
	if all, err := api.NewClient(c.API.Listen).Instances(ctx, ""); err == nil {
		for _, in := range all {
			if in.Service == rc.Service {
				note(in.Address, in.Protocol)
			}
		}
	}
	list, err := registry.Registered(ctx, client, c.Etcd.Prefix, rc.Service)
	for _, in := range list {
		note(in.HostPort(), string(in.Protocol))
	}
	slices.Sort(protocols)
	return protocols, err
}

// healthy says what --wait-healthy waits for.
func healthy(p model.Protocol) string {
	if p == model.ProtocolDubbo {
		return "answers a Dubbo heartbeat"
	}
	return "accepts connections"
}

// remedy says what to do about a registration that was refused.
func remedy(err error) string {
	if refusal, ok := errors.AsType[registry.Refusal](err); ok && refusal.Taken {
		return "end that one, choose another --name, or take it over with --takeover"
	}
	return "write --protocol http; nothing was registered"
}
