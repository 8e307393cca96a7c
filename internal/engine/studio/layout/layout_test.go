package layout

import (
	"fmt"
	"math"
	"testing"

	"kinpict/internal/engine/studio/raster"
)

var aspects = [][2]int{{4, 5}, {1, 1}, {3, 2}, {5, 7}, {210, 297}, {2, 1}, {1, 2}}

func inside(in, out raster.Rect, slack float64) bool {
	return in.X0 >= out.X0-slack && in.Y0 >= out.Y0-slack && in.X1 <= out.X1+slack && in.Y1 <= out.Y1+slack
}

func TestSafePartIsInsideEveryCropThatCanHoldIt(t *testing.T) {
	held := 0
	for _, size := range [][2]float64{{900, 1200}, {1200, 900}, {2000, 700}, {800, 800}} {
		for _, faces := range [][]Face{
			{{X: 450, Y: 300, S: 200}}, {{X: 90, Y: 90, S: 160}}, {{X: size[0] - 60, Y: size[1] - 80, S: 140}},
			{{X: 200, Y: 300, S: 110}, {X: 600, Y: 340, S: 120}}, nil,
		} {
			s := &Subject{W: size[0], H: size[1], Faces: faces, FX: size[0] * 0.3, FY: size[1] * 0.6}
			for _, aspect := range []float64{0.5, 0.714, 0.8, 1, 1.5, 2} {
				for _, cover := range []float64{0, 0.25} {
					r := s.Crop(aspect, 0.38, cover)
					name := fmt.Sprintf("%v with faces %v at %.2f, %.2f covered", size, faces, aspect, cover)
					if !inside(r, raster.Rect{X1: s.W, Y1: s.H}, 1e-6) {
						t.Errorf("%s: crop %v leaves the photo", name, r)
					}
					if math.Abs(r.W()/r.H()-aspect) > 1e-6 {
						t.Errorf("%s: crop %v is %.3f wide", name, r, r.W()/r.H())
					}
					safe := s.Safe()
					shown := r
					shown.Y1 -= cover * r.H()
					mw, mh := math.Min(s.W, s.H*aspect), math.Min(s.H, s.W/aspect)
					if safe.W() > mw || safe.H() > mh*(1-cover) || cover > 0 && safe.Y1 > s.H-cover*mh {
						continue
					}
					held++
					if !inside(safe, shown, 1e-6) {
						t.Errorf("%s: crop %v cuts into %v", name, r, safe)
					}
				}
			}
		}
	}
	if held < 100 {
		t.Errorf("only %d crops could be judged", held)
	}
}

func TestHeadIsKeptBeforeChin(t *testing.T) {
	s := &Subject{W: 400, H: 1000, Faces: []Face{{X: 200, Y: 500, S: 390}}}
	r := s.Crop(2, 0.4, 0)
	if top := s.Safe().Y0; r.Y0 > top+1e-6 {
		t.Errorf("the crop begins at %.0f, below the hair at %.0f", r.Y0, top)
	}
}

func TestPageKeepsDistancesToItsEdges(t *testing.T) {
	for _, a := range aspects {
		p := NewPage(a[0], a[1])
		if math.Min(p.W, p.H) != 1000 {
			t.Errorf("%v: short side %g, want 1000", a, math.Min(p.W, p.H))
		}
		for _, d := range []float64{-30, 0, 100, 320} {
			if l, r := p.X(d), p.W-p.X(DesignW-d); l != d || math.Abs(r-d) > 1e-9 {
				t.Errorf("%v: %g from the side became %g and %g", a, d, l, r)
			}
			if top, low := p.Y(d), p.H-p.Y(DesignH-d); top != d || math.Abs(low-d) > 1e-9 {
				t.Errorf("%v: %g from above and below became %g and %g", a, d, top, low)
			}
		}
		last := math.Inf(-1)
		for x := -50.0; x <= 1300; x += 10 {
			if y := p.Y(x); y <= last {
				t.Fatalf("%v: places change their order at %g", a, x)
			} else {
				last = y
			}
		}
	}
}

func bare(s Slot) (w, h, dx, dy float64) { return s.W, s.H, 0, 0 }

func subjects(n int) []*Subject {
	all := []*Subject{
		{W: 900, H: 1200, Faces: []Face{{X: 450, Y: 400, S: 260}}},
		{W: 1200, H: 900, Faces: []Face{{X: 300, Y: 400, S: 200}}},
		{W: 1600, H: 700, Faces: []Face{{X: 300, Y: 300, S: 90}, {X: 800, Y: 300, S: 90}, {X: 1300, Y: 320, S: 90}}},
		{W: 1000, H: 1000, FX: 500, FY: 500},
		{W: 800, H: 1200, Faces: []Face{{X: 400, Y: 450, S: 330}}},
		{W: 1200, H: 800, FX: 700, FY: 400},
		{W: 900, H: 1200, Faces: []Face{{X: 500, Y: 300, S: 120}}},
		{W: 700, H: 700, Faces: []Face{{X: 350, Y: 350, S: 420}}},
	}
	return all[:n]
}

var plans = map[string]Plan{
	"slices":  {Kind: "slices", Area: [4]float64{70, 70, 860, 960}, Gap: 20, Styles: []string{"a", "b", "c"}, Head: 0.4},
	"rows":    {Kind: "rows", Area: [4]float64{60, 180, 880, 940}, Gap: 30, Styles: []string{"a"}, Aspect: 0.85, Vary: 1.3, Head: 0.36},
	"feature": {Kind: "feature", Area: [4]float64{76, 108, 848, 904}, Gap: 26, Styles: []string{"a", "b"}, Aspect: 0.8, Head: 0.34},
}

func TestArrangementsFillTheirArea(t *testing.T) {
	for kind, p := range plans {
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
		for _, a := range aspects {
			page := NewPage(a[0], a[1])
			area := page.Rect(p.Area)
			for n := 1; n <= 8; n++ {
				name := fmt.Sprintf("%s, %d photos, %d:%d", kind, n, a[0], a[1])
				slots := p.Arrange(page, subjects(n), 1, bare)
				if len(slots) != n {
					t.Fatalf("%s: %d slots", name, len(slots))
				}
				sum := 0.0
				for i, s := range slots {
					sum += s.W * s.H
					r := raster.Rect{X0: s.X - s.W/2, Y0: s.Y - s.H/2, X1: s.X + s.W/2, Y1: s.Y + s.H/2}
					if s.Style == "" || s.W < 80 || s.H < 80 || !inside(r, area, 1) {
						t.Errorf("%s: slot %d is %+v, area %v", name, i, s, area)
					}
					if s.Cover > 0.3 {
						t.Errorf("%s: %.2f of slot %d is hidden", name, s.Cover, i)
					}
					for j, o := range slots[:i] {
						apart := math.Abs(s.X-o.X) >= (s.W+o.W)/2-1 || math.Abs(s.Y-o.Y) >= (s.H+o.H)/2-1
						if kind == "feature" {
							// Circles may cover a noted part of the large slot and stand close in the corners of their squares.
							apart = s.Cover > 0 || o.Cover > 0 || apart || math.Hypot(s.X-o.X, s.Y-o.Y) >= (s.W+o.W)/2 ||
								math.Max(s.W, o.W) > 1.5*math.Min(s.W, o.W)
						}
						if !apart {
							t.Errorf("%s: slots %d and %d overlap", name, i, j)
						}
					}
				}
				if share := sum / (area.W() * area.H()); share < 0.24 {
					t.Errorf("%s: the photos fill %.2f of their area", name, share)
				}
			}
		}
	}
}

func TestLargeSlotIsTheFirstPhotos(t *testing.T) {
	p := plans["feature"]
	for n := 3; n <= 8; n++ {
		slots := p.Arrange(NewPage(4, 5), subjects(n)[:n], 1, bare)
		if slots[0].Style != "a" && slots[2].Style != "a" {
			t.Errorf("%d photos: neither the first nor the group has the large slot", n)
		}
	}
}

func TestRowsKeepTheOrder(t *testing.T) {
	p := plans["rows"]
	one := subjects(1)[0]
	slots := p.Arrange(NewPage(4, 5), []*Subject{one, one, one, one, one}, 1, bare)
	for i := 1; i < len(slots); i++ {
		if slots[i].Y < slots[i-1].Y-1 || slots[i].Y < slots[i-1].Y+1 && slots[i].X < slots[i-1].X {
			t.Errorf("photo %d comes before photo %d", i+1, i)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	for name, change := range map[string]func(*Plan){
		"a kind that is none":         func(p *Plan) { p.Kind = "pile" },
		"an area off the sheet":       func(p *Plan) { p.Area[2] = 990 },
		"an area too small":           func(p *Plan) { p.Area[3] = 100 },
		"no style":                    func(p *Plan) { p.Styles = nil },
		"faces larger than the photo": func(p *Plan) { p.Head = 1.2 },
		"a wide gap":                  func(p *Plan) { p.Gap = 300 },
		"slots like ribbons":          func(p *Plan) { p.Aspect = 9 },
		"slots turned over":           func(p *Plan) { p.Tilt = 90 },
		"slots of any size":           func(p *Plan) { p.Vary = 7 },
	} {
		p := plans["rows"]
		change(&p)
		if p.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
