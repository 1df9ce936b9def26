package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	patience  = 60 * time.Second // for anything to start
	pollEvery = 50 * time.Millisecond
)

// fatal is an error after which polling makes no sense.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// poll calls try until it returns nil or a fatal error, or patience is over.
func poll(ctx context.Context, what string, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		if _, hopeless := errors.AsType[fatal](err); hopeless {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for %s: %w", what, errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}
