package studio

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	xdraw "golang.org/x/image/draw"

	"kinpict/internal/engine"
	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/scenario"
)

// A likeness compares two small pictures as an eye does: structure by SSIM of
// luma (Wang, Bovik, Sheikh and Simoncelli 2004, "Image quality assessment: from
// error visibility to structural similarity") in windows of 8 by 8, colour by
// the mean difference in the same windows. Both are judged by their worst
// twentieth, because one photo of eight is a small part of a page.
type likeness struct {
	structure float64 // mean SSIM of the worst windows, 1 for the same
	colour    float64 // mean distance of the worst windows in Y, Cb, Cr of 0..255
}

// alike are the bounds within which two pictures count as the same. What they
// let through and what not is TestLikenessTellsFaultsFromNoise.
func (l likeness) alike() bool { return l.structure > 0.86 && l.colour < 5 }

func (l likeness) String() string {
	return fmt.Sprintf("structure %.3f, colour %.2f", l.structure, l.colour)
}

func compare(a, b image.Image) likeness {
	w, h := a.Bounds().Dx(), a.Bounds().Dy()
	if b.Bounds().Dx() != w || b.Bounds().Dy() != h {
		return likeness{0, 255}
	}
	p, q := planes(a), planes(b)
	const side, step = 8, 4
	const c1, c2 = (0.01 * 255) * (0.01 * 255), (0.03 * 255) * (0.03 * 255)
	var ssim, dist []float64
	for y := 0; y+side <= h; y += step {
		for x := 0; x+side <= w; x += step {
			var ma, mb [3]float64
			var aa, bb, ab float64
			for j := y; j < y+side; j++ {
				for i := x; i < x+side; i++ {
					u, v := p[j*w+i], q[j*w+i]
					for k := range 3 {
						ma[k] += u[k] / (side * side)
						mb[k] += v[k] / (side * side)
					}
					aa, bb, ab = aa+u[0]*u[0], bb+v[0]*v[0], ab+u[0]*v[0]
				}
			}
			aa, bb, ab = aa/(side*side)-ma[0]*ma[0], bb/(side*side)-mb[0]*mb[0], ab/(side*side)-ma[0]*mb[0]
			ssim = append(ssim, (2*ma[0]*mb[0]+c1)*(2*ab+c2)/((ma[0]*ma[0]+mb[0]*mb[0]+c1)*(aa+bb+c2)))
			dist = append(dist, math.Sqrt((ma[0]-mb[0])*(ma[0]-mb[0])+(ma[1]-mb[1])*(ma[1]-mb[1])+(ma[2]-mb[2])*(ma[2]-mb[2])))
		}
	}
	slices.Sort(ssim)
	slices.Sort(dist)
	n := max(1, len(ssim)/20)
	var l likeness
	for i := range n {
		l.structure += ssim[i] / float64(n)
		l.colour += dist[len(dist)-1-i] / float64(n)
	}
	return l
}

// planes are Y, Cb and Cr of every pixel, averaged with its neighbours, which
// quiets grain and codec and not what is drawn.
func planes(m image.Image) [][3]float64 {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	raw := make([][3]float64, w*h)
	for i := range raw {
		c := color.YCbCrModel.Convert(m.At(b.Min.X+i%w, b.Min.Y+i/w)).(color.YCbCr)
		raw[i] = [3]float64{float64(c.Y), float64(c.Cb), float64(c.Cr)}
	}
	out := make([][3]float64, w*h)
	for i := range out {
		n := 0.0
		for y := max(0, i/w-1); y <= min(h-1, i/w+1); y++ {
			for x := max(0, i%w-1); x <= min(w-1, i%w+1); x++ {
				n++
				for k := range 3 {
					out[i][k] += raw[y*w+x][k]
				}
			}
		}
		for k := range 3 {
			out[i][k] /= n
		}
	}
	return out
}

// regraded is a scenario with one piece of its layout replaced.
func regraded(t *testing.T, s *scenario.Scenario, old, now string) *scenario.Scenario {
	t.Helper()
	text, err := yaml.Marshal(&s.Layout)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("the layout of %s has no %q", s.ID, old)
	}
	o := *s
	if err := yaml.Unmarshal([]byte(strings.Replace(string(text), old, now, 1)), &o.Layout); err != nil {
		t.Fatal(err)
	}
	return &o
}

func TestLikenessTellsFaultsFromNoise(t *testing.T) {
	s := find(t, "gallery")
	small := &Engine{short: sheetShort}
	sitting := func(s *scenario.Scenario) *engine.Job { j := job(s, 8); j.Photos = people(); return j }
	full, _ := draw(t, small, sitting(s))
	good := tile(full)
	r, err := small.plan(sitting(s))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.arrange()
	place := func(i int) image.Rectangle {
		s, u := r.slots[i], float64(r.short)/1000
		return image.Rect(int((s.X-s.W/2)*u), int((s.Y-s.H/2)*u), int((s.X+s.W/2)*u), int((s.Y+s.H/2)*u))
	}
	smallest := 0
	for i := range r.slots {
		if r.slots[i].W*r.slots[i].H < r.slots[smallest].W*r.slots[smallest].H {
			smallest = i
		}
	}
	spot := place(smallest)
	edited := func(f func(*image.RGBA)) image.Image {
		m := image.NewRGBA(full.Bounds())
		xdraw.Draw(m, m.Rect, full, image.Point{}, xdraw.Src)
		f(m)
		return tile(m)
	}
	wall := image.NewUniform(full.At(spot.Min.X-3, spot.Min.Y-3))
	again := func(quality int) image.Image {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, full, &jpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		return tile(m)
	}
	other := func(old, now string) image.Image {
		m, _ := draw(t, small, sitting(regraded(t, s, old, now)))
		return tile(m)
	}
	larger, _ := draw(t, &Engine{short: 2 * sheetShort}, sitting(s))
	silent := sitting(s)
	silent.Instruction = `"·"`
	untitled, _ := draw(t, small, silent)
	for _, tt := range []struct {
		name string
		m    image.Image
		same bool
	}{
		{"itself", good, true},
		{"encoded badly once more", again(60), true},
		{"drawn at twice the size", tile(larger), true},
		{"a noisy copy", edited(func(m *image.RGBA) {
			for i := range m.Pix {
				m.Pix[i] = uint8(max(0, min(255, float32(m.Pix[i])+(noise.Hash(uint32(i), 1, 1)-0.5)*14)))
			}
		}), true},
		{"without its smallest photo", edited(func(m *image.RGBA) { xdraw.Draw(m, spot, wall, image.Point{}, xdraw.Src) }), false},
		{"with one photo twice", edited(func(m *image.RGBA) {
			xdraw.ApproxBiLinear.Scale(m, spot, full, place((smallest+1)%8), xdraw.Src, nil)
		}), false},
		{"with a frame moved by a hundredth of the page", edited(func(m *image.RGBA) {
			xdraw.Draw(m, spot, wall, image.Point{}, xdraw.Src)
			xdraw.Draw(m, spot.Add(image.Pt(3, 0)), full, spot.Min, xdraw.Src)
		}), false},
		{"a little warmer", other("temp: 0.01", "temp: 0.05"), false},
		{"paler", other("sat: 0.98", "sat: 0.7"), false},
		{"harder", other("contrast: 0.05", "contrast: 0.22"), false},
		{"on another wall", other("#cfc8ba", "#c3c8c4"), false},
		{"without its title", tile(untitled), false},
	} {
		got := compare(good, tt.m)
		t.Logf("%s: %v", tt.name, got)
		if got.alike() != tt.same {
			t.Errorf("%s: %v, counted as the same: %v", tt.name, got, got.alike())
		}
	}
}
