package openai

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"kinpict/internal/engine"
)

// Bounds of reading an answer. A 20 MiB picture is 27 MiB of base64. After the
// grace, less than minRate bytes a second means that somebody drips.
const (
	maxAnswer = 64 << 20
	maxError  = 64 << 10
	minRate   = 1 << 10
	rateGrace = 10 * time.Second
)

// An item is one picture of an answer: inline, or where it lies.
type item struct {
	B64 string `json:"b64_json"`
	URL string `json:"url"`
}

// answer reads the response to an edits call down to its one item.
func (e *Engine) answer(resp *http.Response) (item, error) {
	if resp.StatusCode != http.StatusOK {
		return item{}, e.refusal(resp, e.read(resp, maxError))
	}
	if !isJSON(resp) {
		return item{}, ambiguous(resp, "answered "+resp.Header.Get("Content-Type")+" instead of JSON")
	}
	var a struct {
		Data  []item          `json:"data"`
		Error json.RawMessage `json:"error"`
	}
	b := e.read(resp, maxAnswer)
	if b.err != nil {
		return item{}, b.err
	}
	// A decoder stops after the first value: a second answer in the same body
	// is nobody's.
	if err := json.NewDecoder(bytes.NewReader(b.data)).Decode(&a); err != nil {
		return item{}, ambiguous(resp, "the JSON is broken")
	}
	if len(a.Error) > 0 && string(a.Error) != "null" {
		return item{}, e.refusal(resp, b)
	}
	if len(a.Data) != 1 {
		return item{}, ambiguous(resp, fmt.Sprintf("%d pictures, asked for one", len(a.Data)))
	}
	return a.Data[0], nil
}

// picture turns an item into bytes and reads their header. Whether the whole
// is sound is for engine.VerifyPicture.
func (e *Engine) picture(ctx context.Context, it item) (*engine.Picture, error) {
	bad := func(detail string, err error) (*engine.Picture, error) {
		return nil, &engine.Error{Outcome: engine.Ambiguous, Detail: detail, Err: err}
	}
	var data []byte
	var err error
	switch {
	case it.B64 != "":
		if data, err = base64.StdEncoding.DecodeString(it.B64); err != nil {
			return bad("the picture is not base64", err)
		}
	case it.URL != "":
		if data, err = e.fetch.get(ctx, it.URL); err != nil {
			return bad("the picture cannot be fetched", err)
		}
	default:
		return bad("an item without a picture", nil)
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return bad("the picture has no readable header", err)
	}
	return &engine.Picture{Data: data, ContentType: "image/" + format, Width: c.Width, Height: c.Height}, nil
}

// listing judges the answer to GET /models.
func (e *Engine) listing(resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusMethodNotAllowed:
		return nil
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return &engine.Error{Outcome: engine.Config, Detail: "the base URL redirects; set the address it leads to"}
	case resp.StatusCode != http.StatusOK:
		return e.refusal(resp, e.read(resp, maxError))
	case !isJSON(resp):
		return &engine.Error{Outcome: engine.Config, Detail: "the base URL answers " + resp.Header.Get("Content-Type") + "; it must end where /models begins"}
	}
	b := e.read(resp, 4<<20)
	if b.err != nil {
		return &engine.Error{Outcome: engine.Transient, Detail: "the list of models was cut", Err: b.err}
	}
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(b.data, &list); err != nil {
		return &engine.Error{Outcome: engine.Config, Detail: "the list of models is not the OpenAI one", Err: err}
	}
	for _, m := range list.Data {
		if m.ID == e.cfg.Model {
			return nil
		}
	}
	e.cfg.Log.Warn("the server does not list the model", "engine", "openai", "model", e.cfg.Model)
	return nil
}

type body struct {
	data []byte
	err  error // an *engine.Error when we stopped, else the connection's
}

// read takes at most limit bytes, and no more patience than the rate allows.
func (e *Engine) read(resp *http.Response, limit int) body {
	var b bytes.Buffer
	start := e.cfg.Now()
	chunk := make([]byte, 32<<10)
	for {
		n, err := resp.Body.Read(chunk)
		b.Write(chunk[:n])
		if b.Len() > limit {
			return body{b.Bytes()[:limit], ambiguous(resp, fmt.Sprintf("more than %d bytes", limit))}
		}
		if errors.Is(err, io.EOF) {
			return body{b.Bytes(), nil}
		}
		if err != nil {
			return body{b.Bytes(), err}
		}
		if d := e.cfg.Now().Sub(start); d > rateGrace && float64(b.Len()) < minRate*d.Seconds() {
			return body{b.Bytes(), ambiguous(resp, fmt.Sprintf("%d bytes in %v is too slow", b.Len(), d.Round(time.Second)))}
		}
	}
}

func isJSON(resp *http.Response) bool {
	t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return err == nil && (t == "application/json" || strings.HasSuffix(t, "+json"))
}

func ambiguous(resp *http.Response, detail string) *engine.Error {
	return &engine.Error{Outcome: engine.Ambiguous, Detail: fmt.Sprintf("status %d: %s%s", resp.StatusCode, detail, requestID(resp))}
}

// requestID lets an operator quote the call to the vendor.
func requestID(resp *http.Response) string {
	if id := tame(resp.Header.Get("X-Request-Id"), 80); id != "" {
		return ", request " + id
	}
	return ""
}

// A problem is the vendor's error in any of its shapes: an object, a bare
// string (stable-diffusion.cpp), or a detail (gateways).
type problem struct {
	Code    string
	Type    string
	Message string
}

func problemIn(data []byte) problem {
	var outer struct {
		Error  json.RawMessage `json:"error"`
		Detail json.RawMessage `json:"detail"`
	}
	if json.NewDecoder(bytes.NewReader(data)).Decode(&outer) != nil {
		return problem{}
	}
	raw := outer.Error
	if len(raw) == 0 {
		raw = outer.Detail
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return problem{Message: text}
	}
	var p struct {
		Code    any    `json:"code"` // a string, a number or null
		Type    string `json:"type"`
		Message string `json:"message"`
	}
	if json.Unmarshal(raw, &p) != nil {
		return problem{}
	}
	code := ""
	if p.Code != nil {
		code = fmt.Sprint(p.Code)
	}
	return problem{code, p.Type, p.Message}
}

// Codes that decide alone, whatever status they come with.
var (
	refusedCodes = map[string]bool{"moderation_blocked": true, "content_policy_violation": true, "content_filter": true,
		"contentFilter": true, "content_blocked": true}
	configCodes = map[string]bool{"insufficient_quota": true, "billing_hard_limit_reached": true, "billing_not_active": true,
		"invalid_api_key": true, "account_deactivated": true, "model_not_found": true}
)

// refusal names the outcome of an answer that is an error, by the vendor's code
// first and the status second.
func (e *Engine) refusal(resp *http.Response, b body) error {
	p := problemIn(b.data)
	after := retryAfter(resp.Header, e.cfg.Now())
	out := engine.Error{Outcome: byStatus(resp.StatusCode)}
	switch {
	case refusedCodes[p.Code] || refusedCodes[p.Type] || e.cfg.Dialect == engine.LiteLLM && strings.Contains(p.Message, "ContentPolicyViolationError"):
		out.Outcome = engine.Refused
	case configCodes[p.Code] || configCodes[p.Type]:
		out.Outcome = engine.Config
	case resp.StatusCode == http.StatusServiceUnavailable && after > 0:
		out.Outcome = engine.Throttled
	}
	if out.Outcome == engine.Throttled {
		out.RetryAfter = after
	}
	out.Detail = fmt.Sprintf("status %d", resp.StatusCode)
	if c := tame(strings.Trim(p.Code+" "+p.Type, " "), 80); c != "" {
		out.Detail += ", " + c
	}
	// The text of a refusal may repeat the customer's words; the text of a
	// mistake of ours is what finds it.
	if p.Message != "" && (out.Outcome == engine.Bad || out.Outcome == engine.Config) {
		text := p.Message
		if e.cfg.Key != "" {
			text = strings.ReplaceAll(text, e.cfg.Key, "(key)")
		}
		out.Detail += fmt.Sprintf(", says %q", tame(text, 200))
	}
	out.Detail += requestID(resp)
	return &out
}

func byStatus(code int) engine.Outcome {
	switch {
	case code == http.StatusTooManyRequests:
		return engine.Throttled
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusPaymentRequired,
		code == http.StatusNotFound, code == http.StatusMethodNotAllowed:
		return engine.Config
	case code == http.StatusUnavailableForLegalReasons:
		return engine.Refused
	case code == http.StatusRequestTimeout, code == http.StatusConflict:
		return engine.Transient
	case code == http.StatusGatewayTimeout, code == 524, code < 300:
		return engine.Ambiguous // a proxy gave up waiting (524 is Cloudflare's), or an error under a good status
	case code >= 500, code < 400:
		return engine.Transient
	default:
		return engine.Bad
	}
}

// retryAfter reads Retry-After-Ms and both forms of Retry-After (RFC 9110,
// 10.2.3). A date counts from the server's own clock where it sent one.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil {
		return wait(ms, time.Millisecond)
	}
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		return wait(s, time.Second)
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	if d, err := http.ParseTime(h.Get("Date")); err == nil {
		now = d
	}
	return wait(at.Sub(now).Seconds(), time.Second)
}

// wait bounds a number from outside to something a clock can bear.
func wait(n float64, unit time.Duration) time.Duration {
	if !(n > 0) { // also NaN
		return 0
	}
	return time.Duration(min(n*float64(unit), float64(24*time.Hour)))
}

// tame makes text from outside fit for one line of a log.
func tame(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "…"
	}
	return strings.TrimSpace(s)
}
