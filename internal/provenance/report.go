package provenance

import (
	"strings"
	"time"
)

// A State is what became of a file's marks.
type State string

const (
	Intact   State = "intact"   // signed, and every byte is as it was signed
	Altered  State = "altered"  // signed, and something was changed since
	Unproven State = "unproven" // signed in a way that cannot be checked here
	Unsigned State = "unsigned" // there is a note, and nobody signed it
	Unmarked State = "unmarked" // there is nothing
	Damaged  State = "damaged"  // the file does not hold together
)

// A Signer is who signed, as far as that is known.
type Signer string

const (
	Ours   Signer = "ours"   // this installation's key
	Others Signer = "others" // another key, whose owner nothing here vouches for
)

// Parts of a file that can be found altered.
const (
	PictureBytes  = "picture"
	ManifestBytes = "manifest"
	SignatureBits = "signature"
)

// A Report is what a file says about itself, and whether that holds.
type Report struct {
	Format string // jpeg or png
	State  State
	// Altered names the parts that do not match, in the order of the constants.
	Altered []string
	Signer  Signer // "" where nobody signed
	// Issuer is the name in the signer's certificate. Anybody can write any
	// name; for Ours the key vouches for it.
	Issuer string
	// Source is the digital source type that was signed, of IPTC's vocabulary;
	// Note is the one of the XMP packet, which may be unsigned.
	Source, Note string
	Software     string
	At           time.Time // zero where no time is named
	Preview      bool
	Actions      []string // of the active manifest, as C2PA calls them
	// Former are the manifests the active one builds on, the nearest first. Their
	// own picture is gone, so what they say of it cannot be checked.
	Former []Former
}

// A Former is one earlier manifest.
type Former struct {
	State    State // Intact, Altered or Unproven
	Signer   Signer
	Issuer   string
	Source   string
	Software string
	At       time.Time
}

// OK reports whether this installation signed the file and nothing changed.
func (r *Report) OK() bool { return r.State == Intact && r.Signer == Ours }

// Headline is the answer in one sentence for a person.
func (r *Report) Headline() string {
	switch {
	case r.OK() && r.Preview:
		return "This is a free preview that was made here, and nothing was changed since."
	case r.OK():
		return "This picture was made here, and nothing was changed since."
	case r.State == Intact:
		return "This picture was signed elsewhere, and nothing was changed since."
	case r.State == Altered && r.Signer == Ours:
		return "This picture was signed here, but it was changed afterwards."
	case r.State == Altered:
		return "This picture carries a signature, but it was changed afterwards."
	case r.State == Unproven:
		return "This picture carries a signature that cannot be checked here."
	case r.State == Unsigned:
		return "This picture carries a note about how it was made, but nobody signed it."
	case r.Format == "" && r.State == Unmarked:
		return "This is neither a JPEG nor a PNG, and marks are read from those two."
	case r.State == Damaged:
		return "This file is damaged, so nothing it says can be relied on."
	}
	return "This picture carries no marks."
}

// Detail is what follows from the state, in one or two sentences.
func (r *Report) Detail() string {
	switch r.State {
	case Intact:
		if r.Signer == Ours {
			return "The signature is by our own key, and it matches every byte of the file."
		}
		return "The signature matches the file. Whether the name in it is true is not for us to say: anybody can sign under any name."
	case Altered:
		return "What does not match: " + strings.Join(r.Parts(), ", ") + ". Programs that save a picture again do this too, so it need not mean harm."
	case Unproven:
		return "It uses a way of signing, or of tying the signature to the picture, that we do not read."
	case Unsigned:
		return "Anybody can write or remove such a note. Treat it as a hint."
	case Damaged:
		return "It may have been cut short on its way. Ask for the file again and check that one."
	}
	if r.Format == "" {
		return "If it should be a picture, check the file as it was downloaded."
	}
	return "Marks are lost when a picture is sent through most messengers or saved by most programs. Their absence says nothing about how a picture was made."
}

var partWords = map[string]string{
	PictureBytes:  "the picture itself",
	ManifestBytes: "what is written about it",
	SignatureBits: "the signature",
}

// Parts puts what does not match into words.
func (r *Report) Parts() []string {
	var out []string
	for _, p := range r.Altered {
		out = append(out, partWords[p])
	}
	return out
}

// Steps puts the actions into words; one that is not known stands as it is.
func (r *Report) Steps() []string {
	var out []string
	for _, a := range r.Actions {
		if w := actionWords[a]; w != "" {
			a = w
		}
		out = append(out, a)
	}
	return out
}
