package web

import (
	"time"

	"kinpict"
	"kinpict/internal/intake"
	"kinpict/internal/lang"
	"kinpict/internal/wording"
)

// HomeView feeds home.html.
type HomeView struct {
	Page
	MaxPhotos int
	Scenes    []Scene
	Three     []Scene
	Rates     []Rate
	Example   []Entry
}

// An Entry is one line of the example statement.
type Entry struct {
	What, Sub string
	Amount    kinpict.Credits
	After     kinpict.Credits
	Return    bool
}

// ScenesView feeds scenarios.html.
type ScenesView struct {
	Page
	Scenes []Scene
}

// SceneView feeds scenario.html.
type SceneView struct {
	Page
	Scene Scene
	More  []Scene
	Rates []Rate
}

// PricingView feeds pricing.html and the policy pages.
type PricingView struct {
	Page
	Rates     []Rate
	Packs     []Pack
	Notice    *Notice
	Held      string // how long a request waits
	Reads     bool   // staff read words that can be read two ways
	Retention []string

	Example    []Entry    // of a statement in which a picture failed
	Currencies []Currency // to choose from, if there are several
	Offer      Offer
	Back       string
}

// CreateView feeds create.html.
type CreateView struct {
	Page
	Faults
	Key            string
	Seen           string // the mark of the draft that is kept
	Now            string // what of the account and the prices is shown
	Fresh          bool   // asked for by its address, so that it may be asked for again
	CatalogVersion int64
	MaxPhotos      int
	MaxMegabytes   int64
	MaxInstruction int
	Photos         []Card
	Scenes         []Scene
	Selected       string
	Shapes         []Shape
	Shape          kinpict.Aspect
	Instruction    string
	Quality        string
	Rates          []Rate
	Told           Told
	Helper         intake.Helper
	Seasons        []wording.Choice
	Clothing       []wording.Choice
	Moods          []wording.Choice
	Consent        bool
	Begun          bool // there is something to start fresh from
	OfferPreview   bool // beside the paid button, for who cannot pay yet
	PreviewSpent   bool
	Held           *Shortage
	Changed        *Change
	Notice         *Notice
}

// Helped reports whether anything was chosen in the helper.
func (v CreateView) Helped() bool { return v.Helper != (intake.Helper{}) }

// A Card is one photo on the create page, or below a picture.
type Card struct {
	ID, Src, Name string
	Role          kinpict.Role
	Label         string
	Fault         string // what is wrong with the label
	Notes         []Note
}

// A Shape is an aspect and its name.
type Shape struct {
	Aspect kinpict.Aspect
	Name   string
}

// A Shortage is a request that waits for credits.
type Shortage struct {
	ID        string
	Required  kinpict.Credits
	Available kinpict.Credits
	Shortfall kinpict.Credits
	Debt      kinpict.Credits
	ExpiresAt time.Time
	Packs     []Pack
}

// A Change is a price that is not the one the person saw.
type Change struct{ Was, Now kinpict.Credits }

// A Notice says why a press did nothing, and what helps.
type Notice struct{ Message, Hint string }

func noticeOf(say *lang.Printer, e *kinpict.Error) *Notice {
	return &Notice{say.Told(e.Message), say.Told(e.Hint)}
}

// Results is what a finished picture can be kept and shown as.
type Results struct {
	Favourite bool
	Files     []Form
	Prints    []Print
	Shares    []Share
	NewLink   string // the address of a link that was just made
	Key       string
	Days      []Choice
}

// A Choice is how many days a link may work.
type Choice struct {
	Days int
	Name string
	Now  bool
}

// A Form is one a picture can be downloaded in.
type Form struct{ Name, Note, URL string }

// A Print is how a picture looks on paper of a size.
type Print struct {
	Size, Lies     string
	DPI            int
	Verdict, Class string
	URL            string
}

// A Share is a private link that works.
type Share struct {
	ID        string
	ExpiresAt time.Time
	Views     string
}

// CompareView feeds compare.html.
type CompareView struct {
	Page
	ID            string
	Scene         Scene
	Picture       string
	Width, Height int
	Sources       []Card
	Gone          string
}

// SharedView feeds shared.html.
type SharedView struct {
	Page
	Picture       string
	Width, Height int
}

// GenerationsView feeds generations.html.
type GenerationsView struct {
	Page
	Items      []Tile
	Favourites bool // only these are shown
	Working    int  // are not done yet
	Deleted    bool // one was deleted just now
	Waits      []Held
	Withdrawn  bool // a request was taken back just now
	Later      bool // not the first page
	Next       string
}

// A Held is a request that waits, in the list of them.
type Held struct {
	ID, Title, Label, State, Class string
	At                             time.Time
}

// A Tile is a picture on the wall.
type Tile struct {
	ID, Title, Label, State string
	Picture                 string
	Width, Height           int
	Favourite, Working      bool
	Returned                bool // its credits came back
	At                      time.Time
}

// SignInView feeds sign-in.html.
type SignInView struct {
	Page
	Faults
	Address string
	Next    string
	Keeps   bool   // something was put together before
	Sent    string // once there is a link: mail, or outbox or kept where no mail leaves
	Minutes int
}

// ConfirmView feeds sign-in-confirm.html.
type ConfirmView struct {
	Page
	Faults
	Token     string
	Elsewhere bool // the link is good, but not in this browser
}

// CheckoutView feeds checkout.html. State is paid, waiting, returned, failed or expired.
type CheckoutView struct {
	Page
	ID, State string
	Credits   kinpict.Credits // with what a promo code adds
	Bill      Bill
	URL       string
	Back      string
	Held      *Waiting
}

// A Waiting is a held request that can go on now.
type Waiting struct {
	ID             string
	Cost           kinpict.Credits
	CatalogVersion int64
}

// HeldView feeds held.html. State is that of generation.Studio.State.
type HeldView struct {
	Page
	ID             string
	State          string
	Note           string   // of staff
	Doubts         []string // words that a person reads
	Done           string   // the generation it became
	Over           bool     // it waits no more
	Days           int      // that a request waits
	Gone           string
	Scene          Scene
	Quality        string
	Instruction    string
	Sources        []Card
	Cost, Left     kinpict.Credits
	Shortfall      kinpict.Credits
	Debt           kinpict.Credits
	Changed        *Change
	CatalogVersion int64
	ExpiresAt      time.Time
	Packs          []Pack
}
