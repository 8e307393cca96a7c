// Package engine is the seam between a request and whatever draws the picture.
// An Engine gets normalised photos and words and answers one picture or an
// *Error that says whether trying again makes sense. The conformance suite is
// enginetest; implementations lie in the folders below.
package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kinpict"
	"kinpict/internal/scenario"
)

// A Photo is one input: a JPEG that is upright, sRGB and free of metadata.
type Photo struct {
	JPEG  []byte
	Role  kinpict.Role
	Label string
	Faces []kinpict.Face
}

// A Job is one picture to draw.
type Job struct {
	ID          string // stable across attempts
	Attempt     int    // 1, 2, 3
	Scenario    *scenario.Scenario
	Quality     string // kinpict.Standard or kinpict.Enhanced
	Aspect      kinpict.Aspect
	Instruction string
	Photos      []Photo
	Seed        int64
	// Preview asks for the guest's sample: the same composition, 640 px on the
	// short side, visibly marked.
	Preview bool
	// Progress, if set, is told the step being worked on, one of kinpict.Steps.
	// It must be cheap; it may be called from one goroutine at a time.
	Progress func(step string)
}

// A Picture is the answer: encoded bytes, and what is known about them.
type Picture struct {
	Data        []byte
	ContentType string // image/jpeg or image/png
	Width       int
	Height      int
	// Generative is whether a trained model redrew people: the drawing engine's
	// own word, as its Info has it.
	Generative bool
	// Original is what the engine answered, where Data had to be encoded anew; its
	// provenance marks are in there alone.
	Original []byte
}

// Info is what an engine declares about itself.
type Info struct {
	Name      string
	MaxPhotos int
	// Generative is true where a trained model redraws people.
	Generative bool
	// Pixels is the promised minimum of width times height per quality; 0: no promise.
	Pixels map[string]int
	// Timeout bounds one attempt.
	Timeout time.Duration
	// Weight is the memory a job of a quality may take, in MiB.
	Weight map[string]int
	// Verified says how the adapter was proven, for `engine list`.
	Verified string
}

// An Engine draws pictures. Draw must return soon after ctx ends, must be safe
// for concurrent use and must not keep or change the job. Every error it
// returns is an *Error or the context's.
type Engine interface {
	Info() Info
	Draw(ctx context.Context, job *Job) (*Picture, error)
	// Check reports whether the engine could draw now, without spending money.
	Check(ctx context.Context) error
}

// An Outcome classifies a failed attempt.
type Outcome int

const (
	Transient Outcome = iota // worth another attempt
	Throttled                // as Transient, after RetryAfter
	Ambiguous                // sent, no usable answer: retried, counted as possible spend
	Refused                  // the request was declined: final
	Config                   // key, quota or model is wrong: stop this engine
	Bad                      // our fault: final
)

var outcomeNames = [...]string{"transient", "throttled", "ambiguous", "refused", "config", "bad"}

func (o Outcome) String() string { return outcomeNames[o] }

// An Error is a failed attempt. Detail is for the log, never for the customer.
type Error struct {
	Outcome    Outcome
	RetryAfter time.Duration // for Throttled, 0 when the engine did not say
	Detail     string
	Err        error
}

func (e *Error) Error() string {
	s := fmt.Sprintf("engine: %s: %s", e.Outcome, e.Detail)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// OutcomeOf classifies any error from Draw. A deadline is Ambiguous, because
// the picture may have been drawn; anything unknown is Transient.
func OutcomeOf(err error) Outcome {
	var e *Error
	if errors.As(err, &e) {
		return e.Outcome
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Ambiguous
	}
	return Transient
}
