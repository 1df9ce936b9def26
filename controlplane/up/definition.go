package up

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/registry"
	"github.com/dubbomesh/dubbomesh/examples/registration"
)

// define writes what the demo's Echo looks like, because dubbo-go does not report it, and takes it back at the end. A
// definition that is there already is somebody's own, and stays.
func (m *mesh) define(ctx context.Context, client *clientv3.Client) error {
	key := registry.DefinitionKey(m.options.Settings.Etcd.Prefix, echoService)
	absent := clientv3.Compare(clientv3.CreateRevision(key), "=", 0)
	if _, err := client.Txn(ctx).If(absent).Then(clientv3.OpPut(key, registration.Definition)).Commit(); err != nil {
		return fmt.Errorf("define %s: %w", echoService, err)
	}
	m.atEnd("the definition of the demo to be taken back", func() {
		ctx, cancel := context.WithTimeout(context.Background(), leaving)
		defer cancel()
		unchanged := clientv3.Compare(clientv3.Value(key), "=", registration.Definition)
		if _, err := client.Txn(ctx).If(unchanged).Then(clientv3.OpDelete(key)).Commit(); err != nil {
			m.say("delete %s: %v", key, err)
		}
	})
	return nil
}
