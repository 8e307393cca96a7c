// Package openai draws through the Images edits call of the OpenAI protocol:
// one POST of the photos and the words, one picture back. OpenAI itself speaks
// it, the LiteLLM proxy speaks it for many other vendors, and the server of
// stable-diffusion.cpp speaks a dialect of it.
//
// The call cannot be looked up or repeated safely, so every failure says whether
// the vendor may have drawn: what never left here is Transient, what was sent
// and brought nothing usable is Ambiguous. Which model draws is configuration;
// names of models die within months.
//
// Not supported: models with a fixed list of sizes, masks, streaming, and
// LocalAI, which has no edits call.
package openai

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"kinpict"
	"kinpict/internal/engine"
)

// DefaultBaseURL is where OpenAI itself answers.
const DefaultBaseURL = "https://api.openai.com/v1"

// DefaultTimeout bounds an attempt, FAULTS row V1.
const DefaultTimeout = 120 * time.Second

// Config is what an operator decides. Model and Now are required.
type Config struct {
	// BaseURL is the address up to and including /v1. It comes from the
	// operator, so it may be a private one. Empty: DefaultBaseURL.
	BaseURL string
	// Key goes into the Authorization header; empty for a server without one.
	Key string
	// Model is the vendor's name of the model, such as it is this month.
	Model string
	// Dialect is engine.OpenAI (default), engine.LiteLLM or engine.SDCpp.
	Dialect engine.Dialect
	// Pixels is the size to ask for per quality, in pixels of the whole
	// picture. Nil: 1.5 million for standard, 3.5 million for enhanced.
	Pixels map[string]int
	// Effort is the vendor's quality word per quality. Nil: medium and high.
	Effort map[string]string
	// SafetyIdentifier, if set, names the job's owner to the vendor in a
	// stable form that is not a person's name, such as a keyed hash.
	SafetyIdentifier func(*engine.Job) string
	// Timeout bounds one attempt from connecting to the last byte. 0: DefaultTimeout.
	Timeout time.Duration
	// Transport carries the calls. Nil: http.DefaultTransport.
	Transport http.RoundTripper
	Now       func() time.Time
	// Log hears of a model that the server does not list. Nil: nobody does.
	Log *slog.Logger
}

// An Engine is one server and one model. It is safe for concurrent use.
type Engine struct {
	cfg    Config
	client *http.Client
	fetch  *fetcher
	// within is context.WithTimeout; tests end an attempt without waiting.
	within func(context.Context, time.Duration) (context.Context, context.CancelFunc)
}

// New checks the settings. Its error is an *engine.Error with outcome Config.
func New(cfg Config) (*Engine, error) {
	bad := func(format string, a ...any) (*Engine, error) {
		return nil, &engine.Error{Outcome: engine.Config, Detail: "openai: " + fmt.Sprintf(format, a...)}
	}
	if cfg.Dialect == "" {
		cfg.Dialect = engine.OpenAI
	}
	switch cfg.Dialect {
	case engine.OpenAI, engine.LiteLLM, engine.SDCpp:
	case engine.LocalAI:
		return bad("LocalAI has no edits call, so it cannot draw from photos; choose openai, litellm or sdcpp")
	default:
		return bad("dialect %q is unknown; choose openai, litellm or sdcpp", cfg.Dialect)
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultBaseURL
	}
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	u, err := url.Parse(cfg.BaseURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return bad("the base URL must be http(s)://host/v1 without a password in it")
	}
	if cfg.Model == "" {
		return bad("no model is set")
	}
	if cfg.Now == nil {
		return bad("no clock was handed in")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Pixels == nil {
		cfg.Pixels = map[string]int{kinpict.Standard: 1_500_000, kinpict.Enhanced: 3_500_000}
	}
	if cfg.Effort == nil {
		cfg.Effort = map[string]string{kinpict.Standard: "medium", kinpict.Enhanced: "high"}
	}
	if cfg.Transport == nil {
		cfg.Transport = http.DefaultTransport
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Engine{
		cfg: cfg,
		client: &http.Client{Transport: cfg.Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // photos go where the operator said and nowhere else
		}},
		fetch:  newFetcher(),
		within: context.WithTimeout,
	}, nil
}

// Info declares limits of the protocol (16 images) and of this configuration.
func (e *Engine) Info() engine.Info {
	promise := map[string]int{}
	for q, n := range e.cfg.Pixels {
		promise[q] = n * (100 - sizeBand) / 100
	}
	return engine.Info{
		Name: "openai", MaxPhotos: 16, Generative: true,
		Pixels: promise, Timeout: e.cfg.Timeout,
		Weight:   map[string]int{kinpict.Standard: 160, kinpict.Enhanced: 256},
		Verified: "wire-verified against the documentation of November 2026, live-verified never",
	}
}

// Draw sends one attempt. It never repeats itself; whoever calls decides that.
// A preview is Bad: it must be marked, which only the built-in engine does, and
// guests do not spend an operator's money.
func (e *Engine) Draw(ctx context.Context, job *engine.Job) (*engine.Picture, error) {
	if err := engine.CheckJob(job, e.Info()); err != nil {
		return nil, err
	}
	if job.Preview {
		return nil, &engine.Error{Outcome: engine.Bad, Detail: "previews are not for engines that cost money"}
	}
	step(job, "reading_photos")
	form, err := e.form(job)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}

	attempt, cancel := e.within(ctx, e.cfg.Timeout)
	defer cancel()
	var sent atomic.Bool
	attempt = httptrace.WithClientTrace(attempt, &httptrace.ClientTrace{
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			if i.Err == nil {
				sent.Store(true)
			}
		},
	})
	req, err := http.NewRequestWithContext(attempt, http.MethodPost, e.cfg.BaseURL+"/images/edits", nil)
	if err != nil {
		return nil, &engine.Error{Outcome: engine.Config, Detail: "the base URL makes no request", Err: err}
	}
	form.attach(req)
	e.sign(req)

	step(job, "composing")
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, lost(ctx, sent.Load(), "no answer", err)
	}
	defer resp.Body.Close()
	item, err := e.answer(resp)
	if err != nil {
		var named *engine.Error
		if errors.As(err, &named) {
			return nil, err
		}
		return nil, lost(ctx, true, "the answer was cut", err)
	}
	step(job, "finishing")
	pic, err := e.picture(attempt, item)
	if err != nil && ctx.Err() != nil {
		return nil, lost(ctx, true, "the picture was cut", err)
	}
	return pic, err
}

// Check lists the models: free of charge, and it proves address and key. A
// model absent from the listing is only logged, because gateways hide some; a
// server without a listing is taken at its word.
func (e *Engine) Check(ctx context.Context) error {
	ctx, cancel := e.within(ctx, checkTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.cfg.BaseURL+"/models", nil)
	if err != nil {
		return &engine.Error{Outcome: engine.Config, Detail: "the base URL makes no request", Err: err}
	}
	e.sign(req)
	resp, err := e.client.Do(req)
	if err != nil {
		return &engine.Error{Outcome: engine.Transient, Detail: "the server cannot be reached", Err: err}
	}
	defer resp.Body.Close()
	return e.listing(resp)
}

// checkTimeout bounds Check, which the accept path may wait for.
const checkTimeout = 5 * time.Second

func (e *Engine) sign(req *http.Request) {
	req.Header.Set("User-Agent", "kinpict")
	req.Header.Set("Accept", "application/json")
	if e.cfg.Key != "" {
		req.Header.Set("Authorization", "Bearer "+e.cfg.Key)
	}
}

// lost names a call that ended without an answer. The caller's own wish to stop
// comes back as it is, so that nobody counts it against the engine.
func lost(ctx context.Context, sent bool, detail string, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if sent {
		return &engine.Error{Outcome: engine.Ambiguous, Detail: detail, Err: err}
	}
	return &engine.Error{Outcome: engine.Transient, Detail: "nothing was sent", Err: err}
}

func step(job *engine.Job, name string) {
	if job.Progress != nil {
		job.Progress(name)
	}
}
