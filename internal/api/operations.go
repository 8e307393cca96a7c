package api

import (
	"net/http"
	"slices"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/billing"
	"kinpict/internal/httpd"
)

// who may make a call.
type who int

const (
	anyone  who = iota // not even looked at
	account            // an account, by API token or session
	staff              // an account, by API token only: a session shows one factor, and the console asks for two
	visitor            // an account, or a guest by cookie
	guest              // the same, and whoever is neither becomes a guest
)

// An operation is one call: its route, what it takes, and all it may answer.
type operation struct {
	method, path string
	name         string // operationId
	summary      string
	who          who
	key          bool // needs an Idempotency-Key; an upload may have one
	query        []parameter
	body         any // the zero value of what the body decodes into; nil: none
	optional     bool
	upload       bool // multipart/form-data with one file
	mayKey       bool // may have an Idempotency-Key
	answers      []answer
	fails        []kinpict.Code // beside those every such call may give
	serve        func(*API, *call) error
}

// An answer is one successful answer. media is for answers that are not JSON.
type answer struct {
	status  int
	says    string
	body    any
	media   []string
	replays bool
}

// A parameter is one of the query.
type parameter struct {
	name, says string
	enum       []string
	min, max   *int
}

func bound(n int) *int { return &n }

var paging = []parameter{
	{name: "limit", says: "How many items at most; 20 without it.", min: bound(1), max: bound(maxPage)},
	{name: "cursor", says: "The next_cursor of the page before."},
}

// filters narrow the statement down.
var filters = []parameter{
	{name: "show", says: "Only lines of these kinds: purchases, charges of pictures, returns, what was given or corrected, or payments taken back and restored.", enum: billing.Shows},
	{name: "from", says: "The first day, such as 2026-11-25, in UTC."},
	{name: "to", says: "The last day, which is included."},
	{name: "reference", says: "Only lines about this picture, purchase or adjustment, or that changed this lot."},
}

// keep asks for a file to be kept rather than shown.
var keep = parameter{name: "download", says: "1: to be kept under its name rather than shown.", enum: []string{"0", "1"}}

const root = "/api/v1"

var operations = slices.Concat(calls, accountCalls, deskCalls, moneyCalls, wordCalls, heldCalls)

var calls = []*operation{
	{
		method: "GET", path: root + "/catalog", name: "catalog", summary: "The price book in force",
		answers: []answer{{status: 200, says: "Rates, packs and the guest's previews.", body: client.Catalog{}}},
		serve:   (*API).catalog,
	}, {
		method: "GET", path: root + "/scenarios", name: "scenarios", summary: "The occasions a picture can be made for",
		answers: []answer{{status: 200, says: "All of them, with their words in the language that Accept-Language prefers (en or de for those built in), which Content-Language names.", body: client.Scenarios{}}},
		serve:   (*API).scenarios,
	}, {
		method: "GET", path: root + "/limits", name: "limits", summary: "Every published upload and rate limit",
		answers: []answer{{status: 200, says: "The limits.", body: client.Limits{}}},
		serve:   (*API).limits,
	}, {
		method: "POST", path: root + "/photos", name: "addPhoto", summary: "Upload a photo",
		who: guest, upload: true,
		answers: []answer{{status: 201, says: "The photo. The same file again is the same photo.", body: client.Photo{}, replays: true}},
		fails: []kinpict.Code{kinpict.FileEmpty, kinpict.FileTooLarge, kinpict.QuotaExceeded, kinpict.UnsupportedMediaType,
			kinpict.UnsupportedEncoding, kinpict.ImageCorrupt, kinpict.ImageTruncated, kinpict.ImageTooSmall, kinpict.ImageTooManyPixels,
			kinpict.ImageTooComplex, kinpict.ImageAspect, kinpict.ImageAnimated, kinpict.RateLimited},
		serve: (*API).addPhoto,
	}, {
		method: "GET", path: root + "/photos", name: "photos", summary: "One's photos",
		who:     visitor,
		answers: []answer{{status: 200, says: "The photos that are kept, newest first.", body: client.Photos{}}},
		serve:   (*API).photos,
	}, {
		method: "GET", path: root + "/photos/{id}", name: "photo", summary: "One photo",
		who:     visitor,
		answers: []answer{{status: 200, says: "The photo.", body: client.Photo{}}},
		fails:   []kinpict.Code{kinpict.NotFound},
		serve:   (*API).photo,
	}, {
		method: "GET", path: root + "/photos/{id}/image", name: "photoImage", summary: "A photo's pixels, without metadata",
		who:     visitor,
		query:   []parameter{{name: "thumb", says: "1 for the thumbnail.", enum: []string{"0", "1"}}},
		answers: []answer{{status: 200, says: "The picture.", media: []string{"image/jpeg"}}},
		fails:   []kinpict.Code{kinpict.NotFound},
		serve:   (*API).photoImage,
	}, {
		method: "DELETE", path: root + "/photos/{id}", name: "deletePhoto", summary: "Delete a photo",
		who:     visitor,
		answers: []answer{{status: 204, says: "It is gone."}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).deletePhoto,
	}, {
		method: "POST", path: root + "/generations", name: "createGeneration", summary: "Take credits and make a picture",
		who: account, key: true, body: client.Request{},
		answers: []answer{{status: 202, says: "Charged and queued, in one commit.", body: client.Generation{}, replays: true}},
		fails: []kinpict.Code{kinpict.InsufficientCredits, kinpict.PriceChanged, kinpict.ContentNotAllowed, kinpict.HeldForReview, kinpict.RateLimited, kinpict.Forbidden,
			kinpict.EngineUnavailable},
		serve: (*API).createGeneration,
	}, {
		method: "GET", path: root + "/generations", name: "generations", summary: "One's pictures",
		who: visitor, query: append([]parameter{{name: "favourite", says: "1 for favourites only; the cursor goes on within them.", enum: []string{"0", "1"}}}, paging...),
		answers: []answer{{status: 200, says: "A page of them, newest first.", body: client.Generations{}}},
		serve:   (*API).generations,
	}, {
		method: "GET", path: root + "/generations/{id}", name: "generation", summary: "One picture and how far it is",
		who:     visitor,
		answers: []answer{{status: 200, says: "The generation.", body: client.Generation{}}},
		fails:   []kinpict.Code{kinpict.NotFound},
		serve:   (*API).generation,
	}, {
		method: "GET", path: root + "/generations/{id}/events", name: "generationEvents", summary: "Follow a picture as it is made",
		who: visitor,
		answers: []answer{
			{status: 200, says: "Server-Sent Events; the data of each is a generation. The stream ends when it is done.", media: []string{"text/event-stream"}},
			{status: 204, says: "It is done and Last-Event-ID says that this was seen: do not reconnect."},
		},
		fails: []kinpict.Code{kinpict.NotFound, kinpict.RateLimited},
		serve: (*API).events,
	}, {
		method: "GET", path: root + "/generations/{id}/image", name: "generationImage", summary: "The finished picture",
		who: visitor,
		query: []parameter{
			{name: "size", says: "Longer side in pixels, never more than the original has.", min: bound(minSize), max: bound(maxSize)},
			{name: "format", says: "Without it the format it was made in.", enum: []string{"jpeg", "png"}},
			keep,
		},
		answers: []answer{
			{status: 200, says: "The picture. Without size and format the very bytes that were made, also in ranges.", media: []string{"image/jpeg", "image/png"}},
			{status: 206, says: "The range asked for, of the picture as it was made.", media: []string{"image/jpeg", "image/png"}},
			{status: 304, says: "If-None-Match names what there is."},
		},
		fails: []kinpict.Code{kinpict.NotFound, kinpict.Invalid},
		serve: (*API).generationImage,
	}, {
		method: "GET", path: root + "/generations/{id}/papers", name: "papers", summary: "Sizes of paper a picture suits, and how sharp it is there",
		who:     visitor,
		answers: []answer{{status: 200, says: "The papers; none for a preview.", body: client.Papers{}}},
		fails:   []kinpict.Code{kinpict.NotFound},
		serve:   (*API).papers,
	}, {
		method: "GET", path: root + "/generations/{id}/print", name: "printGeneration", summary: "A picture laid out for paper, with bleed and crop marks",
		who:     visitor,
		query:   []parameter{{name: "paper", says: "An id of the papers. It is required."}, keep},
		answers: []answer{{status: 200, says: "One page.", media: []string{"application/pdf"}}, {status: 304, says: "If-None-Match names what there is."}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Invalid, kinpict.Conflict},
		serve:   (*API).generationPrint,
	}, {
		method: "DELETE", path: root + "/generations/{id}", name: "deleteGeneration",
		summary: "Delete a picture, its words, its links and the photos nothing else needs; no credits move",
		who:     visitor,
		answers: []answer{{status: 204, says: "It is gone, now or before."}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).deleteGeneration,
	}, {
		method: "PUT", path: root + "/generations/{id}/favourite", name: "addFavourite", summary: "Keep a picture among the favourites",
		who:     visitor,
		answers: []answer{{status: 204, says: "It is one."}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).favourite,
	}, {
		method: "DELETE", path: root + "/generations/{id}/favourite", name: "removeFavourite", summary: "Take a picture out of the favourites",
		who:     visitor,
		answers: []answer{{status: 204, says: "It is none."}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).favourite,
	}, {
		method: "PUT", path: root + "/generations/{id}/notify", name: "addNotify", summary: "Have the account mailed once when a picture is done or its credits are back",
		who:     account,
		answers: []answer{{status: 204, says: "It will be."}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).notify,
	}, {
		method: "DELETE", path: root + "/generations/{id}/notify", name: "removeNotify", summary: "Have no mail sent about it",
		who:     account,
		answers: []answer{{status: 204, says: "None will be."}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).notify,
	}, {
		method: "POST", path: root + "/generations/{id}/shares", name: "share", summary: "Make a private link to a picture",
		who: visitor, mayKey: true, body: client.ShareOrder{}, optional: true,
		answers: []answer{{status: 201, says: "The link. Its url is told this once.", body: client.Share{}}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).share,
	}, {
		method: "GET", path: root + "/generations/{id}/shares", name: "shares", summary: "The private links to a picture that work now",
		who:     visitor,
		answers: []answer{{status: 200, says: "The links without their addresses.", body: client.Shares{}}},
		fails:   []kinpict.Code{kinpict.NotFound},
		serve:   (*API).shares,
	}, {
		method: "DELETE", path: root + "/shares/{id}", name: "revokeShare", summary: "End a private link",
		who:     visitor,
		answers: []answer{{status: 204, says: "It works no more."}},
		fails:   []kinpict.Code{kinpict.NotFound},
		serve:   (*API).revokeShare,
	}, {
		method: "POST", path: root + "/generations/{id}/cancel", name: "cancelGeneration", summary: "Cancel while queued; the credits come back",
		who:     visitor,
		answers: []answer{{status: 200, says: "The canceled generation.", body: client.Generation{}}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.NotCancelable},
		serve:   (*API).cancelGeneration,
	}, {
		method: "POST", path: root + "/generations/{id}/retry", name: "retryGeneration",
		summary: "Try a failed picture again from the same photos and words, as a new charge",
		who:     visitor, key: true, body: client.Confirm{}, optional: true,
		answers: []answer{{status: 202, says: "Charged and queued, in one commit.", body: client.Generation{}, replays: true}},
		fails: []kinpict.Code{kinpict.NotFound, kinpict.NotRetryable, kinpict.ContentNotAllowed, kinpict.HeldForReview, kinpict.RateLimited, kinpict.InsufficientCredits, kinpict.PriceChanged, kinpict.Forbidden,
			kinpict.GuestLimit, kinpict.EngineUnavailable},
		serve: (*API).retryGeneration,
	}, {
		method: "POST", path: root + "/previews", name: "createPreview", summary: "Make the one free preview",
		who: guest, key: true, body: client.Request{},
		answers: []answer{{status: 202, says: "Queued; it takes no credits.", body: client.Generation{}, replays: true}},
		fails:   []kinpict.Code{kinpict.GuestLimit, kinpict.RateLimited, kinpict.ContentNotAllowed, kinpict.EngineUnavailable},
		serve:   (*API).createPreview,
	}, {
		method: "POST", path: root + "/held-requests/{id}/resume", name: "resumeHeldRequest", summary: "Go on with a request that waited, for credits or for a person",
		who: account, body: client.Confirm{}, optional: true,
		answers: []answer{
			{status: 202, says: "Charged and queued now.", body: client.Generation{}},
			{status: 200, says: "It went on before; the same generation.", body: client.Generation{}},
		},
		fails: []kinpict.Code{kinpict.NotFound, kinpict.HeldForReview, kinpict.InsufficientCredits, kinpict.PriceChanged, kinpict.ContentNotAllowed, kinpict.RateLimited, kinpict.Forbidden,
			kinpict.EngineUnavailable},
		serve: (*API).resume,
	}, {
		method: "GET", path: root + "/credits", name: "credits", summary: "What can be spent, and where it came from",
		who:     account,
		answers: []answer{{status: 200, says: "The balance.", body: client.Credits{}}},
		serve:   (*API).credits,
	}, {
		method: "GET", path: root + "/credits/transactions", name: "transactions", summary: "The statement, or what the filters leave of it",
		who: account, query: slices.Concat(paging, filters),
		answers: []answer{{status: 200, says: "A page, newest first; all pages as text/csv.", body: client.Transactions{}, media: []string{"text/csv"}}},
		fails:   []kinpict.Code{kinpict.Invalid, kinpict.RateLimited},
		serve:   (*API).transactions,
	}, {
		method: "POST", path: root + "/checkouts", name: "createCheckout", summary: "Buy a pack",
		who: account, key: true, body: client.Order{},
		answers: []answer{{status: 201, says: "Pay at url; the credits arrive by themselves.", body: client.Checkout{}, replays: true}},
		fails:   []kinpict.Code{kinpict.PriceChanged, kinpict.PromoRefused, kinpict.Forbidden, kinpict.Conflict, kinpict.RateLimited},
		serve:   (*API).createCheckout,
	}, {
		method: "GET", path: root + "/checkouts", name: "checkouts", summary: "One's purchases",
		who:     account,
		answers: []answer{{status: 200, says: "The last hundred, newest first.", body: client.Checkouts{}}},
		serve:   (*API).checkouts,
	}, {
		method: "GET", path: root + "/checkouts/{id}", name: "checkout", summary: "One purchase, as the payment provider knows it now",
		who:     account,
		answers: []answer{{status: 200, says: "The checkout.", body: client.Checkout{}}},
		fails:   []kinpict.Code{kinpict.NotFound},
		serve:   (*API).checkout,
	}, {
		method: "POST", path: root + "/verify", name: "checkMarks", summary: "What a picture file says about itself, and whether that holds; nothing is kept",
		upload:  true,
		answers: []answer{{status: 200, says: "What was found. That a file has no marks is an answer too.", body: client.Marks{}}},
		fails:   []kinpict.Code{kinpict.FileTooLarge, kinpict.RateLimited, kinpict.Forbidden},
		serve:   (*API).checkMarks,
	}, {
		method: "POST", path: "/webhooks/{provider}", name: "webhook", summary: "Where payment providers report; signed, no account",
		answers: []answer{{status: 204, says: "Received. What it is worth is asked from the provider."}},
		fails:   []kinpict.Code{kinpict.NotFound, httpd.RequestMalformed, httpd.RequestTooLarge},
		serve:   (*API).webhook,
	},
}

// keyed is whether the operation may have an Idempotency-Key: it means nothing
// to an upload that is not kept.
func (op *operation) keyed() bool { return op.key || op.mayKey || op.upload && op.who != anyone }

// codes are all failures the operation may answer with.
func (op *operation) codes() []kinpict.Code {
	list := []kinpict.Code{kinpict.Internal, kinpict.Unavailable}
	if op.who != anyone {
		list = append(list, kinpict.Unauthenticated)
	}
	if op.method != http.MethodGet && op.who != anyone || op.who == staff {
		list = append(list, kinpict.Forbidden)
	}
	if op.key {
		list = append(list, kinpict.KeyRequired, kinpict.KeyReused)
	}
	if op.keyed() && !op.key {
		list = append(list, kinpict.KeyReused)
	}
	if op.body != nil || op.upload {
		list = append(list, kinpict.Invalid, kinpict.UnsupportedMediaType, httpd.RequestMalformed, httpd.RequestTooLarge, httpd.RequestTimeout)
	}
	if op.query != nil {
		list = append(list, kinpict.Invalid)
	}
	return append(list, op.fails...)
}
