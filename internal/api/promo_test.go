package api_test

import (
	"errors"
	"testing"

	"kinpict"
	"kinpict/client"
)

func TestBuyingWithACode(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann := r.Context(), r.person("ann")
		for _, p := range []kinpict.Promo{{Code: "QUARTER", Percent: 25}, {Code: "EXTRA20", Bonus: 20, PerAccount: 1}} {
			if _, err := r.shop.CreatePromo(ctx, "op", p); err != nil {
				r.Fatal(err)
			}
		}
		buy := func(promo string) (*client.Checkout, error) {
			return ann.Buy(ctx, r.key(), client.Order{Pack: "credits-80", Promo: promo})
		}
		o, err := buy("quarter")
		if err != nil || o.Price != (kinpict.Money{Amount: 900, Currency: "usd"}) || o.Discount != 300 || o.Promo != "QUARTER" || o.Bonus != 0 || o.Credits != 80 {
			r.Fatalf("with a quarter off: %+v, %v", o, err)
		}
		o, err = buy("extra20")
		if err != nil || o.Price.Amount != 1200 || o.Discount != 0 || o.Promo != "EXTRA20" || o.Bonus != 20 {
			r.Fatalf("with extra credits: %+v, %v", o, err)
		}
		list, err := ann.Checkouts(ctx)
		if err != nil || len(list.Items) != 2 || list.Items[0].Bonus+list.Items[1].Bonus != 20 || list.Items[0].Discount+list.Items[1].Discount != 300 {
			r.Errorf("the history is %+v, %v", list, err)
		}
		for promo, open := range map[string]bool{"nobodys": false, "extra20": true} {
			_, err := buy(promo)
			var e *kinpict.Error
			if !errors.As(err, &e) || e.Code != kinpict.PromoRefused || (e.Members["checkout"] == o.ID) != open {
				r.Errorf("%s is answered %v", promo, err)
			}
		}
	})
}
