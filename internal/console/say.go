package console

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"kinpict"
	"kinpict/internal/lang"
)

// number is a whole number as it is written.
func number(n any) (string, error) {
	switch n := n.(type) {
	case int:
		return lang.English().Number(int64(n)), nil
	case int64:
		return lang.English().Number(n), nil
	case kinpict.Credits:
		return lang.English().Number(int64(n)), nil
	}
	return "", fmt.Errorf("%T is no number", n)
}

// percent is a share of a whole with one digit behind the point, rounded down:
// what is not all of it is never written as 100.
func percent(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f%%", math.Floor(float64(part)*1000/float64(whole))/10)
}

// lasted is a time something took or has been waiting.
func lasted(d time.Duration) string {
	switch {
	case d < time.Minute:
		if d < 10*time.Second {
			return fmt.Sprintf("%.1f s", max(0, d.Seconds()))
		}
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d m %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d m", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// waited is how long something waits for a person, as roughly as that matters.
func waited(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "under a minute"
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// words puts a name of the code as a person writes it: timed_out, partially_refunded.
func words(s any) string { return strings.ReplaceAll(fmt.Sprint(s), "_", " ") }

// shown is what somebody wrote with its unseen signs made visible: one that turns
// the direction of writing would have staff read other words than were sent.
func shown(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '\n' && (unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Cc, r)) {
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// short is the end of an id, by which two of one moment differ.
func short(id string) string {
	if len(id) <= 14 {
		return id
	}
	return id[:4] + "…" + id[len(id)-8:]
}

func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// masked is an address by which somebody who knows it recognises it and nobody
// else learns it.
func masked(email string) string {
	local, domain, ok := strings.Cut(email, "@")
	if !ok || local == "" {
		return ""
	}
	first := []rune(local)[0]
	dot := strings.LastIndexByte(domain, '.')
	end := ""
	if dot >= 0 {
		end = domain[dot:]
	}
	return string(first) + "•••@•••" + end
}
