package stripetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP answers as Stripe would, or as Fail says.
func (b *Bank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	kind, id := path, ""
	for _, k := range []string{sessions, intents, charges, refunds, disputes, warnings, events} {
		if rest, ok := strings.CutPrefix(path, k); ok {
			kind, id = k, strings.TrimPrefix(rest, "/")
		}
	}
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "", err.Error())
		return
	}
	b.mu.Lock()
	b.calls[r.Method+" "+kind]++
	var f Fault
	if b.fault != nil {
		f = b.fault(r)
	}
	b.mu.Unlock()
	if b.Delay > 0 {
		select {
		case <-time.After(b.Delay):
		case <-b.stop:
		}
	}
	switch {
	case f.Hang:
		select {
		case <-r.Context().Done():
		case <-b.stop:
		}
		panic(http.ErrAbortHandler)
	case f.Status != 0:
		refuse(w, f.Status, "api_error", f.Code, cmp.Or(f.Msg, "as the test says"))
		return
	case f.Lost:
		b.answer(httptest.NewRecorder(), r, kind, id)
		panic(http.ErrAbortHandler)
	}
	b.answer(w, r, kind, id)
}

func (b *Bank) answer(w http.ResponseWriter, r *http.Request, kind, id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+Key {
		refuse(w, http.StatusUnauthorized, "invalid_request_error", "", "Invalid API Key provided")
		return
	}
	switch {
	case r.Method == http.MethodPost && id == "" && (kind == sessions || kind == refunds):
		b.create(w, r, kind)
	case r.Method == http.MethodPost && kind == sessions && strings.HasSuffix(id, "/expire"):
		o := b.find(kind, strings.TrimSuffix(id, "/expire"))
		switch {
		case o == nil:
			refuse(w, http.StatusNotFound, "invalid_request_error", "resource_missing", "No such object: "+id)
		case b.status(o) != "open":
			refuse(w, http.StatusBadRequest, "invalid_request_error", "", "Only Checkout Sessions with a status in [\"open\"] can be expired.")
		default:
			o["status"] = "expired"
			give(w, b.shown(o, nil))
		}
	case r.Method == http.MethodGet && id == "":
		b.list(w, r.Form, kind)
	case r.Method == http.MethodGet:
		o := b.find(kind, id)
		if o == nil {
			refuse(w, http.StatusNotFound, "invalid_request_error", "resource_missing", "No such object: "+id)
			return
		}
		give(w, b.shown(o, r.Form["expand[0]"]))
	default:
		refuse(w, http.StatusNotFound, "invalid_request_error", "", "Unrecognized request URL")
	}
}

// create makes an object, once for each idempotency key.
func (b *Bank) create(w http.ResponseWriter, r *http.Request, kind string) {
	key, asked := r.Header.Get("Idempotency-Key"), kind+"?"+r.PostForm.Encode()
	if was, ok := b.answers[key]; ok {
		if was.asked != asked {
			refuse(w, http.StatusBadRequest, "idempotency_error", "", "Keys for idempotent requests can only be used with the same parameters they were first used with.")
			return
		}
		w.Header().Set("Idempotent-Replayed", "true")
		_, _ = w.Write(was.body)
		return
	}
	var o object
	var code string
	if kind == sessions {
		o, code = b.openSession(r.PostForm)
	} else {
		o, code = b.makeRefund(r.PostForm)
	}
	if o == nil {
		refuse(w, http.StatusBadRequest, "invalid_request_error", code, "This cannot be: "+code)
		return
	}
	body := give(w, b.shown(o, nil))
	if key != "" {
		b.answers[key] = answer{asked, body}
	}
}

func (b *Bank) openSession(f url.Values) (object, string) {
	amount, err := strconv.ParseInt(f.Get("line_items[0][price_data][unit_amount]"), 10, 64)
	expires, err2 := strconv.ParseInt(f.Get("expires_at"), 10, 64)
	life := time.Unix(expires, 0).Sub(b.Now())
	switch {
	case err != nil || amount <= 0:
		return nil, "amount_too_small"
	case err2 != nil || life < 30*time.Minute || life > 24*time.Hour:
		return nil, "expires_at"
	case f.Get("mode") != "payment" || f.Get("line_items[0][quantity]") != "1" || f.Get("success_url") == "":
		return nil, "parameter_missing"
	}
	o := b.add(sessions, "cs_test_", object{"object": "checkout.session", "mode": "payment", "status": "open", "payment_status": "unpaid",
		"client_reference_id": f.Get("client_reference_id"), "metadata": object{"purchase": f.Get("metadata[purchase]")},
		"currency": f.Get("line_items[0][price_data][currency]"), "amount_subtotal": amount, "amount_total": amount,
		"total_details": object{"amount_discount": 0, "amount_shipping": 0, "amount_tax": int64(0)}, "payment_intent": nil,
		"customer_email": f.Get("customer_email"), "automatic_tax": object{"enabled": f.Get("automatic_tax[enabled]") == "true"},
		"intent_metadata": object{"purchase": f.Get("payment_intent_data[metadata][purchase]")}, "expires_at": expires})
	o["url"] = "https://checkout.stripe.com/c/pay/" + o.text("id")
	return o, ""
}

func (b *Bank) makeRefund(f url.Values) (object, string) {
	i := b.find(intents, f.Get("payment_intent"))
	if i == nil {
		return nil, "resource_missing"
	}
	amount, err := strconv.ParseInt(f.Get("amount"), 10, 64)
	for _, d := range b.of(disputes, i.text("id")) {
		if s := d.text("status"); s == "needs_response" || s == "lost" {
			return nil, "charge_disputed"
		}
	}
	switch left := b.left(i); {
	case i.text("status") != "succeeded":
		return nil, "payment_intent_unexpected_state"
	case left == 0:
		return nil, "charge_already_refunded"
	case err != nil || amount <= 0 || amount > left:
		return nil, "amount_too_large"
	}
	return b.refund(i, amount, object{"refund": f.Get("metadata[refund]")}), ""
}

// list is a page of objects, newest first.
func (b *Bank) list(w http.ResponseWriter, f url.Values, kind string) {
	page := b.Page
	if page == 0 {
		page = 100
	}
	if n, err := strconv.Atoi(f.Get("limit")); err == nil {
		page = min(page, n)
	}
	all := slices.Clone(b.kinds[kind])
	slices.Reverse(all)
	if after := f.Get("starting_after"); after != "" {
		i := slices.IndexFunc(all, func(o object) bool { return o.text("id") == after })
		all = all[i+1:]
	}
	intent := f.Get("payment_intent")
	since, _ := strconv.ParseInt(f.Get("created[gte]"), 10, 64)
	var types []string
	for k, v := range f {
		if strings.HasPrefix(k, "types[") {
			types = append(types, v...)
		}
	}
	data := []object{}
	more := false
	for _, o := range all {
		if intent != "" && o.text("payment_intent") != intent || o.number("created") < since || len(types) > 0 && !slices.Contains(types, o.text("type")) {
			continue
		}
		if len(data) == page {
			more = true
			break
		}
		data = append(data, b.shown(o, nil))
	}
	give(w, object{"object": "list", "data": data, "has_more": more, "url": "/v1/" + kind})
}

// shown is an object at this time, with what was asked to be expanded.
func (b *Bank) shown(o object, expand []string) object {
	c := object{}
	for k, v := range o {
		c[k] = v
	}
	if o["object"] == "checkout.session" {
		c["status"] = b.status(o)
	}
	delete(c, "intent_metadata")
	for _, field := range expand {
		if i := b.find(intents, o.text(field)); i != nil {
			c[field] = i
		}
	}
	return c
}

// status is a session's, which ends by itself.
func (b *Bank) status(s object) string {
	if s.text("status") == "open" && b.Now().Unix() >= s.number("expires_at") {
		return "expired"
	}
	return s.text("status")
}

func give(w http.ResponseWriter, o object) []byte {
	body, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
	return body
}

func refuse(w http.ResponseWriter, status int, kind, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_stand_in")
	w.WriteHeader(status)
	body, err := json.Marshal(object{"error": object{"type": kind, "code": code, "message": message}})
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(w, "%s", body)
}
