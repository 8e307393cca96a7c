package cutout

import (
	"context"
	"testing"

	"kinpict/internal/engine/studio/noise"
)

// smallest is the size of the smallest cut by the plainest method there is:
// push along shortest ways until none is left (Edmonds, Karp 1972).
func smallest(g *grid) int {
	n := g.w * g.h
	from, to := n, n+1
	room := make([]map[int]int, n+2)
	for i := range room {
		room[i] = map[int]int{}
	}
	for i, t := range g.terminal {
		if t > 0 {
			room[from][i] = int(t)
		} else {
			room[i][to] = int(-t)
		}
		for d := range directions {
			if g.inside(i, d) {
				room[i][i+g.offset[d]] = int(g.room[d][i])
			}
		}
	}
	for flow := 0; ; {
		back := map[int]int{from: from}
		for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
			for j, c := range room[queue[0]] {
				if _, seen := back[j]; c > 0 && !seen {
					back[j] = queue[0]
					queue = append(queue, j)
				}
			}
		}
		if _, reached := back[to]; !reached {
			return flow
		}
		most := 1 << 30
		for j := to; j != from; j = back[j] {
			most = min(most, room[back[j]][j])
		}
		for j := to; j != from; j = back[j] {
			room[back[j]][j] -= most
			room[j][back[j]] += most
		}
		flow += most
	}
}

// size is what a cut costs by the capacities it severs.
func size(g *grid, fg []bool) int {
	sum := 0
	for i, t := range g.terminal {
		if fg[i] != (t > 0) {
			sum += int(max(t, -t))
		}
		for d := range directions {
			if fg[i] && g.inside(i, d) && !fg[i+g.offset[d]] {
				sum += int(g.room[d][i])
			}
		}
	}
	return sum
}

func randomGrid(seed uint64) *grid {
	r := noise.NewRand(seed)
	g := newGrid(3+r.Below(6), 3+r.Below(6))
	for i := range g.terminal {
		g.terminal[i] = float32(r.Below(20) - 10)
		for d := 0; d < directions; d += 2 {
			if g.inside(i, d) {
				g.link(i, d, float32(r.Below(6)))
			}
		}
	}
	return g
}

func TestNoCutIsSmaller(t *testing.T) {
	for seed := range uint64(200) {
		g := randomGrid(seed)
		fg := randomGrid(seed).cut(context.Background())
		if got, want := size(g, fg), smallest(g); got != want {
			t.Fatalf("grid %d of %dx%d was cut for %d, the smallest cut is %d", seed, g.w, g.h, got, want)
		}
	}
}
