package scenario_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"kinpict"
	"kinpict/internal/scenario"
)

const good = `id: picnic
version: 1
title: Picnic
summary: A picnic.
season: any
min_photos: 1
max_photos: 8
aspects: ["4:5"]
prompt: A family at a picnic.
`

func TestBuiltinScenariosServeEveryFamily(t *testing.T) {
	all := scenario.Builtin().All()
	if len(all) < 4 {
		t.Fatalf("there are %d scenarios, want at least 4", len(all))
	}
	for i, s := range all {
		if s.MinPhotos != 1 || s.MaxPhotos != kinpict.MaxPhotos {
			t.Errorf("%s takes %d to %d photos, want 1 to %d", s.ID, s.MinPhotos, s.MaxPhotos, kinpict.MaxPhotos)
		}
		if s.Aspects[0] != "4:5" {
			t.Errorf("%s begins with aspect %s, want 4:5", s.ID, s.Aspects[0])
		}
		if i > 0 && all[i-1].Order >= s.Order {
			t.Errorf("%s and %s have no order of their own", all[i-1].ID, s.ID)
		}
		data, kind, err := scenario.Builtin().Sample(s.ID)
		if err != nil || kind != "image/jpeg" || len(data) > 60<<10 {
			t.Errorf("sample of %s: %d bytes of %q, error %v; want a JPEG of at most 60 KiB", s.ID, len(data), kind, err)
		}
	}
}

func TestAllIsACopy(t *testing.T) {
	set := scenario.Builtin()
	set.All()[0] = nil
	if set.All()[0] == nil {
		t.Error("a caller changed the order of everyone's scenarios")
	}
}

func TestUnknownScenarioNamesThoseThereAre(t *testing.T) {
	for id, code := range map[string]kinpict.Code{"no-such": kinpict.NotFound, "": kinpict.Invalid} {
		_, err := scenario.Builtin().Scenario(id)
		var e *kinpict.Error
		if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Hint, "gallery") {
			t.Errorf("scenario %q: %v, want %s naming gallery", id, err, code)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"an unknown field", good + "colour: red\n", "colour"},
		{"another id than the folder's", strings.Replace(good, "id: picnic", "id: park", 1), "folder"},
		{"no photos", strings.Replace(good, "min_photos: 1", "min_photos: 0", 1), "min_photos"},
		{"more photos than a request may have", strings.Replace(good, "max_photos: 8", "max_photos: 9", 1), "max_photos"},
		{"an aspect that is none", strings.Replace(good, "4:5", "tall", 1), "aspect"},
		{"the same aspect twice", strings.Replace(good, `["4:5"]`, `["4:5", "4:5"]`, 1), "twice"},
		{"a season that is none", strings.Replace(good, "season: any", "season: monsoon", 1), "season"},
		{"a pace that is none", good + "pace: slow\n", "pace"},
		{"no title", strings.Replace(good, "title: Picnic", "title: ' '", 1), "title"},
		{"an endless prompt", strings.Replace(good, "A family", strings.Repeat("A family ", 200), 1), "prompt"},
		{"a sample outside its folder", good + "sample: ../other.jpg\n", "sample"},
		{"a sample that is not there", good + "sample: sample.jpg\n", "sample.jpg is not beside it; leave sample out"},
		{"fewer tips than in English", good + "tips: [One, Two]\nlanguages: {de: {title: Picknick, summary: Ein Picknick., tips: [Eins]}}\n", "de: there are 1 tips, want 2"},
		{"more examples than in English", good + "languages: {de: {title: Picknick, summary: Ein Picknick., examples: [Eins]}}\n", "de: there are 1 examples, want 0"},
		{"a translation without a title", good + "languages: {de: {summary: Ein Picknick.}}\n", "de: title is empty"},
		{"a phrase that ends its sentence", good + "languages: {de: {title: Picknick, phrase: ein Picknick., summary: Ein Picknick.}}\n", "does not fit"},
		{"a prompt in another language", good + "languages: {de: {title: Picknick, summary: Ein Picknick., prompt: Familie}}\n", "prompt"},
		{"English a second time", good + "languages: {en: {title: Picnic, summary: A picnic.}}\n", "stand above"},
		{"a language that is none", good + "languages: {German: {title: Picknick, summary: Ein Picknick.}}\n", "code"},
		{"an endless file", good + "# " + strings.Repeat("x", 200<<10), "larger"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := scenario.Load(fstest.MapFS{"picnic/scenario.yaml": {Data: []byte(tt.file)}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one about %s", err, tt.want)
			}
		})
	}
}

// A translation says everything a person reads, and changes nothing that is drawn.
func TestInAnotherLanguage(t *testing.T) {
	for _, s := range scenario.Builtin().All() {
		de := s.In("de")
		if de == s || de.Title == s.Title || de.Phrase == s.Phrase || de.Summary == s.Summary {
			t.Errorf("%s has no German of its own", s.ID)
		}
		if de.Prompt != s.Prompt || de.ID != s.ID || len(de.Aspects) != len(s.Aspects) || de.Layout.Line != s.Layout.Line {
			t.Errorf("%s is another scenario in German", s.ID)
		}
		if s.In("en") != s || s.In("ar") != s {
			t.Errorf("%s has words in a language nobody wrote them in", s.ID)
		}
	}
	set, err := scenario.Load(fstest.MapFS{"picnic/scenario.yaml": {Data: []byte(good + "languages: {de: {title: Picknick, summary: Ein Picknick.}}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if p := set.All()[0].In("de").Phrase; p != "Picknick" {
		t.Errorf("without a phrase it is %q", p)
	}
}

func TestLoad(t *testing.T) {
	set, err := scenario.Load(fstest.MapFS{
		"picnic/scenario.yaml": {Data: []byte(good + "order: 2\nsample: s.webp\n")},
		"picnic/s.webp":        {Data: []byte("webp")},
		"park/scenario.yaml":   {Data: []byte(strings.Replace(good, "picnic", "park", 1) + "order: 1\n")},
		"notes.txt":            {Data: []byte("not a scenario")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if all := set.All(); len(all) != 2 || all[0].ID != "park" {
		t.Errorf("park is not the first of two scenarios")
	}
	if pace := set.All()[0].Pace; pace != scenario.Framed {
		t.Errorf("a scenario that says nothing of its pace has %q, want framed", pace)
	}
	if b, kind, err := set.Sample("picnic"); string(b) != "webp" || kind != "image/webp" || err != nil {
		t.Errorf("sample is %q, %q, %v", b, kind, err)
	}
	if _, _, err := set.Sample("park"); kinpict.CodeOf(err) != kinpict.NotFound {
		t.Errorf("the sample of a scenario without one: %v", err)
	}
	if _, err := scenario.Load(fstest.MapFS{}); err == nil {
		t.Error("an empty folder is a set of scenarios")
	}
}
