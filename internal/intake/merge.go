package intake

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"kinpict"
)

// A mark tells what of a draft a page showed: a short sum of each part, then
// each photo with those of its role and label. What the page sends later is
// compared with it, so that only what the person changed there is changed.

// Mark is the mark of a draft.
func (d Draft) Mark() string {
	var b strings.Builder
	b.WriteString(sum(fmt.Sprint(d.Consent)))
	for _, part := range d.parts() {
		b.WriteString("." + sum(*part))
	}
	for _, u := range d.Request.Photos {
		fmt.Fprintf(&b, "|%s.%s.%s", u.ID, sum(string(u.Role)), sum(u.Label))
	}
	return b.String()
}

// chosen is how many of the parts, from the first, always have a value on a page.
const chosen = 3

// parts are what of a draft is changed by itself, photos and the consent aside.
func (d *Draft) parts() []*string {
	return []*string{&d.Request.Scenario, &d.Request.Quality, (*string)(&d.Request.Aspect), &d.Request.Instruction,
		&d.Helper.Season, &d.Helper.Clothing, &d.Helper.Mood, &d.Helper.Title}
}

// sum is short, because it tells apart what one person wrote in one field.
func sum(s string) string {
	h := fnv.New32a()
	h.Write([]byte(s))
	return fmt.Sprintf("%x", h.Sum32())
}

// Merge is the draft that is kept once a page has sent its own. What differs
// from the mark the page began with was changed there and wins; all else stays
// as it is kept, whoever changed it meanwhile. A photo is in it unless it was
// taken out there. What was never chosen is what the page chose, which is what
// its mark was made of. Without a mark, or with one that is none, the page's own
// draft wins whole.
func Merge(mark string, page, kept Draft) Draft {
	head, tail, _ := strings.Cut(mark, "|")
	sums := strings.Split(head, ".")
	parts := page.parts()
	if len(sums) != 1+len(parts) {
		return page
	}
	out := kept
	if sum(fmt.Sprint(page.Consent)) != sums[0] {
		out.Consent = page.Consent
	}
	for i, kept := range out.parts() {
		if sum(*parts[i]) != sums[1+i] || i < chosen && *kept == "" {
			*kept = *parts[i]
		}
	}
	out.Request.Photos = mergePhotos(tail, page.Request.Photos, kept.Request.Photos)
	return out
}

func mergePhotos(mark string, page, kept []kinpict.PhotoUse) []kinpict.PhotoUse {
	type sums struct{ role, label string }
	shown := map[string]sums{}
	for _, m := range strings.Split(mark, "|") {
		if p := strings.Split(m, "."); len(p) == 3 {
			shown[p[0]] = sums{p[1], p[2]}
		}
	}
	at := func(list []kinpict.PhotoUse, id string) int {
		return slices.IndexFunc(list, func(u kinpict.PhotoUse) bool { return u.ID == id })
	}
	var out []kinpict.PhotoUse
	for _, u := range kept {
		i := at(page, u.ID)
		was, known := shown[u.ID]
		if i < 0 {
			if !known {
				out = append(out, u) // it came after that page
			}
			continue
		}
		if !known || sum(string(page[i].Role)) != was.role {
			u.Role = page[i].Role
		}
		if !known || sum(page[i].Label) != was.label {
			u.Label = page[i].Label
		}
		out = append(out, u)
	}
	for _, u := range page {
		if _, known := shown[u.ID]; !known && at(out, u.ID) < 0 && len(out) < kinpict.MaxPhotos {
			out = append(out, u)
		}
	}
	return out
}
