package studio

import (
	"embed"
	"sync"

	"kinpict"
	"kinpict/internal/engine"
)

// The people in testdata are drawings, by the program that drew the pictures of
// the site. The finder was trained on photos, so where their faces are is said here.
//
//go:embed testdata/people/*.jpg
var drawings embed.FS

// people are eight drawings as photos: portraits, couples, a family of six and
// a dog, upright, wide and square.
var people = sync.OnceValue(func() []engine.Photo {
	var out []engine.Photo
	for _, p := range []struct {
		file, label string
		faces       []kinpict.Face
	}{
		{"1-grandma", "Grandma Rose", []kinpict.Face{{X: 0.494, Y: 0.40, Size: 0.44}}},
		{"2-parents", "Ana & Tom", []kinpict.Face{{X: 0.325, Y: 0.46, Size: 0.36}, {X: 0.624, Y: 0.385, Size: 0.36}}},
		{"3-dog", "Biscuit", nil},
		{"4-kids", "Mia and Leo", []kinpict.Face{{X: 0.344, Y: 0.455, Size: 0.33}, {X: 0.70, Y: 0.38, Size: 0.33}}},
		{"5-mothers", "Amina, Yasmin", []kinpict.Face{{X: 0.241, Y: 0.45, Size: 0.42}, {X: 0.756, Y: 0.41, Size: 0.42}}},
		{"6-grandpa", "Łukasz", []kinpict.Face{{X: 0.52, Y: 0.37, Size: 0.46}}},
		{"7-orchard", "All of us", []kinpict.Face{{X: 0.21, Y: 0.32, Size: 0.23}, {X: 0.41, Y: 0.235, Size: 0.24}, {X: 0.60, Y: 0.187, Size: 0.24},
			{X: 0.796, Y: 0.32, Size: 0.22}, {X: 0.316, Y: 0.69, Size: 0.22}, {X: 0.523, Y: 0.593, Size: 0.23}}},
		{"8-beach", "Ngozi’s", []kinpict.Face{{X: 0.264, Y: 0.187, Size: 0.30}, {X: 0.728, Y: 0.266, Size: 0.30}, {X: 0.498, Y: 0.595, Size: 0.28}}},
	} {
		b, err := drawings.ReadFile("testdata/people/" + p.file + ".jpg")
		if err != nil {
			panic(err)
		}
		if p.faces == nil {
			p.faces = []kinpict.Face{}
		}
		out = append(out, engine.Photo{JPEG: b, Label: p.label, Faces: p.faces})
	}
	return out
})
