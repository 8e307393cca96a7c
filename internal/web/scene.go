package web

import (
	"kinpict"
	"kinpict/internal/lang"
	"kinpict/internal/scenario"
)

// A Scene is a scenario as pages show it.
type Scene struct {
	ID, Title, Summary string
	Tips, Examples     []string
	Min, Max           int
	Small, Large       string // addresses of its sample artwork, 360 and 720 px wide
	Sample             string // address of the sample picture it brings, a JPEG; "" if it brings none
	Width, Height      int    // of Large
	Slow               bool   // painted, which takes longer
}

// scene describes a scenario. Its artwork is the scenario's own sample in two
// widths (assets/img/scenario-<id>-<width>.webp); a scenario that came later
// has the sample it brings, see Site.show, or a drawing that fits any. One that
// was taken away since a picture was made of it is nil and gets a name that says
// no more than is known.
func (d *dressing) scene(say *lang.Printer, id string, s *scenario.Scenario) Scene {
	art := "scenario-" + id
	if d.assets.files["img/"+art+"-360.webp"] == nil {
		art = "spring"
	}
	v := Scene{ID: id, Title: say.Say("Family picture"), Min: 1, Max: kinpict.MaxPhotos, Width: 720, Height: 900,
		Small: d.assets.url("img/" + art + "-360.webp"), Large: d.assets.url("img/" + art + "-720.webp")}
	if s != nil {
		s = s.In(say.Code)
		v.Title, v.Summary, v.Tips, v.Examples, v.Min, v.Max, v.Slow = s.Title, s.Summary, s.Tips, s.Examples, s.MinPhotos, s.MaxPhotos, slow(s)
	}
	return v
}
