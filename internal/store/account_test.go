package store_test

import (
	"context"
	"testing"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

func TestTheLanguageAPersonReads(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := context.Background()
		read := func(want string) {
			t.Helper()
			if err := db.View(ctx, func(tx *store.Tx) error {
				a, err := tx.Account("acc_ann")
				if err == nil && a.Language != want {
					t.Errorf("language %q, want %q", a.Language, want)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		set := func(id, language string, want bool) {
			t.Helper()
			if err := db.Update(ctx, func(tx *store.Tx) error {
				done, err := tx.SetLanguage(id, language)
				if err == nil && done != want {
					t.Errorf("set %q for %s: %v, want %v", language, id, done, want)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Update(ctx, func(tx *store.Tx) error {
			_, _, err := tx.AddAccount(kinpict.Account{ID: "acc_ann", Email: "ann@example.com", Role: kinpict.Customer})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		read("")
		set("acc_ann", "de", true)
		read("de")
		set("acc_nobody", "de", false)
		if err := db.Update(ctx, func(tx *store.Tx) error { return tx.Forfeit("acc_ann", "acc_ann", "the account is closed") }); err != nil {
			t.Fatal(err)
		}
		set("acc_ann", "en", false)
	})
}
