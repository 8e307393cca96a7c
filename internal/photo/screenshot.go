package photo

import "image"

// Where a PNG looks like a screenshot: all of these at once. A photo saved as
// PNG has grain in every row, and a cut-out on white has no bar at both ends.
const (
	screenMin  = 1.6 // longer side over shorter: 16:10
	screenMax  = 2.4 // and the tallest phones
	screenFlat = 35  // per cent of pixels exactly as the one beside them
	screenRows = 4   // per cent of rows of one single level
	screenText = 2   // per cent of rows with many hard edges, as writing has
)

// screenshot looks at a thumbnail for flat areas, empty rows and lines of text.
func screenshot(m *image.Gray) bool {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if s := float64(max(w, h)) / float64(min(w, h)); s < screenMin || s > screenMax {
		return false
	}
	same, empty, text := 0, 0, 0
	for y := range h {
		row := m.Pix[y*m.Stride:][:w]
		equal, edges := 0, 0
		for x := 1; x < w; x++ {
			d := int(row[x]) - int(row[x-1])
			if d == 0 {
				equal++
			}
			if d > 40 || d < -40 {
				edges++
			}
		}
		same += equal
		if equal == w-1 {
			empty++
		}
		// Writing is hard edges with paper between them.
		if edges*20 > w && equal*4 > w {
			text++
		}
	}
	return same*100 > screenFlat*w*h && empty*100 > screenRows*h && text*100 > screenText*h
}
