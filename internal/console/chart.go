package console

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"kinpict/internal/lang"
	"kinpict/internal/staff"
)

// A frame is the room of a chart on its square of paper.
type frame struct {
	id                                     string
	width, height, left, right, top, below float64
	days                                   []staff.Day
	most, step                             float64 // of the axis
}

// axis is the tightest round end of an axis with three to six steps.
func axis(v float64) (end, step float64) {
	if v <= 3 {
		return 3, 1 // whole things are counted
	}
	end = math.Inf(1)
	mag := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{.1, .2, .25, .5, 1, 2} {
		s := m * mag
		if n := math.Ceil(v / s); s == math.Trunc(s) && n >= 3 && n <= 6 && n*s < end {
			end, step = n*s, s
		}
	}
	if step == 0 {
		step = math.Ceil(v / 5)
		end = 5 * step
	}
	return end, step
}

func newFrame(id string, slim bool, days []staff.Day, most int64) *frame {
	f := &frame{id: id, width: 620, height: 260, left: 56, right: 10, top: 14, below: 30, days: days}
	if slim {
		f.width = 340
	}
	f.most, f.step = axis(float64(most))
	return f
}

func (f *frame) y(v float64) float64 {
	return f.top + (f.height-f.top-f.below)*(1-v/f.most)
}

func (f *frame) pitch() float64 { return (f.width - f.left - f.right) / float64(len(f.days)) }

// x is the middle of a day.
func (f *frame) x(i int) float64 { return f.left + f.pitch()*(float64(i)+.5) }

// begin draws what lies behind: a name, a description, lines and dates.
func (f *frame) begin(b *strings.Builder, title, about string) {
	class := "wide"
	if f.width < 500 {
		class = "slim"
	}
	fmt.Fprintf(b, `<svg class="chart %[1]s" viewBox="0 0 %[2]g %[3]g" role="img" aria-labelledby="%[4]s-t %[4]s-d"><title id="%[4]s-t">%[5]s</title><desc id="%[4]s-d">%[6]s</desc>`,
		class, f.width, f.height, f.id, template.HTMLEscapeString(title), template.HTMLEscapeString(about))
	say := lang.English()
	for v := 0.0; v <= f.most+1e-9; v += f.step {
		fmt.Fprintf(b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="tick" x="%g" y="%.1f" text-anchor="end">%s</text>`,
			f.left, f.width-f.right, f.y(v), f.y(v), f.left-8, f.y(v)+4, say.Number(int64(v)))
	}
	dates := []struct {
		day    int
		anchor string
	}{{0, "start"}, {len(f.days) - 1, "end"}}
	for _, d := range dates {
		x := f.left
		if d.anchor == "end" {
			x = f.width - f.right
		}
		fmt.Fprintf(b, `<text class="tick" x="%.1f" y="%g" text-anchor="%s">%s</text>`, x, f.height-9, d.anchor, template.HTMLEscapeString(say.Date(f.days[d.day].At)))
	}
}

// bars are the pictures of each day, those that failed on top of those that came.
func bars(id string, slim bool, days []staff.Day) template.HTML {
	most := 0
	for _, d := range days {
		most = max(most, d.Delivered+d.Failed)
	}
	f := newFrame(id, slim, days, int64(most))
	var b strings.Builder
	f.begin(&b, "Pictures a day", "Stacked bars: delivered, and on top of them failed, whose credits went back.")
	w := f.pitch() * .68
	for i, d := range days {
		x := f.x(i) - w/2
		ready, all := f.y(float64(d.Delivered)), f.y(float64(d.Delivered+d.Failed))
		if d.Delivered > 0 {
			fmt.Fprintf(&b, `<rect class="c1" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x, ready, w, f.y(0)-ready)
		}
		if d.Failed > 0 {
			fmt.Fprintf(&b, `<rect class="c2" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x, all, w, ready-all)
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// lines are the credits sold and spent on each day.
func lines(id string, slim bool, days []staff.Day) template.HTML {
	most := int64(0)
	for _, d := range days {
		most = max(most, int64(d.Sold), int64(d.Spent))
	}
	f := newFrame(id, slim, days, most)
	var b strings.Builder
	f.begin(&b, "Credits a day", "Two lines: credits sold, with a tint below it, and credits spent, dashed.")
	path := func(of func(staff.Day) int64) string {
		var p strings.Builder
		for i, d := range days {
			fmt.Fprintf(&p, "%c%.1f %.1f", "ML"[min(i, 1)], f.x(i), f.y(float64(of(d))))
		}
		return p.String()
	}
	sold := path(func(d staff.Day) int64 { return int64(d.Sold) })
	fmt.Fprintf(&b, `<path class="area" d="%sL%.1f %.1fL%.1f %.1fZ"/><path class="l1" d="%s"/><path class="l2" d="%s"/>`,
		sold, f.x(len(days)-1), f.y(0), f.x(0), f.y(0), sold, path(func(d staff.Day) int64 { return int64(d.Spent) }))
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}
