package generation_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/generation"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

func (r *room) shared(token string) (*generation.Shared, error) {
	return r.Shared(context.Background(), "network", token, true)
}

func TestALinkShowsThePictureUntilItEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(r *room, g *kinpict.Generation, s *kinpict.Share) error
	}{
		{"revoked", func(r *room, _ *kinpict.Generation, s *kinpict.Share) error {
			for range 2 {
				if _, err := r.Revoke(context.Background(), r.ann, s.ID); err != nil {
					return err
				}
			}
			return nil
		}},
		{"expired", func(r *room, _ *kinpict.Generation, s *kinpict.Share) error {
			r.clock.Advance(s.ExpiresAt.Sub(r.clock.Now()))
			return nil
		}},
		{"deleted", func(r *room, g *kinpict.Generation, _ *kinpict.Share) error {
			return r.Delete(context.Background(), r.ann, g.ID)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				ctx := context.Background()
				r := newRoom(t, db, clock, nil)
				r.Resize = func(_ context.Context, data []byte, _ int, _ string) ([]byte, error) {
					return append([]byte("smaller "), data...), nil
				}
				g := r.made("one")
				_, never := r.shared("0123456789abcdefghjkmnpqrstvwxyz")
				r.refused("a link that never was", never, kinpict.NotFound)
				s, token, err := r.Share(ctx, r.ann, "", g.ID, 0)
				if err != nil {
					t.Fatal(err)
				}
				if s.Days != 7 || !s.ExpiresAt.Equal(clock.Now().Add(7*24*time.Hour)) || len(token) < 26 || strings.Contains(s.ID, token) {
					t.Errorf("the link is %+v with the token %q", s, token)
				}
				other, _, err := r.Share(ctx, r.ann, "", g.ID, 30)
				if err != nil {
					t.Fatal(err)
				}
				clock.Advance(7*24*time.Hour - time.Second)
				x, err := r.shared(token)
				if err != nil {
					t.Fatal(err)
				}
				if data := r.read(x.Rendition); !strings.HasPrefix(string(data), "smaller ") {
					t.Error("the link gives the original away")
				}
				if x.Rendition.Name != "kinpict-picture.jpg" || x.Width != 8 || x.Height != 10 {
					t.Errorf("it is shown as %+v", x)
				}
				list, err := r.Shares(ctx, r.ann, g.ID)
				if err != nil || len(list) != 2 || list[0].Views+list[1].Views != 1 {
					t.Errorf("its links are %+v (%v)", list, err)
				}
				if err := c.end(r, g, s); err != nil {
					t.Fatal(err)
				}
				_, ended := r.shared(token)
				if ended == nil || ended.Error() != never.Error() {
					t.Errorf("a link that ended says %v, one that never was %v", ended, never)
				}
				if c.name != "deleted" {
					if list, err := r.Shares(ctx, r.ann, g.ID); err != nil || len(list) != 1 || list[0].ID != other.ID {
						t.Errorf("the links that work are %+v (%v), want the other", list, err)
					}
				}
			})
		})
	}
}

func TestOnlyTheOwnerShares(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := context.Background()
		r := newRoom(t, db, clock, nil)
		g := r.made("one")
		s, _, err := r.Share(ctx, r.ann, "", g.ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		ben := kinpict.Caller{AccountID: "acc_ben", GuestID: "gst_ben"}
		_, _, err = r.Share(ctx, ben, "", g.ID, 0)
		r.refused("somebody else's picture", err, kinpict.NotFound)
		_, err = r.Shares(ctx, ben, g.ID)
		r.refused("somebody else's links", err, kinpict.NotFound)
		for _, c := range []kinpict.Caller{ben, {}} {
			_, err = r.Revoke(ctx, c, s.ID)
			r.refused("ending somebody else's link", err, kinpict.NotFound)
		}
		_, err = r.Revoke(ctx, r.ann, "shr_none")
		r.refused("ending no link", err, kinpict.NotFound)
		_, _, err = r.Share(ctx, r.ann, "", g.ID, 8)
		r.refused("eight days", err, kinpict.Invalid)
		_, _, err = r.Share(ctx, r.ann, "", r.accept("waits").ID, 0)
		r.refused("one without a picture", err, kinpict.Conflict)

		guest := kinpict.Caller{GuestID: r.IDs.New(kinpict.GuestPrefix), Network: "net"}
		req := r.request()
		req.Photos = r.addPhotos(guest.GuestID, 1)
		a, err := r.Preview(ctx, guest, r.intent("free"), req)
		if err != nil {
			t.Fatal(err)
		}
		for r.once() {
		}
		_, _, err = r.Share(ctx, guest, "", a.Generation.ID, 0)
		r.refused("a guest's preview", err, kinpict.Conflict)
	})
}

func TestALinkIsMadeOncePerKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := context.Background()
		r := newRoom(t, db, clock, nil)
		g := r.made("one")
		first, token, err := r.Share(ctx, r.ann, "press", g.ID, 7)
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour)
		second, again, err := r.Share(ctx, r.ann, "press", g.ID, 7)
		if err != nil || *second != *first || again != token {
			t.Errorf("the same press made %+v %q, then %+v %q (%v)", first, token, second, again, err)
		}
		_, _, err = r.Share(ctx, r.ann, "press", g.ID, 30)
		r.refused("other days under the key", err, kinpict.KeyReused)
		for i := range generation.MaxShares - 1 {
			if _, _, err := r.Share(ctx, r.ann, fmt.Sprint(i), g.ID, 7); err != nil {
				t.Fatal(err)
			}
		}
		_, _, err = r.Share(ctx, r.ann, "one too many", g.ID, 7)
		r.refused("one too many", err, kinpict.Conflict)
		if _, err := r.Revoke(ctx, r.ann, first.ID); err != nil {
			t.Fatal(err)
		}
		_, _, err = r.Share(ctx, r.ann, "press", g.ID, 7)
		r.refused("the press whose link has ended", err, kinpict.Conflict)
		if list, err := r.Shares(ctx, r.ann, g.ID); err != nil || len(list) != generation.MaxShares-1 {
			t.Errorf("%d links work (%v), want %d", len(list), err, generation.MaxShares-1)
		}
	})
}

// A network that tries many tokens is slowed down, and nobody else is.
func TestLooksAreLimitedByNetwork(t *testing.T) {
	clock := storetest.NewClock()
	r := newRoom(t, storetest.New(t, "sqlite", clock), clock, nil)
	g := r.made("one")
	_, token, err := r.Share(t.Context(), r.ann, "", g.ID, 7)
	if err != nil {
		t.Fatal(err)
	}
	for i := range generation.NetworkLooks {
		_, err := r.shared(fmt.Sprint("guess", i))
		r.refused("a guess", err, kinpict.NotFound)
	}
	_, err = r.shared(token)
	r.refused("a look too many", err, kinpict.RateLimited)
	if _, err := r.Shared(t.Context(), "another", token, true); err != nil {
		t.Errorf("another network: %v", err)
	}
	clock.Advance(generation.LooksWindow)
	if _, err := r.shared(token); err != nil {
		t.Errorf("ten minutes later: %v", err)
	}
}

func TestDeadLinksAreForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		r := newRoom(t, db, clock, nil)
		g := r.made("one")
		s, _, err := r.Share(t.Context(), r.ann, "", g.ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(24*time.Hour + store.KeepShares)
		if err := r.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err = r.Revoke(t.Context(), r.ann, s.ID)
		r.refused("a link dead for a month", err, kinpict.NotFound)
	})
}
