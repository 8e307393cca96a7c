package photo

import "math"

// Weights are fixed point with 14 bits after the point; rows scaled
// horizontally keep 6 bits, so that no rounding shows.
const (
	weightBits = 14
	rowBits    = 6
)

// taps say from which samples of a line one output sample is made.
type taps struct {
	start  int
	weight []int32 // adds up to 1<<weightBits
}

// resampler makes the taps of a line of dst samples from one of src. The
// centre of output i lies at scale*(i+0.5) in source samples, or as far from
// the other end, extent-scale*(i+0.5), when the line is mirrored; extent is
// the length of the source in source samples and need not be whole where
// chroma is subsampled. The kernel is Catmull-Rom, widened when shrinking so
// that it averages; at scale 1 it copies.
func resampler(src, dst int, scale, extent float64, mirror bool) []taps {
	out := make([]taps, dst)
	wide := math.Max(scale, 1)
	var raw []float64
	for i := range out {
		c := scale * (float64(i) + 0.5)
		if mirror {
			c = extent - c
		}
		c -= 0.5
		first, last := int(math.Ceil(c-2*wide)), int(math.Floor(c+2*wide))
		lo, hi := min(max(first, 0), src-1), min(max(last, 0), src-1)
		raw = append(raw[:0], make([]float64, hi-lo+1)...)
		sum := 0.0
		for j := first; j <= last; j++ {
			// Outside the line its end is repeated.
			k := catmullRom((float64(j) - c) / wide)
			raw[min(max(j, lo), hi)-lo] += k
			sum += k
		}
		out[i] = quantise(lo, raw, sum)
	}
	return out
}

// quantise rounds weights so that they still add up, and drops zeros at the ends.
func quantise(start int, raw []float64, sum float64) taps {
	w := make([]int32, len(raw))
	rest, peak := int32(1<<weightBits), 0
	for i, v := range raw {
		w[i] = int32(math.Round(v / sum * (1 << weightBits)))
		rest -= w[i]
		if w[i] > w[peak] {
			peak = i
		}
	}
	w[peak] += rest
	for len(w) > 1 && w[0] == 0 {
		start, w = start+1, w[1:]
	}
	for len(w) > 1 && w[len(w)-1] == 0 {
		w = w[:len(w)-1]
	}
	return taps{start, w}
}

// catmullRom is the cubic of Keys (1981) with a = -1/2.
func catmullRom(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return 1 + x*x*(1.5*x-2.5)
	case x < 2:
		return 2 + x*(x*(2.5-0.5*x)-4)
	}
	return 0
}

// A scaler makes one plane from rows pushed top to bottom. It keeps only the
// rows a kernel spans, so a source never lies in memory twice.
type scaler struct {
	cols, rows []taps
	dst        []uint8
	stride     int
	ring       [][]int16
	acc        []int32
	pushed     int // rows so far
	done       int // rows written
	mirror     bool
}

func newScaler(cols, rows []taps, mirror bool, dst []uint8, stride int) *scaler {
	s := &scaler{cols: cols, rows: rows, dst: dst, stride: stride, mirror: mirror, acc: make([]int32, len(cols))}
	// Dropped zeros may let a kernel end before the one written ahead of it, so
	// the ring must reach from its start to the furthest end so far.
	span, reach := 1, 0
	for i := range rows {
		t := rows[s.order(i)]
		reach = max(reach, t.start+len(t.weight))
		span = max(span, reach-t.start)
	}
	s.ring = make([][]int16, span)
	for i := range s.ring {
		s.ring[i] = make([]int16, len(cols))
	}
	return s
}

// push takes the next source row and writes every output row it completes.
func (s *scaler) push(row []uint8) {
	line := s.ring[s.pushed%len(s.ring)]
	for i, t := range s.cols {
		if len(t.weight) == 1 {
			line[i] = int16(row[t.start]) << rowBits
			continue
		}
		var sum int32
		for j, p := range row[t.start : t.start+len(t.weight)] {
			sum += int32(p) * t.weight[j]
		}
		line[i] = int16((sum + 1<<(weightBits-rowBits-1)) >> (weightBits - rowBits))
	}
	s.pushed++
	for s.done < len(s.rows) {
		y := s.order(s.done)
		t := s.rows[y]
		if t.start+len(t.weight) > s.pushed {
			return
		}
		s.write(s.dst[y*s.stride:][:len(s.cols)], t)
		s.done++
	}
}

// order is the output row that is written i-th: the last first if mirrored.
func (s *scaler) order(i int) int {
	if s.mirror {
		return len(s.rows) - 1 - i
	}
	return i
}

func (s *scaler) write(out []uint8, t taps) {
	if len(t.weight) == 1 {
		for i, v := range s.ring[t.start%len(s.ring)] {
			out[i] = clamp(int32(v) >> rowBits)
		}
		return
	}
	const half = 1 << (weightBits + rowBits - 1)
	for i := range s.acc {
		s.acc[i] = half
	}
	for j, w := range t.weight {
		for i, v := range s.ring[(t.start+j)%len(s.ring)] {
			s.acc[i] += int32(v) * w
		}
	}
	for i, v := range s.acc {
		out[i] = clamp(v >> (weightBits + rowBits))
	}
}

func clamp(v int32) uint8 { return uint8(min(max(v, 0), 255)) }

// fit is the size of a picture shrunk, never enlarged, to a longest side.
func fit(w, h, side int) (int, int) {
	long := max(w, h)
	if long <= side {
		return w, h
	}
	round := func(v int) int { return max(1, (v*side+long/2)/long) }
	return round(w), round(h)
}

// transpose mirrors a plane of w times h on its diagonal, in blocks that stay
// in the cache.
func transpose(dst, src []uint8, w, h, dstStride, srcStride int) {
	const block = 32
	for by := 0; by < h; by += block {
		for bx := 0; bx < w; bx += block {
			for y := by; y < min(by+block, h); y++ {
				for x := bx; x < min(bx+block, w); x++ {
					dst[x*dstStride+y] = src[y*srcStride+x]
				}
			}
		}
	}
}
