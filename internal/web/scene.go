package web

import (
	"kinpict"
	"kinpict/internal/scenario"
)

// A Scene is a scenario as pages show it.
type Scene struct {
	ID, Title, Summary string
	Tips, Examples     []string
	Min, Max           int
	Small, Large       string // addresses of its sample artwork, 360 and 720 px wide
	Width, Height      int    // of Large
}

// artwork names the drawing that stands for a scenario where it brings none.
var artwork = map[string]string{
	"gallery": "lounge", "studio": "pets", "autumn": "orchardp", "beach": "beach", "holiday": "winter", "winter": "winter",
	"generations": "generations", "spring": "spring", "scrapbook": "pets",
}

// scene describes a scenario. One that was taken away since a picture was made
// of it is nil and gets a name that says no more than is known.
func (d *dressing) scene(id string, s *scenario.Scenario) Scene {
	art := artwork[id]
	if art == "" {
		art = "spring"
	}
	v := Scene{ID: id, Title: "Family picture", Min: 1, Max: kinpict.MaxPhotos, Width: 720, Height: 900,
		Small: d.assets.url("img/" + art + "-360.webp"), Large: d.assets.url("img/" + art + "-720.webp")}
	if s != nil {
		v.Title, v.Summary, v.Tips, v.Examples, v.Min, v.Max = s.Title, s.Summary, s.Tips, s.Examples, s.MinPhotos, s.MaxPhotos
	}
	return v
}
