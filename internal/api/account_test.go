package api_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"kinpict"
	"kinpict/client"
)

func TestEverythingIsHandedOutOverTheAPI(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann := r.Context(), r.person("ann")
		r.credits(ann)
		if _, err := ann.Generate(ctx, r.key(), r.ask(ann)); err != nil {
			r.Fatal(err)
		}
		r.draw()
		who, err := ann.Account(ctx)
		if err != nil || who.Email != "ann@example.org" || who.Kept.Credits != 76 || who.Kept.Pictures != 1 || who.Kept.Purchases != 1 || who.Kept.Tokens != 1 {
			r.Fatalf("ann is %+v, %v", who, err)
		}
		in, err := ann.Export(ctx)
		if err != nil {
			r.Fatal(err)
		}
		data, err := io.ReadAll(in)
		in.Close()
		if err != nil {
			r.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			r.Fatal(err)
		}
		count := map[string]int{}
		for _, f := range z.File {
			dir, _, _ := strings.Cut(f.Name, "/")
			count[dir]++
		}
		if int64(count["photos"]) != who.Kept.Photos || count["pictures"] != 1 || count["receipts"] != 1 || count["manifest.json"] != 1 {
			r.Errorf("the archive holds %v, of ann are kept %+v", count, who.Kept)
		}
		_, err = (&client.Client{Base: r.server.URL}).Export(ctx)
		r.refused("a stranger exports", err, kinpict.Unauthenticated)

		release, err := r.api.Exports.Take(who.ID)
		if err != nil {
			r.Fatal(err)
		}
		_, err = ann.Export(ctx)
		r.refused("a second one at the same time", err, kinpict.RateLimited)
		release()
	})
}

func TestAnAccountIsDeletedOverTheAPI(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann, ben := r.Context(), r.person("ann"), r.person("ben")
		r.credits(ann)
		g, err := ann.Generate(ctx, r.key(), r.ask(ann))
		if err != nil {
			r.Fatal(err)
		}
		_, err = (&client.Client{Base: r.server.URL}).DeleteAccount(ctx, client.Farewell{Address: "ann@example.org", Credits: 80})
		r.refused("a stranger", err, kinpict.Unauthenticated)
		_, err = ann.DeleteAccount(ctx, client.Farewell{Address: "ben@example.org", Credits: 80})
		r.refused("another address", err, kinpict.Invalid)
		_, err = ann.DeleteAccount(ctx, client.Farewell{Address: "ann@example.org", Credits: 79})
		r.refused("fewer credits than there are", err, kinpict.Conflict)
		_, err = ann.Call(ctx, "DELETE", "/api/v1/account", "", nil, nil)
		r.refused("without a body", err, kinpict.UnsupportedMediaType)
		_, err = ann.Call(ctx, "DELETE", "/api/v1/account", "", map[string]any{"address": "ann@example.org"}, nil)
		r.refused("without a number", err, kinpict.Invalid)

		var d client.Deletion
		reply, err := ann.Call(ctx, "DELETE", "/api/v1/account", "", client.Farewell{Address: "ann@example.org", Credits: 80}, &d)
		if err != nil || reply.Status != http.StatusOK || d.Forfeited != 80 || d.Returned != 4 || d.Gone.OnTheWay != 1 || d.EmptiedAt == nil || d.AskedBy != "person" {
			r.Fatalf("the receipt is %+v, %v", d, err)
		}
		if got := reply.Header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
			r.Errorf("Clear-Site-Data is %s", got)
		}
		_, err = ann.Generation(ctx, g.ID)
		r.refused("her token", err, kinpict.Unauthenticated)
		_, err = ann.DeleteAccount(ctx, client.Farewell{Address: "ann@example.org", Credits: 80})
		r.refused("a second time", err, kinpict.Unauthenticated)
		again, err := (&client.Client{Base: r.server.URL}).Deletion(ctx, d.ID)
		if err != nil || again.ID != d.ID || again.Forfeited != 80 {
			r.Errorf("the receipt is found as %+v, %v", again, err)
		}
		_, err = ben.Deletion(ctx, "del_nothing")
		r.refused("a receipt of nobody's", err, kinpict.NotFound)
		r.available(ben, 0)
		if text := string(reply.Body); strings.Contains(text, "ann@") || strings.Contains(text, "acc_") {
			r.Errorf("the receipt names her: %s", text)
		}
		r.draw() // her picture was on its way
		if text := r.log.String(); strings.Contains(text, "ann@example.org") {
			r.Errorf("the log names her: %s", text)
		}
	})
}
