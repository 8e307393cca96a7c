package keeping

import (
	"context"
	"path"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

type photoOf struct {
	ID      string          `json:"id"`
	File    string          `json:"file"`
	Width   int             `json:"width"`
	Height  int             `json:"height"`
	Bytes   int64           `json:"bytes"`
	SHA256  string          `json:"sha256"`
	Faces   []kinpict.Face  `json:"faces"` // where faces are, never whose
	Checks  []kinpict.Check `json:"checks"`
	Added   time.Time       `json:"added_at"`
	Expires time.Time       `json:"expires_at"`
}

func photoFile(p kinpict.Photo) string { return "photos/" + p.ID + ".jpg" }

// photos writes the photos as they are kept, and what is known of each. A quota
// bounds their number.
func (a *archive) photos(ctx context.Context) error {
	var photos []kinpict.Photo
	if err := a.k.DB.Read(ctx, func(tx *store.Tx) (err error) {
		photos, err = tx.Photos(a.account.ID)
		return err
	}); err != nil {
		return err
	}
	if err := a.list("photos.json", "photos", func(put func(any) error) error {
		return all(photos, func(p kinpict.Photo) error {
			return put(photoOf{ID: p.ID, File: photoFile(p), Width: p.Width, Height: p.Height, Bytes: p.Bytes, SHA256: p.SHA256, Faces: p.Faces, Checks: p.Checks,
				Added: p.CreatedAt, Expires: p.ExpiresAt})
		})
	}); err != nil {
		return err
	}
	return all(photos, func(p kinpict.Photo) error { return a.blob(ctx, p.Key, photoFile(p), "photo_files") })
}

type pictureOf struct {
	ID          string              `json:"id"`
	File        string              `json:"file,omitempty"`
	Status      kinpict.Status      `json:"status"`
	Preview     bool                `json:"preview"`
	Request     kinpict.Request     `json:"request"`
	Credits     kinpict.Credits     `json:"credits"`
	Returned    kinpict.Credits     `json:"credits_returned"`
	Attempts    int                 `json:"attempts"`
	Engine      string              `json:"engine,omitempty"`
	Failure     kinpict.FailureCode `json:"failure,omitempty"`
	RetryOf     string              `json:"retry_of,omitempty"`
	Favourite   bool                `json:"favourite"`
	Width       int                 `json:"width,omitempty"`
	Height      int                 `json:"height,omitempty"`
	ContentType string              `json:"content_type,omitempty"`
	SHA256      string              `json:"sha256,omitempty"`
	Asked       time.Time           `json:"asked_at"`
	Started     time.Time           `json:"started_at,omitzero"`
	Finished    time.Time           `json:"finished_at,omitzero"`
}

func pictureFile(g *kinpict.Generation) string {
	if g.Image == nil || g.Status != kinpict.Succeeded {
		return ""
	}
	return "pictures/" + g.ID + path.Ext(g.Image.Key)
}

// pictures writes every request that was not deleted, and the pictures that
// came of them.
func (a *archive) pictures(ctx context.Context) error {
	each := func(f func(*kinpict.Generation) error) error {
		return pages(ctx, a, batch, func(tx *store.Tx, last *kinpict.Generation) ([]*kinpict.Generation, error) {
			before := ""
			if last != nil {
				before = last.ID
			}
			return tx.Generations(a.account.ID, before, batch)
		}, f)
	}
	if err := a.list("pictures.json", "requests", func(put func(any) error) error {
		return each(func(g *kinpict.Generation) error {
			req := g.Request
			req.CatalogVersion = g.CatalogUsed
			o := pictureOf{ID: g.ID, File: pictureFile(g), Status: g.Status, Preview: g.Funding == kinpict.FundedByPreview, Request: req, Credits: g.Credits,
				Returned: g.Returned, Attempts: g.Attempts, Engine: g.Engine, Failure: g.Failure, RetryOf: g.RetryOf, Favourite: g.Favourite,
				Asked: g.CreatedAt, Started: g.StartedAt, Finished: g.FinishedAt}
			if im := g.Image; im != nil {
				o.Width, o.Height, o.ContentType, o.SHA256 = im.Width, im.Height, im.ContentType, im.SHA256
			}
			return put(o)
		})
	}); err != nil {
		return err
	}
	return each(func(g *kinpict.Generation) error {
		if file := pictureFile(g); file != "" {
			return a.blob(ctx, g.Image.Key, file, "picture_files")
		}
		return nil
	})
}

type shareOf struct {
	ID      string    `json:"id"`
	Picture string    `json:"picture"`
	Views   int64     `json:"views"`
	Made    time.Time `json:"made_at"`
	Expires time.Time `json:"expires_at"`
}

// links writes private links without their secrets.
func (a *archive) links(ctx context.Context) error {
	return a.list("shares.json", "shares", func(put func(any) error) error {
		return pages(ctx, a, batch, func(tx *store.Tx, last *kinpict.Share) ([]*kinpict.Share, error) {
			return tx.SharesOf(a.account.ID, last, batch)
		}, func(s *kinpict.Share) error {
			return put(shareOf{ID: s.ID, Picture: s.Generation, Views: s.Views, Made: s.CreatedAt, Expires: s.ExpiresAt})
		})
	})
}
