package decor

import "testing"

func TestCapitalsOfEveryAlphabet(t *testing.T) {
	for in, want := range map[string]string{
		"Großfamilie": "GROSSFAMILIE", "η οικογένεια": "Η ΟΙΚΟΓΕΝΕΙΑ", "лето у моря": "ЛЕТО У МОРЯ", "những ngày hè": "NHỮNG NGÀY HÈ", "été": "ÉTÉ",
	} {
		if got := capitals(in); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}
