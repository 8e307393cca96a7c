package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/httpd"
)

// maxDepth and maxErrors bound what a hostile body can make us do.
const (
	maxDepth  = 16
	maxErrors = 20
)

// readJSON reads a body that must be JSON. An optional one may be absent.
func readJSON(w http.ResponseWriter, r *http.Request, optional bool) ([]byte, error) {
	if err := httpd.AllowBody(w, r, maxJSON); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 && optional {
		return []byte("{}"), nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, &kinpict.Error{Code: kinpict.UnsupportedMediaType, Message: "This call takes JSON.", Hint: "Send Content-Type: application/json."}
	}
	return body, nil
}

func malformed(format string, a ...any) error {
	return &kinpict.Error{Code: httpd.RequestMalformed, Message: fmt.Sprintf(format, a...), Hint: "Send one JSON object in UTF-8."}
}

// canonical checks a body against the form and writes it so that two bodies
// that say the same are the same bytes: members sorted, no space.
func (f *form) canonical(body []byte) ([]byte, error) {
	if !utf8.Valid(body) {
		return nil, malformed("The body is not UTF-8.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, err := value(d, 0)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more after the first value")
		}
	}
	if err != nil {
		return nil, malformed("The body is not JSON that can be read: %s.", strings.TrimPrefix(err.Error(), "json: "))
	}
	if wrong := f.check(f.root, "", v, nil); len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	return json.Marshal(v)
}

// value reads the next value. Unlike json.Unmarshal it refuses a member that
// stands twice, where a reader cannot tell which one was meant.
func value(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		m := map[string]any{}
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			name := k.(string) // the decoder lets nothing else stand there
			if _, twice := m[name]; twice {
				return nil, fmt.Errorf("the member %q stands twice", name)
			}
			if m[name], err = value(d, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return m, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := value(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return t, nil
}

// invalid is the error for fields that are wrong.
func invalid(wrong ...client.FieldError) error {
	first := wrong[0]
	message := "The request " + first.Message + "."
	if first.Field != "" {
		message = fmt.Sprintf("The field %s %s.", first.Field, first.Message)
	}
	if n := len(wrong) - 1; n > 0 {
		message = fmt.Sprintf("%s There are %d more faults like this.", message, n)
	}
	if len(wrong) > maxErrors {
		wrong = wrong[:maxErrors]
	}
	return &kinpict.Error{Code: kinpict.Invalid, Message: message, Hint: "The form of every call is described in /openapi.json.",
		Members: map[string]any{"errors": wrong}}
}

// decode is the checked body as a T.
func decode[T any](c *call) (T, error) {
	var v T
	if err := json.Unmarshal(c.body, &v); err != nil {
		return v, fmt.Errorf("a body that fits the schema of %T does not decode: %w", v, err)
	}
	return v, nil
}

// idempotencyKey is the request's key, which the call needs.
func idempotencyKey(h http.Header) (string, error) {
	all := h.Values("Idempotency-Key")
	if len(all) == 0 || len(all) == 1 && all[0] == "" {
		return "", &kinpict.Error{Code: kinpict.KeyRequired, Message: "This call needs an Idempotency-Key header, so that a repeated request cannot be charged twice.",
			Hint: "Send a new random key, such as a UUID, for each new request, and the same key when you repeat one."}
	}
	key := all[0]
	if strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' }) || len(key) > maxKey || len(all) > 1 {
		return "", invalid(client.FieldError{Field: "Idempotency-Key", Message: fmt.Sprintf("must be one header of 1 to %d printable ASCII characters without spaces", maxKey)})
	}
	return key, nil
}

const (
	defaultPage = 20
	maxPage     = 100
)

// page reads limit and cursor.
func page(r *http.Request) (cursor string, limit int, err error) {
	q := r.URL.Query()
	limit, err = number(q.Get("limit"), "limit", 1, maxPage)
	if limit == 0 {
		limit = defaultPage
	}
	cursor = q.Get("cursor")
	if err == nil && (len(cursor) > 200 || strings.ContainsFunc(cursor, func(r rune) bool { return r < '!' || r > '~' })) {
		err = invalid(client.FieldError{Field: "cursor", Message: "is not one of ours"})
	}
	return cursor, limit, err
}

// number reads a whole number between lo and hi; "" is 0.
func number(s, field string, lo, hi int) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < lo || n > hi {
		return 0, invalid(client.FieldError{Field: field, Message: fmt.Sprintf("must be a whole number from %d to %d", lo, hi)})
	}
	return n, nil
}

// choice reads one of a few words; "" is "".
func choice(s, field string, words ...string) (string, error) {
	if s == "" {
		return "", nil
	}
	for _, w := range words {
		if s == w {
			return s, nil
		}
	}
	return "", invalid(client.FieldError{Field: field, Message: "must be one of: " + strings.Join(words, ", ")})
}
