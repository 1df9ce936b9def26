package main

import (
	"slices"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
)

// TestKeptInstances takes the weight of one that protection keeps, and ends others by name and by address.
func TestKeptInstances(t *testing.T) {
	r := newRig(t)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{r.etcd}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	const folder = "/dubbomesh/services/kept/"
	for name, value := range map[string]string{"1": "{address: 10.0.4.1, port: 1}", "2": "{address: 10.0.4.2, port: 1, group: g, protocol: http}", "3": "{address: 10.0.4.3, port: 1}"} {
		if _, err := client.Put(t.Context(), folder+name, value); err != nil {
			t.Fatal(err)
		}
	}
	are := func(kept bool, addresses ...string) func([]api.Instance) bool {
		return func(list []api.Instance) bool {
			var have []string
			for _, in := range list {
				if in.Protected == kept {
					have = append(have, in.Address)
				}
			}
			return slices.Equal(have, addresses)
		}
	}
	r.until(t, "kept", "they are there", are(false, "10.0.4.1:1", "10.0.4.2:1", "10.0.4.3:1"))
	if _, err := client.Delete(t.Context(), folder, clientv3.WithPrefix()); err != nil {
		t.Fatal(err)
	}
	r.until(t, "kept", "they are kept", are(true, "10.0.4.1:1", "10.0.4.2:1", "10.0.4.3:1"))
	at := []string{"--etcd", r.etcd, "--api", r.api}
	want(t, 0, "10.0.4.1:1 of kept now weighs 0\n", "", append(at, "weight", "kept", "10.0.4.1:1", "0")...)
	r.until(t, "kept", "the weight is overridden", func(list []api.Instance) bool { return list[0].Weight == 0 && *list[0].Registered == 100 })
	want(t, 0, "deregistered 10.0.4.2:1 of kept, which was only kept by protection\n", "", append(at, "deregister", "kept", "2")...)
	r.until(t, "kept", "one is gone", are(true, "10.0.4.1:1", "10.0.4.3:1"))
	want(t, 0, "deregistered 10.0.4.3:1 of kept, .*\n", "", append(at, "deregister", "kept", "10.0.4.3:1")...)
	r.until(t, "kept", "two are gone", are(true, "10.0.4.1:1"))
	want(t, 1, "", "dubbomesh: nothing is registered at /dubbomesh/services/kept/3; .*", append(at, "deregister", "kept", "3")...)
}
