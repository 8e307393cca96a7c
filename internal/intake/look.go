package intake

import (
	"context"

	"kinpict"
	"kinpict/internal/photo"
	"kinpict/internal/store"
)

// found is what looking at a photo told.
type found struct {
	faces  []kinpict.Face
	checks []kinpict.Check
}

// look finds faces. A photo that shows one only when it is turned, because the
// camera was held sideways and did not say so, is made anew that way up.
func (i *Intake) look(ctx context.Context, c kinpict.Caller, data []byte, n *photo.Normal) (*photo.Normal, found, error) {
	var f found
	if i.Faces == nil {
		return n, f, nil
	}
	f.faces = i.Faces(n.JPEG)
	if len(f.faces) == 0 && i.Turns != nil {
		if quarters := i.Turns(n.JPEG); quarters != 0 {
			up, err := i.Gate.Turned(ctx, c.Counted(), data, i.Limits, quarters)
			if err != nil {
				return nil, f, err
			}
			n, f.faces = up, i.Faces(up.JPEG)
			f.checks = append(f.checks, kinpict.Check{Code: CheckTurned, Severity: photo.Info, Message: "This photo lay on its side, and we turned it upright.",
				Help: "If that is wrong, turn the photo with your phone or computer and add it again."})
		}
	}
	f.checks = append(f.checks, photo.AdviseFaces(n.Width, n.Height, f.faces)...)
	return n, f, nil
}

// likes says which photo of the same owner a new one is nearly a copy of, if
// any. Photos of other people are never looked at.
func likes(tx *store.Tx, p kinpict.Photo) ([]kinpict.Check, error) {
	others, err := tx.Likenesses(p.Owner)
	if err != nil {
		return nil, err
	}
	for _, o := range others {
		if photo.Likeness(p.Likeness).Near(photo.Likeness(o.Likeness)) {
			return []kinpict.Check{{Code: CheckCopy, Severity: photo.Info, Photo: o.ID,
				Message: "This looks like another photo that you added.", Help: "One of the two is enough; keep the larger or sharper one."}}, nil
		}
	}
	return nil, nil
}
