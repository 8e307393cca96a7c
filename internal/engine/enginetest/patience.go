package enginetest

import (
	"context"
	"sync/atomic"
)

// A Patience is a context that is canceled once it was asked whether it is a
// number of times, so that a test stops a drawing at a place and not at a time.
type Patience struct {
	context.Context
	left atomic.Int64
}

// NewPatience returns a context that says n times that it goes on.
func NewPatience(n int64) *Patience {
	p := &Patience{Context: context.Background()}
	p.left.Store(n)
	return p
}

// Left is how often it may still be asked; below 0 once it was canceled.
func (p *Patience) Left() int64 { return p.left.Load() }

func (p *Patience) Err() error {
	if p.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}
