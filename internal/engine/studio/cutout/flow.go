package cutout

import "context"

const (
	directions = 8
	terminal   = 8 // parent of a pixel held by source or sink itself
	none       = 9
	least      = 1e-7 // capacity below which an edge is full
)

// Steps to the neighbours; direction d^1 is the opposite of d.
var (
	stepX = [directions]int{1, -1, 0, 0, 1, -1, -1, 1}
	stepY = [directions]int{0, 0, 1, -1, 1, -1, 1, -1}
)

const (
	free = iota
	source
	sink
)

// A grid is a graph over pixels, each joined to its eight neighbours and to
// source or sink, and the search for its smallest cut: two trees grow from source
// and sink, flow is pushed where they meet, and what it tears off is adopted
// again (Boykov, Kolmogorov 2004).
type grid struct {
	w, h     int
	terminal []float32             // capacity left to the source where positive, to the sink where negative
	room     [directions][]float32 // capacity left to each neighbour
	offset   [directions]int

	tree    []int8
	parent  []int8 // direction towards the root
	stamp   []int32
	depth   []int32 // to the root, true at the time of the stamp
	time    int32
	active  []int32
	queued  []bool
	orphans []int32
}

func newGrid(w, h int) *grid {
	n := w * h
	g := &grid{w: w, h: h, terminal: make([]float32, n), tree: make([]int8, n), parent: make([]int8, n),
		stamp: make([]int32, n), depth: make([]int32, n), queued: make([]bool, n)}
	for d := range g.room {
		g.room[d] = make([]float32, n)
		g.offset[d] = stepY[d]*w + stepX[d]
	}
	return g
}

// link sets the capacity between pixel i and its neighbour, both ways.
func (g *grid) link(i, d int, c float32) {
	g.room[d][i] = c
	g.room[d^1][i+g.offset[d]] = c
}

func (g *grid) inside(i, d int) bool {
	x, y := i%g.w+stepX[d], i/g.w+stepY[d]
	return x >= 0 && y >= 0 && x < g.w && y < g.h
}

func (g *grid) activate(i int) {
	if !g.queued[i] {
		g.queued[i] = true
		g.active = append(g.active, int32(i))
	}
}

// cut returns the pixels on the source's side of a smallest cut; once ctx is
// done it returns early with an unfinished one.
func (g *grid) cut(ctx context.Context) []bool {
	for i, t := range g.terminal {
		g.parent[i] = none
		if t != 0 {
			g.tree[i] = source
			if t < 0 {
				g.tree[i] = sink
			}
			g.parent[i], g.depth[i] = terminal, 1
			g.activate(i)
		}
	}
	for head, turns := 0, 0; head < len(g.active); turns++ {
		if turns%8192 == 0 && ctx.Err() != nil {
			break
		}
		if head > 1<<20 {
			g.active = append(g.active[:0], g.active[head:]...)
			head = 0
		}
		i := int(g.active[head])
		from, d := -1, 0
		if g.tree[i] != free && g.parent[i] != none {
			from, d = g.grow(i)
		}
		if from < 0 {
			g.queued[i] = false
			head++
			continue
		}
		g.time++
		g.push(from, d)
		for len(g.orphans) > 0 {
			o := int(g.orphans[len(g.orphans)-1])
			g.orphans = g.orphans[:len(g.orphans)-1]
			g.adopt(o)
		}
	}
	out := make([]bool, len(g.tree))
	for i, t := range g.tree {
		out[i] = t == source
	}
	return out
}

// toward is the capacity of the edge between i and its neighbour in the
// direction flow takes in i's tree: away from the source, towards the sink.
func (g *grid) toward(i, d int) float32 {
	if g.tree[i] == source {
		return g.room[d][i]
	}
	return g.room[d^1][i+g.offset[d]]
}

// grow adds free neighbours to the tree of i, until it meets the other tree: then
// it returns the edge from the source's tree to the sink's, else -1.
func (g *grid) grow(i int) (from, direction int) {
	for d := range directions {
		if !g.inside(i, d) || g.toward(i, d) <= least {
			continue
		}
		j := i + g.offset[d]
		switch {
		case g.tree[j] == free:
			g.tree[j], g.parent[j] = g.tree[i], int8(d^1)
			g.stamp[j], g.depth[j] = g.stamp[i], g.depth[i]+1
			g.activate(j)
		case g.tree[j] != g.tree[i]:
			if g.tree[i] == source {
				return i, d
			}
			return j, d ^ 1
		case g.stamp[j] <= g.stamp[i] && g.depth[j] > g.depth[i]:
			g.parent[j] = int8(d ^ 1)
			g.stamp[j], g.depth[j] = g.stamp[i], g.depth[i]+1
		}
	}
	return -1, 0
}

// push sends as much as fits from the source over the edge to the sink.
func (g *grid) push(i, d int) {
	j := i + g.offset[d]
	most := min(g.room[d][i], g.narrowest(i), g.narrowest(j))
	g.room[d][i] -= most
	g.room[d^1][j] += most
	g.drain(i, most)
	g.drain(j, most)
}

// narrowest is the least capacity on the way between i and its terminal.
func (g *grid) narrowest(i int) float32 {
	most := float32(1e30)
	for {
		d := int(g.parent[i])
		if d == terminal {
			return min(most, max(g.terminal[i], -g.terminal[i]))
		}
		j := i + g.offset[d]
		if g.tree[i] == source {
			most = min(most, g.room[d^1][j])
		} else {
			most = min(most, g.room[d][i])
		}
		i = j
	}
}

// drain takes f off the way between i and its terminal; what is cut off by it
// becomes an orphan.
func (g *grid) drain(i int, f float32) {
	for {
		d := int(g.parent[i])
		if d == terminal {
			if g.terminal[i] > 0 {
				f = -f
			}
			if g.terminal[i] += f; max(g.terminal[i], -g.terminal[i]) <= least {
				g.terminal[i] = 0
				g.orphan(i)
			}
			return
		}
		j := i + g.offset[d]
		out, back := &g.room[d^1][j], &g.room[d][i]
		if g.tree[i] == sink {
			out, back = back, out
		}
		*out -= f
		*back += f
		if *out <= least {
			g.orphan(i)
		}
		i = j
	}
}

func (g *grid) orphan(i int) {
	g.parent[i] = none
	g.orphans = append(g.orphans, int32(i))
}

// adopt finds the orphan i a new parent near the root, or sets it free.
func (g *grid) adopt(i int) {
	best, near := -1, int32(1<<30)
	for d := range directions {
		if !g.inside(i, d) {
			continue
		}
		j := i + g.offset[d]
		if g.tree[j] != g.tree[i] || g.parent[j] == none || g.toward(j, d^1) <= least {
			continue
		}
		if depth, ok := g.rooted(j); ok && depth < near {
			best, near = d, depth
		}
	}
	if best >= 0 {
		g.parent[i] = int8(best)
		g.stamp[i], g.depth[i] = g.time, near+1
		return
	}
	for d := range directions {
		if !g.inside(i, d) {
			continue
		}
		j := i + g.offset[d]
		if g.tree[j] != g.tree[i] || g.parent[j] == none {
			continue
		}
		if g.toward(j, d^1) > least {
			g.activate(j)
		}
		if p := int(g.parent[j]); p < directions && j+g.offset[p] == i {
			g.orphan(j)
		}
	}
	g.tree[i], g.parent[i] = free, none
}

// rooted reports whether i still hangs on a terminal, and how deep. It stamps
// the way, so that it need not be walked again in this turn.
func (g *grid) rooted(i int) (depth int32, ok bool) {
	for j := i; ; {
		if g.stamp[j] == g.time {
			depth += g.depth[j]
			break
		}
		d := int(g.parent[j])
		if d == none {
			return 0, false
		}
		depth++
		if d == terminal {
			g.stamp[j], g.depth[j] = g.time, 1
			break
		}
		j += g.offset[d]
	}
	for j, k := i, depth; g.stamp[j] != g.time; k-- {
		g.stamp[j], g.depth[j] = g.time, k
		j += g.offset[int(g.parent[j])]
	}
	return depth, true
}
