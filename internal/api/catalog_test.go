package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"kinpict/client"
	"kinpict/internal/lang"
)

// A language the operator does not offer is not spoken by the API either.
func TestScenariosSpeakNoOtherLanguage(t *testing.T) {
	oneKind(t, func(r *rig) {
		only, err := lang.New([]string{"en"})
		if err != nil {
			t.Fatal(err)
		}
		r.api.Languages = only
		resp, body := r.raw("GET", "/api/v1/scenarios", map[string]string{"Accept-Language": "de"}, "")
		if got := resp.Header.Get("Content-Language"); got != "en" || !strings.Contains(body, "Portrait wall") {
			t.Errorf("the answer is in %q: %.200s", got, body)
		}
	})
}

func TestScenariosSpeakTheClientsLanguage(t *testing.T) {
	oneKind(t, func(r *rig) {
		for _, c := range []struct{ accept, language, title string }{
			{"", "en", "Portrait wall"},
			{"en-GB", "en", "Portrait wall"},
			{"de-AT, en;q=0.5", "de", "Porträtwand"},
			{"fr, en;q=0.5", "en", "Portrait wall"},
			{"ar", "en", "Portrait wall"}, // no scenario has words in it
			{";;;", "en", "Portrait wall"},
		} {
			req, err := http.NewRequestWithContext(r.Context(), "GET", r.server.URL+"/api/v1/scenarios", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept-Language", c.accept)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			var got client.Scenarios
			err = json.NewDecoder(resp.Body).Decode(&got)
			resp.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			if got.Items[0].Title != c.title || resp.Header.Get("Content-Language") != c.language || !strings.Contains(strings.Join(resp.Header.Values("Vary"), ", "), "Accept-Language") {
				t.Errorf("to %q: %q in %q, varying by %q; want %q in %q", c.accept, got.Items[0].Title, resp.Header.Get("Content-Language"), resp.Header.Values("Vary"), c.title, c.language)
			}
		}
	})
}
