package api_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
)

func TestWordsThatAPersonReads(t *testing.T) {
	each(t, func(r *rig) {
		r.studio.SafetyHold = true
		ctx, ann, ben, sue, tom := r.Context(), r.person("ann"), r.person("ben"), r.staff("sue"), r.staff("tom")
		r.credits(ann)
		req := r.ask(ann)
		req.Instruction = "Grandpa and the coffin he built"
		if p, err := ann.Check(ctx, req); err != nil || p.OK || !p.Held {
			r.Errorf("asked beforehand: %+v, %v", p, err)
		}
		reply, err := ann.Call(ctx, "POST", "/api/v1/generations", "the-key", req, nil)
		r.refused("words with two readings", err, kinpict.HeldForReview)
		m, ok := client.Members[client.Reading](err)
		id := m.HeldRequest.ID
		if !ok || reply.Status != 409 || reply.Header.Get("Content-Type") != "application/problem+json" || m.HeldRequest.State != "looking" || m.HeldRequest.URL != "/held/"+id ||
			len(m.Findings) != 1 || m.Findings[0].Words != "coffin" {
			r.Fatalf("the answer: %d %s", reply.Status, reply.Body)
		}
		again, err := ann.Call(ctx, "POST", "/api/v1/generations", "the-key", req, nil)
		if kinpict.CodeOf(err) != kinpict.HeldForReview || !again.Replayed || string(again.Body) != string(reply.Body) {
			r.Errorf("the same again: %+v, %v", again, err)
		}
		_, err = ann.Generate(ctx, r.key(), req)
		if x, _ := client.Members[client.Reading](err); x.HeldRequest.ID != id {
			r.Errorf("another key leads to %+v", x.HeldRequest)
		}
		_, _, err = ann.Resume(ctx, id, client.Confirm{})
		r.refused("going on too early", err, kinpict.HeldForReview)
		if list, err := ann.HeldRequests(ctx); err != nil || len(list.Items) != 1 || list.Items[0].ID != id || list.Items[0].State != "looking" || list.Items[0].Instruction != req.Instruction {
			r.Errorf("ann's that wait: %+v, %v", list, err)
		}

		// Staff see the words and who is in the photos, and nothing of the photos.
		page, err := sue.StaffHolds(ctx, "", "", 0)
		if err != nil || len(page.Items) != 1 || page.Waiting != 1 || page.Items[0].State != "waiting" || page.Items[0].Instruction != req.Instruction ||
			len(page.Items[0].People) != len(req.Photos) || page.Items[0].People[0].Label != "Ann" || page.Items[0].Doubts[0].Finding.Words != "coffin" {
			r.Fatalf("the queue: %+v, %v", page, err)
		}
		raw, err := sue.Call(ctx, "GET", "/api/v1/staff/holds/"+id, "", nil, nil)
		if err != nil || strings.Contains(string(raw.Body), "pho_") || strings.Contains(string(raw.Body), "@") {
			r.Errorf("staff read %s, %v", raw.Body, err)
		}
		for what, err := range map[string]error{
			"lists":    func() error { _, err := ann.StaffHolds(ctx, "", "", 0); return err }(),
			"reads":    func() error { _, err := ann.StaffHold(ctx, id); return err }(),
			"approves": func() error { _, err := ann.ApproveHold(ctx, id, client.Verdict{}); return err }(),
			"refuses":  func() error { _, err := ben.RefuseHold(ctx, id, client.Verdict{}); return err }(),
		} {
			r.refused("a customer "+what, err, kinpict.Forbidden)
		}
		_, err = sue.RefuseHold(ctx, id, client.Verdict{Note: strings.Repeat("x", kinpict.MaxHoldNote+1)})
		r.refused("a note too long", err, kinpict.Invalid)
		_, err = ben.HeldRequest(ctx, id)
		r.refused("ben looks at ann's", err, kinpict.NotFound)
		r.refused("ben takes ann's back", ben.Withdraw(ctx, id), kinpict.NotFound)

		done, err := sue.ApproveHold(ctx, id, client.Verdict{Note: "He did build one"})
		if err != nil || done.State != "approved" || done.DecidedBy == "" || done.Note != "He did build one" {
			r.Fatalf("approved: %+v, %v", done, err)
		}
		_, err = tom.RefuseHold(ctx, id, client.Verdict{})
		var e *kinpict.Error
		if r.refused("the second", err, kinpict.Conflict); !errors.As(err, &e) || !strings.Contains(e.Message, done.DecidedBy+" approved") {
			r.Errorf("the second is told %v", err)
		}
		if page, err = sue.StaffHolds(ctx, "approved", "", 1); err != nil || len(page.Items) != 1 || page.Waiting != 0 || page.NextCursor != "" {
			r.Errorf("those approved: %+v, %v", page, err)
		}
		if h, err := ann.HeldRequest(ctx, id); err != nil || h.State != "approved" || h.Note != "He did build one" || h.DecidedAt == nil {
			r.Errorf("ann sees %+v, %v", h, err)
		}
		r.available(ann, 80)
		g, first, err := ann.Resume(ctx, id, client.Confirm{})
		if err != nil || !first || g.Instruction != req.Instruction {
			r.Fatalf("going on: %+v, %v", g, err)
		}
		r.available(ann, 76)
		if h, err := ann.HeldRequest(ctx, id); err != nil || h.State != "gone_on" || h.Generation != g.ID {
			r.Errorf("ann sees %+v, %v", h, err)
		}
		r.refused("taking back what went on", ann.Withdraw(ctx, id), kinpict.Conflict)

		// Pages of the queue: the longest waiting first.
		var ids []string
		for i := range 3 {
			r.clock.Advance(time.Second) // ids are in the order of time
			other := req
			other.Instruction += strings.Repeat(" again", i+1)
			_, err := ann.Generate(ctx, r.key(), other)
			x, _ := client.Members[client.Reading](err)
			ids = append(ids, x.HeldRequest.ID)
		}
		cursor := ""
		for i := range ids {
			page, err := sue.StaffHolds(ctx, "waiting", cursor, 1)
			if err != nil || len(page.Items) != 1 || page.Items[0].ID != ids[i] || page.Waiting != 3 || (page.NextCursor == "") != (i == 2) {
				r.Fatalf("page %d of the queue: %+v, %v", i, page, err)
			}
			cursor = page.NextCursor
		}
		if err := ann.Withdraw(ctx, ids[0]); err != nil {
			r.Errorf("taking one back: %v", err)
		}
		_, err = sue.ApproveHold(ctx, ids[0], client.Verdict{})
		r.refused("approving what was taken back", err, kinpict.NotFound)

		// An account that is gone leaves nothing to read.
		if _, err := ann.DeleteAccount(ctx, client.Farewell{Address: "ann@example.org", Credits: 80}); err != nil {
			r.Fatal(err)
		}
		for _, id := range append(ids, done.ID) {
			_, err = sue.StaffHold(ctx, id)
			r.refused("reading of who is gone", err, kinpict.NotFound)
			_, err = sue.RefuseHold(ctx, id, client.Verdict{})
			r.refused("deciding about who is gone", err, kinpict.NotFound)
		}
		if page, err = sue.StaffHolds(ctx, "", "", 0); err != nil || len(page.Items) != 0 || page.Waiting != 0 {
			r.Errorf("the queue of nobody: %+v, %v", page, err)
		}
	})
}
