package transcode

import (
	"fmt"
	"sync"
	"testing"
)

func TestSchemas(t *testing.T) {
	var all Schemas
	text := shop().Text()
	one, err := all.Load(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := all.Load(text)
	if err != nil || again != one {
		t.Errorf("loaded again: %p, %v, want %p", again, err, one)
	}
	spaced, err := all.Load(append([]byte(" "), text...))
	if err != nil || spaced != one {
		t.Errorf("loaded in other words: %p, %v, want %p", spaced, err, one)
	}
	other, err := all.Load([]byte(`{"service":"a.C"}`))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		all.Release(one)
		if all.Find([]byte(one.ID())) != one {
			t.Fatal("gone too early")
		}
	}
	all.Release(one)
	if all.Find([]byte(one.ID())) != nil || all.Find([]byte(other.ID())) != other {
		t.Error("the wrong one is gone")
	}
	all.Release(one) // once too often does no harm
	if _, err := all.Load([]byte(`{"service":""}`)); err == nil {
		t.Error("a bad schema is loaded")
	}
	var none *Schemas
	if none.Find([]byte(one.ID())) != nil {
		t.Error("found in none")
	}
}

// Calls find schemas while others come and go.
func TestSchemasAtOnce(t *testing.T) {
	var all Schemas
	kept, err := all.Load(shop().Text())
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for g := range 4 {
		running.Go(func() {
			for i := range 300 {
				s, err := all.Load(fmt.Appendf(nil, `{"service":"a.C%d"}`, (g+i)%50))
				if err != nil || all.Find([]byte(s.ID())) != s || all.Find([]byte(kept.ID())) != kept {
					t.Errorf("%v", err)
				}
				all.Release(s)
			}
		})
	}
	running.Wait()
	if len(all.uses) != 1 {
		t.Errorf("%d are left", len(all.uses))
	}
}
