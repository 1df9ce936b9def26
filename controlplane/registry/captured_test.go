package registry

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/controlplane/etcdwatch"
	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// TestCapturedRegistrations reads what real providers wrote into etcd: keys and values on alternate lines.
func TestCapturedRegistrations(t *testing.T) {
	const demo = "com.alibaba.dubbo.performance.demo.provider.IHelloService"
	for file, tc := range map[string]struct {
		hello    model.Instance
		services int
	}{
		"testdata/captured-dubbo-2.7.23.txt": {
			model.Instance{
				Address: "10.0.0.5", Port: 20880, Protocol: model.ProtocolDubbo, Weight: 200, Group: "blue", Version: "1.2.0",
				Status: model.StatusUp, Labels: map[string]string{"application": "demo-provider", "release": "2.7.23"},
			}, 3,
		},
		"testdata/captured-dubbo-go-3.3.1.txt": {
			model.Instance{
				Address: "127.0.0.1", Port: 20881, Protocol: model.ProtocolDubbo, Weight: 300, Group: "blue", Version: "1.2.0",
				Status: model.StatusUp, Labels: map[string]string{"application": "demo-provider", "release": "dubbo-golang-3.3.1"},
			}, 2,
		},
	} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(string(text), "\n")
			src := newEtcdSource(kindDubbo, "/dubbo/", parseDubbo, nil, nil, nil)
			var items []item
			for i := 0; i+1 < len(lines); i += 2 {
				if strings.HasPrefix(lines[i], src.name()) {
					items = append(items, src.item(etcdwatch.Event{Key: lines[i], Value: []byte(lines[i+1]), Revision: int64(i)}))
				}
			}
			tab := newTable([]source{src})
			tab.apply(batch{reset: true, items: items}, time.Time{})
			if problems := tab.problems(); len(problems) > 0 {
				t.Errorf("problems: %+v", problems)
			}
			if len(tab.index) != tc.services {
				t.Errorf("%d services, want %d", len(tab.index), tc.services)
			}
			got := tab.merge(demo)
			if len(got) != 1 || !strings.HasPrefix(got[0].Source, "/dubbo/"+demo+"/providers/dubbo%3A") {
				t.Fatalf("merged %+v", got)
			}
			got[0].Source = ""
			if diff := cmp.Diff(tc.hello, got[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}
