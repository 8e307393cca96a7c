package tone_test

import (
	"math"
	"testing"

	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/engine/studio/tone"
)

// portrait is a drawn head of the given skin before a ground of the given luma.
func portrait(skin raster.Color, ground float32) (*raster.Image, []tone.Face) {
	m := raster.New(80, 100)
	for y := range m.H {
		for x := range m.W {
			c := raster.Color{ground, ground * 0.95, ground * 0.9}
			if math.Hypot(float64(x-40)/21, float64(y-45)/28) < 1 {
				c = skin.Scale(1.1 - 0.008*float32(x-30))
			}
			raster.Store(m.Row(y)[3*x:], c.Add((noise.Hash(uint32(x), uint32(y), 1)-0.5)*0.04))
		}
	}
	return m, []tone.Face{{X: 40, Y: 45, S: 55}}
}

var (
	warm  = raster.Color{1, 0.95, 0.86}
	night = raster.Color{0.1, 0.07, 0.03}
)

var grades = map[string]tone.Grade{
	"nothing":       {},
	"warm":          {Auto: 0.85, Temp: 0.035, Contrast: 0.06, Fade: 0.02, Split: 0.22, Shadows: &night, Highlights: &warm},
	"monochrome":    {Auto: 0.8, Mono: 1, MonoTone: &warm, Contrast: 0.14, Exposure: 0.04},
	"bright":        {Auto: 0.95, Exposure: 0.5},
	"dark":          {Auto: 0.8, Exposure: -0.6, Contrast: 0.3},
	"hard contrast": {Contrast: 0.5, Sat: 1.5},
}

func TestGuardKeepsFacesAsTheyAre(t *testing.T) {
	skins := map[string]raster.Color{"very dark": {0.16, 0.10, 0.08}, "dark": {0.32, 0.21, 0.16}, "brown": {0.5, 0.36, 0.28}, "olive": {0.66, 0.52, 0.42}, "pale": {0.86, 0.72, 0.64}}
	moved := 0
	for name, c := range skins {
		for _, ground := range []float32{0.05, 0.4, 0.95} {
			for grade, g := range grades {
				m, faces := portrait(c, ground)
				skin := tone.Skin(m, faces)
				before := tone.Luma(skin, tone.Same)
				auto, toned := tone.Auto(m, g.Auto), g.Map()
				look := func(c raster.Color) raster.Color { return toned(auto(c)) }
				graded := tone.Luma(skin, look) / before
				m.Map(tone.Guard(look, skin, before, tone.GuardHigh))
				got := tone.Luma(tone.Skin(m, faces), tone.Same) / before
				if graded < 0.95 || graded > 1.3 {
					moved++
				}
				if got < tone.GuardLow-0.03 || got > tone.GuardHigh+0.015/before+0.03 {
					t.Errorf("%s skin before %.2f, %s: the face became %.2f times as light (%.2f without the guard)", name, ground, grade, got, graded)
				}
			}
		}
	}
	if moved < 10 {
		t.Errorf("only %d grades moved a face far, the guard had nothing to do", moved)
	}
}

func TestGuardLeavesPhotosWithoutFaces(t *testing.T) {
	m, _ := portrait(raster.Color{0.5, 0.4, 0.3}, 0.5)
	half := func(c raster.Color) raster.Color { return c.Scale(0.5) }
	if c := tone.Guard(half, tone.Skin(m, nil), 0, tone.GuardHigh)(raster.Color{0.8, 0.8, 0.8}); c[0] != 0.4 {
		t.Errorf("without a face 0.8 became %g, want 0.4", c[0])
	}
}

func TestZeroGradeChangesNothing(t *testing.T) {
	f := (&tone.Grade{}).Map()
	for _, c := range []raster.Color{{0, 0, 0}, {1, 1, 1}, {0.2, 0.5, 0.9}} {
		if got := f(c); math.Abs(float64(got[0]-c[0]))+math.Abs(float64(got[1]-c[1]))+math.Abs(float64(got[2]-c[2])) > 1e-5 {
			t.Errorf("%v became %v", c, got)
		}
	}
}

func TestHarmoniseMovesTowardsTheSet(t *testing.T) {
	dark, _ := portrait(raster.Color{0.3, 0.2, 0.2}, 0.2)
	light, _ := portrait(raster.Color{0.7, 0.6, 0.5}, 0.8)
	a, b := tone.Measure(dark), tone.Measure(light)
	set := tone.Average([]tone.Stats{a, b})
	dark.Map(tone.Harmonise(a, set, 0.35))
	light.Map(tone.Harmonise(b, set, 0.35))
	near := tone.Measure(light).Mean[0] - tone.Measure(dark).Mean[0]
	was := b.Mean[0] - a.Mean[0]
	if near >= was-0.03 || near < was/2 {
		t.Errorf("their tones were %.2f apart and are %.2f", was, near)
	}
}

func TestFinishAndSharpenLeaveFlatPicturesAlone(t *testing.T) {
	m := raster.New(60, 50)
	m.Map(func(raster.Color) raster.Color { return raster.Color{0.8, 0.7, 0.6} })
	tone.Sharpen(m, 1.4, 0.5, 0.004, 0.02)
	sharp := raster.Load(m.Row(20)[60:])
	tone.Finish(m, nil, 2)
	for i := 0; i < len(m.Pix); i += 3 {
		c := raster.Load(m.Pix[i:])
		for k, v := range []float32{0.8, 0.7, 0.6} {
			if math.Abs(float64(c[k]-v)) > 0.01 || math.Abs(float64(sharp[k]-v)) > 0.001 {
				t.Fatalf("pixel %d is %v, want 0.8 0.7 0.6", i/3, c)
			}
		}
	}
}

func TestFinishRemovesGrainAndKeepsEdges(t *testing.T) {
	m := raster.New(120, 120)
	for y := range m.H {
		for x := range m.W {
			v := float32(0.3)
			if x >= 60 {
				v = 0.7
			}
			v += (noise.Hash(uint32(x), uint32(y), 5) - 0.5) * 0.12
			raster.Store(m.Row(y)[3*x:], raster.Color{v, v, v})
		}
	}
	was := tone.Grain(m)
	tone.Finish(m, nil, 1)
	if now := tone.Grain(m); now > 0.6*was {
		t.Errorf("grain went from %.4f to %.4f", was, now)
	}
	var left, right float32
	for y := range m.H {
		left += raster.Load(m.Row(y)[3*57:])[0] / 120
		right += raster.Load(m.Row(y)[3*62:])[0] / 120
	}
	if right-left < 0.33 {
		t.Errorf("the edge is %.2f high, was 0.40", right-left)
	}
}

func TestCharacter(t *testing.T) {
	grey := raster.New(20, 20)
	grey.Map(func(raster.Color) raster.Color { return raster.Color{0.5, 0.5, 0.5} })
	night := raster.New(20, 20)
	night.Map(func(raster.Color) raster.Color { return raster.Color{0.12, 0.05, 0.05} })
	lamp := raster.New(20, 20) // a dark room with a light in it
	lamp.Map(func(raster.Color) raster.Color { return raster.Color{0.12, 0.05, 0.05} })
	for i := range lamp.Pix[:20*3*3] {
		lamp.Pix[i] = raster.Full
	}
	for name, tt := range map[string]struct {
		m    *raster.Image
		mono bool
		most float64
	}{"a grey picture": {grey, true, tone.GuardHigh}, "a red night": {night, false, tone.GuardNight}, "a lit room": {lamp, false, tone.GuardDark}} {
		if mono, most := tone.Character(tt.m); mono != tt.mono || most != tt.most {
			t.Errorf("%s: mono %v, %.2f times as light, want %v, %.2f", name, mono, most, tt.mono, tt.most)
		}
	}
}

func TestGradeRefuses(t *testing.T) {
	for name, g := range map[string]tone.Grade{"burnt out": {Exposure: 9}, "no colour left": {Sat: -1}, "fog": {Fade: 0.9}, "not a number": {Contrast: float32(math.NaN())}} {
		if g.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
