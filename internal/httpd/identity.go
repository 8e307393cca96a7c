package httpd

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"kinpict"
)

// Cookies are the site's cookies. The __Host- prefix keeps other hosts of the
// domain from setting them, and needs https.
type Cookies struct{ Secure bool }

// GuestAge is how many seconds browsers keep a guest's cookie: the longest they grant.
const GuestAge = 400 * 24 * 3600

// Name is the full name of the cookie called kp_… on this site.
func (c Cookies) Name(short string) string {
	if c.Secure {
		return "__Host-" + short
	}
	return short
}

// Session and Guest name the cookies of a signed-in person and of a guest's device.
func (c Cookies) Session() string { return c.Name("kp_s") }
func (c Cookies) Guest() string   { return c.Name("kp_g") }

// Set sends a cookie that scripts cannot read and other sites' posts do not carry.
func (c Cookies) Set(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, Secure: c.Secure, HttpOnly: true,
		SameSite: http.SameSiteLaxMode})
}

// Clear makes the browser forget a cookie.
func (c Cookies) Clear(w http.ResponseWriter, name string) { c.Set(w, name, "", -1) }

// Value is the cookie of that name, or "". Of several with one name none is
// taken, since one of them was planted.
func (c Cookies) Value(r *http.Request, name string) string {
	if all := r.CookiesNamed(name); len(all) == 1 {
		return all[0].Value
	}
	return ""
}

func (c Cookies) any(r *http.Request) bool {
	return len(r.CookiesNamed(c.Session())) > 0 || len(r.CookiesNamed(c.Guest())) > 0
}

// An Identity finds out who is asking. The lookups are the people package's.
type Identity struct {
	Cookies Cookies
	// Session and Token return an Unauthenticated error for what is not known.
	Session func(ctx context.Context, cookie string) (kinpict.Caller, error)
	Token   func(ctx context.Context, bearer string) (kinpict.Caller, error)
	// Device returns the guest of a cookie, or a new one and its cookie where
	// the cookie is not one of ours.
	Device func(cookie string) (kinpict.Caller, string)
	// Network is the keyed hash of an address's network.
	Network func(address string) string
	// Area is the same of the larger network around it. Nil: there is none.
	Area func(address string) string
}

// Caller is who sent r: a token's account, a session's, a guest, or nobody. A
// session's caller also names the guest of the same device, whose preview is
// theirs. An Authorization header decides alone, since a request that carries one is let
// past the checks that protect cookies; a token that is not known is an
// Unauthenticated error. A session or guest cookie that is not known is none.
func (i *Identity) Caller(r *http.Request) (kinpict.Caller, error) {
	c, err := i.caller(r)
	if err != nil {
		return kinpict.Caller{}, err
	}
	from := Client(r.Context()).String()
	c.Network = i.Network(from)
	if i.Area != nil {
		c.Area = i.Area(from)
	}
	return c, nil
}

func (i *Identity) caller(r *http.Request) (kinpict.Caller, error) {
	if h := r.Header.Values("Authorization"); len(h) > 0 {
		scheme, token, ok := strings.Cut(h[0], " ")
		if token = strings.TrimSpace(token); !ok || len(h) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" {
			return kinpict.Caller{}, &kinpict.Error{Code: kinpict.Unauthenticated, Message: "The Authorization header is not one we read.",
				Hint: "Send Authorization: Bearer, a space, and your API token."}
		}
		return i.Token(r.Context(), token)
	}
	if v := i.Cookies.Value(r, i.Cookies.Session()); v != "" {
		c, err := i.Session(r.Context(), v)
		if err == nil {
			c.GuestID = i.device(r)
			return c, nil
		}
		if !errors.Is(err, &kinpict.Error{Code: kinpict.Unauthenticated}) {
			return kinpict.Caller{}, err
		}
	}
	return kinpict.Caller{GuestID: i.device(r)}, nil
}

// device is the guest of r's cookie, or "".
func (i *Identity) device(r *http.Request) string {
	v := i.Cookies.Value(r, i.Cookies.Guest())
	if v == "" {
		return ""
	}
	c, fresh := i.Device(v)
	if fresh != "" {
		return ""
	}
	return c.GuestID
}

// CallerOrGuest is Caller, with a new guest and its cookie in place of nobody.
// A browser gets it; a page that is only looked at needs no cookie.
func (i *Identity) CallerOrGuest(w http.ResponseWriter, r *http.Request) (kinpict.Caller, error) {
	c, err := i.Caller(r)
	if err != nil || c.Owner() != "" {
		return c, err
	}
	g, cookie := i.Device("")
	i.Cookies.Set(w, i.Cookies.Guest(), cookie, GuestAge)
	g.Network, g.Area = c.Network, c.Area
	return g, nil
}
