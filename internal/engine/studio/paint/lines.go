package paint

import (
	"context"
	"math"

	"kinpict/internal/engine/studio/raster"
)

// stroke is how far a line is followed to either side, in samples.
const stroke = 7

// drawLines returns how much ink a pen would leave, 0..1: where a picture is
// darker than its near surroundings, smoothed along the flow so that it reads as
// drawn. The difference is taken relative to those surroundings, so that a dark
// place as such, a cast shadow or a black coat, stays free of ink.
func drawLines(ctx context.Context, m *raster.Image, f *flow, sigma float64) (*raster.Plane, error) {
	l := m.Luma()
	near, wide := l.Blur(sigma), l.Blur(sigma*1.6)
	for i, v := range near.P {
		near.P[i] = (wide.P[i] - v) / (wide.P[i] + 0.14)
	}
	var weight [stroke]float32
	for k := range weight {
		weight[k] = float32(math.Exp(-float64(k*k) / 18))
	}
	out := wide
	return out, rows(ctx, m.H, func(y int) {
		for x := range m.W {
			sum, n := near.P[y*m.W+x]*weight[0], weight[0]
			for _, dir := range [2]float32{1, -1} {
				px, py := float32(x)+0.5, float32(y)+0.5
				var lx, ly float32
				for k := 1; k < stroke; k++ {
					i := max(0, min(m.H-1, int(py)))*m.W + max(0, min(m.W-1, int(px)))
					tx, ty := f.tx[i]*dir, f.ty[i]*dir
					if tx*lx+ty*ly < 0 { // a tangent has two directions; keep going
						tx, ty = -tx, -ty
					}
					lx, ly = tx, ty
					px, py = px+tx, py+ty
					sum += weight[k] * near.At(px, py)
					n += weight[k]
				}
			}
			out.P[y*m.W+x] = sum / n
		}
	})
}
