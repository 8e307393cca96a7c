package kinpict

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Role says who is in a photo. It advises the composition and nothing else.
type Role string

// Roles in the order they are offered.
var Roles = []Role{"grandparent", "parent", "child", "baby", "partner", "sibling", "friend", "pet", "other"}

// A PhotoUse is one photo of a request: which, who is in it, and the name to
// write beside it, if any.
type PhotoUse struct {
	ID    string `json:"id"`
	Role  Role   `json:"role,omitempty"`
	Label string `json:"label,omitempty"`
}

// An Aspect is width to height, such as "4:5".
type Aspect string

// Ratio returns width and height as small whole numbers, or an Invalid error.
func (a Aspect) Ratio() (w, h int, err error) {
	l, r, ok := strings.Cut(string(a), ":")
	w, err1 := strconv.Atoi(l)
	h, err2 := strconv.Atoi(r)
	if !ok || err1 != nil || err2 != nil || w < 1 || h < 1 || w > 1000 || h > 1000 {
		return 0, 0, &Error{Code: Invalid, Message: fmt.Sprintf("%q is not an aspect.", string(a)), Hint: "Write width:height, such as 4:5."}
	}
	return w, h, nil
}

// A Request is what a person asks for, before anyone has been charged.
type Request struct {
	Quality     string     `json:"quality"`
	Scenario    string     `json:"scenario"`
	Photos      []PhotoUse `json:"photos"`
	Instruction string     `json:"instruction,omitempty"`
	Aspect      Aspect     `json:"aspect,omitempty"`
	// CatalogVersion is the price book the person was shown. 0, which only a
	// program can send, accepts whatever is in force.
	CatalogVersion int64 `json:"catalog_version,omitempty"`
}

// Limits of a request: photos, characters of the instruction and of a label.
const (
	MaxPhotos      = 8
	MaxInstruction = 1000
	MaxLabel       = 40
)

// A Status is where a generation stands. docs/architecture.md draws the moves.
type Status string

const (
	Queued    Status = "queued"
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Canceled  Status = "canceled"
)

// Done reports whether nothing more will happen to the generation.
func (s Status) Done() bool { return s == Succeeded || s == Failed || s == Canceled }

// Funding says what pays for a generation. The database refuses a charge on
// anything but FundedByCredits, and a preview never becomes one.
type Funding string

const (
	FundedByCredits Funding = "credits"
	FundedByPreview Funding = "preview"
)

// A Generation is one accepted request and what became of it. It is also the
// job the workers claim: lease and attempt live in the same row.
type Generation struct {
	ID      string
	Funding Funding
	Owner   string // an account id, or a guest id until the preview is claimed
	Guest   string // whose free preview it was, for giving it back
	Request Request
	Status  Status
	Step    string // what is happening now: see Steps
	Seed    int64
	Credits Credits // what it cost; 0 for a preview
	// Returned counts credits given back, after failure or out of goodwill.
	Returned    Credits
	Attempts    int
	Engine      string
	Failure     FailureCode
	Image       *Image
	RetryOf     string
	CreatedAt   time.Time
	StartedAt   time.Time // first claim; zero while queued
	FinishedAt  time.Time
	DeadlineAt  time.Time
	LeaseOwner  string
	CatalogUsed int64 // the price book it was charged by
	Favourite   bool  // its owner keeps it in sight
	Notify      bool  // its owner asked for a mail when it ends
}

// Steps of a generation as a person sees them, in order.
var Steps = []string{"accepted", "reading_photos", "composing", "finishing", "saving"}

// A Share is a private link to a picture: whoever has its token may look at it,
// and at nothing else of its owner's, until it expires or is revoked.
type Share struct {
	ID         string
	Generation string
	Days       int
	CreatedAt  time.Time
	ExpiresAt  time.Time
	Views      int64 // times its page was opened; by whom is not known
}

// An Image is a finished picture in the blob store.
type Image struct {
	Key         string
	ContentType string
	Width       int
	Height      int
	Bytes       int64
	SHA256      string // hex
	Generative  bool   // a trained model redrew people
}

// KeepPhotos is how long an account's photo lives after its last use.
const KeepPhotos = 30 * 24 * time.Hour

// A Photo is one normalised upload: upright, sRGB, free of metadata.
type Photo struct {
	ID           string
	Owner        string
	Key          string
	ThumbKey     string
	Width        int
	Height       int
	Bytes        int64
	SHA256       string // of the normalised bytes, hex
	SourceSHA256 string // of the bytes that were uploaded, hex
	Likeness     string // what it looks like from far away; "" if it cannot be compared
	Faces        []Face
	Checks       []Check
	CreatedAt    time.Time
	ExpiresAt    time.Time
}

// A Face is where a face was found, as fractions of the photo's width and
// height. Faces are found, never recognised.
type Face struct {
	X     float64 `json:"x"` // centre
	Y     float64 `json:"y"`
	Size  float64 `json:"size"` // side of the box over the photo's short side
	Score float64 `json:"score"`
}

// A Check is advice about a photo, given before anything is charged.
type Check struct {
	Code     string `json:"code"`
	Severity string `json:"severity" enum:"info,warning"`
	Message  string `json:"message" doc:"What is the matter, in one sentence."`
	Help     string `json:"help" doc:"What would help, in one sentence; empty where nothing is needed."`
	Photo    string `json:"photo,omitempty" doc:"The other photo it is about, such as the one this is a near copy of."`
}

// A FailureCode says why a generation failed.
type FailureCode string

const (
	FailedRefused  FailureCode = "content_blocked"
	FailedEngine   FailureCode = "engine_failed"
	FailedTimeout  FailureCode = "timed_out"
	FailedPhotos   FailureCode = "photos_missing"
	FailedStorage  FailureCode = "storage_failed"
	FailedConfig   FailureCode = "engine_misconfigured"
	FailedAttempts FailureCode = "worker_lost"
)

// A Failure is a failure in words: what happened, and what would help.
type Failure struct {
	Code    FailureCode `json:"code"`
	Message string      `json:"message"`
	Advice  string      `json:"advice"`
}

// Explain puts a failure code in words for the person who waited.
func (c FailureCode) Explain() Failure {
	f := Failure{Code: c}
	switch c {
	case FailedRefused:
		f.Message = "The picture service declined this request."
		f.Advice = "Different photos or calmer wording usually help. See what we do and do not make in the acceptable use policy."
	case FailedTimeout:
		f.Message = "It took longer than it should, so we stopped."
		f.Advice = "Try again now with the same photos and words."
	case FailedPhotos:
		f.Message = "One of the photos could not be read any more."
		f.Advice = "Add the photo again, then make the picture."
	case FailedStorage:
		f.Message = "The picture was made but could not be saved."
		f.Advice = "Try again in a few minutes. Your photos and words are kept."
	case FailedConfig:
		f.Message = "The picture service is not available at the moment."
		f.Advice = "We have been told. Try again a little later."
	case FailedAttempts:
		f.Message = "Something went wrong on our side while the picture was being made."
		f.Advice = "Try again with the same photos and words."
	default:
		f.Code = FailedEngine
		f.Message = "This picture did not come out."
		f.Advice = "Try again. A sharper, brighter photo or a simpler instruction often helps."
	}
	return f
}

// An Intent is one wish of one person, however often its request arrives: the
// route and the key the client chose, and the hash of what was asked. Answer
// puts the outcome in the surface's words, so that a replay is the same bytes;
// nil stores no words, only what came of it.
type Intent struct {
	Route  string
	Key    string
	Hash   []byte
	Answer func(result any, err error) (status int, body []byte)
	// Language is what the person read when they asked, for mail about it; what
	// their account says wins over it. "" is not known.
	Language string
}

// Words calls Answer, or returns status and no body where there is none.
func (in Intent) Words(status int, result any, err error) (int, []byte) {
	if in.Answer == nil {
		return status, []byte{}
	}
	return in.Answer(result, err)
}

// A Replay is what was answered to the same key before. Ref is the id of the
// generation, held request or purchase it made.
type Replay struct {
	Status int
	Ref    string
	Body   []byte
}
