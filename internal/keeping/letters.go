package keeping

import (
	"context"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

type reviewOf struct {
	ID       string     `json:"id"`
	Status   string     `json:"status"`
	Message  string     `json:"message"`
	Picture  string     `json:"generation,omitempty"`
	Purchase string     `json:"purchase,omitempty"`
	Page     string     `json:"page,omitempty"`
	Filed    time.Time  `json:"filed_at"`
	Answers  []answerOf `json:"answers"`
	Evidence string     `json:"evidence"` // the file with what was frozen, byte for byte
	SHA256   string     `json:"evidence_sha256"`
}

type answerOf struct {
	Kind    string          `json:"kind"`
	Text    string          `json:"text"`
	Credits kinpict.Credits `json:"credits,omitempty"`
	Reason  string          `json:"reason,omitempty"`
	At      time.Time       `json:"at"`
}

func evidenceFile(r *kinpict.Review) string { return "reviews/" + r.ID + ".json" }

// reviews writes what was said about the balance, answered, and frozen beside
// it. Which of the staff answered is nobody's business.
func (a *archive) reviews(ctx context.Context) error {
	const few = 10 // evidence is long
	each := func(f func(*kinpict.Review) error) error {
		return pages(ctx, a, few, func(tx *store.Tx, last *kinpict.Review) ([]*kinpict.Review, error) {
			after := ""
			if last != nil {
				after = last.ID
			}
			return tx.ReviewsInFull(a.account.ID, after, few)
		}, f)
	}
	if err := a.list("reviews.json", "reviews", func(put func(any) error) error {
		return each(func(r *kinpict.Review) error {
			o := reviewOf{ID: r.ID, Status: r.Status, Message: r.Message, Picture: r.Generation, Purchase: r.Purchase, Page: r.Page, Filed: r.CreatedAt, Answers: []answerOf{},
				Evidence: evidenceFile(r), SHA256: r.SHA256}
			for _, x := range r.Acts {
				o.Answers = append(o.Answers, answerOf{Kind: x.Kind, Text: x.Text, Credits: x.Credits, Reason: x.Reason, At: x.At})
			}
			return put(o)
		})
	}); err != nil {
		return err
	}
	return each(func(r *kinpict.Review) error { return a.bytes(evidenceFile(r), r.Evidence) })
}

type mailOf struct {
	At      time.Time `json:"at"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
}

// mails writes the mail to the address that is still kept.
func (a *archive) mails(ctx context.Context) error {
	return a.list("mails.json", "mails", func(put func(any) error) error {
		return pages(ctx, a, batch, func(tx *store.Tx, last store.Mail) ([]store.Mail, error) {
			return tx.MailTo(a.account.Email, last, batch)
		}, func(m store.Mail) error { return put(mailOf{At: m.CreatedAt, Subject: m.Subject, Text: m.Body}) })
	})
}
