package staff

import (
	"time"

	"kinpict"
)

// A Day is what ended and what was paid on one day, UTC.
type Day struct {
	At        time.Time
	Delivered int
	Failed    int
	Spent     kinpict.Credits
	Sold      kinpict.Credits
}

// Calendar is every day of the overview, those on which nothing was among them,
// oldest first.
func (v *Overview) Calendar() []Day {
	out := make([]Day, v.Days)
	for i := range out {
		out[i].At = v.From.AddDate(0, 0, i)
	}
	for _, d := range v.Figures.Days {
		if i := int(d.Day.Sub(v.From) / (24 * time.Hour)); i >= 0 && i < len(out) {
			out[i] = Day{d.Day, d.Delivered, d.Failed, d.Spent, d.Sold}
		}
	}
	return out
}
