package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// ErrNotFound is returned when there is nothing to change.
var ErrNotFound = errors.New("not found")

// ErrTaken is returned when something else is registered under a name.
var ErrTaken = errors.New("somebody has registered it meanwhile; try again")

// InstanceKey returns the key of a native registration. An empty prefix means DefaultPrefix.
func InstanceKey(prefix, service, instance string) string {
	return nativeKey(prefix, "services", service, instance)
}

// WeightKey returns the key that overrides the weight of an instance; hostPort is ip:port.
func WeightKey(prefix, service, hostPort string) string {
	return nativeKey(prefix, "weights", service, hostPort)
}

// DefinitionKey returns the key of the only definition of a service that is written by hand.
func DefinitionKey(prefix, service string) string {
	return strings.TrimSuffix(nativeKey(prefix, "definitions", service, ""), "/")
}

// nativeKey joins a key, with names encoded so that they read back as one segment each.
func nativeKey(prefix, folder, service, name string) string {
	escape := strings.NewReplacer("%", "%25", "/", "%2F").Replace
	prefix = strings.TrimRight(cmp.Or(prefix, DefaultPrefix), "/")
	return prefix + "/" + folder + "/" + escape(service) + "/" + escape(name)
}

// SetWeight overrides the weight of the instance at hostPort (ip:port), whoever registered it, until ResetWeight. It
// does not look whether there is such an instance: the override waits for it.
func SetWeight(ctx context.Context, client *clientv3.Client, prefix, service, hostPort string, weight uint32) error {
	hp, err := parseHostPort(hostPort)
	if err != nil {
		return fmt.Errorf("set weight of %s: %w", service, err)
	}
	key, value := WeightKey(prefix, service, hp.String()), strconv.FormatUint(uint64(weight), 10)
	if _, err := parseOverride(url.PathEscape(service)+"/"+hp.String(), []byte(value)); err != nil {
		return fmt.Errorf("set weight of %s in %s: %w", hostPort, service, err)
	}
	if _, err := client.Put(ctx, key, value); err != nil {
		return fmt.Errorf("set weight: write %s: %w", key, err)
	}
	return nil
}

// ResetWeight takes an override back, so that the instance has the weight it registered with. It returns ErrNotFound
// when there is no override.
func ResetWeight(ctx context.Context, client *clientv3.Client, prefix, service, hostPort string) error {
	hp, err := parseHostPort(hostPort)
	if err != nil {
		return fmt.Errorf("reset weight of %s: %w", service, err)
	}
	key := WeightKey(prefix, service, hp.String())
	r, err := client.Delete(ctx, key)
	switch {
	case err != nil:
		return fmt.Errorf("reset weight: delete %s: %w", key, err)
	case r.Deleted == 0:
		return fmt.Errorf("reset weight: %s: %w", key, ErrNotFound)
	}
	return nil
}

// WeightOverride is an override as it stands in etcd.
type WeightOverride struct {
	Service string `json:"service"`
	Address string `json:"address"` // ip:port
	Weight  uint32 `json:"weight"`
	Key     string `json:"key"`
}

// WeightOverrides lists the overrides in the order of their keys, whether there are such instances or not. Keys that cannot
// be read are left out.
func WeightOverrides(ctx context.Context, client *clientv3.Client, prefix string) ([]WeightOverride, error) {
	folder := strings.TrimRight(cmp.Or(prefix, DefaultPrefix), "/") + "/weights/"
	r, err := client.Get(ctx, folder, clientv3.WithPrefix())
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", folder, err)
	}
	list := []WeightOverride{}
	for _, kv := range r.Kvs {
		if o, err := parseOverride(strings.TrimPrefix(string(kv.Key), folder), kv.Value); err == nil {
			list = append(list, WeightOverride{Service: o.service, Address: o.host.String(), Weight: *o.weight, Key: string(kv.Key)})
		}
	}
	return list, nil
}

// Deregister removes a native registration, whoever keeps it. The instance is marked draining first, so that its
// disappearance counts as intended. It returns ErrNotFound when the instance is not registered.
func Deregister(ctx context.Context, client *clientv3.Client, prefix, service, instance string) error {
	key := InstanceKey(prefix, service, instance)
	r, err := client.Get(ctx, key)
	switch {
	case err != nil:
		return fmt.Errorf("deregister: read %s: %w", key, err)
	case len(r.Kvs) == 0:
		return fmt.Errorf("deregister: %s: %w", key, ErrNotFound)
	}
	if err := markDraining(ctx, client, key, r.Kvs[0].Value); err != nil {
		return fmt.Errorf("deregister: %w", err)
	}
	if _, err := client.Delete(ctx, key); err != nil {
		return fmt.Errorf("deregister: delete %s: %w", key, err)
	}
	return nil
}

// DeregisterKept ends an instance that protection keeps although nothing registers it any more: it is registered as draining
// under the name, which must be free, and deleted at once. It returns ErrTaken when something is registered under the name.
func DeregisterKept(ctx context.Context, client *clientv3.Client, prefix, service, name string, in model.Instance) error {
	key := InstanceKey(prefix, service, name)
	in.Status = model.StatusDraining
	value, err := EncodeInstance(in)
	if err != nil {
		return fmt.Errorf("deregister: %w", err)
	}
	lease, err := client.Grant(ctx, int64(DefaultTTL/time.Second)) // it ends with it, should the next steps not be reached
	if err != nil {
		return fmt.Errorf("deregister: grant a lease: %w", err)
	}
	free := clientv3.Compare(clientv3.Version(key), "=", 0)
	put, err := client.Txn(ctx).If(free).Then(clientv3.OpPut(key, string(value), clientv3.WithLease(lease.ID))).Commit()
	if err != nil {
		return fmt.Errorf("deregister: write %s: %w", key, err)
	}
	if _, err := client.Revoke(ctx, lease.ID); err != nil { // which deletes the key
		return fmt.Errorf("deregister: delete %s: %w", key, err)
	}
	if !put.Succeeded {
		return fmt.Errorf("deregister: %s: %w", key, ErrTaken)
	}
	return nil
}

// markDraining changes the status of the instance at key, which has the given value, and leaves its lease alone. A value
// that does not parse, and one that somebody removed or changed meanwhile, is left as it is.
func markDraining(ctx context.Context, client *clientv3.Client, key string, value []byte) error {
	in, ok := readInstance(value)
	if !ok {
		return nil
	}
	in.Status = model.StatusDraining
	draining, err := EncodeInstance(in)
	if err != nil {
		return err
	}
	_, err = client.Txn(ctx).
		If(clientv3.Compare(clientv3.Value(key), "=", string(value))).
		Then(clientv3.OpPut(key, string(draining), clientv3.WithIgnoreLease())).
		Commit()
	if err != nil {
		return fmt.Errorf("mark %s draining: %w", key, err)
	}
	return nil
}

// readInstance parses a native value; false when it is none.
func readInstance(value []byte) (model.Instance, bool) {
	node, err := document.Parse(value, maxRegistration)
	if err != nil {
		return model.Instance{}, false
	}
	in, err := parseInstance(node)
	return in, err == nil
}

// Registered lists the instances of a service that have a registration in the mesh's own part of etcd, in the order of their
// keys. What cannot be used is left out.
func Registered(ctx context.Context, client *clientv3.Client, prefix, service string) ([]model.Instance, error) {
	key := InstanceKey(prefix, service, "")
	r, err := client.Get(ctx, key, clientv3.WithPrefix())
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	var list []model.Instance
	for _, kv := range r.Kvs {
		if in, ok := readInstance(kv.Value); ok {
			list = append(list, in)
		}
	}
	return list, nil
}
