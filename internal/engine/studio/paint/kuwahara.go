package paint

import (
	"context"
	"math"

	"kinpict/internal/engine/studio/raster"
)

const (
	sectors = 8
	angles  = 32 // steps of a half turn the flow is rounded to
	shapes  = 6  // steps from round to twice as long
)

// A tap is one sample of a sector: its place from the middle in samples of the
// padded buffer, and its weight.
type tap struct {
	at     int32
	weight float32
}

// A kernel is the eight overlapping sectors of an ellipse, each of weight 1.
type kernel [sectors][]tap

// kernels are made once a pass for every rounded direction and shape, because
// weighing the sectors anew at every pixel is most of the filter's work.
type kernels struct {
	all   [angles][shapes]kernel
	reach int
}

func newKernels(radius float64, stride int) *kernels {
	k := &kernels{reach: int(2*radius) + 1}
	for a := range angles {
		for s := range shapes {
			k.all[a][s] = newKernel(radius, float64(a)*math.Pi/angles, float64(s)/(shapes-1), stride)
		}
	}
	return k
}

// newKernel is the ellipse of a radius along a direction. The weights of
// Kyprianidis et al. are polynomials that stand in for blurred sectors.
func newKernel(radius, turn, long float64, stride int) kernel {
	a, b := radius*(1+long), radius/(1+long)
	sn, cs := math.Sincos(turn)
	mx, my := int(math.Hypot(a*cs, b*sn)), int(math.Hypot(a*sn, b*cs))
	zeta := 2 / radius
	eta := (zeta + math.Cos(math.Pi/8)) / (math.Sin(math.Pi/8) * math.Sin(math.Pi/8))
	var k kernel
	var total [sectors]float64
	for y := -my; y <= my; y++ {
		for x := -mx; x <= mx; x++ {
			vx := (cs*float64(x) + sn*float64(y)) / a
			vy := (cs*float64(y) - sn*float64(x)) / b
			d := vx*vx + vy*vy
			if d > 1 {
				continue
			}
			var w [sectors]float64
			var sum float64
			for half := range 2 {
				px, py := vx, vy
				if half == 1 {
					px, py = math.Sqrt2/2*(vx-vy), math.Sqrt2/2*(vx+vy)
				}
				xx, yy := zeta-eta*px*px, zeta-eta*py*py
				for q, z := range [4]float64{py + xx, -px + yy, -py + xx, px + yy} {
					if z > 0 {
						w[2*q+half] = z * z
						sum += z * z
					}
				}
			}
			for s, z := range w {
				if z > 0 {
					z *= math.Exp(-3.125*d) / sum
					total[s] += z
					k[s] = append(k[s], tap{int32(4 * (y*stride + x)), float32(z)})
				}
			}
		}
	}
	for s := range k {
		for i := range k[s] {
			k[s][i].weight /= float32(total[s])
		}
	}
	return k
}

// kuwahara replaces every pixel by the mean of the calmest sectors about it,
// which flattens what is within a form and sharpens what parts two.
func kuwahara(ctx context.Context, m *raster.Image, f *flow, radius float64) (*raster.Image, error) {
	radius = math.Max(1.5, radius)
	pad := int(2*radius) + 1
	stride := m.W + 2*pad
	ks := newKernels(radius, stride)
	// Colour and its square lie together, with the edge repeated around.
	buf := make([]float32, 4*stride*(m.H+2*pad))
	err := rows(ctx, m.H+2*pad, func(y int) {
		row, d := m.Row(max(0, min(m.H-1, y-pad))), buf[4*stride*y:]
		for x := range stride {
			c := raster.Load(row[3*max(0, min(m.W-1, x-pad)):])
			d[4*x], d[4*x+1], d[4*x+2], d[4*x+3] = c[0], c[1], c[2], c[0]*c[0]+c[1]*c[1]+c[2]*c[2]
		}
	})
	if err != nil {
		return nil, err
	}
	out := raster.New(m.W, m.H)
	return out, rows(ctx, m.H, func(y int) {
		row := out.Row(y)
		for x := range m.W {
			i := y*m.W + x
			k := ks.along(f, i)
			middle := 4 * ((y+pad)*stride + x + pad)
			var sum raster.Color
			var weights float32
			for s := range k {
				var r, g, b, q float32
				for _, t := range k[s] {
					p := buf[middle+int(t.at):]
					_ = p[3]
					r += p[0] * t.weight
					g += p[1] * t.weight
					b += p[2] * t.weight
					q += p[3] * t.weight
				}
				v := max(0, q-r*r-g*g-b*b) * (255 * 255 / 100)
				v *= v
				z := 1 / (1 + v*v)
				sum[0], sum[1], sum[2] = sum[0]+z*r, sum[1]+z*g, sum[2]+z*b
				weights += z
			}
			z := 1 / weights
			raster.Store(row[3*x:], raster.Color{sum[0] * z, sum[1] * z, sum[2] * z})
		}
	})
}

// along is the kernel for the flow at pixel i.
func (k *kernels) along(f *flow, i int) *kernel {
	a := int(math.Round(math.Atan2(float64(f.ty[i]), float64(f.tx[i]))/math.Pi*angles)+2*angles) % angles
	s := int(f.coherent[i]*(shapes-1) + 0.5)
	return &k.all[a][max(0, min(shapes-1, s))]
}
