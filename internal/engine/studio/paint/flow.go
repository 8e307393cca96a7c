package paint

import (
	"context"
	"math"

	"kinpict/internal/engine/studio/raster"
)

// A flow is where the forms of a picture run: at every pixel the unit tangent
// of its edges and how strongly they agree on it, 0..1.
type flow struct {
	w, h     int
	tx, ty   []float32
	coherent []float32
}

// newFlow takes the structure tensor of a picture (Di Zenzo 1986), smoothed by
// sigma pixels.
func newFlow(ctx context.Context, m *raster.Image, sigma float64) (*flow, error) {
	w, h := m.W, m.H
	xx, xy, yy := raster.NewPlane(w, h), raster.NewPlane(w, h), raster.NewPlane(w, h)
	err := rows(ctx, h, func(y int) {
		up, mid, low := m.Row(max(y-1, 0)), m.Row(y), m.Row(min(y+1, h-1))
		for x := range w {
			l, c, r := 3*max(x-1, 0), 3*x, 3*min(x+1, w-1)
			var sx, sy, sm float32
			for k := range 3 {
				a, b, d := at(up, l+k), at(up, c+k), at(up, r+k)
				p, q := at(mid, l+k), at(mid, r+k)
				s, t, v := at(low, l+k), at(low, c+k), at(low, r+k)
				gx, gy := (d+2*q+v-a-2*p-s)/4, (s+2*t+v-a-2*b-d)/4
				sx, sm, sy = sx+gx*gx, sm+gx*gy, sy+gy*gy
			}
			i := y*w + x
			xx.P[i], xy.P[i], yy.P[i] = sx, sm, sy
		}
	})
	if err != nil {
		return nil, err
	}
	xx, xy, yy = xx.Blur(sigma), xy.Blur(sigma), yy.Blur(sigma)
	f := &flow{w: w, h: h, tx: xx.P, ty: xy.P, coherent: yy.P}
	return f, rows(ctx, h, func(y int) {
		for i := y * w; i < (y+1)*w; i++ {
			a, b, c := float64(xx.P[i]), float64(xy.P[i]), float64(yy.P[i])
			d := math.Sqrt((a-c)*(a-c) + 4*b*b)
			tx, ty, coherent := (a+c+d)/2-a, -b, 0.0
			// Below this the gradient is rounding: a flat place has no direction.
			if sum := a + c; sum > 1e-7 {
				coherent = d / sum
			}
			if l := math.Hypot(tx, ty); l > 1e-9 {
				tx, ty = tx/l, ty/l
			} else {
				tx, ty = 0, 1
			}
			f.tx[i], f.ty[i], f.coherent[i] = float32(tx), float32(ty), float32(coherent)
		}
	})
}

func at(row []uint16, i int) float32 { return float32(row[i]) * (1.0 / raster.Full) }
