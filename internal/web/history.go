package web

import (
	"net/http"
	"time"

	"kinpict/internal/billing"
	"kinpict/internal/lang"
)

// HistoryView feeds pricing-history.html.
type HistoryView struct {
	Page
	Periods []PricePeriod
}

// A PricePeriod is one price book and its time.
type PricePeriod struct {
	Version     int64
	From, Until time.Time
	Scheduled   bool
	Current     bool
	First       bool
	Changes     []string
	Rates       []Rate
	Packs       []Pack
	Previews    int
}

// history is every price that was in force, and those announced.
func (s *Site) history(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(r)
	if err != nil {
		return err
	}
	periods, err := s.Shop.PriceHistory(r.Context())
	if err != nil {
		return err
	}
	return s.send(w, r, http.StatusOK, "pricing-history", HistoryView{v.titled(v.say().Say("Price history")), pricePeriods(v.say(), periods)})
}

func pricePeriods(say *lang.Printer, periods []billing.Period) []PricePeriod {
	var out []PricePeriod
	current := false
	for i, p := range periods {
		x := PricePeriod{Version: p.Catalog.Version, From: p.Catalog.EffectiveAt, Until: p.Until, Scheduled: p.Scheduled, First: i == len(periods)-1,
			Rates: rates(say, p.Catalog, 0), Packs: packs(say, p.Catalog, sale{}, func() string { return "" }, ""), Previews: p.Catalog.Guest.Previews}
		if !p.Scheduled && !current {
			x.Current, current = true, true
		}
		for _, c := range p.Changes {
			x.Changes = append(x.Changes, title(say.Told(c))+".")
		}
		out = append(out, x)
	}
	return out
}
