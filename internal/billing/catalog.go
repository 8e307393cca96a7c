package billing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/currency"

	"kinpict"
	"kinpict/internal/store"
)

// Catalog is the price book in force.
func (s *Shop) Catalog(ctx context.Context) (*kinpict.Catalog, error) { return s.DB.Book(ctx) }

// Catalogs is every version of the price book, newest first, those to come included.
func (s *Shop) Catalogs(ctx context.Context) (all []*kinpict.Catalog, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Catalogs()
		return err
	})
	return all, err
}

// Apply makes c the price book from at on, now if that is zero, and says in
// words what changes against the book that would be in force then. A dry run
// only says it. The same book again is a new version without a difference:
// that is how an operator confirms the example prices.
func (s *Shop) Apply(ctx context.Context, actor, reason string, c *kinpict.Catalog, at time.Time, dryRun bool) ([]string, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := currencies(c); err != nil {
		return nil, err
	}
	if reason = strings.TrimSpace(reason); reason == "" || actor == "" {
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: "A change of prices needs a reason, and someone who makes it."}
	}
	if !at.IsZero() && at.Before(s.Now()) {
		return nil, &kinpict.Error{Code: kinpict.Invalid, Message: "A price book cannot take effect in the past.", Hint: "Leave the time out, or name one to come."}
	}
	var diff []string
	work := func(tx *store.Tx) error {
		all, err := tx.Catalogs()
		if err != nil {
			return err
		}
		from := at
		if from.IsZero() {
			from = tx.Now()
		}
		diff = Changes(holding(all, from), c)
		if dryRun {
			return nil
		}
		fresh := *c
		fresh.EffectiveAt = at
		return tx.PutCatalog(&fresh, actor, reason)
	}
	run := s.DB.Update
	if dryRun {
		run = s.DB.View
	}
	if err := run(ctx, work); err != nil {
		return nil, err
	}
	return diff, nil
}

// holding is the book that is in force at an instant, empty if none is. all is
// newest first, so of two that begin together the later one is met first.
func holding(all []*kinpict.Catalog, at time.Time) *kinpict.Catalog {
	old := &kinpict.Catalog{}
	for _, v := range all {
		if !v.EffectiveAt.After(at) && (old.Version == 0 || v.EffectiveAt.After(old.EffectiveAt)) {
			old = v
		}
	}
	return old
}

// Changes says in words how b differs from a, one sentence each.
func Changes(a, b *kinpict.Catalog) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	rates := map[string]kinpict.Credits{}
	for _, r := range a.Qualities {
		rates[r.ID] = r.Credits
	}
	for _, r := range b.Qualities {
		switch was, ok := rates[r.ID]; {
		case !ok:
			say("%s is offered for %d credits", r.ID, r.Credits)
		case was != r.Credits:
			say("%s costs %d credits instead of %d", r.ID, r.Credits, was)
		}
		delete(rates, r.ID)
	}
	for _, r := range a.Qualities {
		if _, gone := rates[r.ID]; gone {
			say("%s is no longer offered; it cost %d credits", r.ID, r.Credits)
		}
	}
	packs := map[string]kinpict.Pack{}
	for _, p := range a.Packs {
		packs[p.ID] = p
	}
	for _, p := range b.Packs {
		was, ok := packs[p.ID]
		delete(packs, p.ID)
		if !ok {
			say("pack %s is sold: %d credits for %s", p.ID, p.Credits, prices(p))
			continue
		}
		if was.Credits != p.Credits {
			say("pack %s holds %d credits instead of %d", p.ID, p.Credits, was.Credits)
		}
		if prices(was) != prices(p) {
			say("pack %s costs %s instead of %s", p.ID, prices(p), prices(was))
		}
	}
	for _, p := range a.Packs {
		if _, gone := packs[p.ID]; gone {
			say("pack %s is no longer sold; it was %d credits for %s", p.ID, p.Credits, prices(p))
		}
	}
	if a.Guest != b.Guest {
		say("a guest gets %d previews instead of %d", b.Guest.Previews, a.Guest.Previews)
	}
	return out
}

// prices writes a pack's prices as people say them, so that a zero too many in
// the file's minor units is seen.
func prices(p kinpict.Pack) string {
	var all []string
	for _, m := range p.Prices {
		all = append(all, amount(m))
	}
	return strings.Join(all, " or ")
}

// amount is money in major units with its currency's decimals: 12.00 USD, 1200 JPY.
func amount(m kinpict.Money) string {
	code := strings.ToUpper(m.Currency)
	digits := 2
	if u, err := currency.ParseISO(code); err == nil {
		digits, _ = currency.Standard.Rounding(u)
	}
	unit := int64(math.Pow10(digits))
	if digits == 0 {
		return fmt.Sprintf("%d %s", m.Amount, code)
	}
	return fmt.Sprintf("%d.%0*d %s", m.Amount/unit, digits, m.Amount%unit, code)
}

// maxCatalog bounds a catalog file; a book of a hundred packs has 10 KiB.
const maxCatalog = 1 << 20

// ParseCatalog reads a catalog file: one YAML document with known fields only.
// It is Invalid with the line where it goes wrong, or the rule it breaks.
func ParseCatalog(r io.Reader) (*kinpict.Catalog, error) {
	bad := func(err error) error {
		return &kinpict.Error{Code: kinpict.Invalid, Message: "The catalog file cannot be read: " + plainly(err) + ".",
			Hint: "kinpict catalog show prints one to start from."}
	}
	text, err := io.ReadAll(io.LimitReader(r, maxCatalog+1))
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	if len(text) > maxCatalog {
		return nil, bad(errors.New("it is larger than 1 MiB"))
	}
	// The decoder cuts 12.50 to 12 where a whole number is wanted. Not with prices.
	var tree yaml.Node
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, bad(err)
	}
	if n := fraction(&tree); n != nil {
		return nil, bad(fmt.Errorf("line %d: %s is not a whole number", n.Line, n.Value))
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var c kinpict.Catalog
	if err := d.Decode(&c); err == io.EOF {
		return nil, bad(errors.New("it is empty"))
	} else if err != nil {
		return nil, bad(err)
	}
	if err := d.Decode(new(yaml.Node)); err != io.EOF {
		return nil, bad(errors.New("it holds more than one document"))
	}
	return &c, c.Check()
}

// unknownField is how the decoder says that it knows no such field: by the name
// of a type, which tells nobody anything.
var unknownField = regexp.MustCompile(`field (\S+) not found in type \S+`)

// plainly is what the decoder said, on one line.
func plainly(err error) string {
	said := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n")
	return unknownField.ReplaceAllString(strings.Join(strings.Fields(said), " "), "there is no field $1 here")
}

// fraction finds the first number in the tree that is not whole, or nil.
func fraction(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!float" {
		return n
	}
	for _, c := range n.Content {
		if f := fraction(c); f != nil {
			return f
		}
	}
	return nil
}

// PrintCatalog writes the catalog as a file that ParseCatalog reads, the
// currency before the amount as people say it.
func PrintCatalog(w io.Writer, c *kinpict.Catalog) error {
	type price struct {
		Currency string `yaml:"currency"`
		Amount   int64  `yaml:"amount_minor"`
	}
	type pack struct {
		ID      string          `yaml:"id"`
		Credits kinpict.Credits `yaml:"credits"`
		Prices  []price         `yaml:"prices,flow"`
	}
	file := struct {
		Qualities []kinpict.Rate `yaml:"qualities"`
		Packs     []pack         `yaml:"packs"`
		Guest     kinpict.Guest  `yaml:"guest"`
	}{Qualities: c.Qualities, Guest: c.Guest}
	for _, p := range c.Packs {
		q := pack{ID: p.ID, Credits: p.Credits}
		for _, m := range p.Prices {
			q.Prices = append(q.Prices, price{m.Currency, m.Amount})
		}
		file.Packs = append(file.Packs, q)
	}
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(file); err != nil {
		return fmt.Errorf("print catalog: %w", err)
	}
	return e.Close()
}
