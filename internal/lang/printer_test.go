package lang

import (
	"html/template"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"kinpict"
)

func all(t *testing.T) *Set {
	t.Helper()
	s, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var evening = time.Date(2026, 11, 5, 18, 40, 0, 0, time.FixedZone("CET", 3600))

func TestEachLanguageWritesItsOwnWay(t *testing.T) {
	s := all(t)
	en, de, ar := s.Find("en"), s.Find("de"), s.Find("ar")
	usd := func(n int64) kinpict.Money { return kinpict.Money{Amount: n, Currency: "usd"} }
	for _, c := range []struct{ name, got, want string }{
		{"one credit", en.Credits(1), "1 credit"},
		{"credits", en.Credits(1234), "1,234 credits"},
		{"no credits", en.Credits(0), "0 credits"},
		{"ein Credit", de.Credits(1), "1 Credit"},
		{"an amount of credits chooses the form", de.Say("%d credits", kinpict.Credits(1)), "1 Credit"},
		{"Credits", de.Credits(1234567), "1.234.567 Credits"},
		{"Arabic counts in six ways: none", ar.Credits(0), "لا رصيد"},
		{"one", ar.Credits(1), "رصيد واحد"},
		{"two", ar.Credits(2), "رصيدان"},
		{"few", ar.Credits(3), "3 أرصدة"},
		{"many", ar.Credits(11), "11 رصيدًا"},
		{"other", ar.Credits(100), "100 رصيد"},
		{"whole money", en.Money(usd(1200)), "$12"},
		{"money with cents", en.Money(usd(123405)), "$1,234.05"},
		{"money in German", de.Money(usd(123405)), "1.234,05\u00a0$"},
		{"money without cents", de.Money(kinpict.Money{Amount: 1500, Currency: "jpy"}), "1.500\u00a0¥"},
		{"money of three decimals", en.Money(kinpict.Money{Amount: 1250, Currency: "kwd"}), "1.250\u00a0KWD"},
		{"a currency without a sign of its own", de.Money(kinpict.Money{Amount: 990, Currency: "chf"}), "9,90\u00a0CHF"},
		{"money that is owed", en.Money(usd(-530)), "\u2212$5.30"},
		{"a part of one that is owed, in German", de.Money(usd(-30)), "\u22120,30\u00a0$"},
		{"in Arabic the sign stays before it", ar.Money(usd(-500)), "\u200e\u22125\u00a0$"},
		{"a gain", en.Signed(80), "+80"},
		{"a loss has a true minus", de.Signed(-1234), "\u22121.234"},
		{"nothing", en.Signed(0), "0"},
		{"a day", en.Date(evening), "5 November 2026"},
		{"a day in German", de.Date(evening), "5. November 2026"},
		{"a day in Arabic", ar.Date(evening), "5 نوفمبر 2026"},
		{"a month", de.Month(evening.AddDate(0, 4, 0)), "März 2027"},
		{"a moment", en.Moment(evening), "5 Nov 2026, 17:40 UTC"},
		{"a moment in German", de.Moment(evening), "05.11.2026, 17:40 UTC"},
		{"days", de.Days(7 * 24 * time.Hour), "7 Tage"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestWhatUseCasesSayIsRecognised(t *testing.T) {
	de := all(t).Find("de")
	for english, want := range map[string]string{
		"":                      "",
		"The file is empty.":    "Die Datei ist leer.",
		"Nobody ever said this": "Nobody ever said this",
		"A Standard picture now uses 5 credits; you were shown 4.":                             "Ein Bild der Qualität Standard kostet jetzt 5 Credits; gezeigt wurden dir 4.",
		`There is no photo "pho_1" here.`:                                                      "Ein Foto „pho_1“ gibt es hier nicht.",
		"With 5 photos each is about 4.5 cm wide on a print of 10 x 15 cm.":                    "Bei 5 Fotos ist jedes auf einem Abzug von 10 x 15 cm etwa 4.5 cm breit.",
		"Photo 3 is too small to gain from Enhanced: it would be enlarged 2.4 times.":          "Foto 3 ist zu klein, um von Enhanced zu gewinnen: Es würde 2,4-fach vergrößert.",
		"standard costs 5 credits instead of 4":                                                "standard kostet 5 Credits statt 4",
		"promo code SPRING":                                                                    "Aktionscode SPRING",
		"Gallery wall takes 2 to 8 photos; there are 1.":                                       "Gallery wall nimmt 2 bis 8 Fotos; es sind 1.",
		"Photo 99999999999999999999 is small for its place in the picture and will look soft.": "Photo 99999999999999999999 is small for its place in the picture and will look soft.",
	} {
		if got := de.Told(english); got != want {
			t.Errorf("%q is told as %q, want %q", english, got, want)
		}
	}
}

// What somebody else wrote stays whole: no piece of it is taken for a fragment of
// a page, such as "%s on %s", "%s in", "%s was added." or "about %s".
func TestForeignWordsStayWhole(t *testing.T) {
	s := all(t)
	for _, text := range []string{"It depends on the light", "Please, come in", "A table to stand on, or two.", "Tea or coffee", "Salt and pepper", "about us", "Until Sunday",
		"Salt was added.", "The cat is there already.", "The dog was removed.", "One adds up.", "Love given.", "1 credit", "Monday to Friday", "Made on a whim"} {
		for _, p := range s.All() {
			if got := p.Told(text); got != text {
				t.Errorf("%s: %q is told as %q", p.Code, text, got)
			}
		}
	}
}

func TestMarkupOfArgumentsIsText(t *testing.T) {
	en := all(t).Find("en")
	got := en.Rich(`%s has <a href="/credits">%d</a> and %s`, "<b>Ann</b>", 3, template.HTML("<i>more</i>"))
	if want := template.HTML(`&lt;b&gt;Ann&lt;/b&gt; has <a href="/credits">3</a> and <i>more</i>`); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestTheReaderChooses(t *testing.T) {
	s, err := New([]string{"en", "de"})
	if err != nil {
		t.Fatal(err)
	}
	for accept, want := range map[string]string{
		"": "en", "de": "de", "de-AT,de;q=0.9,en;q=0.8": "de", "en-US,en;q=0.9,de;q=0.8": "en", "fr": "en", "fr,de;q=0.1": "de",
		"ar": "en", "*": "en", "de;q=x,,;": "en", "\x00": "en",
	} {
		if got := s.Match(accept).Code; got != want {
			t.Errorf("%q reads %s, want %s", accept, got, want)
		}
	}
	german, err := New([]string{"de", "en"})
	if err != nil {
		t.Fatal(err)
	}
	if got := german.Match("fr").Code; got != "de" {
		t.Errorf("the first language of the site is %s, want de", got)
	}
}

func TestALanguageNobodyKnowsIsRefused(t *testing.T) {
	for _, codes := range [][]string{{"xx"}, {"en", "en"}, {"EN"}} {
		if _, err := New(codes); err == nil {
			t.Errorf("%v was taken", codes)
		}
	}
}

func TestACatalogueLaidOverWins(t *testing.T) {
	over := fstest.MapFS{"de/own.yaml": {Data: []byte(`"The file is empty.": "Da ist nichts drin."`)}}
	s, err := New([]string{"de"}, over)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Find("de").Told("The file is empty."); got != "Da ist nichts drin." {
		t.Error(got)
	}
	for name, data := range map[string]string{
		"no YAML":          `"a`,
		"forms of nothing": `"%d cats": {one: "%d cat"}`,
		"an odd form":      `"%d cats": {other: "%d cats", some: "cats"}`,
		"a list":           `"a": [b]`,
	} {
		if _, err := New([]string{"de"}, fstest.MapFS{"de/own.yaml": {Data: []byte(data)}}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestOnePrinterServesMany(t *testing.T) {
	de := all(t).Find("de")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 200 {
				if got, want := de.Credits(kinpict.Credits(2+i)), string(rune('2'+i))+" Credits"; got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkToldUnknown(b *testing.B) {
	de := Default().Find("de")
	for b.Loop() {
		de.Told("Whoever wrote this sentence was none of us, and it stays as it is.")
	}
}

func BenchmarkSay(b *testing.B) {
	s, err := New(nil)
	if err != nil {
		b.Fatal(err)
	}
	de := s.Find("de")
	for b.Loop() {
		de.Say("%d credits", 3)
	}
}
