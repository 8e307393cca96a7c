package fake

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strconv"
	"strings"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// maxSource bounds a photo that is decoded, in pixels.
const maxSource = 60_000_000

// asked reads a size such as 1088x1360. Anything else is 1024x1024.
func asked(size string) (w, h int) {
	l, r, _ := strings.Cut(size, "x")
	w, err1 := strconv.Atoi(l)
	h, err2 := strconv.Atoi(r)
	if err1 != nil || err2 != nil || w < 16 || h < 16 || w > 4096 || h > 4096 {
		return 1024, 1024
	}
	return w, h
}

// draw makes the picture: the photos, cropped to equal cells, in rows on a
// plain ground, and one line saying that a stand-in drew it. Equal calls give
// equal bytes. A photo that cannot be read leaves its cell grey.
func (s *Server) draw(t *turn) []byte {
	w, h := asked(t.fields["size"])
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Bounds(), image.NewUniform(color.RGBA{243, 238, 228, 255}), image.Point{}, draw.Src)
	gap := max(4, min(w, h)/32)
	caption := max(16, h/24)
	cells := grid(len(t.photos), image.Rect(gap, gap, w-gap, h-gap-caption), gap)
	for i, cell := range cells {
		src := decode(t.photos[i])
		if src == nil {
			draw.Draw(m, cell, image.NewUniform(color.Gray{160}), image.Point{}, draw.Src)
			continue
		}
		draw.ApproxBiLinear.Scale(m, cell, src, fill(src.Bounds(), cell.Dx(), cell.Dy()), draw.Src, nil)
	}
	label(m, image.Rect(gap, h-gap-caption, w-gap, h-gap), fmt.Sprintf("stand-in engine, %dx%d, %d photos", w, h, len(t.photos)))

	s.mu.Lock()
	s.drawn++
	s.mu.Unlock()
	var b bytes.Buffer
	if t.fields["output_format"] == "jpeg" {
		q, err := strconv.Atoi(t.fields["output_compression"])
		if err != nil || q < 1 || q > 100 {
			q = 90
		}
		jpeg.Encode(&b, m, &jpeg.Options{Quality: q}) // a bytes.Buffer takes everything
	} else {
		png.Encode(&b, m)
	}
	return b.Bytes()
}

func decode(data []byte) image.Image {
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || c.Width*c.Height > maxSource {
		return nil
	}
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	return m
}

// grid divides r into n cells of equal height, as square as n allows; the last
// row is as wide as the others.
func grid(n int, r image.Rectangle, gap int) []image.Rectangle {
	columns := 1
	for columns*columns*r.Dy() < n*r.Dx() {
		columns++
	}
	rows := (n + columns - 1) / columns
	var cells []image.Rectangle
	for row := range rows {
		inRow := min(columns, n-row*columns)
		y0, y1 := r.Min.Y+row*(r.Dy()+gap)/rows, r.Min.Y+(row+1)*(r.Dy()+gap)/rows-gap
		for i := range inRow {
			x0, x1 := r.Min.X+i*(r.Dx()+gap)/inRow, r.Min.X+(i+1)*(r.Dx()+gap)/inRow-gap
			cells = append(cells, image.Rect(x0, y0, x1, y1))
		}
	}
	return cells
}

// fill is the largest part of b in the shape w:h, centred, a little above the
// middle where heads are.
func fill(b image.Rectangle, w, h int) image.Rectangle {
	cw, ch := b.Dx(), b.Dx()*h/w
	if ch > b.Dy() {
		cw, ch = b.Dy()*w/h, b.Dy()
	}
	x, y := b.Min.X+(b.Dx()-cw)/2, b.Min.Y+(b.Dy()-ch)/3
	return image.Rect(x, y, x+max(1, cw), y+max(1, ch))
}

func label(m draw.Image, r image.Rectangle, text string) {
	face := basicfont.Face7x13
	small := image.NewRGBA(image.Rect(0, 0, face.Advance*len(text), face.Height+2))
	d := font.Drawer{Dst: small, Src: image.NewUniform(color.RGBA{110, 100, 88, 255}), Face: face, Dot: fixed.P(0, face.Ascent+1)}
	d.DrawString(text)
	h := min(r.Dy()*2/3, r.Dx()*small.Bounds().Dy()/small.Bounds().Dx())
	w := h * small.Bounds().Dx() / small.Bounds().Dy()
	at := image.Rect(r.Min.X, r.Max.Y-h, r.Min.X+w, r.Max.Y)
	draw.ApproxBiLinear.Scale(m, at, small, small.Bounds(), draw.Over, nil)
}

func plainPNG(w, h int) []byte {
	var b bytes.Buffer
	png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)))
	return b.Bytes()
}

func pixel() []byte { return plainPNG(1, 1) }

// header is a valid PNG of one pixel whose header claims side x side.
func header(side int) []byte {
	d := pixel()
	binary.BigEndian.PutUint32(d[16:], uint32(side))
	binary.BigEndian.PutUint32(d[20:], uint32(side))
	binary.BigEndian.PutUint32(d[29:], crc32.ChecksumIEEE(d[12:29]))
	return d
}

// moving is a PNG of the asked size that announces two frames.
func moving(size string) []byte {
	w, h := asked(size)
	d := plainPNG(w, h)
	chunk := []byte("\x00\x00\x00\x08acTL\x00\x00\x00\x02\x00\x00\x00\x00")
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return append(append(bytes.Clone(d[:33]), chunk...), d[33:]...)
}
