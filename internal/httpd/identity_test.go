package httpd

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"kinpict"
)

func testIdentity() *Identity {
	unknown := &kinpict.Error{Code: kinpict.Unauthenticated, Message: "unknown"}
	return &Identity{
		Session: func(_ context.Context, v string) (kinpict.Caller, error) {
			switch v {
			case "ann":
				return kinpict.Caller{AccountID: "acc_ann"}, nil
			case "down":
				return kinpict.Caller{}, errors.New("database down")
			}
			return kinpict.Caller{}, unknown
		},
		Token: func(_ context.Context, v string) (kinpict.Caller, error) {
			if v == "kp_bob" {
				return kinpict.Caller{AccountID: "acc_bob"}, nil
			}
			return kinpict.Caller{}, unknown
		},
		Device: func(v string) (kinpict.Caller, string) {
			if v == "dev" {
				return kinpict.Caller{GuestID: "gst_dev"}, ""
			}
			return kinpict.Caller{GuestID: "gst_new"}, "new"
		},
		Network: func(string) string { return "net" },
	}
}

func TestWhoIsAsking(t *testing.T) {
	for _, c := range []struct {
		name, authorization, cookie, owner string
		status                             int
	}{
		{"nobody", "", "", "", 200},
		{"a session", "", "kp_s=ann", "acc_ann", 200},
		{"a session that ended", "", "kp_s=old", "", 200},
		{"a session that ended, on a guest's device", "", "kp_s=old; kp_g=dev", "gst_dev", 200},
		{"a session and a guest's device", "", "kp_s=ann; kp_g=dev", "acc_ann", 200},
		{"two session cookies: one was planted", "", "kp_s=ann; kp_s=eve", "", 200},
		{"a forged guest cookie", "", "kp_g=forged", "", 200},
		{"a token", "Bearer kp_bob", "", "acc_bob", 200},
		{"a token, scheme in lower case", "bearer kp_bob", "", "acc_bob", 200},
		{"a token beside a session", "Bearer kp_bob", "kp_s=ann", "acc_bob", 200},
		{"a wrong token beside a session", "Bearer kp_eve", "kp_s=ann", "", 401},
		{"another scheme", "Basic YTpi", "kp_s=ann", "", 401},
		{"no token", "Bearer ", "kp_s=ann", "", 401},
		{"the database is down", "", "kp_s=down", "", 500},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			if c.cookie != "" {
				r.Header.Set("Cookie", c.cookie)
			}
			who, err := testIdentity().Caller(r)
			if Status(err) != c.status || who.Owner() != c.owner {
				t.Errorf("%q, %v; want %q, status %d", who.Owner(), err, c.owner, c.status)
			}
			if err == nil && who.Network != "net" {
				t.Error("the network is not known")
			}
			if both := strings.Contains(c.cookie, "kp_g=dev"); err == nil && (who.GuestID == "gst_dev") != both {
				t.Errorf("the device's guest is %q", who.GuestID)
			}
		})
	}
}

// Of two headers one was added on the way, so neither is believed.
func TestTwoTokensAreNone(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header["Authorization"] = []string{"Bearer kp_bob", "Bearer kp_eve"}
	if who, err := testIdentity().Caller(r); Status(err) != 401 {
		t.Errorf("%q, %v; want 401", who.Owner(), err)
	}
}

func TestAGuestGetsOneCookie(t *testing.T) {
	for _, secure := range []bool{false, true} {
		id := testIdentity()
		id.Cookies.Secure = secure
		w := httptest.NewRecorder()
		who, err := id.CallerOrGuest(w, httptest.NewRequest("POST", "/", nil))
		if err != nil || who.GuestID != "gst_new" || who.Network != "net" {
			t.Fatalf("%+v, %v", who, err)
		}
		cookie := w.Header().Get("Set-Cookie")
		want := []string{"kp_g=new", "Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=34560000"}
		if secure {
			want = append(want, "__Host-kp_g=", "Secure")
		}
		for _, part := range want {
			if !strings.Contains(cookie, part) {
				t.Errorf("cookie %q lacks %s", cookie, part)
			}
		}
		if strings.Contains(cookie, "Domain") || strings.Contains(cookie, "Secure") != secure {
			t.Errorf("cookie %q", cookie)
		}
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Cookie", id.Cookies.Guest()+"=dev")
		w = httptest.NewRecorder()
		if who, _ := id.CallerOrGuest(w, r); who.GuestID != "gst_dev" || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("a known device became %+v with cookie %q", who, w.Header().Get("Set-Cookie"))
		}
	}
}
