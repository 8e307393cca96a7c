// Package decor draws everything on a page but the photos: grounds, washes,
// leaves, garlands, lettering. A scenario lists layers; this package knows
// kinds of layers and never scenarios.
package decor

import (
	"fmt"
	"image"
	"maps"
	"slices"
	"strings"

	"kinpict/internal/engine/studio/layout"
	"kinpict/internal/engine/studio/lettering"
	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/engine/studio/vector"
)

// A Layer is one step of drawing. Which fields count depends on Kind; places
// are on the design sheet, see package layout.
type Layer struct {
	Kind    string         `yaml:"kind"`
	Color   raster.Color   `yaml:"color"`
	Colors  []raster.Color `yaml:"colors"`
	Stops   []Stop         `yaml:"stops"`
	Angle   float64        `yaml:"angle"`
	At      [2]float64     `yaml:"at"`
	Radius  float64        `yaml:"radius"`
	Alpha   float32        `yaml:"alpha"` // 0 stands for 1
	Amount  float32        `yaml:"amount"`
	N       int            `yaml:"n"`
	Size    [2]float64     `yaml:"size"`
	Shapes  []string       `yaml:"shapes"`
	Regions [][4]float64   `yaml:"regions"` // x, y, width, height
	Shadow  float32        `yaml:"shadow"`
	Path    vector.Path    `yaml:"path"`
	Stroke  float64        `yaml:"stroke"`
	Gap     float64        `yaml:"gap"`
	Text    string         `yaml:"text"` // title or subtitle
	Font    string         `yaml:"font"`
	Track   float64        `yaml:"track"`
	Width   float64        `yaml:"width"` // the longest a line may get
	Upper   bool           `yaml:"upper"`
	Foil    bool           `yaml:"foil"`
	Rough   float64        `yaml:"rough"`
	Blur    float64        `yaml:"blur"`
	Spin    float64        `yaml:"spin"` // the largest turn of a scattered shape, degrees
	Density float64        `yaml:"density"`
}

// A Stop is a colour of a gradient at a place in 0..1.
type Stop struct {
	At    float64      `yaml:"at"`
	Color raster.Color `yaml:"color"`
}

// A Shape is a drawing in Size units: filled, then its veins stroked.
type Shape struct {
	Size  float64     `yaml:"size"`
	Fill  vector.Path `yaml:"fill"`
	Veins vector.Path `yaml:"veins"`
	VeinW float64     `yaml:"vein_w"`
	Flat  bool        `yaml:"flat"` // hardly any pigment variation
}

// A Finish is laid over the whole page at the end.
type Finish struct {
	Vignette float32 `yaml:"vignette"`
	Grain    float32 `yaml:"grain"`
	Paper    float32 `yaml:"paper"`
}

// Photos is the kind of the layer at which the photos are mounted.
const Photos = "photos"

// drawers are the kinds of layers.
var drawers map[string]func(*Canvas, *Layer, uint32)

func init() {
	drawers = map[string]func(*Canvas, *Layer, uint32){
		"fill": (*Canvas).fill, "gradient": (*Canvas).gradient, "paper": (*Canvas).paper, "plaster": (*Canvas).plaster,
		"linen": (*Canvas).linen, "light": (*Canvas).light, "shade": (*Canvas).shade, "wash": (*Canvas).wash,
		"bokeh": (*Canvas).bokeh, "snow": (*Canvas).snow, "scatter": (*Canvas).scatter, "shape": (*Canvas).shape,
		"bough": (*Canvas).bough, "tree": (*Canvas).tree, "rule": (*Canvas).rule, "text": (*Canvas).text,
	}
}

// Check reports what is wrong with a layer that may use the given shapes.
func (l *Layer) Check(shapes map[string]*Shape) error {
	if l.Kind == Photos {
		return nil
	}
	if drawers[l.Kind] == nil {
		return fmt.Errorf("kind %q is not one of photos, %s", l.Kind, strings.Join(slices.Sorted(maps.Keys(drawers)), ", "))
	}
	for _, s := range l.Shapes {
		if shapes[s] == nil {
			return fmt.Errorf("%s: there is no shape %q", l.Kind, s)
		}
	}
	points := 0
	for _, line := range l.Path {
		points += len(line)
	}
	switch needColors := l.Kind == "scatter" || l.Kind == "bokeh" || l.Kind == "bough" || l.Kind == "tree"; {
	case l.N < 0 || l.N > 1000:
		return fmt.Errorf("%s: n %d is not in 0..1000", l.Kind, l.N)
	case l.Alpha < 0 || l.Alpha > 1 || l.Shadow < 0 || l.Shadow > 1:
		return fmt.Errorf("%s: alpha or shadow is not in 0..1", l.Kind)
	case l.Amount < 0 || l.Amount > 1:
		return fmt.Errorf("%s: amount %g is not in 0..1", l.Kind, l.Amount)
	case l.Size[0] < 0 || l.Size[1] < 0 || l.Size[0] > 600 || l.Size[1] > 600:
		return fmt.Errorf("%s: size %v is not in 0..600", l.Kind, l.Size)
	case l.Density < 0 || l.Density > 3:
		return fmt.Errorf("%s: density %g is not in 0..3", l.Kind, l.Density)
	case l.Rough < 0 || l.Rough > 120 || l.Blur < 0 || l.Blur > 1:
		return fmt.Errorf("%s: rough is not in 0..120 or blur not in 0..1", l.Kind)
	case points > 2000:
		return fmt.Errorf("%s: the path has more than 2000 points", l.Kind)
	case needColors && len(l.Colors) == 0:
		return fmt.Errorf("%s: no colors", l.Kind)
	case (l.Kind == "scatter" || l.Kind == "tree" || l.Kind == "shape") && len(l.Shapes) == 0:
		return fmt.Errorf("%s: no shapes", l.Kind)
	case (l.Kind == "scatter" || l.Kind == "tree") && len(l.Regions) == 0:
		return fmt.Errorf("%s: no regions", l.Kind)
	case l.Kind == "gradient" && len(l.Stops) < 2:
		return fmt.Errorf("gradient: fewer than two stops")
	case (l.Kind == "wash" || l.Kind == "bough") && len(l.Path) == 0:
		return fmt.Errorf("%s: no path", l.Kind)
	case (l.Kind == "light" || l.Kind == "shade") && l.Radius < 10:
		return fmt.Errorf("%s: radius %g is below 10", l.Kind, l.Radius)
	case l.Kind == "text" && l.Text != "title" && l.Text != "subtitle":
		return fmt.Errorf("text: %q is not title or subtitle", l.Text)
	case l.Kind == "text" && (l.Size[0] < 8 || l.Width < 50):
		return fmt.Errorf("text: size is below 8 or width below 50")
	}
	if l.Kind == "text" {
		return lettering.Check(l.Font)
	}
	return nil
}

// A Canvas is the page being drawn.
type Canvas struct {
	*raster.Image
	Page   layout.Page
	Unit   float64 // pixels a design unit
	Seed   uint64
	Keep   []raster.Rect // faces on the page, in units: decor stays off them
	Clear  []raster.Rect // lines of text on the page, in units: nothing is strewn on them
	Shapes map[string]*Shape
	Texts  map[string]string
}

// Draw draws the n-th layer.
func (c *Canvas) Draw(l *Layer, n int) {
	k := *l
	if k.Alpha == 0 {
		k.Alpha = 1
	}
	drawers[l.Kind](c, &k, uint32(c.Seed)+uint32(c.Seed>>32)*31+uint32(n)*97)
}

func (c *Canvas) bounds() image.Rectangle { return image.Rect(0, 0, c.W, c.H) }

// onFace reports whether a disc touches a face; all in units.
func (c *Canvas) onFace(x, y, r float64) bool {
	for _, k := range c.Keep {
		if x+r > k.X0 && x-r < k.X1 && y+r > k.Y0 && y-r < k.Y1 {
			return true
		}
	}
	return false
}

// at is the layer's place on the page, in units.
func (c *Canvas) at(l *Layer) (x, y float64) { return c.Page.X(l.At[0]), c.Page.Y(l.At[1]) }

// onPage maps a path on the sheet to pixels.
func (c *Canvas) onPage(p vector.Path) vector.Path {
	return p.Map(func(v vector.Point) vector.Point {
		return vector.Point{c.Page.X(v[0]) * c.Unit, c.Page.Y(v[1]) * c.Unit}
	})
}

// rows runs f over every row of the page.
func (c *Canvas) rows(f func(y int, row []uint16)) {
	raster.Bands(c.H, func(a, b int) {
		for y := a; y < b; y++ {
			f(y, c.Row(y))
		}
	})
}
