package kinpict

import "errors"

// A Code is the stable, machine-readable name of a failure. The HTTP status of
// each lives in internal/httpd, the meaning in docs/errors.md.
type Code string

const (
	Invalid              Code = "invalid_request"
	Unauthenticated      Code = "unauthenticated"
	SignInAgain          Code = "sign_in_again" // signed in too long ago for what is asked
	Forbidden            Code = "forbidden"
	NotFound             Code = "not_found"
	Conflict             Code = "conflict"
	InsufficientCredits  Code = "insufficient_credits"
	PriceChanged         Code = "price_changed"
	PromoRefused         Code = "promo_refused"
	KeyRequired          Code = "idempotency_key_required"
	KeyReused            Code = "idempotency_key_reused"
	NotCancelable        Code = "not_cancelable"
	NotRetryable         Code = "not_retryable"
	EngineUnavailable    Code = "engine_unavailable"
	GuestLimit           Code = "guest_limit"
	RateLimited          Code = "rate_limited"
	QuotaExceeded        Code = "quota_exceeded"
	Unavailable          Code = "unavailable"
	ContentNotAllowed    Code = "content_not_allowed"
	HeldForReview        Code = "held_for_review" // a person reads the words first
	Internal             Code = "internal"
	FileEmpty            Code = "file_empty"
	FileTooLarge         Code = "file_too_large"
	UnsupportedMediaType Code = "unsupported_media_type"
	UnsupportedEncoding  Code = "unsupported_encoding"
	ImageCorrupt         Code = "image_corrupt"
	ImageTruncated       Code = "image_truncated"
	ImageTooSmall        Code = "image_too_small"
	ImageTooManyPixels   Code = "image_too_many_pixels"
	ImageTooComplex      Code = "image_too_complex"
	ImageAspect          Code = "image_aspect"
	ImageAnimated        Code = "image_animated"
)

// An Error is a failure the customer is told about. Message is one sentence
// for a person, Hint says what would help. Members become extra fields of the
// problem document (RFC 9457), such as "shortfall". Err is for the log only.
type Error struct {
	Code    Code
	Message string
	Hint    string
	Members map[string]any
	Err     error
}

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Message
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an *Error of the same code; a template without
// a code matches any *Error.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && (t.Code == "" || t.Code == e.Code)
}

// CodeOf returns the code of the first *Error in err's chain, Internal for any
// other error, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
