package people_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/people"
	"kinpict/internal/store"
	"kinpict/internal/store/storetest"
)

// digits is what an authenticator app shows for a secret at a time. It is
// written anew here, so that the product is not measured by itself.
func digits(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	m := hmac.New(sha1.New, key)
	_ = binary.Write(m, binary.BigEndian, at.Unix()/30)
	sum := m.Sum(nil)
	at4 := sum[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at4:at4+4])&0x7fffffff)%1000000)
}

// A duty is somebody who works for the house, signed in on the site and with a
// second factor.
type duty struct {
	*testing.T
	p      *people.People
	db     *store.DB
	clock  *storetest.Clock
	caller kinpict.Caller
	signIn string
	secret string
}

func onDuty(t *testing.T, db *store.DB, clock *storetest.Clock, role kinpict.AccountRole) *duty {
	t.Helper()
	p := door(db, clock)
	if _, err := p.CreateAccount(ctx, "ann@example.com", role); err != nil {
		t.Fatal(err)
	}
	d := &duty{T: t, p: p, db: db, clock: clock}
	d.signAgain()
	e, err := p.EnrolFactor(ctx, "command line: root", "ann@example.com")
	if err != nil {
		t.Fatal(err)
	}
	d.secret = e.Secret
	return d
}

func (d *duty) signAgain() {
	d.Helper()
	in := enter(d.T, d.p, "")
	d.caller, d.signIn = in.Caller, in.Cookie
}

func (d *duty) code() string { return digits(d.T, d.secret, d.clock.Now()) }

// open shows the code of now.
func (d *duty) open() string {
	d.Helper()
	cookie, err := d.p.OpenConsole(ctx, d.caller, d.signIn, d.code())
	if err != nil {
		d.Fatalf("open the console: %v", err)
	}
	return cookie
}

func (d *duty) inside(what, cookie string, want bool) {
	d.Helper()
	in, err := d.p.InConsole(ctx, d.caller, d.signIn, cookie)
	if err != nil || in != want {
		d.Errorf("%s: inside is %v, %v; want %v", what, in, err, want)
	}
}

func (d *duty) role(role kinpict.AccountRole) {
	d.Helper()
	if err := d.p.SetRole(ctx, "root", "ann@example.com", role); err != nil {
		d.Fatal(err)
	}
}

func (d *duty) update(f func(tx *store.Tx) error) {
	d.Helper()
	if err := d.db.Update(ctx, f); err != nil {
		d.Fatal(err)
	}
}

func TestTheConsoleOpensToWhoShowsTheirCode(t *testing.T) {
	for _, role := range []kinpict.AccountRole{kinpict.Support, kinpict.Operator} {
		storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
			d := onDuty(t, db, clock, role)
			cookie := d.open()
			d.inside("just opened", cookie, true)
			d.inside("without a cookie", "", false)
			d.inside("with another cookie", cookie+"x", false)
			if in, err := d.p.InConsole(ctx, d.caller, d.signIn+"x", cookie); in || err != nil {
				t.Errorf("from another sign-in: %v, %v", in, err)
			}
			if err := d.p.LeaveConsole(ctx, cookie); err != nil {
				t.Fatal(err)
			}
			d.inside("left", cookie, false)
		})
	}
}

func TestTheConsoleIsShutToWhoIsNoStaff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		p := door(db, clock)
		in := enter(t, p, "")
		_, err := p.EnrolFactor(ctx, "root", "ann@example.com")
		want(t, "a customer's second factor", err, kinpict.Invalid)
		_, err = p.OpenConsole(ctx, in.Caller, in.Cookie, "000000")
		want(t, "a customer", err, kinpict.NotFound)
		_, err = p.OpenConsole(ctx, kinpict.Caller{}, "", "000000")
		want(t, "a guest", err, kinpict.NotFound)
		_, err = p.EnrolFactor(ctx, "root", "nobody@example.com")
		want(t, "nobody's second factor", err, kinpict.NotFound)
		want(t, "ending none", p.EndFactor(ctx, "root", "ann@example.com"), kinpict.NotFound)
		if _, err := p.CreateAccount(ctx, "eve@example.com", kinpict.Support); err != nil {
			t.Fatal(err)
		}
		eve, err := p.SignIn(ctx, people.Opening{Token: ask(t, p, "eve@example.com", "b", ""), Browser: "b"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.OpenConsole(ctx, eve.Caller, eve.Cookie, "000000")
		want(t, "staff without a second factor", err, kinpict.Conflict)
	})
}

func TestACodeOpensOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		d := onDuty(t, db, clock, kinpict.Operator)
		code := d.code()
		d.open()
		_, err := d.p.OpenConsole(ctx, d.caller, d.signIn, code)
		want(t, "the same code again", err, kinpict.Invalid)
		// The one of the step before is refused as well: the step has been left.
		_, err = d.p.OpenConsole(ctx, d.caller, d.signIn, digits(t, d.secret, clock.Now().Add(-30*time.Second)))
		want(t, "an earlier code", err, kinpict.Invalid)
		clock.Advance(30 * time.Second)
		d.open()

		// At once from many sides, one gets in.
		clock.Advance(30 * time.Second)
		code = d.code()
		var in atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := d.p.OpenConsole(ctx, d.caller, d.signIn, code); err == nil {
					in.Add(1)
				}
			})
		}
		wg.Wait()
		if n := in.Load(); n != 1 {
			t.Errorf("one code opened %d sessions", n)
		}
	})
}

func TestWrongCodesAreCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		d := onDuty(t, db, clock, kinpict.Support)
		clock.Advance(time.Minute)
		wrong := digits(t, d.secret, clock.Now().Add(time.Hour))
		// Right ones are not counted among them.
		for range 6 {
			d.open()
			clock.Advance(30 * time.Second)
		}
		noted := func(what string, want int) {
			t.Helper()
			var acts []store.Deed
			if err := db.Read(ctx, func(tx *store.Tx) (err error) { acts, err = tx.Deeds(nil, 100); return err }); err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, a := range acts {
				if a.Kind == people.DeedWrong && a.Actor == d.caller.AccountID && a.Subject == d.caller.AccountID {
					n++
				}
			}
			if n != want {
				t.Errorf("%s: the trail says %d times that five codes were wrong, want %d", what, n, want)
			}
		}
		for window := range 2 {
			for i := range people.WrongCodes {
				noted(fmt.Sprintf("before wrong code %d", i+1), window)
				_, err := d.p.OpenConsole(ctx, d.caller, d.signIn, wrong)
				want(t, fmt.Sprintf("wrong code %d", i+1), err, kinpict.Invalid)
			}
			_, err := d.p.OpenConsole(ctx, d.caller, d.signIn, wrong)
			want(t, "one more", err, kinpict.RateLimited)
			_, err = d.p.OpenConsole(ctx, d.caller, d.signIn, d.code())
			want(t, "the right one now", err, kinpict.RateLimited)
			noted("afterwards", window+1)
			if window == 0 {
				clock.Advance(people.WrongWindow)
				d.signAgain()
				d.open()
			}
		}
		// A new second factor opens at once: the wrong codes were not shown to it.
		e, err := d.p.EnrolFactor(ctx, "command line: root", "ann@example.com")
		if err != nil {
			t.Fatal(err)
		}
		d.secret = e.Secret
		d.open()
	})
}

func TestAConsoleSessionEnds(t *testing.T) {
	cases := []struct {
		name string
		end  func(d *duty, cookie string)
		want bool
	}{
		{"not used for a second less than its time", func(d *duty, _ string) { d.clock.Advance(people.StaffIdle - time.Second) }, true},
		{"not used for its time", func(d *duty, _ string) { d.clock.Advance(people.StaffIdle) }, false},
		{"used until its last second", func(d *duty, cookie string) {
			for range 71 {
				d.clock.Advance(10 * time.Minute)
				d.inside("used", cookie, true)
			}
			d.clock.Advance(10*time.Minute - time.Second)
		}, true},
		{"used for twelve hours", func(d *duty, cookie string) {
			for range 71 {
				d.clock.Advance(10 * time.Minute)
				d.inside("used", cookie, true)
			}
			d.clock.Advance(10 * time.Minute)
		}, false},
		{"signed out of the site", func(d *duty, _ string) {
			if err := d.p.SignOut(ctx, d.signIn); err != nil {
				d.Fatal(err)
			}
		}, false},
		{"the sign-in ended from another", func(d *duty, _ string) {
			if _, err := d.p.EndOtherSignIns(ctx, d.caller, "another"); err != nil {
				d.Fatal(err)
			}
		}, false},
		{"the role changed", func(d *duty, _ string) { d.role(kinpict.Support) }, false},
		{"the role taken away", func(d *duty, _ string) { d.role(kinpict.Customer) }, false},
		{"the role taken away and given back", func(d *duty, _ string) { d.role(kinpict.Customer); d.role(kinpict.Operator) }, false},
		{"the role changed and nothing else was done", func(d *duty, _ string) {
			d.update(func(tx *store.Tx) error { _, err := tx.SetRole(d.caller.AccountID, kinpict.Support); return err })
		}, false},
		{"the second factor gone and nothing else was done", func(d *duty, _ string) {
			d.update(func(tx *store.Tx) error { _, err := tx.DropFactor(d.caller.AccountID); return err })
		}, false},
		{"another second factor", func(d *duty, _ string) {
			if _, err := d.p.EnrolFactor(ctx, "root", "ann@example.com"); err != nil {
				d.Fatal(err)
			}
		}, false},
		{"no second factor any more", func(d *duty, _ string) {
			if err := d.p.EndFactor(ctx, "root", "ann@example.com"); err != nil {
				d.Fatal(err)
			}
		}, false},
		{"the account deleted", func(d *duty, _ string) {
			err := d.db.Update(ctx, func(tx *store.Tx) error {
				_, err := tx.DeleteAccount(&kinpict.Deletion{ID: "del_1", AccountID: d.caller.AccountID, AskedBy: kinpict.AskedByPerson}, 0, func(b []byte) ([]byte, error) { return b, nil })
				return err
			})
			if err != nil {
				d.Fatal(err)
			}
		}, false},
		{"swept while it is good", func(d *duty, _ string) {
			if err := d.p.Sweep(ctx); err != nil {
				d.Fatal(err)
			}
		}, true},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				fresh := storetest.New(t, map[bool]string{true: "sqlite", false: "postgres"}[db.Embedded()], clock)
				d := onDuty(t, fresh, clock, kinpict.Operator)
				cookie := d.open()
				c.end(d, cookie)
				// As the site would know them now: only what the console keeps is asked about.
				d.inside(c.name, cookie, c.want)
			})
		}
	})
}

func TestASecondFactorLiesSealed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		d := onDuty(t, db, clock, kinpict.Operator)
		var f *store.Factor
		var acts []store.Deed
		err := db.Read(ctx, func(tx *store.Tx) (err error) {
			if f, err = tx.Factor(d.caller.AccountID); err != nil {
				return err
			}
			acts, err = tx.Deeds(nil, 10)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(d.secret)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(f.Sealed, key) || bytes.Contains(f.Sealed, []byte(d.secret)) {
			t.Error("the secret lies in the database as it is")
		}
		if len(acts) != 1 || acts[0].Kind != people.DeedFactor || acts[0].Actor != "command line: root" || acts[0].Subject != d.caller.AccountID {
			t.Errorf("the trail says %+v", acts)
		}
		// In another's row it does not open, nor with another master secret.
		if _, err := d.p.CreateAccount(ctx, "eve@example.com", kinpict.Operator); err != nil {
			t.Fatal(err)
		}
		eve, err := d.p.SignIn(ctx, people.Opening{Token: ask(t, d.p, "eve@example.com", "b", ""), Browser: "b"})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(ctx, func(tx *store.Tx) error { return tx.PutFactor(eve.Caller.AccountID, f.Sealed) })
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.p.OpenConsole(ctx, eve.Caller, eve.Cookie, d.code())
		want(t, "a factor moved to another row", err, kinpict.Conflict)
		d.p.Key = []byte(strings.Repeat("x", 32))
		_, err = d.p.OpenConsole(ctx, d.caller, d.signIn, d.code())
		want(t, "a factor under another master secret", err, kinpict.Conflict)
	})
}
