package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kinpict/internal/config"
)

// looked is settings whose looks can be changed.
func looked(t *testing.T) *config.Config {
	return &config.Config{
		Listen:    "127.0.0.1:0",
		PublicURL: "http://localhost:8080",
		Data:      t.TempDir(),
		SecretKey: "a secret of at least 32 characters, for tests",
		Engines:   "studio",
		Payments:  "sandbox",
		Limits:    "default",
		Languages: "en,de",
		Workers:   1,
	}
}

// A theme that nobody could read, or that breaks a page, does not start.
func TestThemesAreRefusedBeforeAnythingIsServed(t *testing.T) {
	folder := func(name, text string) string {
		dir := t.TempDir()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, c := range []struct {
		name   string
		change func(*config.Config)
		says   string // "" if it starts
	}{
		{"nothing changed", func(*config.Config) {}, ""},
		{"another name, accent and words", func(c *config.Config) {
			c.BrandName, c.BrandAccent, c.CustomDir = "Morenos", "#1a4fb4,#8fb8ff", folder("messages/en/own.yaml", `"Pricing": "What it costs"`)
		}, ""},
		{"an accent nobody reads", func(c *config.Config) { c.BrandAccent = "#ffe000,#f0b35a" }, "KINPICT_BRAND_ACCENT: #ffe000 is too hard to read in the light theme"},
		{"a logo that is not there", func(c *config.Config) { c.BrandLogo = "/no/such/logo.svg" }, "KINPICT_BRAND_LOGO: "},
		{"a broken template", func(c *config.Config) {
			c.CustomDir = folder("templates/home.html", "{{define \"page\"}}\n{{.Nothing}}{{end}}")
		}, "home.html:2"},
		{"words of a language there is not", func(c *config.Config) { c.CustomDir = folder("messages/fr/own.yaml", `"Pricing": "Prix"`) }, `no messages of "fr"`},
		{"broken words", func(c *config.Config) { c.CustomDir = folder("messages/de/own.yaml", "a: [") }, "own.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := looked(t)
			c.change(cfg)
			a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
			if err == nil {
				defer a.Close()
				_, err = a.Handler()
			}
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

// served is the product with these settings, as it answers.
func served(t *testing.T, cfg *config.Config) http.Handler {
	t.Helper()
	a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	if err := a.Ready(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	h, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// The operator's name and words are said in every language, over ours.
func TestTheOperatorsWordsAreSaid(t *testing.T) {
	cfg := looked(t)
	cfg.BrandName, cfg.CustomDir = "Morenos", t.TempDir()
	if err := os.MkdirAll(filepath.Join(cfg.CustomDir, "messages", "de"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cfg.CustomDir, "messages", "de", "own.yaml"), []byte(`"Pricing": "Was es bei uns kostet"`), 0o600); err != nil {
		t.Fatal(err)
	}
	h := served(t, cfg)
	for language, want := range map[string]string{"de": "<title>Was es bei uns kostet · Morenos</title>", "en": "<title>Pricing · Morenos</title>"} {
		r := httptest.NewRequest("GET", "http://localhost:8080/pricing", nil)
		r.Header.Set("Accept-Language", language)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), want) || strings.Contains(w.Body.String(), "Kinpict") {
			t.Errorf("%s: %d, no %s, or our own name: %.300s", language, w.Code, want, w.Body)
		}
	}
}

// The site and the API speak the languages the settings name, and no other.
func TestNothingSpeaksALanguageThatIsNotOffered(t *testing.T) {
	for languages, want := range map[string]string{"en": "en", "en,de": "de"} {
		cfg := looked(t)
		cfg.Languages = languages
		h := served(t, cfg)
		for _, path := range []string{"/scenarios", "/api/v1/scenarios"} {
			r := httptest.NewRequest("GET", "http://localhost:8080"+path, nil)
			r.Header.Set("Accept-Language", "de")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got := w.Header().Get("Content-Language"); w.Code != 200 || got != want {
				t.Errorf("of %s, %s answers %d in %q, want %q", languages, path, w.Code, got, want)
			}
		}
	}
}
