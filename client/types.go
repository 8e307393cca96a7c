package client

import (
	"time"

	"kinpict"
)

// The doc, enum, min and max tags describe the fields in openapi.json. min and
// max bound characters of a string, items of a list, or a number.

// A Catalog is the price book in force.
type Catalog struct {
	Version     int64         `json:"version" doc:"Send it back as catalog_version, so that nobody pays more than they were shown."`
	EffectiveAt time.Time     `json:"effective_at"`
	Qualities   []Rate        `json:"qualities"`
	Packs       []Pack        `json:"packs"`
	Guest       kinpict.Guest `json:"guest"`
}

// A Rate is what one picture of a quality costs.
type Rate struct {
	ID      string          `json:"id"`
	Credits kinpict.Credits `json:"credits"`
}

// A Pack is credits sold once.
type Pack struct {
	ID       string           `json:"id"`
	Credits  kinpict.Credits  `json:"credits"`
	Price    kinpict.Money    `json:"price"`
	Prices   []kinpict.Money  `json:"prices" doc:"The price in every currency; the first is the one in price."`
	Supports map[string]int64 `json:"supports" doc:"How many pictures of each quality the pack pays for."`
}

// A Scenario is an occasion a picture can be made for.
type Scenario struct {
	ID        string           `json:"id"`
	Title     string           `json:"title"`
	Summary   string           `json:"summary"`
	Season    string           `json:"season"`
	Pace      string           `json:"pace" enum:"framed,painted" doc:"A painted picture takes several times as long as a framed one."`
	MinPhotos int              `json:"min_photos"`
	MaxPhotos int              `json:"max_photos"`
	Aspects   []kinpict.Aspect `json:"aspects" doc:"Width to height; the first is the default."`
	Sample    string           `json:"sample" doc:"Address of a sample picture."`
}

// Scenarios is the list of them.
type Scenarios struct {
	Items []Scenario `json:"items"`
}

// Limits are the published limits.
type Limits struct {
	Upload  UploadLimits  `json:"upload"`
	Storage StorageLimits `json:"storage"`
	Request RequestLimits `json:"request"`
	Rates   []RateLimit   `json:"rates"`
}

// UploadLimits bound one uploaded file.
type UploadLimits struct {
	Types           []string `json:"types"`
	MaxBytes        int64    `json:"max_bytes"`
	MaxPixels       int64    `json:"max_pixels"`
	MaxSide         int      `json:"max_side"`
	MinSide         int      `json:"min_side"`
	MaxAspect       int      `json:"max_aspect" doc:"Longer side to shorter side."`
	MaxScans        int      `json:"max_scans" doc:"Scans of a progressive JPEG."`
	MaxSteps        int64    `json:"max_steps" doc:"Samples a JPEG decoder visits, over all scans."`
	MaxDecodeBytes  int64    `json:"max_decode_bytes" doc:"Memory that decoding the file may take."`
	MinBytesASecond int      `json:"min_bytes_a_second" doc:"After the first ten seconds of a request."`
}

// StorageLimits bound what an owner may keep.
type StorageLimits struct {
	AccountBytes int64 `json:"account_bytes"`
	AccountFiles int   `json:"account_files"`
	GuestBytes   int64 `json:"guest_bytes"`
	GuestFiles   int   `json:"guest_files"`
}

// RequestLimits bound what is asked for.
type RequestLimits struct {
	MaxBytes       int64 `json:"max_bytes" doc:"Of a JSON body."`
	MaxPhotos      int   `json:"max_photos"`
	MaxInstruction int   `json:"max_instruction" doc:"Characters."`
	MaxLabel       int   `json:"max_label" doc:"Characters."`
}

// A RateLimit bounds how often, or how much at once.
type RateLimit struct {
	Name    string `json:"name"`
	Limit   int    `json:"limit"`
	Seconds int    `json:"seconds" doc:"Length of the window; 0: at the same time."`
	Per     string `json:"per" doc:"Whose requests are counted together."`
}

// A Photo is one uploaded photo after it was made upright and rid of metadata.
type Photo struct {
	ID        string          `json:"id"`
	Width     int             `json:"width"`
	Height    int             `json:"height"`
	Faces     []kinpict.Face  `json:"faces" doc:"Where faces were found; nobody is recognised."`
	Checks    []kinpict.Check `json:"checks" doc:"Advice before anything is paid."`
	CreatedAt time.Time       `json:"created_at"`
	ExpiresAt time.Time       `json:"expires_at"`
}

// Photos is the list of one's photos.
type Photos struct {
	Items []Photo `json:"items"`
}

// A Request asks for a picture.
type Request struct {
	Quality        string         `json:"quality,omitempty" doc:"A quality of the catalog. A preview has none." max:"40"`
	Scenario       string         `json:"scenario" min:"1" max:"80"`
	Photos         []PhotoUse     `json:"photos" min:"1" max:"8"`
	Instruction    string         `json:"instruction,omitempty" max:"1000"`
	Aspect         kinpict.Aspect `json:"aspect,omitempty" doc:"Such as 4:5; without it the scenario's first." max:"9"`
	CatalogVersion int64          `json:"catalog_version,omitempty" doc:"The price book the person was shown; a program that leaves it out accepts any price." min:"0"`
}

// A PhotoUse is one photo of a request.
type PhotoUse struct {
	ID    string       `json:"id" min:"1" max:"80"`
	Role  kinpict.Role `json:"role,omitempty" enum:"grandparent,parent,child,baby,partner,sibling,friend,pet,other"`
	Label string       `json:"label,omitempty" max:"40"`
}

// A Generation is one accepted request and what became of it.
type Generation struct {
	ID              string           `json:"id"`
	Status          kinpict.Status   `json:"status" enum:"queued,running,succeeded,failed,canceled"`
	Progress        Progress         `json:"progress"`
	Preview         bool             `json:"preview" doc:"The free preview: smaller, marked, and never paid with credits."`
	Quality         string           `json:"quality"`
	Scenario        string           `json:"scenario"`
	Photos          []PhotoUse       `json:"photos"`
	Instruction     string           `json:"instruction"`
	Aspect          kinpict.Aspect   `json:"aspect"`
	Favourite       bool             `json:"favourite"`
	Notify          bool             `json:"notify" doc:"Its owner is mailed when it ends."`
	Credits         kinpict.Credits  `json:"credits"`
	CreditsReturned kinpict.Credits  `json:"credits_returned"`
	CatalogVersion  int64            `json:"catalog_version"`
	Failure         *kinpict.Failure `json:"failure" doc:"Why there is no picture, and what would help."`
	Image           *Image           `json:"image"`
	QueuePosition   *int             `json:"queue_position,omitempty" doc:"While it waits, its place among those that do, from 1. Told by GET /generations/{id} and its events only."`
	Estimate        *Estimate        `json:"estimate,omitempty" doc:"Until it ends, how long it still takes; absent while too few pictures came out lately to know. Told by GET /generations/{id} and its events only."`
	Attempts        int              `json:"attempts"`
	RetryOf         string           `json:"retry_of,omitempty"`
	CreatedAt       time.Time        `json:"created_at"`
	StartedAt       *time.Time       `json:"started_at"`
	FinishedAt      *time.Time       `json:"finished_at"`
}

// Progress says how far a generation is.
type Progress struct {
	Step   string `json:"step" enum:"accepted,reading_photos,composing,finishing,saving" doc:"What is happening now."`
	Number int    `json:"number" doc:"The step's number, from 1."`
	Of     int    `json:"of" doc:"How many steps there are."`
	Ahead  *int   `json:"ahead,omitempty" doc:"While queued: how many are drawn before this one."`
}

// An Estimate is how long a picture still takes from now on, by how long others
// of its kind took lately, and by the queue.
type Estimate struct {
	SecondsLow  int  `json:"seconds_low" doc:"By when half of the others would be done."`
	SecondsHigh int  `json:"seconds_high" doc:"By when nine in ten of them would be."`
	Runs        int  `json:"runs" doc:"How many others it is based on; never fewer than 5." min:"5"`
	Late        bool `json:"late" doc:"It has taken longer already than nine in ten did; then both seconds are 0 and promise nothing."`
}

// An Image is a finished picture.
type Image struct {
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	Bytes       int64  `json:"bytes"`
	SHA256      string `json:"sha256"`
}

// Generations is a page of them, newest first.
type Generations struct {
	Items      []Generation `json:"items"`
	NextCursor string       `json:"next_cursor,omitempty"`
}

// Papers are the sizes of paper a picture suits.
type Papers struct {
	BleedMM float64 `json:"bleed_mm" doc:"What a sheet has beyond the cut, on each side."`
	Items   []Paper `json:"items"`
}

// A Paper is one size, and how the picture looks on it.
type Paper struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	WidthMM    float64 `json:"width_mm" doc:"As the picture lies on it."`
	HeightMM   float64 `json:"height_mm"`
	Border     bool    `json:"border" doc:"The whole picture stands in a white border; otherwise it fills the paper."`
	Cropped    float64 `json:"cropped" doc:"Part of the picture's area that is cut off so that it fills the paper; at most 0.05."`
	DPI        int     `json:"dpi" doc:"Pixels of the picture to the printed inch."`
	Verdict    string  `json:"verdict" enum:"sharp,fine_on_a_wall,too_few_pixels" doc:"From 300 dpi, from 180, below."`
	PrintReady bool    `json:"print_ready" doc:"A print shop can take the sheet as it is."`
	URL        string  `json:"url" doc:"The sheet, as PDF."`
}

// A ShareOrder asks for a private link.
type ShareOrder struct {
	Days int `json:"days,omitempty" doc:"How long it works: 1, 7 or 30 days; 7 without it." min:"0" max:"30"`
}

// A Share is a private link to a picture.
type Share struct {
	ID         string    `json:"id"`
	Generation string    `json:"generation"`
	URL        string    `json:"url,omitempty" doc:"Told only in the answer that made the link; it is not kept."`
	Days       int       `json:"days"`
	Views      int64     `json:"views" doc:"How often its page was opened; by whom is not known."`
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// Shares is the list of links to a picture that work now.
type Shares struct {
	Items []Share `json:"items"`
}

// Confirm is the body of a retry or a resume.
type Confirm struct {
	CatalogVersion int64 `json:"catalog_version,omitempty" doc:"The price book the person was shown." min:"0"`
}

// Credits is what an account can spend, and where it came from.
type Credits struct {
	Available kinpict.Credits `json:"available" doc:"What can be spent now: live lots minus debt, never below 0."`
	Debt      kinpict.Credits `json:"debt"`
	Lots      []Lot           `json:"lots"`
}

// A Lot is credits from one source that keep their identity until spent.
type Lot struct {
	ID        string          `json:"id"`
	Kind      string          `json:"kind" enum:"promo,bonus,adjust,paid"`
	Granted   kinpict.Credits `json:"granted"`
	Remaining kinpict.Credits `json:"remaining"`
	ExpiresAt *time.Time      `json:"expires_at" doc:"null: never."`
	Source    string          `json:"source"`
}

// A Transaction is one line of the statement.
type Transaction struct {
	ID                string          `json:"id"`
	Kind              string          `json:"kind"`
	Amount            kinpict.Credits `json:"amount"`
	AvailableAfter    kinpict.Credits `json:"available_after"`
	DebtAfter         kinpict.Credits `json:"debt_after"`
	Generation        string          `json:"generation,omitempty"`
	GenerationDeleted bool            `json:"generation_deleted,omitempty" doc:"The picture was deleted since; its line stays."`
	Purchase          string          `json:"purchase,omitempty"`
	Reason            string          `json:"reason,omitempty"`
	At                time.Time       `json:"at"`
	Lots              []Move          `json:"lots,omitempty" doc:"The lots it changed; those of a charge in the order they were spent."`
	Hash              string          `json:"hash,omitempty" doc:"SHA-256 over the transaction and the hash of the one before, in hex; see docs/ledger.md."`
}

// A Move is credits that went into a lot, or out of it.
type Move struct {
	Lot      string          `json:"lot"`
	Kind     string          `json:"kind" enum:"promo,bonus,adjust,paid"`
	Source   string          `json:"source" doc:"What brought the lot, as of a lot."`
	Amount   kinpict.Credits `json:"amount" doc:"Below 0: taken from the lot."`
	Returned kinpict.Credits `json:"returned,omitempty" doc:"Of a charge: how many of these came back to the lot since."`
}

// Transactions is a page of the statement, newest first.
type Transactions struct {
	Items      []Transaction `json:"items"`
	NextCursor string        `json:"next_cursor,omitempty"`
}

// An Order asks for a checkout.
type Order struct {
	Pack           string `json:"pack" min:"1" max:"80"`
	CatalogVersion int64  `json:"catalog_version,omitempty" doc:"The price book the person was shown." min:"0"`
	Currency       string `json:"currency,omitempty" doc:"ISO 4217 in lower case; without it the pack's first." max:"3"`
	Promo          string `json:"promo,omitempty" doc:"A promo code, as the person typed it." max:"80"`
	Back           string `json:"back,omitempty" doc:"Path of this site to go on with after paying." max:"500"`
}

// A Checkout is one purchase of one pack.
type Checkout struct {
	ID        string          `json:"id"`
	Status    string          `json:"status" enum:"open,processing,paid,expired,failed,refunded,partially_refunded,disputed"`
	URL       string          `json:"url" doc:"The payment provider's page."`
	Pack      string          `json:"pack"`
	Credits   kinpict.Credits `json:"credits"`
	Price     kinpict.Money   `json:"price" doc:"What is paid, after the discount and before tax."`
	Tax       int64           `json:"tax_minor" doc:"On top of the price; 0 until the provider has computed it, and where there is none."`
	Discount  int64           `json:"discount_minor" doc:"What the promo code took off."`
	Promo     string          `json:"promo" doc:"The promo code, or empty."`
	Bonus     kinpict.Credits `json:"bonus_credits" doc:"What the promo code adds to the credits."`
	Refunded  int64           `json:"refunded_minor" doc:"Of the price and tax, what went back."`
	Disputed  int64           `json:"disputed_minor" doc:"Of the price and tax, what a bank holds or took."`
	CreatedAt time.Time       `json:"created_at"`
	PaidAt    *time.Time      `json:"paid_at"`
	ExpiresAt time.Time       `json:"expires_at"`
}

// Checkouts is the list of one's purchases.
type Checkouts struct {
	Items []Checkout `json:"items"`
}

// A Problem is an error as it travels (RFC 9457). Errors with more to say have
// more members, such as shortfall.
type Problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail" doc:"A sentence for a person."`
	Code   kinpict.Code `json:"code" doc:"Stable, for programs."`
	Hint   string       `json:"hint,omitempty" doc:"What would help."`
	Errors []FieldError `json:"errors,omitempty" doc:"Of invalid_request: what is wrong where."`
}

// A FieldError is what is wrong with one field.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// A Shortfall is what a problem of the code insufficient_credits says besides.
type Shortfall struct {
	Required    kinpict.Credits `json:"required"`
	Available   kinpict.Credits `json:"available"`
	Shortfall   kinpict.Credits `json:"shortfall"`
	Debt        kinpict.Credits `json:"debt,omitempty"`
	Packs       []OfferedPack   `json:"packs"`
	HeldRequest HeldRequest     `json:"held_request" doc:"The request waits under this id; resume it after a top-up."`
}

// An OfferedPack is a pack that would help.
type OfferedPack struct {
	ID       string           `json:"id"`
	Credits  kinpict.Credits  `json:"credits"`
	Price    kinpict.Money    `json:"price"`
	Supports map[string]int64 `json:"supports"`
}

// A HeldRequest is a request that waits: for credits, or for a person who reads
// its words.
type HeldRequest struct {
	ID        string    `json:"id"`
	State     string    `json:"state,omitempty" enum:"credits,looking,approved,refused,gone_on" doc:"credits: it can go on once there are enough. looking: a person reads its words. approved: it can go on. refused: it cannot; refused words can be changed and sent anew. gone_on: it became a picture."`
	ExpiresAt time.Time `json:"expires_at"`
	URL       string    `json:"url" doc:"The page that goes on with it."`
}

// A Reading is what a problem of the code held_for_review says besides.
type Reading struct {
	HeldRequest HeldRequest       `json:"held_request" doc:"The request waits under this id; resume it once it is approved."`
	Findings    []kinpict.Finding `json:"findings,omitempty" doc:"The words a person reads."`
	Note        string            `json:"note,omitempty" doc:"What staff said about their decision."`
}

// A PriceChange is what a problem of the code price_changed says besides; of a
// pack it names the pack and its prices, of a picture the quality.
type PriceChange struct {
	Quality        string          `json:"quality,omitempty"`
	Pack           string          `json:"pack,omitempty"`
	ShownCredits   kinpict.Credits `json:"shown_credits"`
	Credits        kinpict.Credits `json:"credits"`
	ShownPrice     *kinpict.Money  `json:"shown_price,omitempty"`
	Price          *kinpict.Money  `json:"price,omitempty"`
	CatalogVersion int64           `json:"catalog_version" doc:"Send this one to accept the new price."`
}

// A PromoRefusal is what a problem of the code promo_refused says besides.
type PromoRefusal struct {
	Checkout string `json:"checkout,omitempty" doc:"The account's own open checkout that holds the code's last use."`
}

// Marks is what a picture file says about itself, and whether that holds.
type Marks struct {
	State    string       `json:"state" enum:"intact,altered,unproven,unsigned,unmarked,damaged" doc:"intact: signed, and every byte as it was signed. altered: something was changed since. unproven: signed in a way that is not read here. unsigned: a note nobody signed. unmarked: nothing. damaged: the file does not hold together."`
	Signer   string       `json:"signer" enum:"ours,others,nobody" doc:"ours: this installation's key. others: another key; nobody here vouches for the name in it."`
	Headline string       `json:"headline" doc:"The answer in one sentence."`
	Detail   string       `json:"detail" doc:"What follows from it."`
	Format   string       `json:"format" doc:"jpeg or png; empty for anything else."`
	Altered  []string     `json:"altered" doc:"Parts that do not match: picture, manifest, signature."`
	Issuer   string       `json:"issuer" doc:"The name in the signer's certificate, empty without one."`
	Source   string       `json:"source" doc:"Digital source type of the signed manifest, of IPTC's vocabulary; empty without one."`
	Means    string       `json:"source_means" doc:"The same in words."`
	Note     string       `json:"note" doc:"Digital source type of the XMP packet, which may be unsigned."`
	Software string       `json:"software"`
	MadeAt   *time.Time   `json:"made_at" doc:"null: no time is named."`
	Preview  bool         `json:"preview"`
	Actions  []string     `json:"actions" doc:"As C2PA names them."`
	Former   []FormerMark `json:"former" doc:"Manifests the active one builds on, the nearest first."`
}

// A FormerMark is one earlier manifest of a file.
type FormerMark struct {
	State    string     `json:"state" enum:"intact,altered,unproven"`
	Signer   string     `json:"signer" enum:"ours,others,nobody"`
	Issuer   string     `json:"issuer"`
	Source   string     `json:"source"`
	Software string     `json:"software"`
	MadeAt   *time.Time `json:"made_at"`
}
