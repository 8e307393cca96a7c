package photo

import (
	"encoding/binary"
	"encoding/hex"
	"image"
	"math/bits"
)

// A Likeness is what a picture looks like from far away, so that two copies of
// one photo are alike, whatever their size and compression, and two photos of
// one family are not. It tells nothing about who is shown. It is "" for a
// picture too even to compare, or 32 hexadecimal digits.
//
// It is a difference hash in both directions: of a field of 9 x 9 means, whether
// each is brighter than the one before it (after N. Krawetz, "Kind of Like
// That", 2013). A difference below two levels is noise and counts as none.
type Likeness string

const (
	likeSide  = 8
	likeNoise = 2
	// likeBits of 128 may differ. Copies of one photo differ in 3 at most, the
	// nearest two of the 32 sample photos in 18, all others in 36 or more.
	likeBits = 12
)

func likenessOf(m *image.Gray) Likeness {
	if t := toneOf(m); t.high-t.low < 4*blankRange {
		return ""
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	const n = likeSide + 1
	var mean [n][n]int
	for j := range n {
		for i := range n {
			x0, x1, y0, y1 := i*w/n, (i+1)*w/n, j*h/n, (j+1)*h/n
			sum := 0
			for y := y0; y < y1; y++ {
				for _, v := range m.Pix[y*m.Stride:][x0:x1] {
					sum += int(v)
				}
			}
			mean[j][i] = 16 * sum / max(1, (x1-x0)*(y1-y0))
		}
	}
	var across, down uint64
	for j := range likeSide {
		for i := range likeSide {
			bit := uint64(1) << (j*likeSide + i)
			if mean[j][i+1]-mean[j][i] > 16*likeNoise {
				across |= bit
			}
			if mean[j+1][i]-mean[j][i] > 16*likeNoise {
				down |= bit
			}
		}
	}
	b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, across), down)
	return Likeness(hex.EncodeToString(b))
}

// Near reports whether two pictures are copies of one photo, or as good as.
func (a Likeness) Near(b Likeness) bool {
	n, ok := a.distance(b)
	return ok && n <= likeBits
}

// distance is the number of bits in which two differ; false if they cannot be
// compared.
func (a Likeness) distance(b Likeness) (int, bool) {
	x, err := hex.DecodeString(string(a))
	y, err2 := hex.DecodeString(string(b))
	if err != nil || err2 != nil || len(x) != 16 || len(y) != 16 {
		return 0, false
	}
	return bits.OnesCount64(binary.BigEndian.Uint64(x)^binary.BigEndian.Uint64(y)) +
		bits.OnesCount64(binary.BigEndian.Uint64(x[8:])^binary.BigEndian.Uint64(y[8:])), true
}
