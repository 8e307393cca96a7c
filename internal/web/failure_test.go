package web

import (
	"strings"
	"testing"

	"kinpict"
)

func TestWaitIsSaidInWords(t *testing.T) {
	for _, c := range []struct {
		seconds int
		want    string
	}{
		{0, ""}, {-5, ""}, {1, "1 second."}, {5, "5 seconds."}, {17, "20 seconds."}, {20, "20 seconds."}, {60, "60 seconds."}, {61, "65 seconds."},
		{90, "2 minutes."}, {120, "2 minutes."}, {3599, "60 minutes."}, {5400, "2 hours."}, {40000, "12 hours."},
	} {
		got := wait(english, c.seconds)
		if c.want == "" && got != "" || c.want != "" && got != "It should work again in about "+c.want {
			t.Errorf("%d seconds: %q, want %q", c.seconds, got, c.want)
		}
	}
}

// Each failure says what happened, what is fine and what comes next, and leads on.
func TestEveryFailureSaysWhatIsFine(t *testing.T) {
	for name, s := range failureSpecimens(Page{Path: "/x"}) {
		v := s.view.(ErrorView)
		if v.Heading == "" || v.Message == "" || v.Fine == "" || v.Action.URL == "" || v.Action.Text == "" {
			t.Errorf("%s: %+v", name, v)
		}
		if (v.Code == kinpict.Internal) != (v.Reference != "") {
			t.Errorf("%s: the reference is %q", name, v.Reference)
		}
		if strings.Contains(v.Hint, "req_") {
			t.Errorf("%s: the hint holds a reference: %s", name, v.Hint)
		}
	}
	for status := range failures {
		if failures[status] == "" {
			t.Errorf("%d has no heading", status)
		}
	}
}
