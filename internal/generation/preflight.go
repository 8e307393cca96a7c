package generation

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/scenario"
	"kinpict/internal/store"
	"kinpict/internal/wording"
)

// A Preflight is what is known of a request before anything is charged.
type Preflight struct {
	// OK: with these words, photos and credits it would be accepted now.
	OK        bool
	Credits   kinpict.Credits // what it would take
	Available kinpict.Credits // 0 for a guest
	LeftAfter kinpict.Credits // 0 where it does not suffice
	Shortfall kinpict.Credits // 0 where it does, and for a guest
	Pace      string          // scenario.Framed or Painted
	// Held: a person would read the words before anything is taken, or a preview
	// would be refused for them. It is not OK then.
	Held bool
	// Findings are about the instruction.
	Findings []kinpict.Finding
	Photos   []Sighted
	// Advice is about the request as a whole; Photo names the photo it is about,
	// if it is about one. It stops nothing.
	Advice []kinpict.Check
}

// A Sighted is one photo of the request: what its checks said, and what was
// found in the name beside it.
type Sighted struct {
	ID       string
	Checks   []kinpict.Check
	Findings []kinpict.Finding
}

// foreteller is what Engines may know beyond drawing; the engine chain does.
type foreteller interface {
	Info() engine.Info
	Enlargements(engine.Plan) ([]engine.Enlargement, error)
}

// Generative reports whether the picture would be drawn anew by a model.
func (s *Studio) Generative() bool {
	f, ok := s.Engines.(foreteller)
	return ok && f.Info().Generative
}

// Preflight says what would become of a request: what it would take, what is found
// in its words and photos, and what would make it better. Nothing is charged,
// held or kept.
//
// Errors: Unauthenticated; Invalid for a request that could not be sent, or
// photos that are not there. Forbidden words are findings here, not an error.
func (s *Studio) Preflight(ctx context.Context, c kinpict.Caller, req kinpict.Request) (*Preflight, error) {
	if c.Owner() == "" {
		return nil, unauthenticated()
	}
	if err := s.shape(&req); err != nil {
		return nil, err
	}
	sc, err := s.Scenarios.Scenario(req.Scenario)
	if err != nil {
		return nil, err
	}
	var photos []kinpict.Photo
	var cat *kinpict.Catalog
	var bal kinpict.Balance
	err = s.DB.Read(ctx, func(t *store.Tx) error {
		if cat, err = t.Catalog(); err != nil {
			return err
		}
		if c.AccountID != "" {
			if bal, err = t.Balance(c.AccountID); err != nil {
				return err
			}
		}
		photos = photos[:0]
		for _, u := range req.Photos {
			p, err := t.Photo(c.Owner(), u.ID)
			if kinpict.CodeOf(err) == kinpict.NotFound {
				return photoGone()
			}
			if err != nil {
				return err
			}
			photos = append(photos, *p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if req.Quality == "" {
		req.Quality = kinpict.Standard
	}
	rate, err := cat.Rate(req.Quality)
	if err != nil {
		return nil, err
	}
	out := &Preflight{OK: true, Credits: rate.Credits, Available: bal.Available, LeftAfter: max(0, bal.Spendable-rate.Credits), Pace: sc.Pace,
		Findings: s.Findings(req.Instruction, s.about(req.Photos, photos))}
	if c.AccountID != "" {
		out.Shortfall = max(0, rate.Credits-bal.Spendable)
	}
	out.OK = out.Shortfall == 0 && !forbidden(out.Findings)
	for i, u := range req.Photos {
		v := Sighted{ID: u.ID, Checks: photos[i].Checks, Findings: wording.Refused(u.Label)}
		out.OK = out.OK && len(v.Findings) == 0
		if s.SafetyHold && len(v.Findings) == 0 {
			v.Findings = read(wording.Doubts(u.Label))
		}
		out.Photos = append(out.Photos, v)
	}
	out.Held = s.doubtful(req) && allowed(&req) == nil
	out.OK = out.OK && !out.Held
	out.Advice = s.advise(sc, req, photos).For(req.Quality)
	if err := s.Engines.Available(ctx); err != nil {
		out.OK = false
		out.Advice = append(out.Advice, kinpict.Check{Code: string(kinpict.EngineUnavailable), Severity: "warning",
			Message: "The picture service is not available at the moment.", Help: "Nothing is charged meanwhile. Try again a little later."})
	}
	return out, nil
}

func forbidden(list []kinpict.Finding) bool {
	return slices.ContainsFunc(list, func(f kinpict.Finding) bool { return f.Severity == kinpict.Refused })
}

func photoGone() error {
	return invalid("photos", "One of the photos is not there any more.", "Add it again.")
}

// about is what the wording's advice needs to know of the photos.
func (s *Studio) about(uses []kinpict.PhotoUse, photos []kinpict.Photo) wording.About {
	a := wording.About{Generative: s.Generative(), Scenes: s.Scenarios.Phrases()}
	for i, u := range uses {
		m := wording.Member{Role: u.Role}
		if i < len(photos) {
			m.Faces = len(photos[i].Faces)
		}
		a.Cast = append(a.Cast, m)
	}
	return a
}

// Findings is wording.Check, with what becomes of a doubt here.
func (s *Studio) Findings(text string, about wording.About) []kinpict.Finding {
	list := wording.Check(text, about)
	if s.SafetyHold {
		return read(list)
	}
	return list
}

// read says of what can be read two ways that a person reads it.
func read(list []kinpict.Finding) []kinpict.Finding {
	for i := range list {
		if list[i].Code == wording.Unsure {
			list[i].Help = "A person reads them before the picture is made, and nothing is taken until you go on then."
		}
	}
	return list
}

// Words is Findings with what is known of the request's photos, which are
// in the order of its uses.
func (s *Studio) Words(req kinpict.Request, photos []kinpict.Photo) []kinpict.Finding {
	return s.Findings(req.Instruction, s.about(req.Photos, photos))
}

// Compose makes an instruction of a wish and the request's scenario and photos.
func (s *Studio) Compose(w wording.Wish, req kinpict.Request, photos []kinpict.Photo) string {
	if sc, err := s.Scenarios.Scenario(req.Scenario); err == nil {
		w.Scene = sc.In(w.Language).Phrase
	}
	a := s.about(req.Photos, photos)
	w.Cast, w.Scenes = a.Cast, a.Scenes
	return wording.Compose(w)
}

// Advice is what would make a request better, by the quality it is about.
type Advice struct {
	Always    []kinpict.Check
	ByQuality map[string][]kinpict.Check
}

// For is the advice for one quality.
func (a Advice) For(quality string) []kinpict.Check {
	return slices.Concat(a.Always, a.ByQuality[quality])
}

// Advise says what would make a request better. photos are in the order of its
// uses; a request that is not complete gets what can be said of it.
func (s *Studio) Advise(req kinpict.Request, photos []kinpict.Photo) Advice {
	sc, err := s.Scenarios.Scenario(req.Scenario)
	if err != nil || len(photos) == 0 || len(photos) != len(req.Photos) {
		return Advice{}
	}
	if !slices.Contains(sc.Aspects, req.Aspect) {
		req.Aspect = sc.Aspects[0]
	}
	return s.advise(sc, req, photos)
}

func (s *Studio) advise(sc *scenario.Scenario, req kinpict.Request, photos []kinpict.Photo) Advice {
	a := Advice{ByQuality: s.enlarged(sc, req, photos)}
	add := func(c *kinpict.Check) {
		if c != nil {
			a.Always = append(a.Always, *c)
		}
	}
	add(nobody(req.Photos, photos))
	for _, c := range duplicates(photos) {
		add(&c)
	}
	add(crowded(req.Aspect, len(photos)))
	return a
}

// enlarged asks the engine how far each photo would be enlarged.
func (s *Studio) enlarged(sc *scenario.Scenario, req kinpict.Request, photos []kinpict.Photo) map[string][]kinpict.Check {
	f, ok := s.Engines.(foreteller)
	if !ok {
		return nil
	}
	list, err := f.Enlargements(engine.Plan{Scenario: sc, Aspect: req.Aspect, Photos: photos})
	if err != nil || len(list) != len(photos) {
		return nil // advice only; drawing says what is the matter
	}
	out := map[string][]kinpict.Check{}
	for i, e := range list {
		if e.Main && e.Enhanced > engine.GainEnds {
			out[kinpict.Enhanced] = append(out[kinpict.Enhanced], kinpict.Check{Code: "no_gain_from_enhanced", Severity: "warning", Photo: photos[i].ID,
				Message: fmt.Sprintf("Photo %d is too small to gain from Enhanced: it would be enlarged %.1f times.", i+1, e.Enhanced),
				Help:    "Use a larger original of it, or choose Standard."})
		}
		if e.Standard > engine.GainEnds {
			small := kinpict.Check{Code: "small_for_its_place", Severity: "info", Photo: photos[i].ID,
				Message: fmt.Sprintf("Photo %d is small for its place in the picture and will look soft.", i+1),
				Help:    "Use a larger original of it if you have one."}
			if e.Main {
				small.Severity = "warning"
			}
			for _, q := range []string{kinpict.Standard, kinpict.Enhanced} {
				if q == kinpict.Standard || !e.Main {
					out[q] = append(out[q], small)
				}
			}
		}
	}
	return out
}

// nobody advises where no face was found in any photo and no pet is named.
func nobody(uses []kinpict.PhotoUse, photos []kinpict.Photo) *kinpict.Check {
	for i, p := range photos {
		if len(p.Faces) > 0 || uses[i].Role == "pet" {
			return nil
		}
	}
	return &kinpict.Check{Code: "nobody_found", Severity: "info", Message: "No face was found in any of these photos.",
		Help: "For pets and places that is fine. People should be near and look towards the camera."}
}

// duplicates are pairs of photos of which one would do.
func duplicates(photos []kinpict.Photo) []kinpict.Check {
	var out []kinpict.Check
	for i, a := range photos {
		for j := i + 1; j < len(photos); j++ {
			b := photos[j]
			names := func(p kinpict.Photo, other string) bool {
				return slices.ContainsFunc(p.Checks, func(c kinpict.Check) bool { return c.Photo == other })
			}
			if a.SHA256 == b.SHA256 || names(a, b.ID) || names(b, a.ID) {
				out = append(out, kinpict.Check{Code: "duplicates", Severity: "warning", Photo: b.ID,
					Message: fmt.Sprintf("Photos %d and %d are nearly the same.", i+1, j+1), Help: "Keep the better one, unless you want both."})
			}
		}
	}
	return out
}

// A print of a postcard's width, and how wide a photo on it should be: below,
// faces are smaller than on a passport photo.
const (
	postcardCM = 10.0
	leastCM    = 3.5
	filled     = 0.55 // share of the paper that photos fill; the rest is ground and mounts
)

// crowded advises where so many photos share the paper that each is tiny on a
// small print.
func crowded(a kinpict.Aspect, n int) *kinpict.Check {
	w, h, err := a.Ratio()
	if err != nil || n < 2 {
		return nil
	}
	long := postcardCM * float64(max(w, h)) / float64(min(w, h))
	each := math.Sqrt(filled * postcardCM * long / float64(n))
	if each >= leastCM {
		return nil
	}
	paper := func(k float64) string { return fmt.Sprintf("%.0f × %.0f cm", postcardCM*k, long*k) }
	return &kinpict.Check{Code: "crowded_when_small", Severity: "info",
		Message: fmt.Sprintf("With %d photos each is about %s cm wide on a print of %s.", n, strings.TrimSuffix(fmt.Sprintf("%.1f", each), ".0"), paper(1)),
		Help:    fmt.Sprintf("Print it at %s or larger, or use fewer photos.", paper(math.Ceil(2*leastCM/each)/2))}
}
