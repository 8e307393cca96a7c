package web

import (
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/lang"
)

// GenerationView feeds generation.html. State is working, ready, failed or canceled.
type GenerationView struct {
	Page
	ID             string
	State          string
	Preview        bool
	Scene          Scene
	Picture        string // address of a page-sized rendition
	Download       string
	Width, Height  int
	Lies           bool     // it is wider than high, and is shown across the whole page
	Results        *Results // what can be done with a finished picture
	Gone           string   // photos of the request that are no longer kept, in a sentence
	Notice         *Notice
	Live           Live
	Timeline       []Moment
	Notify         bool // the person is told by mail
	MayNotify      bool // there is somebody to tell
	Failure        kinpict.Failure
	Advice         template.HTML   // the failure's, in the reader's language
	Spent          kinpict.Credits // what was taken
	Returned       kinpict.Credits
	Cost           kinpict.Credits // what another try takes now
	Short          bool            // more than the person has
	CatalogVersion int64
	Key            string
	CreatedAt      time.Time
	FinishedAt     time.Time
	Sources        []Card
	Changed        *Change // the price of another try
}

// A Moment is one step of the timeline.
type Moment struct{ Name, Text, Class string }

// A Live is what is said of a picture until it is done. The page is rendered
// with it, and its script is sent it again whenever something of it has changed.
type Live struct {
	State    string    `json:"state"`   // as the view's: anything but working, and the page is another
	Step     int       `json:"step"`    // of kinpict.Steps, from 0
	Percent  int       `json:"percent"` // of the steps, behind it
	Elapsed  int       `json:"elapsed"` // seconds since the request was accepted
	Queued   bool      `json:"queued"`  // it can be canceled
	Title    string    `json:"title"`
	Announce string    `json:"announce"` // for those who hear the page, once a step
	Said     LiveWords `json:"said"`
}

// LiveWords are the texts of the page that change.
type LiveWords struct {
	Sheet string `json:"sheet"` // below the print
	Step  string `json:"step"`
	Place string `json:"place"`
	Time  string `json:"time"`
}

// Clock is how long it has taken: minutes and seconds.
func (l Live) Clock() template.HTML {
	return template.HTML(fmt.Sprintf(`<time data-elapsed="%d" datetime="PT%dS">%d:%02d</time>`, l.Elapsed, l.Elapsed, l.Elapsed/60, l.Elapsed%60))
}

// steps in the words of the timeline, in the order of kinpict.Steps.
var steps = map[string]string{
	"accepted":       lang.N("Request accepted"),
	"reading_photos": lang.N("Reading the photos"),
	"composing":      lang.N("Composing the picture"),
	"finishing":      lang.N("Finishing the print"),
	"saving":         lang.N("Saving it"),
}

// stage is the step a generation is at: what a worker has claimed is past the first.
func stage(g *kinpict.Generation) int {
	now := max(0, slices.Index(kinpict.Steps, g.Step))
	if g.Status == kinpict.Running {
		now = max(1, now)
	}
	return now
}

// state is a generation's status in the words of its page.
func state(s kinpict.Status) string {
	switch s {
	case kinpict.Succeeded:
		return "ready"
	case kinpict.Failed:
		return "failed"
	case kinpict.Canceled:
		return "canceled"
	}
	return "working"
}

// live is what is said of a generation at a moment.
func live(say *lang.Printer, g *kinpict.Generation, e generation.Estimate, now time.Time) Live {
	l := Live{State: state(g.Status), Step: stage(g), Queued: g.Status == kinpict.Queued}
	if g.Status.Done() {
		return l
	}
	l.Percent = 100 * l.Step / len(kinpict.Steps)
	l.Elapsed = max(0, int(now.Sub(g.CreatedAt).Seconds()))
	l.Said.Time = howLong(say, g, e)
	if l.Queued {
		l.Said.Sheet, l.Said.Step = say.Say("In line"), say.Say("Waiting for its turn")
		l.Said.Place, l.Title = say.Say("%d pictures are before yours", e.Ahead), say.Say("%d before yours", e.Ahead)
		l.Announce = l.Said.Step
		return l
	}
	l.Said.Sheet = say.Say("Developing")
	l.Said.Step = say.Say("Step %d of %d", l.Step+1, len(kinpict.Steps))
	l.Title = say.Say("%d %% developed", l.Percent)
	l.Announce = say.Told(steps[kinpict.Steps[l.Step]])
	if e.Late {
		l.Announce = l.Said.Time
	}
	return l
}

// howLong says how long a picture still takes, and nothing that is not known.
func howLong(say *lang.Printer, g *kinpict.Generation, e generation.Estimate) string {
	if e.Late {
		if g.Funding == kinpict.FundedByPreview {
			return say.Say("This takes longer than usual. At %s at the latest we stop, and your preview is given back.", say.Clock(g.DeadlineAt))
		}
		return say.Say("This takes longer than usual. At %s at the latest we stop, and your credits come back.", say.Clock(g.DeadlineAt))
	}
	low, high := seconds(e.Low), seconds(e.High)
	switch {
	case e.From == 0:
		return say.Say("We cannot tell yet how long it takes.")
	case high <= 2:
		return say.Say("Any moment now.")
	case high < 100 && low < 2:
		return say.Say("Usually ready within %d seconds.", high)
	case high < 100 && low < high:
		return say.Say("Usually ready in %d to %d seconds.", low, high)
	case high < 100:
		return say.Say("Usually ready in about %d seconds.", high)
	}
	low, high = low/60, (high+59)/60
	switch {
	case low < 1:
		return say.Say("Usually ready within %d minutes.", high)
	case low < high:
		return say.Say("Usually ready in %d to %d minutes.", low, high)
	}
	return say.Say("Usually ready in about %d minutes.", high)
}

// seconds rounds a time up as far as a person counts: the longer, the coarser.
func seconds(d time.Duration) int {
	s := int((d + time.Second - 1) / time.Second)
	grain := 1
	switch {
	case s > 30:
		grain = 10
	case s > 10:
		grain = 5
	}
	return (s + grain - 1) / grain * grain
}

// generationView describes a generation.
func generationView(p Page, g *kinpict.Generation, s Scene, e generation.Estimate, now time.Time) GenerationView {
	say := p.language()
	v := GenerationView{Page: p, ID: g.ID, State: state(g.Status), Preview: g.Funding == kinpict.FundedByPreview, Scene: s, Spent: g.Credits, Returned: g.Returned,
		CreatedAt: g.CreatedAt, FinishedAt: g.FinishedAt}
	v.Private = true
	switch g.Status {
	case kinpict.Succeeded:
		v.Title = say.Say("Your picture")
		if g.Image == nil {
			break
		}
		v.Width, v.Height = g.Image.Width, g.Image.Height
		v.Lies = v.Width > v.Height
		v.Picture = pictureURL(g.ID, 1080)
		v.Download = imageURL(g.ID) + "?download=1"
		v.Results = results(say, g)
	case kinpict.Failed:
		v.Title, v.Failure = say.Say("This one didn’t come out"), g.Failure.Explain()
		v.Advice = advice(say, v.Failure)
	case kinpict.Canceled:
		v.Title = say.Say("You canceled this picture")
	default:
		v.Refresh, v.Live = 4, live(say, g, e, now)
		v.Title = v.Live.Title
		v.Notify, v.MayNotify = g.Notify, p.Signed && strings.HasPrefix(g.Owner, kinpict.AccountPrefix)
		for i, name := range kinpict.Steps {
			m := Moment{Name: name, Text: say.Told(steps[name])}
			switch {
			case i < v.Live.Step, i == 0:
				m.Class = "done"
			case i == v.Live.Step:
				m.Class = "now"
			}
			if i == 0 {
				m.Text = accepted(say, g)
			}
			v.Timeline = append(v.Timeline, m)
		}
	}
	return v
}

// accepted is the first step, which names what was taken.
func accepted(say *lang.Printer, g *kinpict.Generation) string {
	if g.Funding == kinpict.FundedByPreview {
		return say.Say("Preview accepted")
	}
	return say.Say("%d credits taken, request accepted", int64(g.Credits))
}

// advice is what would help after a failure. Where it names a policy, it leads there.
func advice(say *lang.Printer, f kinpict.Failure) template.HTML {
	if f.Code == kinpict.FailedRefused {
		return say.Rich("Different photos or calmer wording usually help. See what we do and do not make in the <a href=\"/policies/acceptable-use\">acceptable use policy</a>.")
	}
	return template.HTML(template.HTMLEscapeString(say.Told(f.Advice)))
}

func pictureURL(id string, size int) string {
	return fmt.Sprintf("%s?size=%d", imageURL(id), size)
}

func imageURL(id string) string { return "/api/v1/generations/" + url.PathEscape(id) + "/image" }
