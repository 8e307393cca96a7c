package api_test

import (
	"bytes"
	"encoding/csv"
	"image"
	_ "image/png"
	"io"
	"net/http"
	"strings"
	"testing"

	"kinpict"
	"kinpict/client"
)

// made is a finished picture of ann's, who has 76 credits left.
func (r *rig) made() (*client.Client, *client.Generation) {
	r.Helper()
	ann := r.person("ann")
	r.credits(ann)
	g, err := ann.Generate(r.Context(), "the-key", r.ask(ann))
	if err != nil {
		r.Fatal(err)
	}
	r.draw()
	if g, err = ann.Generation(r.Context(), g.ID); err != nil || g.Image == nil {
		r.Fatalf("the picture is %+v, %v", g, err)
	}
	return ann, g
}

func TestDownloads(t *testing.T) {
	each(t, func(r *rig) {
		ann, g := r.made()
		at := "/api/v1/generations/" + g.ID
		original, err := ann.Image(r.Context(), g.ID, 0, "")
		if err != nil {
			r.Fatal(err)
		}
		defer original.Close()
		stored, err := io.ReadAll(original)
		if err != nil {
			r.Fatal(err)
		}
		day := r.clock.Now().Format("2006-01-02")
		name := func(rest string) string {
			file := "kinpict-" + g.Scenario + "-" + day + rest
			return `filename="` + file + `"; filename*=UTF-8''` + file
		}
		tag := `"` + g.Image.SHA256 + `"`
		for _, c := range []struct {
			what, method, path string
			header             map[string]string
			status             int
			want               map[string]string
			body               func(string) bool
		}{
			{"the original", "GET", "/image", nil, 200, map[string]string{"ETag": tag, "Content-Type": "image/jpeg", "Accept-Ranges": "bytes", "Content-Disposition": "inline; " + name(".jpg"), "X-Robots-Tag": "noindex"},
				func(b string) bool { return b == string(stored) }},
			{"to be kept", "GET", "/image?download=1", nil, 200, map[string]string{"Content-Disposition": "attachment; " + name(".jpg")}, func(b string) bool { return b == string(stored) }},
			{"a range", "GET", "/image", map[string]string{"Range": "bytes=10-19"}, 206, map[string]string{"Content-Length": "10"}, func(b string) bool { return b == string(stored[10:20]) }},
			{"a range of another picture", "GET", "/image", map[string]string{"Range": "bytes=10-19", "If-Range": `"other"`}, 200, nil, func(b string) bool { return b == string(stored) }},
			{"a range beyond the end", "GET", "/image", map[string]string{"Range": "bytes=99999999-"}, 416, nil, nil},
			{"its head", "HEAD", "/image", nil, 200, map[string]string{"ETag": tag, "Content-Type": "image/jpeg"}, func(b string) bool { return b == "" }},
			{"the head of a range", "HEAD", "/image", map[string]string{"Range": "bytes=0-3"}, 206, map[string]string{"Content-Length": "4"}, nil},
			{"what is there already", "GET", "/image", map[string]string{"If-None-Match": `"x", ` + tag}, 304, map[string]string{"ETag": tag, "Content-Length": ""}, func(b string) bool { return b == "" }},
			{"a small one", "GET", "/image?size=100", nil, 200, map[string]string{"Content-Type": "image/jpeg", "Content-Disposition": "inline; " + name(".jpg")}, func(b string) bool { return dims(b) == image.Pt(80, 100) }},
			{"a PNG", "GET", "/image?format=png&download=1", nil, 200, map[string]string{"Content-Type": "image/png", "Content-Disposition": "attachment; " + name(".png")}, func(b string) bool { return dims(b) == image.Pt(400, 500) }},
			{"the head of a PNG", "HEAD", "/image?format=png", nil, 200, map[string]string{"Content-Type": "image/png"}, nil},
			{"a sheet", "GET", "/print?paper=20x25&download=1", nil, 200, map[string]string{"Content-Type": "application/pdf", "Content-Disposition": "attachment; " + name("-20x25.pdf")},
				func(b string) bool { return strings.HasPrefix(b, "%PDF-1.") && strings.Contains(b, string(stored)) }},
			{"no paper", "GET", "/print", nil, 422, nil, nil},
			{"a paper that is not there", "GET", "/print?paper=b5", nil, 422, nil, nil},
		} {
			h := map[string]string{"Authorization": "Bearer " + ann.Token}
			for k, v := range c.header {
				h[k] = v
			}
			resp, body := r.raw(c.method, at+c.path, h, "")
			if resp.StatusCode != c.status {
				r.Errorf("%s: %d, want %d: %.200q", c.what, resp.StatusCode, c.status, body)
				continue
			}
			for k, v := range c.want {
				if got := resp.Header.Get(k); got != v {
					r.Errorf("%s: %s is %q, want %q", c.what, k, got, v)
				}
			}
			if c.body != nil && !c.body(body) {
				r.Errorf("%s: the body of %d bytes is not what it should be", c.what, len(body))
			}
			if resp.StatusCode == 200 && resp.Header.Get("ETag") == "" {
				r.Errorf("%s has no tag", c.what)
			}
			if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("ETag"), "W/") {
				continue
			}
			h["If-None-Match"] = resp.Header.Get("ETag")
			if resp, _ = r.raw(c.method, at+c.path, h, ""); resp.StatusCode != 304 {
				r.Errorf("%s, there already: %d", c.what, resp.StatusCode)
			}
		}
		papers, err := ann.Papers(r.Context(), g.ID)
		if err != nil || len(papers.Items) < 6 || papers.BleedMM != 3 {
			r.Fatalf("papers: %+v, %v", papers, err)
		}
		for _, p := range papers.Items {
			if p.PrintReady || p.Verdict != "too_few_pixels" && p.DPI < 180 {
				r.Errorf("400 x 500 pixels on %s: %+v", p.Name, p)
			}
		}
	})
}

func dims(body string) image.Point {
	c, _, err := image.DecodeConfig(bytes.NewReader([]byte(body)))
	if err != nil {
		return image.Point{}
	}
	return image.Pt(c.Width, c.Height)
}

func TestDeletingAPicture(t *testing.T) {
	each(t, func(r *rig) {
		ann, g := r.made()
		ctx := r.Context()
		again := client.Request{Quality: g.Quality, Scenario: g.Scenario, Instruction: g.Instruction, Photos: g.Photos}
		link, err := ann.Share(ctx, "", g.ID, 0)
		if err != nil {
			r.Fatal(err)
		}
		for range 2 {
			if err := ann.Delete(ctx, g.ID); err != nil {
				r.Fatalf("delete: %v", err)
			}
		}
		for what, err := range map[string]error{
			"its page":     second(ann.Generation(ctx, g.ID)),
			"its picture":  second(ann.Image(ctx, g.ID, 0, "")),
			"its papers":   second(ann.Papers(ctx, g.ID)),
			"its links":    second(ann.Shares(ctx, g.ID)),
			"its link":     ann.Revoke(ctx, link.ID),
			"another link": second(ann.Share(ctx, "", g.ID, 0)),
			"its photo":    second(ann.Photo(ctx, g.Photos[0].ID)),
			"favouring it": ann.Favour(ctx, g.ID, true),
			"the same key": second(ann.Generate(ctx, "the-key", again)),
		} {
			r.refused(what, err, kinpict.NotFound)
		}
		resp, _ := r.raw("HEAD", "/api/v1/generations/"+g.ID+"/image", map[string]string{"Authorization": "Bearer " + ann.Token, "If-None-Match": `"` + g.Image.SHA256 + `"`}, "")
		if resp.StatusCode != 404 {
			r.Errorf("who has it already is answered %d", resp.StatusCode)
		}
		list, err := ann.Transactions(ctx, "", 0)
		if err != nil || len(list.Items) != 2 || list.Items[0].Generation != g.ID || !list.Items[0].GenerationDeleted || list.Items[0].Amount != -4 {
			r.Errorf("the statement is %+v, %v", list, err)
		}
		f, err := ann.Statement(ctx, client.StatementFilter{})
		if err != nil {
			r.Fatal(err)
		}
		defer f.Close()
		if rows, err := csv.NewReader(f).ReadAll(); err != nil || len(rows) != 3 {
			r.Errorf("the statement as a table: %v, %v", rows, err)
		}
		r.available(ann, 76)
	})
}

func second[T any](_ T, err error) error { return err }

func TestLinksOverTheAPI(t *testing.T) {
	each(t, func(r *rig) {
		ann, g := r.made()
		ctx := r.Context()
		first, err := ann.Share(ctx, "a-key", g.ID, 30)
		if err != nil {
			r.Fatal(err)
		}
		again, err := ann.Share(ctx, "a-key", g.ID, 30)
		if err != nil || *again != *first || !strings.HasPrefix(first.URL, "http://kinpict.example/s/") {
			r.Errorf("the same key: %+v, then %+v (%v)", first, again, err)
		}
		_, err = ann.Share(ctx, "a-key", g.ID, 1)
		r.refused("the key with other days", err, kinpict.KeyReused)
		_, err = ann.Share(ctx, "", g.ID, 3)
		r.refused("three days", err, kinpict.Invalid)
		list, err := ann.Shares(ctx, g.ID)
		if err != nil || len(list.Items) != 1 || list.Items[0].URL != "" || list.Items[0].ID != first.ID {
			r.Errorf("the list is %+v, %v", list, err)
		}
		for range 2 {
			if err := ann.Revoke(ctx, first.ID); err != nil {
				r.Errorf("revoke: %v", err)
			}
		}
		if list, err := ann.Shares(ctx, g.ID); err != nil || len(list.Items) != 0 {
			r.Errorf("after revoking: %+v, %v", list, err)
		}
	})
}

func TestFavouritesOverTheAPI(t *testing.T) {
	each(t, func(r *rig) {
		ann, g := r.made()
		ctx := r.Context()
		for _, on := range []bool{true, true, false, false, true} {
			if err := ann.Favour(ctx, g.ID, on); err != nil {
				r.Fatal(err)
			}
			list, err := ann.Favourites(ctx, "", 1)
			if err != nil || (len(list.Items) == 1) != on {
				r.Errorf("favourite %v: %d in the list, %v", on, len(list.Items), err)
			}
			if got, err := ann.Generation(ctx, g.ID); err != nil || got.Favourite != on {
				r.Errorf("favourite %v: the picture says %v, %v", on, got.Favourite, err)
			}
		}
		resp, body := r.raw(http.MethodGet, "/api/v1/generations?favourite=maybe", map[string]string{"Authorization": "Bearer " + ann.Token}, "")
		if p := r.problem("a filter that is none", resp, body); p.Code != kinpict.Invalid {
			r.Errorf("a filter that is none: %s", p.Code)
		}
	})
}
