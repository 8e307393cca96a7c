package app

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"

	"kinpict/client"
	"kinpict/internal/api"
	"kinpict/internal/config"
	"kinpict/internal/generation"
	"kinpict/internal/provenance"
)

// Version is the product's version, "development" in a build of no version.
func Version() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		return b.Main.Version
	}
	return "development"
}

// A Marker marks pictures with an issuer's key.
type Marker struct{ Issuer *provenance.Issuer }

// Mark implements generation.Marker.
func (m Marker) Mark(data []byte, contentType string, about generation.About) ([]byte, error) {
	p := provenance.About{Software: "Kinpict", Version: Version(), Generative: about.Generative, Preview: about.Preview, At: about.At, From: about.From}
	for _, c := range about.Changes {
		p.Changes = append(p.Changes, changes[c])
	}
	return m.Issuer.Mark(data, p)
}

var changes = map[generation.Change]string{
	generation.Converted:    provenance.Converted,
	generation.Resized:      provenance.Resized,
	generation.Recompressed: provenance.Transcoded,
}

// issuer is who signs for the settings' installation.
func issuer(cfg *config.Config, secret []byte) (*provenance.Issuer, error) {
	u, err := url.Parse(cfg.PublicURL)
	if err != nil {
		return nil, err
	}
	return provenance.NewIssuer(secret, u.Hostname())
}

// Issuer is who signs for the settings' installation, nil where there is none
// yet. It makes nothing.
func Issuer(cfg *config.Config) (*provenance.Issuer, error) {
	if cfg.SecretKey == "" {
		if _, err := os.Stat(filepath.Join(cfg.Data, secretFile)); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	secret, err := secretKey(cfg)
	if err != nil {
		return nil, err
	}
	return issuer(cfg, secret)
}

// Describe puts a report into the words of the API, which the command line
// shares.
func Describe(r *provenance.Report) client.Marks { return api.Marks(r) }

// OneOff is the signer's name in a picture made without an installation's key.
const OneOff = "one-off key of a shell"

// ShellMarker marks a picture made without a server: with the installation's key
// where there is one, else with a key that is good for this picture only and
// says so where its owner's name would be. That key comes from the picture, so
// the same picture is the same file; it proves that nothing was changed since,
// as any one-off key would, and nothing about who made it.
func ShellMarker(cfg *config.Config, picture []byte) (Marker, error) {
	i, err := Issuer(cfg)
	if i == nil && err == nil {
		sum := sha256.Sum256(picture)
		i, err = provenance.NewIssuer(sum[:], OneOff)
	}
	return Marker{i}, err
}
