package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/config"
)

func TestClockIsShiftedByItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clock")
	now, err := clock(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		content string
		shift   time.Duration
	}{
		{"", 0}, {"+25h", 25 * time.Hour}, {" -90m\n", -90 * time.Minute},
		{"nonsense", -90 * time.Minute}, // half written: the last shift holds
		{"0s", 0},
	} {
		if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if d := time.Until(now()) - c.shift; d < -time.Minute || d > time.Minute {
			t.Errorf("with %q the clock is off by %v", c.content, d)
		}
	}
	if err := os.WriteFile(file, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := clock(file); err == nil {
		t.Error("a clock file that means nothing lets the product start")
	}
}

func TestSecretKeyIsMadeOnceAndKept(t *testing.T) {
	cfg := &config.Config{Data: t.TempDir()}
	first, err := secretKey(cfg)
	if err != nil {
		t.Fatal(err)
	}
	second, err := secretKey(cfg)
	if err != nil || string(first) != string(second) || len(first) < 32 {
		t.Errorf("the second start reads %d bytes (%v), want the same %d", len(second), err, len(first))
	}
	path := filepath.Join(cfg.Data, "secret.key")
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", st, err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secretKey(cfg); err == nil {
		t.Error("a cut key is taken")
	}
}

func TestOneProcessServesAFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "serve.lock")
	unlock, err := lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(path); kinpict.CodeOf(err) != kinpict.Conflict {
		t.Errorf("a second process: %v, want conflict", err)
	}
	unlock()
	again, err := lock(path)
	if err != nil {
		t.Fatalf("after the first ended: %v", err)
	}
	again()
}
