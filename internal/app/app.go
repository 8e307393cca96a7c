// Package app puts the product together: from settings to a running system. It
// is the only package that knows every implementation.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"kinpict"
	"kinpict/internal/billing"
	"kinpict/internal/billing/sandbox"
	"kinpict/internal/blob"
	"kinpict/internal/blob/disk"
	"kinpict/internal/config"
	"kinpict/internal/engine"
	"kinpict/internal/engine/openai"
	"kinpict/internal/engine/studio"
	"kinpict/internal/generation"
	"kinpict/internal/intake"
	"kinpict/internal/keeping"
	"kinpict/internal/lang"
	"kinpict/internal/mail"
	"kinpict/internal/people"
	"kinpict/internal/photo"
	"kinpict/internal/scenario"
	"kinpict/internal/staff"
	"kinpict/internal/store"
	"kinpict/internal/support"
	"kinpict/internal/theme"
)

// An App is the product, put together and not yet serving.
type App struct {
	Config    *config.Config
	Log       *slog.Logger
	DB        *store.DB
	Blobs     blob.Bucket
	Scenarios *scenario.Set
	Engines   *engine.Chain
	Studio    *generation.Studio
	Shop      *billing.Shop
	People    *people.People
	Intake    *intake.Intake
	Support   *support.Desk
	Keeping   *keeping.Keeper
	Office    *staff.Office
	Post      *mail.Post
	Sandbox   *sandbox.Provider // nil with another provider

	ids       kinpict.IDs
	now       func() time.Time
	languages *lang.Set
	look      *theme.Theme
	space     *space
	broken    chan error
}

// Open puts the product together on the settings' database and folder. It does
// not migrate: see Ready.
func Open(ctx context.Context, cfg *config.Config, log *slog.Logger) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	a := &App{Config: cfg, Log: log, broken: make(chan error, 1)}
	var err error
	if a.now, err = clock(cfg.Clock); err != nil {
		return nil, err
	}
	a.ids = kinpict.IDs{Now: a.now, Rand: rand.Reader}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	key, err := secretKey(cfg)
	if err != nil {
		return nil, err
	}
	dbURL := string(cfg.DatabaseURL)
	if dbURL == "" {
		dbURL = filepath.Join(cfg.Data, "kinpict.db")
	}
	if a.DB, err = store.Open(ctx, store.Config{URL: dbURL, Now: a.now, Broken: a.breakDown}); err != nil {
		return nil, err
	}
	// Pictures may lie on a disk of their own, below the data folder.
	a.space = &space{folders: []string{cfg.Data, filepath.Join(cfg.Data, "blobs")}, ask: freeSpace}
	if err := a.compose(key); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// compose makes the use cases. key is the master secret.
func (a *App) compose(key []byte) error {
	cfg := a.Config
	bucket, err := disk.Open(filepath.Join(cfg.Data, "blobs"), a.now)
	if err != nil {
		return err
	}
	a.Blobs = bucket
	a.Scenarios = scenario.Builtin()
	if a.Engines, err = Engines(cfg, a.now, a.Log); err != nil {
		return err
	}
	look := theme.Settings{Name: cfg.BrandName, Accent: cfg.BrandAccent, Logo: cfg.BrandLogo, Dir: cfg.CustomDir, Languages: lang.Known()}
	if a.look, err = theme.Load(look); err != nil {
		return err
	}
	if a.languages, err = languages(cfg, a.look); err != nil {
		return err
	}
	if a.Post, err = a.post(); err != nil {
		return err
	}
	public := strings.TrimSuffix(cfg.PublicURL, "/")
	relaxed := cfg.Limits == "relaxed"
	a.Office = &staff.Office{DB: a.DB, IDs: a.ids, Now: a.now, Log: a.Log}
	a.sell(key, public)
	a.People = &people.People{
		DB:        a.DB,
		IDs:       a.ids,
		Now:       a.now,
		Key:       key,
		PublicURL: public,
		Languages: a.languages,
		Relaxed:   relaxed,
		Sends:     !a.keepsMail(),
	}
	if a.Support, err = a.desk(key, public, relaxed); err != nil {
		return err
	}
	a.Keeping = a.keeper(relaxed)
	a.Intake = &intake.Intake{
		DB:      a.DB,
		Blobs:   a.Blobs,
		IDs:     a.ids,
		Now:     a.now,
		Gate:    photo.NewGate(photo.GateMiB, photo.GateQueue),
		Limits:  photo.DefaultLimits(),
		Room:    a.space.room,
		Faces:   faces,
		Turns:   turns,
		Relaxed: relaxed,
	}
	own, err := issuer(cfg, key)
	if err != nil {
		return err
	}
	a.Studio = &generation.Studio{
		DB:         a.DB,
		Marks:      Marker{own},
		Issuer:     own,
		Engines:    a.Engines,
		Blobs:      a.Blobs,
		Scenarios:  a.Scenarios,
		IDs:        a.ids,
		Now:        a.now,
		Log:        a.Log,
		Worker:     a.ids.New("wrk_"),
		Workers:    cfg.Workers,
		Poll:       time.Second,
		Relaxed:    relaxed,
		SafetyHold: cfg.SafetyHold == "on",
		Jitter:     jitter,
		Resize:     photo.Resize,
		PublicURL:  public,
		Languages:  a.languages,
		ShareKey:   shareKey(key),
	}
	return nil
}

// Ready brings the database to this version, or refuses to: on PostgreSQL only
// the migrate command changes the schema, so that a fleet is not upgraded by
// whichever process starts first.
func (a *App) Ready(ctx context.Context, migrate bool) error {
	if migrate || a.DB.Embedded() {
		if err := a.DB.Migrate(ctx); err != nil {
			return err
		}
	} else if pending, err := a.DB.Pending(ctx); err != nil || len(pending) > 0 {
		if err != nil {
			return err
		}
		return &kinpict.Error{Code: kinpict.Unavailable, Message: fmt.Sprintf("The database lacks %d migrations.", len(pending)), Hint: "Run `kinpict migrate` first."}
	}
	if err := a.DB.Seed(ctx, kinpict.DefaultCatalog()); err != nil {
		return err
	}
	return a.Support.KeepKey(ctx)
}

// Close lets go of the database.
func (a *App) Close() error { return a.DB.Close() }

// breakDown is told that the database file cannot be trusted to take writes.
// Going on would acknowledge what is not kept, so the process ends.
func (a *App) breakDown(err error) {
	select {
	case a.broken <- err:
	default:
	}
}

// Engines makes the chain of engines the settings name.
func Engines(cfg *config.Config, now func() time.Time, log *slog.Logger) (*engine.Chain, error) {
	cc := engine.ChainConfig{Now: now}
	own := studio.New()
	for _, name := range cfg.EngineNames() {
		switch name {
		case studio.Name:
			cc.Engines = append(cc.Engines, own)
		case "openai":
			e, err := openai.New(openai.Config{BaseURL: cfg.OpenAIBaseURL, Key: string(cfg.OpenAIKey), Model: cfg.OpenAIModel,
				Dialect: engine.Dialect(cfg.OpenAIDialect), Now: now, Log: log})
			if err != nil {
				return nil, err
			}
			cc.Engines = append(cc.Engines, e)
		}
	}
	// A guest must never spend the operator's money.
	cc.Preview = own
	return engine.NewChain(cc)
}

// Serve runs the site, the API and the workers until ctx ends, then drains.
// role is "all", "web" or "worker".
func (a *App) Serve(ctx context.Context, role string, ready func(net.Addr)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if a.DB.Embedded() {
		unlock, err := lock(filepath.Join(a.Config.Data, "serve.lock"))
		if err != nil {
			return err
		}
		defer unlock()
		// Whoever held leases on this database is dead: the lock was free.
		if err := a.DB.Update(ctx, func(t *store.Tx) error { _, err := t.Release(); return err }); err != nil {
			return err
		}
		if err := a.Studio.Watchdog(ctx); err != nil {
			return err
		}
	}
	// A wrong key closes acceptance before the first charge.
	for _, err := range a.Engines.Check(ctx) {
		if err != nil {
			a.Log.Warn("engine", "err", err)
		}
	}
	var wg sync.WaitGroup
	background := func(run func(context.Context)) { wg.Go(func() { run(ctx) }) }
	background(func(ctx context.Context) {
		select {
		case err := <-a.broken:
			stop(fmt.Errorf("the database file broke, stopping so that nothing more is lost: %w", err))
		case <-ctx.Done():
		}
	})
	if role != "worker" && a.Shop.Queue != nil {
		background(a.Shop.Attend)
	}
	if role != "web" {
		background(a.Studio.Work)
		background(a.Shop.Work)
		background(a.Post.Work)
		background(a.housekeeping)
	}
	var err error
	if role != "worker" {
		err = a.serveHTTP(ctx, ready)
		stop(err)
	} else {
		ready(nil)
		<-ctx.Done()
	}
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// housekeeping deletes what is past its time, every ten minutes.
func (a *App) housekeeping(ctx context.Context) {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		if err := errors.Join(a.Intake.Sweep(ctx), a.Studio.Sweep(ctx), a.Keeping.Sweep(ctx), a.People.Sweep(ctx)); err != nil && ctx.Err() == nil {
			a.Log.Error("housekeeping", "err", err)
		}
		if low := a.space.low(); low != "" {
			a.Log.Warn("no photo is taken in", "reason", low)
		}
		if n, err := a.Studio.HoldsWaiting(ctx); err == nil && n > 0 {
			a.Log.Info("requests wait for somebody to read their words", "requests", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// deliver posts a sandbox webhook to the product's own address, as a provider
// elsewhere would to its public one.
func (a *App) deliver(ctx context.Context, header http.Header, body []byte) error {
	u := url.URL{Scheme: "http", Host: a.Config.Listen, Path: "/webhooks/sandbox"}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	req.Header = header.Clone()
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("webhook answered %s", res.Status)
	}
	return nil
}
