package photo

import (
	"encoding/binary"
	"image"
)

// Code points of ITU-T H.273, as an nclx colour box gives them.
const (
	primariesP3   = 12
	primaries2020 = 9

	transferPQ  = 16
	transferHLG = 18

	matrixRGB    = 0
	matrixBT709  = 1
	matrixNone   = 2 // unspecified
	matrixBT470  = 5
	matrixBT601  = 6
	matrixBT2020 = 9
)

// A lumaMatrix is how much of red and blue is in luma; zero stands for BT.601,
// which is what JPEG and all the code here use.
type lumaMatrix struct{ kr, kb float64 }

var bt601 = lumaMatrix{0.299, 0.114}

func matrixOf(code int) (lumaMatrix, error) {
	switch code {
	case matrixRGB, matrixNone, matrixBT470, matrixBT601:
		return lumaMatrix{}, nil
	case matrixBT709:
		return lumaMatrix{0.2126, 0.0722}, nil
	case matrixBT2020:
		return lumaMatrix{0.2627, 0.0593}, nil
	}
	return lumaMatrix{}, unsupported("The photo uses an unusual coding of colours, which cannot be read here.")
}

// profileOf makes the ICC profile that says the same as two code points, so
// that there is one way to convert colours. It is nil for those of sRGB. The
// curve is sRGB's for all still pictures, as every viewer has it; PQ and HLG
// hold light beyond white and need a decision no code point makes.
func profileOf(primaries, transfer int) ([]byte, error) {
	if transfer == transferPQ || transfer == transferHLG {
		return nil, unsupported("The photo uses HDR colours, which cannot be read here.")
	}
	var xyz [9]float64 // columns r, g, b under D50, Bradford-adapted
	switch primaries {
	case primariesP3:
		xyz = [9]float64{0.51512, 0.29198, 0.15710, 0.24120, 0.69225, 0.06657, -0.00105, 0.04189, 0.78407}
	case primaries2020:
		xyz = [9]float64{0.67348, 0.16566, 0.12505, 0.27904, 0.67534, 0.04562, -0.00194, 0.02998, 0.79687}
	default:
		return nil, nil
	}
	fixed := func(b []byte, v float64) []byte { return binary.BigEndian.AppendUint32(b, uint32(int32(v*65536))) }
	const head, entries, colorant, curve = 132, 6 * 12, 20, 32
	p := make([]byte, 128)
	copy(p[16:], "RGB XYZ ")
	copy(p[36:], "acsp")
	p = binary.BigEndian.AppendUint32(p, 6)
	for i, tag := range []string{"rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"} {
		at, n := uint32(head+entries+colorant*i), uint32(colorant)
		if i >= 3 {
			at, n = head+entries+3*colorant, curve
		}
		p = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(append(p, tag...), at), n)
	}
	for i := range 3 {
		p = append(p, "XYZ \x00\x00\x00\x00"...)
		for k := range 3 {
			p = fixed(p, xyz[3*k+i])
		}
	}
	p = append(p, "para\x00\x00\x00\x00\x00\x03\x00\x00"...)
	for _, v := range []float64{2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045} {
		p = fixed(p, v)
	}
	return p, nil
}

// toJPEG rewrites a full-range 4:2:0 picture in the luma and chroma of JPEG, in
// place. Luma moves with the chroma of its four pixels.
func (k lumaMatrix) toJPEG(m *image.YCbCr) {
	if k == (lumaMatrix{}) {
		return
	}
	// R = Y + r.Cr, B = Y + b.Cb, G from what is left; then BT.601 of those. All of
	// it is linear, so each new value is the old one and two products.
	kg := 1 - k.kr - k.kb
	r, b := 2*(1-k.kr), 2*(1-k.kb)
	gr, gb := -k.kr*r/kg, -k.kb*b/kg
	j := bt601
	jg := 1 - j.kr - j.kb
	yr, yb := j.kr*r+jg*gr, jg*gb+j.kb*b // what Cr and Cb add to luma
	scale := func(v float64) int32 { return int32(v * 65536) }
	ycr, ycb := scale(yr), scale(yb)
	cbcr, cbcb := scale(-yr/(2*(1-j.kb))), scale((b-yb)/(2*(1-j.kb)))
	crcr, crcb := scale((r-yr)/(2*(1-j.kr))), scale(-yb/(2*(1-j.kr)))
	w, h := m.Rect.Dx(), m.Rect.Dy()
	const half = 1 << 15
	for y := range (h + 1) / 2 {
		for x := range (w + 1) / 2 {
			i := y*m.CStride + x
			cb, cr := int32(m.Cb[i])-128, int32(m.Cr[i])-128
			d := (ycb*cb + ycr*cr + half) >> 16
			for dy := range min(2, h-2*y) {
				row := m.Y[(2*y+dy)*m.YStride:]
				for dx := range min(2, w-2*x) {
					row[2*x+dx] = clamp(int32(row[2*x+dx]) + d)
				}
			}
			m.Cb[i] = clamp(128 + (cbcb*cb+cbcr*cr+half)>>16)
			m.Cr[i] = clamp(128 + (crcb*cb+crcr*cr+half)>>16)
		}
	}
}
