package people_test

import (
	"strings"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/people"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// The mail with a link speaks the language of the page it was asked for on, is
// sent only while the link is good, and leaves no link behind once it was sent.
func TestTheMailOfALink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		for language, subject := range map[string]string{"en": "Your sign-in link for Kinpict", "de": "Dein Link zum Anmelden bei Kinpict", "": "Your sign-in link for Kinpict"} {
			clock.Advance(time.Second)
			if err := p.RequestLink(ctx, kinpict.Caller{Network: "home"}, people.Asking{Email: "ann@example.com", Browser: "browser", Language: language}); err != nil {
				t.Fatal(err)
			}
			var box []store.Mail
			if err := db.View(ctx, func(tx *store.Tx) (err error) { box, err = tx.Outbox("", 1); return err }); err != nil {
				t.Fatal(err)
			}
			m := box[0]
			if m.Subject != subject || !strings.Contains(m.Body, "15") || m.State != store.MailWaiting || !m.Secret || !m.ExpiresAt.Equal(clock.Now().Add(people.LinkLife)) {
				t.Errorf("in %q: %+v", language, m)
			}
			if err := db.Update(ctx, func(tx *store.Tx) error {
				mine, err := tx.ClaimMail(&m, tx.Now())
				if err != nil || !mine {
					t.Errorf("claimed %v, %v", mine, err)
					return err
				}
				_, err = tx.EndMail(&m, store.MailSent, "")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			box, err := outbox(p, 1)
			if err != nil || box[0].ID != m.ID || box[0].Body != "" {
				t.Errorf("once sent, the outbox still says %q, %v", box[0].Body, err)
			}
		}
	})
}
