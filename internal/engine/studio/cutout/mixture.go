package cutout

import (
	"math"

	"kinpict/internal/engine/studio/noise"
)

const (
	components = 8
	// placeWeight is what a distance of one face counts beside one of L*a*b*/100
	// when samples are grouped.
	placeWeight = 0.10
)

// A feature is what is known of a pixel: colour, and place in face sizes from
// the face.
type feature struct {
	c    [3]float32
	x, y float32
}

func (f feature) vector() [5]float64 {
	return [5]float64{float64(f.c[0]), float64(f.c[1]), float64(f.c[2]), placeWeight * float64(f.x), placeWeight * float64(f.y)}
}

type samples struct {
	at     []feature
	weight []float32
}

func (s *samples) add(f feature, w float32) {
	s.at = append(s.at, f)
	s.weight = append(s.weight, w)
}

// A bell is one Gaussian of a mixture, with its weight in pixels, so that two
// mixtures compare as densities.
type bell struct {
	mean    [3]float64
	inverse [6]float64 // of the covariance, upper half
	x, y    float64
	ix, iy  float64 // inverse variances of place
	norm    float64
}

type mixture []bell

// fit groups samples by colour and place and takes a Gaussian of each group.
func fit(s samples, seed uint64) mixture {
	v := make([][5]float64, len(s.at))
	for i, f := range s.at {
		v[i] = f.vector()
	}
	group, centre := cluster(v, s.weight, seed)
	type moments struct{ w, xx, xy, xz, yy, yz, zz, px, py float64 }
	ms := make([]moments, len(centre))
	var total float64
	for i, p := range v {
		c, m, w := &centre[group[i]], &ms[group[i]], float64(s.weight[i])
		x, y, z := p[0]-c[0], p[1]-c[1], p[2]-c[2]
		m.w += w
		m.xx, m.xy, m.xz = m.xx+w*x*x, m.xy+w*x*y, m.xz+w*x*z
		m.yy, m.yz, m.zz = m.yy+w*y*y, m.yz+w*y*z, m.zz+w*z*z
		m.px, m.py = m.px+w*sq((p[3]-c[3])/placeWeight), m.py+w*sq((p[4]-c[4])/placeWeight)
		total += w
	}
	var out mixture
	for k, m := range ms {
		if m.w < 0.004*total {
			continue
		}
		const least = 0.0006 // variance below which a group is noise-free by chance
		a, b, c := m.xx/m.w+2*least, m.xy/m.w, m.xz/m.w
		d, e, f := m.yy/m.w+least, m.yz/m.w, m.zz/m.w+least
		det := a*(d*f-e*e) - b*(b*f-c*e) + c*(b*e-c*d)
		vx, vy := m.px/m.w*1.6+0.02, m.py/m.w*1.6+0.02
		q := centre[k]
		out = append(out, bell{
			mean:    [3]float64{q[0], q[1], q[2]},
			inverse: [6]float64{(d*f - e*e) / det, (c*e - b*f) / det, (b*e - c*d) / det, (a*f - c*c) / det, (b*c - a*e) / det, (a*d - b*b) / det},
			x:       q[3] / placeWeight, y: q[4] / placeWeight, ix: 1 / vx, iy: 1 / vy,
			norm: m.w / math.Sqrt(det*vx*vy),
		})
	}
	return out
}

// cluster is k-means with spread-out seeds (Arthur, Vassilvitskii 2007).
func cluster(v [][5]float64, weight []float32, seed uint64) (group []int, centre [][5]float64) {
	rng := noise.NewRand(seed)
	far := make([]float64, len(v))
	for i := range far {
		far[i] = math.Inf(1)
	}
	centre = append(centre, v[rng.Below(len(v))])
	for len(centre) < components {
		var total float64
		for i, p := range v {
			far[i] = math.Min(far[i], distance(p, centre[len(centre)-1]))
			total += far[i]
		}
		left, k := rng.Float()*total, 0
		for ; k < len(v)-1 && left > far[k]; k++ {
			left -= far[k]
		}
		centre = append(centre, v[k])
	}
	group = make([]int, len(v))
	for range 7 {
		var sum [components][5]float64
		var w [components]float64
		for i, p := range v {
			best := math.Inf(1)
			for k, c := range centre {
				if d := distance(p, c); d < best {
					best, group[i] = d, k
				}
			}
			k := group[i]
			w[k] += float64(weight[i])
			for j := range p {
				sum[k][j] += float64(weight[i]) * p[j]
			}
		}
		for k := range centre {
			for j := range sum[k] {
				if w[k] > 0 {
					centre[k][j] = sum[k][j] / w[k]
				}
			}
		}
	}
	return group, centre
}

func distance(a, b [5]float64) float64 {
	return sq(a[0]-b[0]) + sq(a[1]-b[1]) + sq(a[2]-b[2]) + sq(a[3]-b[3]) + sq(a[4]-b[4])
}

// density of the mixture at f; place is how much places count beside colours.
func (m mixture) density(f feature, place float64) float64 {
	var sum float64
	for i := range m {
		b := &m[i]
		x, y, z := float64(f.c[0])-b.mean[0], float64(f.c[1])-b.mean[1], float64(f.c[2])-b.mean[2]
		q := b.inverse[0]*x*x + 2*b.inverse[1]*x*y + 2*b.inverse[2]*x*z + b.inverse[3]*y*y + 2*b.inverse[4]*y*z + b.inverse[5]*z*z
		if place > 0 {
			q += place * (sq(float64(f.x)-b.x)*b.ix + sq(float64(f.y)-b.y)*b.iy)
		}
		if q < 60 {
			sum += b.norm * math.Exp(-0.5*q)
		}
	}
	return sum
}
