package kinpict

import "time"

// Kinds of receipt.
const (
	ReceiptPurchase   = "purchase"
	ReceiptGeneration = "generation"
)

// A Receipt says what was bought or charged and what became of it, as the books
// stood at AsOf. It names no person. The same state of the books makes the same
// receipt, whenever it is asked for.
type Receipt struct {
	Issuer  string `json:"issuer" doc:"Address of the site that signed it."`
	Kind    string `json:"kind" enum:"purchase,generation"`
	ID      string `json:"id" doc:"The purchase or generation."`
	State   string `json:"state" doc:"Of a purchase: paid, partially_refunded, refunded, disputed. Of a charge: open, earned, returned."`
	Test    bool   `json:"test" doc:"No real money moved."`
	Subject string `json:"subject" doc:"The pack or the quality."`
	// Credits were bought or charged, of which Returned were given or taken back.
	Credits  Credits `json:"credits"`
	Returned Credits `json:"returned" doc:"Credits that went back: to the account of a charge, from it of a purchase."`
	Payment  *Paid   `json:"payment,omitempty" doc:"Of a purchase."`
	// CatalogVersion is the price book that applied.
	CatalogVersion int64          `json:"catalog_version"`
	CreatedAt      time.Time      `json:"created_at"`
	AsOf           time.Time      `json:"as_of" doc:"When the books last changed in this matter."`
	Transactions   []ReceiptEntry `json:"transactions" doc:"In the order they were recorded."`
}

// Paid is the money of a receipt, in minor units of its currency.
type Paid struct {
	Currency  string    `json:"currency"`
	Price     int64     `json:"price_minor"`
	Discount  int64     `json:"discount_minor,omitempty" doc:"What a promo code took off; the price is without it."`
	Promo     string    `json:"promo,omitempty" doc:"The promo code."`
	Bonus     Credits   `json:"bonus_credits,omitempty" doc:"What the promo code added to the credits."`
	Tax       int64     `json:"tax_minor" doc:"On top of the price; 0 where none is known."`
	Refunded  int64     `json:"refunded_minor"`
	Disputed  int64     `json:"disputed_minor" doc:"Held or lost in disputes."`
	Provider  string    `json:"provider"`
	Reference string    `json:"reference" doc:"The payment, as its provider names it."`
	At        time.Time `json:"at"`
}

// A ReceiptEntry is one transaction of the account's ledger. Hash covers it and
// Previous, the hash of the transaction before it in the account.
type ReceiptEntry struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	Credits  Credits   `json:"credits" doc:"Change of what the account holds, less what it owes."`
	At       time.Time `json:"at"`
	Hash     string    `json:"hash" doc:"SHA-256 in hex."`
	Previous string    `json:"previous" doc:"SHA-256 in hex, empty for the account's first."`
}
