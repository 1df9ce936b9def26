package translate

import (
	"fmt"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// BenchmarkTranslate translates 1,000 services of three instances.
func BenchmarkTranslate(b *testing.B) {
	var snap model.Snapshot
	for i := range 1000 {
		svc := model.Service{Name: fmt.Sprintf("com.example.Service%04d", i)}
		for j := range 3 {
			svc.Instances = append(svc.Instances, model.Instance{
				Address: fmt.Sprintf("10.0.%d.%d", i%250, j), Port: 20880, Protocol: model.ProtocolDubbo, Weight: 100, Status: model.StatusUp,
			})
		}
		snap.Services = append(snap.Services, svc)
	}
	opt := DefaultOptions()
	b.Run("everything", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Translate(snap, opt)
		}
	})
	b.Run("one-service", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Service(InputOf(snap, snap.Services[0]), opt)
		}
	})
}
