package decor

import (
	"math"

	"kinpict/internal/engine/studio/noise"
	"kinpict/internal/engine/studio/raster"
	"kinpict/internal/engine/studio/vector"
)

// Growth of a tree, in units: reach and kill distance of the points that pull
// the branches, and the length of a step.
const (
	reach    = 150.0
	kill     = 21.0
	growth   = 8.0
	pipeLaw  = 2.35 // exponent by which the cross-sections of branches add up
	leafless = 5.2  // branches thicker than this have no leaves
)

type node struct {
	x, y   float64
	parent int
	kids   int
	girth  float64
}

type tree struct {
	nodes []node
	trunk int
	rng   *noise.Rand
	page  [2]float64
}

// tree grows a tree by space colonisation (Runions, Lane and Prusinkiewicz
// 2007) from At upwards into the regions, which are ellipses of N points in
// all, and hangs leaves on its twigs.
func (c *Canvas) tree(l *Layer, seed uint32) {
	x, y := c.at(l)
	t := &tree{rng: noise.NewRand(uint64(seed) + 9), page: [2]float64{c.Page.W, c.Page.H}}
	height := y - c.Page.Y(l.At[1]-l.Radius)
	t.stem(x, y, height)
	var points []vector.Point
	var total float64
	for _, g := range l.Regions {
		q := c.Page.Rect(g)
		total += q.W() * q.H()
	}
	n := float64(l.N) * math.Min(1.5, c.Page.W*c.Page.H/(1000*1250))
	for _, g := range l.Regions {
		q := c.Page.Rect(g)
		for range int(n * q.W() * q.H() / total) {
			a, d := t.rng.Turn(), math.Sqrt(t.rng.Float())/2
			points = append(points, vector.Point{(q.X0+q.X1)/2 + math.Cos(a)*d*q.W(), (q.Y0+q.Y1)/2 + math.Sin(a)*d*q.H()})
		}
	}
	t.colonise(points)
	t.sprout(0.30, 6)
	t.sprout(0.16, 4)
	t.thicken(l.Stroke)
	c.bark(t, l, seed)
	c.foliage(t, l, seed)
}

// stem is the trunk, with a slow bend.
func (t *tree) stem(x, y, h float64) {
	t.trunk = max(2, int(h/growth))
	for i := 0; i <= t.trunk; i++ {
		q := float64(i) / float64(t.trunk)
		t.nodes = append(t.nodes, node{x: x + math.Sin(q*3.4)*9, y: y - h*q, parent: i - 1})
	}
}

// colonise grows every branch towards the points for which it is the nearest.
func (t *tree) colonise(points []vector.Point) {
	for range 260 {
		pull := make([]vector.Point, len(t.nodes))
		count := make([]int, len(t.nodes))
		rest := points[:0]
		for _, p := range points {
			b, near := -1, reach*reach
			for k := t.trunk / 3; k < len(t.nodes); k++ {
				dx, dy := t.nodes[k].x-p[0], t.nodes[k].y-p[1]
				if d := dx*dx + dy*dy; d < near {
					b, near = k, d
				}
			}
			if b >= 0 && near < kill*kill {
				continue
			}
			rest = append(rest, p)
			if b >= 0 {
				d := math.Sqrt(near)
				pull[b][0] += (p[0] - t.nodes[b].x) / d
				pull[b][1] += (p[1] - t.nodes[b].y) / d
				count[b]++
			}
		}
		points = rest
		if !t.grow(pull, count) {
			return
		}
	}
}

func (t *tree) grow(pull []vector.Point, count []int) bool {
	grew := false
	for k := range count {
		n := t.nodes[k]
		if count[k] == 0 || n.kids > 3 {
			continue
		}
		vx, vy := pull[k][0]/float64(count[k])+t.rng.Between(-0.16, 0.16), pull[k][1]/float64(count[k])+t.rng.Between(-0.16, 0.16)-0.04
		if n.parent >= 0 {
			dx, dy := n.x-t.nodes[n.parent].x, n.y-t.nodes[n.parent].y
			d := math.Hypot(dx, dy) + 1e-9
			vx, vy = vx+0.55*dx/d, vy+0.55*dy/d
		}
		d := math.Hypot(vx, vy)
		if d < 1e-6 {
			continue
		}
		t.nodes = append(t.nodes, node{x: n.x + vx/d*growth, y: n.y + vy/d*growth, parent: k})
		t.nodes[k].kids++
		grew = true
	}
	return grew
}

// sprout adds twigs of up to most steps to a share of the nodes.
func (t *tree) sprout(share float64, most int) {
	for k, n := t.trunk+1, len(t.nodes); k < n; k++ {
		if t.rng.Float() > share {
			continue
		}
		p := t.nodes[t.nodes[k].parent]
		side := 1.0
		if t.rng.Float() < 0.5 {
			side = -1
		}
		a := math.Atan2(t.nodes[k].y-p.y, t.nodes[k].x-p.x) + side*t.rng.Between(0.55, 1.15)
		cur := k
		for range 3 + t.rng.Below(most) {
			a += t.rng.Between(-0.22, 0.22) + (-math.Pi/2-a)*0.03
			x, y := t.nodes[cur].x+math.Cos(a)*7.5, t.nodes[cur].y+math.Sin(a)*7.5
			if x < 60 || x > t.page[0]-60 || y < 55 {
				break
			}
			t.nodes = append(t.nodes, node{x: x, y: y, parent: cur})
			cur = len(t.nodes) - 1
		}
	}
}

// thicken gives every node the width that carries what grows from it, the
// trunk the given one.
func (t *tree) thicken(width float64) {
	ns := t.nodes
	for i := range ns {
		ns[i].kids = 0
	}
	for _, n := range ns[1:] {
		ns[n.parent].kids++
	}
	for i := len(ns) - 1; i >= 0; i-- {
		if ns[i].kids == 0 {
			ns[i].girth += math.Pow(1.5, pipeLaw)
		}
		if p := ns[i].parent; p >= 0 {
			ns[p].girth += ns[i].girth
		}
	}
	k := width / math.Pow(ns[0].girth, 1/pipeLaw)
	foot := ns[0].y
	for i := range ns {
		ns[i].girth = math.Max(1.1, math.Pow(ns[i].girth, 1/pipeLaw)*k)
		if up := foot - ns[i].y; i <= t.trunk && up < 90 {
			ns[i].girth *= 1 + 0.75*(1-up/90)*(1-up/90)
		}
	}
}

func (c *Canvas) bark(t *tree, l *Layer, seed uint32) {
	u := c.Unit
	var p vector.Path
	for i, b := range t.nodes {
		if i == 0 {
			continue
		}
		a := t.nodes[b.parent]
		from := math.Min(a.girth, b.girth*1.8) // a side branch does not begin as thick as the limb
		p = append(p, vector.Path{{{a.x * u, a.y * u}, {b.x * u, b.y * u}}}.Stroke(func(q float64) float64 { return (from + (b.girth-from)*q) * u })...)
		joint := make([]vector.Point, 10)
		for s := range joint {
			sn, cs := math.Sincos(2 * math.Pi * float64(s) / 10)
			joint[s] = vector.Point{(b.x + cs*b.girth/2) * u, (b.y + sn*b.girth/2) * u}
		}
		p = append(p, joint)
	}
	for _, a := range []float64{2.86, 0.28, 2.35, 0.80} { // roots
		x, y := t.nodes[0].x, t.nodes[0].y-10
		line := []vector.Point{{x * u, y * u}}
		for range 8 {
			x += math.Cos(a) * 15
			y += math.Sin(a)*3 + 1.4
			line = append(line, vector.Point{x * u, y * u})
		}
		p = append(p, vector.Path{line}.Stroke(func(q float64) float64 { return l.Stroke * u * 0.62 * (1 - q) * (1 - q*0.3) })...)
	}
	m := p.SameTurn().Fill(c.bounds())
	if m.W == 0 {
		return
	}
	round := m.Soften(3.2 * u)
	inv := float32(1 / u)
	c.Paint(m, l.Alpha, func(px, py int) raster.Color {
		a, b := float32(px)*inv, float32(py)*inv
		n := noise.Fractal(a*0.42, b*0.05, 4, seed) - 0.5
		n2 := noise.Fractal(a*0.02, b*0.02, 3, seed+1) - 0.5
		light := round.Cover(px+2, py) - round.Cover(px-2, py)
		return l.Color.Scale(1 + n*0.50 + n2*0.35 + light*0.9)
	})
}

func (c *Canvas) foliage(t *tree, l *Layer, seed uint32) {
	var leafage []stamp
	for i, n := range t.nodes {
		if i <= t.trunk || n.girth > leafless {
			continue
		}
		leaves := 1
		if n.kids == 0 {
			leaves = 3
		}
		p := t.nodes[n.parent]
		for k := range leaves {
			if t.rng.Float() > l.Density {
				continue
			}
			a := math.Atan2(n.y-p.y, n.x-p.x) + t.rng.Between(-1.2, 1.2)
			color, shape := l.Colors[t.rng.Below(len(l.Colors))], l.Shapes[t.rng.Below(len(l.Shapes))]
			size := t.rng.Between(l.Size[0], l.Size[1])
			x, y := n.x+math.Cos(a)*size*0.4, n.y+math.Sin(a)*size*0.4
			if x < 48 || x > c.Page.W-48 || y < 48 {
				continue
			}
			leaf := stamp{c.Shapes[shape], x, y, size, a*180/math.Pi + 90, color, l.Shadow, 0.88, seed + uint32(i*3+k), false}
			if !c.onText(leaf) {
				leafage = append(leafage, leaf)
			}
		}
	}
	c.stamps(leafage)
}
