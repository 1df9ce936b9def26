package host

import (
	"sync"
	"sync/atomic"
)

const (
	slotBlock  = 1 << 10
	slotBlocks = 1 << 16
)

// Slots gives out numbers for values, so that C code can hold on to a Go value without a pointer to it. The zero
// value is ready to use. Put and Drop lock shortly; Get does not lock at all. A number belongs to whoever got it from
// Put until it is dropped.
type Slots[T any] struct {
	mu     sync.Mutex
	free   []uint32
	next   uint32
	blocks [slotBlocks]atomic.Pointer[[slotBlock]*T]
}

// Put keeps v and returns its number, or 0 when all 64 million are taken, which is more requests than fit into memory.
func (s *Slots[T]) Put(v *T) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		slot := s.free[n-1]
		s.free = s.free[:n-1]
		*s.at(slot) = v
		return slot
	}
	slot := s.next + 1
	if slot >= slotBlock*slotBlocks {
		return 0
	}
	if block := &s.blocks[slot/slotBlock]; block.Load() == nil {
		block.Store(new([slotBlock]*T))
	}
	s.next = slot
	*s.at(slot) = v
	return slot
}

// Get returns the value of a number that Put returned and that was not dropped since.
func (s *Slots[T]) Get(slot uint32) *T { return *s.at(slot) }

// Drop forgets a number and returns its value.
func (s *Slots[T]) Drop(slot uint32) *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := *s.at(slot)
	*s.at(slot) = nil
	s.free = append(s.free, slot)
	return v
}

func (s *Slots[T]) at(slot uint32) **T { return &s.blocks[slot/slotBlock].Load()[slot%slotBlock] }
