package httpd

import (
	"cmp"
	"iter"
	"net/http"
	"slices"

	"kinpict"
)

// Codes of failures that happen before a use case is asked.
const (
	MethodNotAllowed kinpict.Code = "method_not_allowed"
	RequestMalformed kinpict.Code = "request_malformed" // the bytes do not have the form they claim
	RequestTimeout   kinpict.Code = "request_timeout"
	RequestTooLarge  kinpict.Code = "request_too_large"
)

// A Meaning is what a code means in HTTP.
type Meaning struct {
	Code   kinpict.Code
	Status int
	Title  string
	// RetryAfter is how many seconds a client should wait before it tries
	// again, unless the error says so itself; 0 sends no header.
	RetryAfter int
}

// meanings is the only place where a code becomes a status.
var meanings = table(
	Meaning{RequestMalformed, http.StatusBadRequest, "Malformed request", 0},
	Meaning{kinpict.KeyRequired, http.StatusBadRequest, "Idempotency key required", 0},
	Meaning{kinpict.FileEmpty, http.StatusBadRequest, "Empty file", 0},
	Meaning{kinpict.Unauthenticated, http.StatusUnauthorized, "Sign-in required", 0},
	Meaning{kinpict.InsufficientCredits, http.StatusPaymentRequired, "Not enough credits", 0},
	Meaning{kinpict.Forbidden, http.StatusForbidden, "Not allowed", 0},
	Meaning{kinpict.SignInAgain, http.StatusForbidden, "Fresh sign-in required", 0},
	Meaning{kinpict.NotFound, http.StatusNotFound, "Not found", 0},
	Meaning{MethodNotAllowed, http.StatusMethodNotAllowed, "Method not allowed", 0},
	Meaning{RequestTimeout, http.StatusRequestTimeout, "Request too slow", 0},
	Meaning{kinpict.Conflict, http.StatusConflict, "Conflict", 0},
	Meaning{kinpict.PriceChanged, http.StatusConflict, "Price changed", 0},
	Meaning{kinpict.HeldForReview, http.StatusConflict, "Held for a person to look at", 0},
	Meaning{kinpict.PromoRefused, http.StatusUnprocessableEntity, "Code does not work", 0},
	Meaning{kinpict.NotCancelable, http.StatusConflict, "Too late to cancel", 0},
	Meaning{kinpict.NotRetryable, http.StatusConflict, "Cannot be retried", 0},
	Meaning{RequestTooLarge, http.StatusRequestEntityTooLarge, "Request too large", 0},
	Meaning{kinpict.FileTooLarge, http.StatusRequestEntityTooLarge, "File too large", 0},
	Meaning{kinpict.QuotaExceeded, http.StatusRequestEntityTooLarge, "Storage quota exceeded", 0},
	Meaning{kinpict.UnsupportedMediaType, http.StatusUnsupportedMediaType, "Unsupported type", 0},
	Meaning{kinpict.Invalid, http.StatusUnprocessableEntity, "Invalid request", 0},
	Meaning{kinpict.ContentNotAllowed, http.StatusUnprocessableEntity, "Content not allowed", 0},
	Meaning{kinpict.KeyReused, http.StatusUnprocessableEntity, "Idempotency key reused", 0},
	Meaning{kinpict.UnsupportedEncoding, http.StatusUnprocessableEntity, "Unsupported picture encoding", 0},
	Meaning{kinpict.ImageCorrupt, http.StatusUnprocessableEntity, "Damaged picture", 0},
	Meaning{kinpict.ImageTruncated, http.StatusUnprocessableEntity, "Incomplete picture", 0},
	Meaning{kinpict.ImageTooSmall, http.StatusUnprocessableEntity, "Picture too small", 0},
	Meaning{kinpict.ImageTooManyPixels, http.StatusUnprocessableEntity, "Picture too large", 0},
	Meaning{kinpict.ImageTooComplex, http.StatusUnprocessableEntity, "Picture too complex", 0},
	Meaning{kinpict.ImageAspect, http.StatusUnprocessableEntity, "Picture too narrow", 0},
	Meaning{kinpict.ImageAnimated, http.StatusUnprocessableEntity, "Animated picture", 0},
	Meaning{kinpict.GuestLimit, http.StatusTooManyRequests, "Guest preview used", 0},
	Meaning{kinpict.RateLimited, http.StatusTooManyRequests, "Too many requests", 60},
	Meaning{kinpict.Internal, http.StatusInternalServerError, "Internal error", 0},
	Meaning{kinpict.EngineUnavailable, http.StatusServiceUnavailable, "No picture service", 30},
	Meaning{kinpict.Unavailable, http.StatusServiceUnavailable, "Unavailable", 5},
)

func table(list ...Meaning) map[kinpict.Code]Meaning {
	m := make(map[kinpict.Code]Meaning, len(list))
	for _, x := range list {
		m[x.Code] = x
	}
	return m
}

// Means returns what a code means in HTTP; a code that is not in the table
// means what Internal means.
func Means(code kinpict.Code) Meaning {
	if m, ok := meanings[code]; ok {
		return m
	}
	return meanings[kinpict.Internal]
}

// Status is the HTTP status of err, 200 for nil.
func Status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return Means(kinpict.CodeOf(err)).Status
}

// Meanings lists the table by status, then code.
func Meanings() iter.Seq[Meaning] {
	list := make([]Meaning, 0, len(meanings))
	for _, m := range meanings {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b Meaning) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code))
	})
	return slices.Values(list)
}
