package api_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"image"
	"io"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/engine"
)

func TestALife(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann := r.Context(), r.person("ann")
		book, err := ann.Catalog(ctx)
		if err != nil || len(book.Qualities) != 2 || book.Packs[0].Supports[kinpict.Standard] != 20 || book.Guest.Previews != 1 {
			r.Fatalf("catalog %+v, %v", book, err)
		}
		bought := r.credits(ann)
		if o, err := ann.Checkout(ctx, bought.ID); err != nil || o.Status != "paid" || o.Credits != 80 {
			r.Errorf("checkout %+v, %v", o, err)
		}
		req := r.ask(ann)
		req.CatalogVersion = book.Version
		g, err := ann.Generate(ctx, r.key(), req)
		if err != nil || g.Status != kinpict.Queued || g.Credits != 4 {
			r.Fatalf("generate %+v, %v", g, err)
		}
		if now, err := ann.Generation(ctx, g.ID); err != nil || now.Progress.Ahead == nil || *now.Progress.Ahead != 0 {
			r.Errorf("place in the queue %+v, %v", now, err)
		}
		r.available(ann, 76)

		seen := []kinpict.Status{}
		drawn := make(chan error, 1)
		for now, err := range ann.Watch(ctx, g.ID) {
			if err != nil {
				r.Fatalf("watch: %v", err)
			}
			if len(seen) == 0 {
				go func() { _, err := r.studio.Once(ctx); drawn <- err }()
			}
			seen = append(seen, now.Status)
			g = now
		}
		if err := <-drawn; err != nil {
			r.Fatal(err)
		}
		if seen[0] != kinpict.Queued || g.Status != kinpict.Succeeded || g.FinishedAt == nil || g.Image == nil {
			r.Fatalf("saw %v, then %+v", seen, g)
		}

		for _, c := range []struct {
			size    int
			format  string
			w, h    int
			decoded string
		}{{0, "", 400, 500, "jpeg"}, {250, "", 200, 250, "jpeg"}, {0, "png", 400, 500, "png"}, {4096, "jpeg", 400, 500, "jpeg"}} {
			file, err := ann.Image(ctx, g.ID, c.size, c.format)
			if err != nil {
				r.Errorf("image %d %q: %v", c.size, c.format, err)
				continue
			}
			b, err := io.ReadAll(file)
			file.Close()
			m, format, derr := image.DecodeConfig(bytes.NewReader(b))
			if err != nil || derr != nil || format != c.decoded || m.Width != c.w || m.Height != c.h {
				r.Errorf("image %d %q is a %s of %dx%d; %v %v", c.size, c.format, format, m.Width, m.Height, err, derr)
			}
		}
		resp, _ := r.raw("GET", g.Image.URL, map[string]string{"Authorization": "Bearer " + ann.Token}, "")
		for k, v := range map[string]string{"Content-Type": "image/jpeg", "Content-Security-Policy": "default-src 'none'; sandbox", "X-Robots-Tag": "noindex",
			"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "private, no-store"} {
			if resp.Header.Get(k) != v {
				r.Errorf("picture's %s is %q, want %q", k, resp.Header.Get(k), v)
			}
		}

		st, err := ann.Transactions(ctx, "", 1)
		if err != nil || len(st.Items) != 1 || st.Items[0].Amount != -4 || st.Items[0].Generation != g.ID || st.NextCursor == "" {
			r.Fatalf("statement %+v, %v", st, err)
		}
		st, err = ann.Transactions(ctx, st.NextCursor, 1)
		if err != nil || len(st.Items) != 1 || st.Items[0].Amount != 80 || st.Items[0].Purchase != bought.ID || st.NextCursor != "" {
			r.Errorf("second page %+v, %v", st, err)
		}
		file, err := ann.Statement(ctx, client.StatementFilter{})
		if err != nil {
			r.Fatal(err)
		}
		defer file.Close()
		rows, err := csv.NewReader(file).ReadAll()
		if err != nil || len(rows) != 3 || rows[1][2] != "-4" || rows[2][2] != "80" || rows[2][3] != "80" {
			r.Errorf("table %q, %v", rows, err)
		}
		if list, err := ann.Generations(ctx, "", 0); err != nil || len(list.Items) != 1 || list.Items[0].ID != g.ID {
			r.Errorf("list %+v, %v", list, err)
		}
	})
}

func TestOneKeyIsOneCharge(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann := r.Context(), r.person("ann")
		r.credits(ann)
		req := r.ask(ann)
		key := r.key()
		first, err := ann.Call(ctx, "POST", "/api/v1/generations", key, req, nil)
		if err != nil || first.Status != 202 || first.Replayed {
			r.Fatalf("%+v, %v", first, err)
		}
		r.draw() // what became of it must not change the answer
		again, err := ann.Call(ctx, "POST", "/api/v1/generations", key, req, nil)
		if err != nil || again.Status != 202 || !again.Replayed || !bytes.Equal(first.Body, again.Body) {
			r.Errorf("again: %d, replayed %v\n%s\n%s", again.Status, again.Replayed, first.Body, again.Body)
		}
		if first.Header.Get("Location") == "" || first.Header.Get("Location") != again.Header.Get("Location") {
			r.Errorf("location %q, then %q", first.Header.Get("Location"), again.Header.Get("Location"))
		}
		r.available(ann, 76)

		other := req
		other.Instruction = "Something else."
		_, err = ann.Generate(ctx, key, other)
		r.refused("another request", err, kinpict.KeyReused)
		_, err = ann.Call(ctx, "POST", "/api/v1/generations", "", req, nil)
		r.refused("no key", err, kinpict.KeyRequired)
		r.available(ann, 76)

		order, key := client.Order{Pack: "credits-80"}, r.key()
		a, err := ann.Call(ctx, "POST", "/api/v1/checkouts", key, order, nil)
		if err != nil || a.Status != 201 {
			r.Fatalf("checkout %+v, %v", a, err)
		}
		b, err := ann.Call(ctx, "POST", "/api/v1/checkouts", key, order, nil)
		if err != nil || b.Status != 201 || !b.Replayed || !bytes.Equal(a.Body, b.Body) {
			r.Errorf("checkout again %+v, %v", b, err)
		}
		_, err = ann.Buy(ctx, key, client.Order{Pack: "credits-280"})
		r.refused("another pack", err, kinpict.KeyReused)
	})
}

func TestTooFewCreditsHoldTheRequest(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann, ben := r.Context(), r.person("ann"), r.person("ben")
		req, key := r.ask(ann), r.key()
		first, err := ann.Call(ctx, "POST", "/api/v1/generations", key, req, nil)
		r.refused("without credits", err, kinpict.InsufficientCredits)
		short, ok := client.Members[client.Shortfall](err)
		if !ok || first.Status != 402 || short.Required != 4 || short.Available != 0 || short.Shortfall != 4 || len(short.Packs) != 2 ||
			short.HeldRequest.ID == "" || short.HeldRequest.URL == "" {
			r.Fatalf("%d %+v", first.Status, short)
		}
		again, _ := ann.Call(ctx, "POST", "/api/v1/generations", key, req, nil)
		if again.Status != 402 || !again.Replayed || !bytes.Equal(first.Body, again.Body) || again.Header.Get("Content-Type") != "application/problem+json" {
			r.Errorf("again %+v", again)
		}
		held := short.HeldRequest.ID
		_, _, err = ann.Resume(ctx, held, client.Confirm{})
		r.refused("still short", err, kinpict.InsufficientCredits)
		_, _, err = ben.Resume(ctx, held, client.Confirm{})
		r.refused("somebody else's", err, kinpict.NotFound)
		r.credits(ann)
		g, fresh, err := ann.Resume(ctx, held, client.Confirm{})
		if err != nil || !fresh || g.Instruction != req.Instruction {
			r.Fatalf("resume %+v %v %v", g, fresh, err)
		}
		same, fresh, err := ann.Resume(ctx, held, client.Confirm{})
		if err != nil || fresh || same.ID != g.ID {
			r.Errorf("resumed again: %+v %v %v", same, fresh, err)
		}
		r.available(ann, 76)
	})
}

func TestWhatFailsComesBack(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann := r.Context(), r.person("ann")
		r.credits(ann)
		r.easel.set(nil, &engine.Error{Outcome: engine.Refused, Detail: "blocked: sk-secret"})
		g, err := ann.Generate(ctx, r.key(), r.ask(ann))
		if err != nil {
			r.Fatal(err)
		}
		r.draw()
		g, err = ann.Generation(ctx, g.ID)
		if err != nil || g.Status != kinpict.Failed || g.CreditsReturned != 4 || g.Failure == nil || g.Failure.Code != kinpict.FailedRefused ||
			g.Failure.Advice == "" || strings.Contains(g.Failure.Message, "sk-secret") {
			r.Fatalf("%+v, %v", g, err)
		}
		r.available(ann, 80)

		r.easel.set(nil, nil)
		key := r.key()
		second, err := ann.Retry(ctx, key, g.ID, client.Confirm{})
		if err != nil || second.ID == g.ID || second.RetryOf != g.ID {
			r.Fatalf("retry %+v, %v", second, err)
		}
		if same, err := ann.Retry(ctx, key, g.ID, client.Confirm{}); err != nil || same.ID != second.ID {
			r.Errorf("the same retry %+v, %v", same, err)
		}
		r.available(ann, 76)
		canceled, err := ann.Cancel(ctx, second.ID)
		if err != nil || canceled.Status != kinpict.Canceled || canceled.CreditsReturned != 4 {
			r.Errorf("cancel %+v, %v", canceled, err)
		}
		r.available(ann, 80)

		third, err := ann.Generate(ctx, r.key(), r.ask(ann))
		if err != nil {
			r.Fatal(err)
		}
		r.draw()
		_, err = ann.Cancel(ctx, third.ID)
		r.refused("cancel what is done", err, kinpict.NotCancelable)
		_, err = ann.Retry(ctx, r.key(), third.ID, client.Confirm{})
		r.refused("retry what came out", err, kinpict.NotRetryable)

		r.easel.set(&kinpict.Error{Code: kinpict.EngineUnavailable, Message: "No engine."}, nil)
		reply, err := ann.Call(ctx, "POST", "/api/v1/generations", r.key(), r.ask(ann), nil)
		r.refused("no engine", err, kinpict.EngineUnavailable)
		if reply.Status != 503 || reply.Header.Get("Retry-After") == "" {
			r.Errorf("%d, Retry-After %q", reply.Status, reply.Header.Get("Retry-After"))
		}
		r.available(ann, 76)
	})
}

func TestAGuestHasOnePreview(t *testing.T) {
	each(t, func(r *rig) {
		ctx, guest := r.Context(), r.guest()
		req := r.ask(guest)
		req.Quality = ""
		_, err := guest.Generate(ctx, r.key(), client.Request{Quality: kinpict.Standard, Scenario: req.Scenario, Photos: req.Photos})
		r.refused("paid work without an account", err, kinpict.Unauthenticated)
		g, err := guest.Preview(ctx, r.key(), req)
		if err != nil || !g.Preview || g.Credits != 0 {
			r.Fatalf("preview %+v, %v", g, err)
		}
		reply, err := guest.Call(ctx, "POST", "/api/v1/previews", r.key(), req, nil)
		r.refused("a second one", err, kinpict.GuestLimit)
		if reply.Status != 429 {
			r.Errorf("status %d, want 429", reply.Status)
		}
		r.draw()
		file, err := guest.Image(ctx, g.ID, 0, "")
		if err != nil {
			r.Fatal(err)
		}
		file.Close()
		_, err = r.guest().Generation(ctx, g.ID)
		r.refused("another device", err, kinpict.Unauthenticated)
		_, err = r.person("ann").Generation(ctx, g.ID)
		r.refused("an account", err, kinpict.NotFound)
	})
}

// T9: what belongs to one person is not there for another.
func TestNobodySeesAnothersThings(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann, ben := r.Context(), r.person("ann"), r.person("ben")
		order := r.credits(ann)
		req := r.ask(ann)
		g, err := ann.Generate(ctx, r.key(), req)
		if err != nil {
			r.Fatal(err)
		}
		photo := req.Photos[0].ID
		guest := r.guest()
		r.ask(guest) // gets a cookie
		for _, path := range []string{"/photos/" + photo, "/photos/" + photo + "/image", "/photos/" + photo + "/image?thumb=1",
			"/generations/" + g.ID, "/generations/" + g.ID + "/image", "/generations/" + g.ID + "/events", "/checkouts/" + order.ID} {
			_, err := ben.Call(ctx, "GET", "/api/v1"+path, "", nil, nil)
			r.refused("ben reads "+path, err, kinpict.NotFound)
			if strings.HasPrefix(path, "/checkouts") {
				continue
			}
			_, err = guest.Call(ctx, "GET", "/api/v1"+path, "", nil, nil)
			r.refused("a guest reads "+path, err, kinpict.NotFound)
		}
		r.refused("ben deletes ann's photo", ben.DeletePhoto(ctx, photo), kinpict.NotFound)
		_, err = ben.Cancel(ctx, g.ID)
		r.refused("ben cancels", err, kinpict.NotFound)
		_, err = ben.Retry(ctx, r.key(), g.ID, client.Confirm{})
		r.refused("ben retries", err, kinpict.NotFound)
		r.credits(ben)
		_, err = ben.Generate(ctx, r.key(), req)
		r.refused("ben uses ann's photo", err, kinpict.Invalid)
		r.available(ben, 80)
		if list, err := ben.Generations(ctx, "", 0); err != nil || len(list.Items) != 0 {
			r.Errorf("ben's list %+v, %v", list, err)
		}
		if _, err := ann.Photo(ctx, photo); err != nil {
			r.Errorf("ann's own photo: %v", err)
		}
		r.refused("ann deletes what her picture needs", ann.DeletePhoto(ctx, photo), kinpict.Conflict)
		if _, err := ann.Cancel(ctx, g.ID); err != nil {
			r.Errorf("ann cancels: %v", err)
		}
		if err := ann.DeletePhoto(ctx, photo); err != nil {
			r.Errorf("ann deletes: %v", err)
		}
		_, err = ann.Photo(ctx, photo)
		r.refused("a deleted photo", err, kinpict.NotFound)
	})
}

func TestADearerPriceIsAskedAgain(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann := r.Context(), r.person("ann")
		r.credits(ann)
		book, err := ann.Catalog(ctx)
		if err != nil {
			r.Fatal(err)
		}
		dearer := kinpict.DefaultCatalog()
		dearer.Qualities[0].Credits = 6
		if _, err := r.shop.Apply(ctx, "test", "dearer", dearer, r.clock.Now(), false); err != nil {
			r.Fatal(err)
		}
		r.clock.Advance(time.Second)
		req := r.ask(ann)
		req.CatalogVersion = book.Version
		reply, err := ann.Call(ctx, "POST", "/api/v1/generations", r.key(), req, nil)
		r.refused("the old price", err, kinpict.PriceChanged)
		change, ok := client.Members[client.PriceChange](err)
		if !ok || reply.Status != 409 || change.ShownCredits != 4 || change.Credits != 6 || change.CatalogVersion == book.Version {
			r.Fatalf("%d %+v", reply.Status, change)
		}
		r.available(ann, 80)
		req.CatalogVersion = change.CatalogVersion
		if g, err := ann.Generate(ctx, r.key(), req); err != nil || g.Credits != 6 {
			r.Errorf("confirmed: %+v, %v", g, err)
		}
		r.available(ann, 74)
	})
}

func TestClientSaysWhatIsWrong(t *testing.T) {
	_, err := (&client.Client{Base: "http://127.0.0.1:1"}).Catalog(t.Context())
	if !errors.Is(err, &kinpict.Error{Code: kinpict.Unavailable}) {
		t.Errorf("no server: %v", err)
	}
}
