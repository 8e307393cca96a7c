package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kinpict/internal/config"
)

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
		{"broken words", func(c *config.Config) { c.CustomDir = folder("messages/de/own.yaml", "a: [") }, "own.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := &config.Config{Listen: "127.0.0.1:0", PublicURL: "http://localhost:8080", Data: t.TempDir(), SecretKey: "a secret of at least 32 characters, for tests",
				Engines: "studio", Payments: "sandbox", Limits: "default", Languages: "en,de", Workers: 1}
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
