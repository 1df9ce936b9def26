package registry

import "context"

// fakeSource sends the batches it is given.
type fakeSource struct {
	of      kind
	batches chan batch
}

func (s fakeSource) name() string { return "fake" }
func (s fakeSource) kind() kind   { return s.of }

func (s fakeSource) run(ctx context.Context, send func(batch)) {
	for {
		select {
		case b := <-s.batches:
			send(b)
		case <-ctx.Done():
			return
		}
	}
}
