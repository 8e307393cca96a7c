package studio

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"sync"

	xdraw "golang.org/x/image/draw"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/engine/studio/face/facetest"
	"kinpict/internal/engine/studio/noise"
)

// hard are the photos people send that nothing was designed for, drawn.
var hard = sync.OnceValue(func() []engine.Photo {
	p := people()
	grandma, parents, dog, kids, grandpa := picture(p[0]), picture(p[1]), picture(p[2]), picture(p[3]), picture(p[5])
	group, faces := crowd(grandma, grandpa)
	return []engine.Photo{
		photoOf("no face", painted(640, 427, hills), nil),
		photoOf("low light", painted(800, 600, func(x, y int) color.Color {
			c := color.RGBAModel.Convert(parents.At(x, y)).(color.RGBA)
			dim := func(v uint8, k uint32) uint8 {
				return uint8(max(0, 70*math.Pow(float64(v)/255, 1.8)+float64(noise.Hash(uint32(x), uint32(y), k)-0.5)*10))
			}
			return color.RGBA{dim(c.R, 1), dim(c.G, 2), dim(c.B, 3), 255}
		}), p[1].Faces),
		photoOf("sideways", turned(facetest.Drawing(600, 480, 300, 240, 190)), nil),
		photoOf("tiny", scaled(kids, 256, 256), p[3].Faces),
		photoOf("monochrome", painted(576, 720, func(x, y int) color.Color { return color.GrayModel.Convert(grandpa.At(x, y)) }), p[5].Faces),
		photoOf("twenty people", group, faces),
		photoOf("a strip", crop(grandma, image.Rect(178, 60, 398, 720)), []kinpict.Face{{X: 0.49, Y: 0.345, Size: 1}}),
		photoOf("all white", painted(500, 500, func(int, int) color.Color { return color.White }), nil),
		photoOf("all black", painted(500, 500, func(int, int) color.Color { return color.Black }), nil),
		photoOf("flattened", painted(515, 640, func(x, y int) color.Color {
			if math.Hypot(float64(x-257)/200, float64(y-300)/260) > 1 {
				return color.White
			}
			return dog.At(x, y)
		}), nil),
	}
})

func picture(p engine.Photo) image.Image {
	m, err := jpeg.Decode(bytes.NewReader(p.JPEG))
	if err != nil {
		panic(err)
	}
	return m
}

// photoOf encodes a picture; faces that are nil are the engine's to find.
func photoOf(label string, m image.Image, faces []kinpict.Face) engine.Photo {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		panic(err)
	}
	return engine.Photo{JPEG: b.Bytes(), Label: label, Faces: faces}
}

func painted(w, h int, at func(x, y int) color.Color) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, at(x, y))
		}
	}
	return m
}

func hills(x, y int) color.Color {
	u, v := float64(x), float64(y)
	switch {
	case math.Hypot(u-470, v-90) < 34:
		return color.RGBA{255, 236, 180, 255}
	case v > 330+24*math.Sin(u/90):
		return color.RGBA{74, 110, 62, 255}
	case v > 240+50*math.Sin(u/130+2):
		return color.RGBA{104, 136, 110, 255}
	}
	return color.RGBA{uint8(120 + y/4), uint8(160 + y/6), 220, 255}
}

func turned(m image.Image) image.Image {
	b := m.Bounds()
	return painted(b.Dy(), b.Dx(), func(x, y int) color.Color { return m.At(y, b.Dy()-1-x) })
}

func scaled(m image.Image, w, h int) image.Image {
	o := image.NewRGBA(image.Rect(0, 0, w, h))
	xdraw.CatmullRom.Scale(o, o.Rect, m, m.Bounds(), xdraw.Src, nil)
	return o
}

func crop(m image.Image, r image.Rectangle) image.Image {
	return painted(r.Dx(), r.Dy(), func(x, y int) color.Color { return m.At(r.Min.X+x, r.Min.Y+y) })
}

// crowd is twenty people in four rows.
func crowd(a, b image.Image) (image.Image, []kinpict.Face) {
	const side, cols, rows = 150, 5, 4
	m := image.NewRGBA(image.Rect(0, 0, cols*side*3/2, rows*side))
	xdraw.Draw(m, m.Rect, image.NewUniform(color.RGBA{196, 176, 150, 255}), image.Point{}, xdraw.Src)
	var faces []kinpict.Face
	for i := range cols * rows {
		at := image.Pt(i%cols*side*3/2+side/4, i/cols*side)
		src, from := a, image.Rect(110, 40, 470, 400)
		if i%2 == 1 {
			src, from = b, image.Rect(120, 100, 480, 460)
		}
		xdraw.CatmullRom.Scale(m, image.Rectangle{at, at.Add(image.Pt(side, side))}, src, from, xdraw.Src, nil)
		faces = append(faces, kinpict.Face{X: float64(at.X+side/2) / float64(m.Rect.Dx()), Y: (float64(at.Y) + 0.6*side) / float64(m.Rect.Dy()), Size: 0.7 * side / float64(m.Rect.Dy())})
	}
	return m, faces
}
