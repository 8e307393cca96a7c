package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/config"
	"kinpict/internal/engine"
	"kinpict/internal/engine/studio"
	"kinpict/internal/generation"
	"kinpict/internal/photo"
	"kinpict/internal/provenance"
	"kinpict/internal/scenario"
)

var made = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func signer(t *testing.T, secret, host string) *provenance.Issuer {
	t.Helper()
	i, err := provenance.NewIssuer([]byte(secret), host)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// draw has the built-in engine make a picture of two photos.
func draw(t *testing.T, quality string, preview bool) *engine.Picture {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 480, 600))
	for i := range m.Pix {
		m.Pix[i] = uint8(60 + i%480/4)
	}
	for y := range 600 {
		for x := range 480 {
			m.SetRGBA(x, y, color.RGBA{uint8(80 + x/4), uint8(70 + y/5), 120, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	sc, err := scenario.Builtin().Scenario("gallery")
	if err != nil {
		t.Fatal(err)
	}
	chain, err := engine.NewChain(engine.ChainConfig{Engines: []engine.Engine{studio.New()}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := chain.Draw(context.Background(), &engine.Job{ID: "gen_test", Attempt: 1, Scenario: sc, Quality: quality, Aspect: "4:5", Seed: 1, Preview: preview,
		Photos: []engine.Photo{{JPEG: b.Bytes()}, {JPEG: b.Bytes()}}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A verdict is what the reference implementation of C2PA says of a file: to a
// stranger, and to a friend, who trusts our authority.
type verdict struct {
	Stranger, Friend struct {
		State     string
		Says      []string
		Manifests int
		Actions   []string
		Source    string
		Issuer    string
	}
}

// judge asks it about all files in one process. It must be there.
func judge(t *testing.T, authority string, files []string) []verdict {
	t.Helper()
	cmd := exec.Command("node", append([]string{"check.mjs", authority}, files...)...)
	cmd.Dir = "testdata/c2pa"
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the C2PA reader did not run (scripts/deps installs it): %v\n%s", err, &stderr)
	}
	var all []verdict
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var v verdict
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if len(all) != len(files) {
		t.Fatalf("%d verdicts on %d files", len(all), len(files))
	}
	return all
}

// TestOfficialReadersAcceptTheMarks takes the files that leave the product to
// exiftool and to the reference implementation of C2PA.
func TestOfficialReadersAcceptTheMarks(t *testing.T) {
	own := signer(t, "the secret of this installation", "photos.example")
	mark := Marker{own}
	do := func(data []byte, about generation.About) []byte {
		t.Helper()
		out, err := mark.Mark(data, "", about)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	drawn := draw(t, kinpict.Standard, false)
	standard := do(drawn.Data, generation.About{At: made, Generative: drawn.Generative})
	asPNG, err := photo.Resize(context.Background(), standard, 900, "png")
	if err != nil {
		t.Fatal(err)
	}
	vendor, err := signer(t, "the secret of an image service", "images.example").Mark(drawn.Data, provenance.About{Software: "Images", Version: "9", Generative: true})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := engine.VerifyPicture(&engine.Picture{Data: vendor}, nil, engine.Info{})
	if err != nil || !bytes.Equal(kept.Data, vendor) {
		t.Fatalf("the chain does not keep a signed answer as it came: %v", err)
	}
	flipped := bytes.Clone(standard)
	flipped[len(flipped)/2] ^= 1
	files := []struct {
		name      string
		data      []byte
		source    string
		actions   []string
		manifests int
		broken    bool
	}{
		{"standard.jpg", standard, provenance.Captured, []string{"c2pa.created"}, 1, false},
		{"enhanced.jpg", do(draw(t, kinpict.Enhanced, false).Data, generation.About{At: made}), provenance.Captured, []string{"c2pa.created"}, 1, false},
		{"preview.jpg", do(draw(t, kinpict.Standard, true).Data, generation.About{At: made, Preview: true}), provenance.Captured, []string{"c2pa.created"}, 1, false},
		{"download.png", do(asPNG, generation.About{From: standard, Changes: []generation.Change{generation.Converted, generation.Resized}}),
			provenance.Captured, []string{"c2pa.opened", "c2pa.converted", "c2pa.resized"}, 2, false},
		{"engine-signed.jpg", do(kept.Data, generation.About{At: made, Generative: true}), provenance.Redrawn, []string{"c2pa.opened"}, 2, false},
		{"engine-signed.png", do(asPNG, generation.About{From: do(kept.Data, generation.About{At: made}), Changes: []generation.Change{generation.Converted}}),
			provenance.Redrawn, []string{"c2pa.opened", "c2pa.converted"}, 3, false},
		{"flipped.jpg", flipped, provenance.Captured, []string{"c2pa.created"}, 1, true},
	}
	dir := t.TempDir()
	var paths []string
	put := func(name string, data []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, f := range files {
		paths = append(paths, put(f.name, f.data))
		if r := own.Inspect(f.data); r.OK() == f.broken || r.Preview != strings.HasPrefix(f.name, "preview") {
			t.Errorf("%s: we ourselves say %s, preview %v", f.name, r.State, r.Preview)
		}
	}
	for i, v := range judge(t, put("authority.pem", own.Authority()), paths) {
		f := files[i]
		state, trusted, says, friends := "Valid", "Trusted", []string{"signingCredential.untrusted"}, []string{}
		if f.broken {
			state, trusted, says, friends = "Invalid", "Invalid", []string{"signingCredential.untrusted", "assertion.dataHash.mismatch"}, []string{"assertion.dataHash.mismatch"}
		}
		if v.Stranger.State != state || !slices.Equal(v.Stranger.Says, says) {
			t.Errorf("%s to a stranger: %s, %v", f.name, v.Stranger.State, v.Stranger.Says)
		}
		if v.Friend.State != trusted || !slices.Equal(v.Friend.Says, friends) {
			t.Errorf("%s to who trusts our authority: %s, %v", f.name, v.Friend.State, v.Friend.Says)
		}
		if s := v.Stranger; s.Source != f.source || !slices.Equal(s.Actions, f.actions) || s.Manifests != f.manifests || s.Issuer != "photos.example" {
			t.Errorf("%s: source %s, actions %v, %d manifests by %s", f.name, s.Source, s.Actions, s.Manifests, s.Issuer)
		}
	}

	out, err := exec.Command("exiftool", append([]string{"-j", "-n", "-G1", "-XMP-iptcExt:all", "-XMP-xmp:all", "-validate", "-warning"}, paths[:len(files)-1]...)...).Output()
	if err != nil {
		t.Fatalf("exiftool did not run (scripts/deps installs it): %v", err)
	}
	var seen []struct {
		Source  string `json:"XMP-iptcExt:DigitalSourceType"`
		Tool    string `json:"XMP-xmp:CreatorTool"`
		Label   string `json:"XMP-xmp:Label"`
		Warning string `json:"ExifTool:Warning"`
	}
	if err := json.Unmarshal(out, &seen); err != nil || len(seen) != len(files)-1 {
		t.Fatalf("exiftool speaks of %d files: %v\n%s", len(seen), err, out)
	}
	for i, s := range seen {
		label := ""
		if files[i].name == "preview.jpg" {
			label = "Preview"
		}
		if s.Source != files[i].source || !strings.HasPrefix(s.Tool, "Kinpict ") || s.Warning != "" || s.Label != label {
			t.Errorf("exiftool reads %s as %+v", files[i].name, s)
		}
	}
}

func TestTheIssuerIsTheInstallations(t *testing.T) {
	cfg := &config.Config{Data: filepath.Join(t.TempDir(), "data"), PublicURL: "https://photos.example:8443/"}
	if i, err := Issuer(cfg); i != nil || err != nil {
		t.Errorf("without an installation: %v %v", i, err)
	}
	if _, err := os.Stat(cfg.Data); !errors.Is(err, fs.ErrNotExist) {
		t.Error("asking for the issuer made a data folder")
	}
	if err := os.Mkdir(cfg.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := secretKey(cfg); err != nil {
		t.Fatal(err)
	}
	first, err := Issuer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Issuer(cfg)
	if err != nil || first.Fingerprint() != again.Fingerprint() || first.Host() != "photos.example" {
		t.Errorf("the same data folder has two issuers, or the host is %s: %v", first.Host(), err)
	}
	// Two processes of a fleet share the secret and nothing else.
	fleet := func(data string) string {
		i, err := Issuer(&config.Config{Data: data, PublicURL: cfg.PublicURL, SecretKey: "a secret of at least 32 characters"})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(i.Fingerprint(), string(i.Authority()))
	}
	web, worker := fleet(t.TempDir()), fleet(t.TempDir())
	if web != worker {
		t.Error("two processes with one secret have two issuers")
	}
}
