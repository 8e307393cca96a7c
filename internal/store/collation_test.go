package store_test

import (
	"strings"
	"testing"

	"kinpict"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// A PostgreSQL that sorts by language puts "~" before letters and "_" aside.
func TestADatabaseThatSortsByLanguage(t *testing.T) {
	clock := storetest.NewClock()
	url := storetest.URL(t, "postgres")
	admin := storetest.Open(t, url, clock)
	defer admin.Close()
	name := strings.TrimPrefix(url[:strings.Index(url, "?")], "postgres:///") + "_en"
	if err := admin.Run(ctx, `CREATE DATABASE `+name+` TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`); err != nil {
		t.Fatal(err)
	}
	db := storetest.Open(t, strings.Replace(url, name[:len(name)-3]+"?", name+"?", 1), clock)
	defer func() {
		storetest.Audit(t, db)
		db.Close()
		if err := admin.Run(ctx, `DROP DATABASE `+name); err != nil {
			t.Error(err)
		}
	}()
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	b := open(t, db, clock)
	// Two lots alike in everything but the id, which languages sort the other way.
	b.update(func(tx *store.Tx) error {
		for _, id := range []string{"lot_B", "lot_a"} {
			if _, err := tx.Grant(store.Grant{LotID: id, AccountID: "ann", Kind: kinpict.LotPromo, SourceType: "promo", SourceID: id, Credits: 4, Actor: "system", Reason: "test"}); err != nil {
				return err
			}
		}
		return nil
	})
	id := b.accept("ann")
	if got := b.left("lot_B"); got != "remaining=0" {
		t.Errorf("the first lot by its bytes has %s", got)
	}
	b.view(func(tx *store.Tx) error {
		list, err := tx.Generations("ann", "", 10)
		if len(list) != 1 || list[0].ID != id {
			t.Errorf("the newest generations are %v, want %s", list, id)
		}
		return err
	})
}
