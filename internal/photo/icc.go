package photo

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"image/color"
	"io"
	"math"
)

const maxProfile = 512 << 10

// iccChunks gathers a profile that a JPEG carries in up to 255 segments
// (ICC.1, annex B.4). A chunk missing, repeated or out of range spoils it.
type iccChunks struct {
	parts [][]byte
	bad   bool
}

func (c *iccChunks) add(seg []byte) {
	const prefix = "ICC_PROFILE\x00"
	if !bytes.HasPrefix(seg, []byte(prefix)) || len(seg) < len(prefix)+2 {
		return
	}
	i, n := int(seg[len(prefix)]), int(seg[len(prefix)+1])
	if c.parts == nil {
		c.parts = make([][]byte, n)
	}
	if n != len(c.parts) || i < 1 || i > n || c.parts[i-1] != nil {
		c.bad = true
		return
	}
	c.parts[i-1] = seg[len(prefix)+2:]
}

func (c *iccChunks) join() []byte {
	n := 0
	for _, p := range c.parts {
		if p == nil {
			return nil
		}
		n += len(p)
	}
	if c.bad || n > maxProfile {
		return nil
	}
	return bytes.Join(c.parts, nil)
}

// inflateProfile reads the body of an iCCP chunk: a name, a zero, the method,
// zlib data. What inflates to more than the limit is ignored.
func inflateProfile(body []byte) []byte {
	_, rest, ok := bytes.Cut(body, []byte{0})
	if !ok || len(rest) < 1 || rest[0] != 0 {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(rest[1:]))
	if err != nil {
		return nil
	}
	p, err := io.ReadAll(io.LimitReader(z, maxProfile+1))
	if err != nil || len(p) > maxProfile {
		return nil
	}
	return p
}

// A conversion takes gamma-encoded RGB of a profile to sRGB.
type conversion struct {
	linear [3][256]float32
	matrix [9]float32
}

// fromD50 takes XYZ under D50, the connection space of ICC profiles, to linear
// sRGB: the inverse of the colorants in the sRGB profile (IEC 61966-2-1,
// Bradford-adapted).
var fromD50 = [9]float64{
	3.1338561, -1.6168667, -0.4906146,
	-0.9787684, 1.9161415, 0.0334540,
	0.0719453, -0.2289914, 1.4052427,
}

// d50 is the white every sound matrix profile adds up to.
var d50 = [3]float64{0.9642, 1, 0.8249}

// encode is the sRGB curve over 4,096 steps of linear light.
var encode = func() (t [4096]uint8) {
	for i := range t {
		v := float64(i) / float64(len(t)-1)
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		t[i] = uint8(math.Round(255 * v))
	}
	return t
}()

// parseProfile reads an RGB profile of the matrix and curve kind. It returns
// nil for any other, for a broken one, and for one that changes no colour by
// more than two levels, as the sRGB profile itself.
func parseProfile(p []byte) *conversion {
	if len(p) < 132 || len(p) > maxProfile || string(p[36:40]) != "acsp" ||
		string(p[16:20]) != "RGB " || string(p[20:24]) != "XYZ " {
		return nil
	}
	n := binary.BigEndian.Uint32(p[128:])
	if n > 100 || len(p) < 132+12*int(n) {
		return nil
	}
	tags := map[string][]byte{}
	for e := p[132 : 132+12*n]; len(e) > 0; e = e[12:] {
		off, size := int64(binary.BigEndian.Uint32(e[4:])), int64(binary.BigEndian.Uint32(e[8:]))
		if off+size > int64(len(p)) {
			return nil
		}
		tags[string(e[:4])] = p[off : off+size]
	}
	if tags["A2B0"] != nil {
		return nil // a table profile; its matrix is only an approximation
	}
	var c conversion
	var toXYZ [9]float64
	for i, name := range []string{"r", "g", "b"} {
		x := tags[name+"XYZ"]
		if len(x) < 20 || string(x[:4]) != "XYZ " || !curve(tags[name+"TRC"], &c.linear[i]) {
			return nil
		}
		for k := range 3 {
			toXYZ[3*k+i] = fixed(x[8+4*k:])
		}
	}
	for k := range 3 {
		if math.Abs(toXYZ[3*k]+toXYZ[3*k+1]+toXYZ[3*k+2]-d50[k]) > 0.02 {
			return nil
		}
	}
	for r := range 3 {
		for col := range 3 {
			for k := range 3 {
				c.matrix[3*r+col] += float32(fromD50[3*r+k] * toXYZ[3*k+col])
			}
		}
	}
	if c.changesNothing() {
		return nil
	}
	return &c
}

// fixed reads an s15Fixed16Number.
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }

// curve fills t from a curveType or parametricCurveType (ICC.1, 10.6, 10.18)
// and reports whether it is a sound curve.
func curve(b []byte, t *[256]float32) bool {
	if len(b) < 12 {
		return false
	}
	var f func(x float64) float64
	switch string(b[:4]) {
	case "curv":
		n := int64(binary.BigEndian.Uint32(b[8:]))
		b = b[12:]
		if 2*n > int64(len(b)) {
			return false
		}
		at := func(i int64) float64 { return float64(binary.BigEndian.Uint16(b[2*i:])) / 65535 }
		switch n {
		case 0:
			f = func(x float64) float64 { return x }
		case 1:
			g := float64(binary.BigEndian.Uint16(b)) / 256
			f = func(x float64) float64 { return math.Pow(x, g) }
		default:
			f = func(x float64) float64 {
				x *= float64(n - 1)
				i := min(int64(x), n-2)
				return at(i) + (x-float64(i))*(at(i+1)-at(i))
			}
		}
	case "para":
		kind := int(binary.BigEndian.Uint16(b[8:]))
		want := []int{1, 3, 4, 5, 7}
		if kind >= len(want) || len(b) < 12+4*want[kind] {
			return false
		}
		var v [7]float64
		for i := range want[kind] {
			v[i] = fixed(b[12+4*i:])
		}
		f = parametric(kind, v)
	default:
		return false
	}
	for i := range t {
		y := f(float64(i) / 255)
		if math.IsNaN(y) || y < -0.001 || y > 1.001 {
			return false
		}
		t[i] = float32(y)
	}
	return true
}

// parametric is one of the five functions of ICC.1 table 68, whose parameters
// come in the order g, a, b, c, d, e, f.
func parametric(kind int, v [7]float64) func(float64) float64 {
	g, a, b, c, d, e, f := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	power := func(x float64) float64 { return math.Pow(a*x+b, g) }
	below := func(x float64) float64 { return c * x }
	switch kind {
	case 0:
		return func(x float64) float64 { return math.Pow(x, g) }
	case 1, 2:
		d, e, f = math.Inf(-1), c, c
		if a != 0 {
			d = -b / a
		}
		below = func(float64) float64 { return 0 }
	}
	return func(x float64) float64 {
		if x >= d {
			return power(x) + e
		}
		return below(x) + f
	}
}

func (c *conversion) rgb(r, g, b uint8) (uint8, uint8, uint8) {
	lr, lg, lb := c.linear[0][r], c.linear[1][g], c.linear[2][b]
	m := &c.matrix
	return level(m[0]*lr + m[1]*lg + m[2]*lb), level(m[3]*lr + m[4]*lg + m[5]*lb), level(m[6]*lr + m[7]*lg + m[8]*lb)
}

func level(v float32) uint8 {
	i := int(v*float32(len(encode)-1) + 0.5)
	return encode[min(max(i, 0), len(encode)-1)]
}

func (c *conversion) changesNothing() bool {
	for i := range 125 {
		in := [3]int{i % 5 * 63, i / 5 % 5 * 63, i / 25 * 63}
		r, g, b := c.rgb(uint8(in[0]), uint8(in[1]), uint8(in[2]))
		for k, out := range [3]uint8{r, g, b} {
			if d := int(out) - in[k]; d < -2 || d > 2 {
				return false
			}
		}
	}
	return true
}

// apply converts a 4:2:0 picture in place: four pixels at a time, their colour
// averaged.
func (c *conversion) apply(m *image.YCbCr) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	for y := 0; y < h; y += 2 {
		for x := 0; x < w; x += 2 {
			ci := y/2*m.CStride + x/2
			var cb, cr, n int
			for j := range min(2, h-y) {
				for i := range min(2, w-x) {
					yi := (y+j)*m.YStride + x + i
					r, g, b := c.rgb(color.YCbCrToRGB(m.Y[yi], m.Cb[ci], m.Cr[ci]))
					ny, ncb, ncr := color.RGBToYCbCr(r, g, b)
					m.Y[yi] = ny
					cb, cr, n = cb+int(ncb), cr+int(ncr), n+1
				}
			}
			m.Cb[ci] = uint8((cb + n/2) / n)
			m.Cr[ci] = uint8((cr + n/2) / n)
		}
	}
}
