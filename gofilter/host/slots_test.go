package host_test

import (
	"sync"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/host"
)

func TestSlots(t *testing.T) {
	var slots host.Slots[int]
	var workers sync.WaitGroup
	for w := range 8 {
		workers.Go(func() {
			var mine []uint32
			for i := range 3000 {
				v := w*3000 + i
				slot := slots.Put(&v)
				if slot == 0 {
					t.Error("no slot left")
					return
				}
				if got := *slots.Get(slot); got != v {
					t.Errorf("slot %d holds %d, want %d", slot, got, v)
				}
				if i%3 == 0 {
					mine = append(mine, slot)
				} else if got := *slots.Drop(slot); got != v {
					t.Errorf("dropped %d, want %d", got, v)
				}
			}
			for i, slot := range mine {
				if got, want := *slots.Drop(slot), w*3000+3*i; got != want {
					t.Errorf("slot %d held %d, want %d", slot, got, want)
				}
			}
		})
	}
	workers.Wait()
}
