package noise_test

import (
	"math"
	"testing"

	"kinpict/internal/engine/studio/noise"
)

func run(n int, f func(a, b int)) { f(0, n) }

func TestTileHasNoSeam(t *testing.T) {
	f := func(x, y float32) float32 { return noise.Fractal(x*0.05, y*0.05, 3, 7) }
	const n = 128
	tile := noise.NewTile(n, run, f)
	inside, across := 0.0, 0.0
	for i := range n {
		row := tile.Row(i)
		inside = math.Max(inside, math.Abs(float64(row[60]-row[61])))
		across = math.Max(across, math.Abs(float64(row[n-1]-row[0])))
		across = math.Max(across, math.Abs(float64(tile.Row(n - 1)[i]-tile.Row(n)[i])))
	}
	if across > 3*inside+0.02 {
		t.Errorf("steps across the edge of %g, within of %g", across, inside)
	}
}

func TestFieldAgreesWithItsFunction(t *testing.T) {
	f := func(x, y float32) float32 { return 3*x - 2*y }
	g := noise.NewField(50, 31, 7, run, f)
	row := make([]float32, 40)
	for y := range 31 {
		g.Span(10, y, row)
		for i, v := range row {
			if want := f(float32(10+i), float32(y)); math.Abs(float64(v-want)) > 1e-3 {
				t.Fatalf("at %d,%d the field is %g, want %g", 10+i, y, v, want)
			}
		}
	}
}

func TestNoiseStaysInRange(t *testing.T) {
	lo, hi := float32(1), float32(0)
	for i := range 4000 {
		v := noise.Fractal(float32(i)*0.37-700, float32(i)*0.11-200, 4, 3)
		lo, hi = min(lo, v), max(hi, v)
	}
	if lo < 0 || hi > 1 || hi-lo < 0.3 {
		t.Errorf("values lie in %g..%g, want a good part of 0..1", lo, hi)
	}
}

func TestNearSeedsDiffer(t *testing.T) {
	seen := map[float64]uint64{}
	for s := range uint64(200) {
		v := noise.NewRand(s).Float()
		if o, ok := seen[v]; ok {
			t.Errorf("seeds %d and %d begin alike", s, o)
		}
		seen[v] = s
	}
}
