package web

import (
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/generation"
)

func TestAPictureOnItsWaySaysWhatIsKnown(t *testing.T) {
	const s, m = time.Second, time.Minute
	known := func(low, high time.Duration) generation.Estimate {
		return generation.Estimate{Low: low, High: high, From: generation.FewestRuns}
	}
	for _, c := range []struct {
		name string
		e    generation.Estimate
		want string
	}{
		{"too few pictures came out lately", generation.Estimate{Low: s, High: s}, "We cannot tell yet how long it takes."},
		{"a quick one", known(4200*time.Millisecond, 11*s), "Usually ready in 5 to 15 seconds."},
		{"nearly done", known(0, 7*s), "Usually ready within 7 seconds."},
		{"about to come", known(0, 2*s), "Any moment now."},
		{"all take the same", known(8*s, 8*s), "Usually ready in about 8 seconds."},
		{"a slow one", known(31*s, 88*s), "Usually ready in 40 to 90 seconds."},
		{"minutes", known(130*s, 4*m), "Usually ready in 2 to 4 minutes."},
		{"the first of minutes", known(20*s, 110*s), "Usually ready within 2 minutes."},
		{"the same minutes", known(3*m, 3*m), "Usually ready in about 3 minutes."},
		{"later than nine in ten", generation.Estimate{From: 9, Late: true}, "This takes longer than usual. At 18:50 UTC at the latest we stop, and your credits come back."},
	} {
		g := &kinpict.Generation{Funding: kinpict.FundedByCredits, Status: kinpict.Running, Step: "composing", CreatedAt: someDay, DeadlineAt: someDay.Add(10 * m)}
		l := live(english, g, c.e, someDay.Add(83*s))
		if l.Said.Time != c.want {
			t.Errorf("%s: it says %q, want %q", c.name, l.Said.Time, c.want)
		}
		if l.Step != 2 || l.Percent != 40 || l.Title != "40 % developed" || l.Elapsed != 83 || l.Queued {
			t.Errorf("%s: %+v", c.name, l)
		}
		if heard := map[bool]string{false: "Composing the picture", true: c.want}[c.e.Late]; l.Announce != heard {
			t.Errorf("%s: those who hear it are told %q, want %q", c.name, l.Announce, heard)
		}
	}
}

func TestAPictureInLineSaysItsPlace(t *testing.T) {
	for ahead, want := range []string{"Next in line", "1 picture is before yours", "2 pictures are before yours"} {
		g := &kinpict.Generation{Status: kinpict.Queued, Step: "accepted", CreatedAt: someDay}
		l := live(english, g, generation.Estimate{Ahead: ahead}, someDay.Add(-time.Second))
		if l.Said.Place != want || !l.Queued || l.Step != 0 || l.Percent != 0 || l.Elapsed != 0 {
			t.Errorf("with %d ahead: %+v", ahead, l)
		}
	}
}

// A claimed picture is past the first step, whatever was noted of it.
func TestAPictureThatHasEndedSaysNothing(t *testing.T) {
	if n := stage(&kinpict.Generation{Status: kinpict.Running, Step: "accepted"}); n != 1 {
		t.Errorf("what a worker claimed is at step %d", n)
	}
	for _, s := range []kinpict.Status{kinpict.Succeeded, kinpict.Failed, kinpict.Canceled} {
		if l := live(english, &kinpict.Generation{Status: s, Step: "saving"}, generation.Estimate{}, someDay); l.State == "working" || l.Said != (LiveWords{}) {
			t.Errorf("%s: %+v", s, l)
		}
	}
}

func TestFilesSayTheirSize(t *testing.T) {
	for n, want := range map[int64]string{1: "1 KB", 99_400: "99 KB", 100_000: "0.1 MB", 3_140_000: "3.1 MB"} {
		if got := megabytes(english, n); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
	if got := megabytes(languages.Find("de"), 3_140_000); got != "3,1 MB" {
		t.Errorf("in German: %s", got)
	}
	g := &kinpict.Generation{ID: "gen_1", Image: &kinpict.Image{ContentType: "image/jpeg", Width: 4096, Height: 3072, Bytes: 5_000_000}}
	r := results(english, g)
	if len(r.Files) != 3 || r.Files[0].Note != "As it was made. JPEG, 4,096 × 3,072 pixels, 5.0 MB" || r.Files[2].Note != "For a phone. 2,048 × 1,536 pixels" {
		t.Errorf("%+v", r.Files)
	}
}
