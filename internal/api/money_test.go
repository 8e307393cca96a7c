package api_test

import (
	"testing"

	"kinpict"
	"kinpict/client"
)

func TestStaffSendMoneyBackOnceAKey(t *testing.T) {
	each(t, func(r *rig) {
		ctx, ann, sue := r.Context(), r.person("ann"), r.staff("sue")
		order := r.credits(ann)
		ask := client.RefundOrder{Amount: 300, Reason: "she asked"}
		for name, f := range map[string]func() error{
			"lists": func() error { _, err := ann.StaffCheckouts(ctx, "", "", 0); return err },
			"reads": func() error { _, err := ann.StaffCheckout(ctx, order.ID); return err },
			"pays":  func() error { _, err := ann.RefundCheckout(ctx, r.key(), order.ID, ask); return err },
		} {
			r.refused("a customer "+name, f(), kinpict.Forbidden)
		}
		_, err := sue.RefundCheckout(ctx, "", order.ID, ask)
		r.refused("without a key", err, kinpict.KeyRequired)
		_, err = sue.RefundCheckout(ctx, r.key(), "pur_none", ask)
		r.refused("no purchase", err, kinpict.NotFound)
		_, err = sue.RefundCheckout(ctx, r.key(), order.ID, client.RefundOrder{Amount: 300})
		r.refused("no reason", err, kinpict.Invalid)
		key := r.key()
		for range 3 {
			got, err := sue.RefundCheckout(ctx, key, order.ID, ask)
			if err != nil || got.Checkout.Refunded != 300 || len(got.Refunds) != 1 || got.Refunds[0].Status != "done" || got.Remaining != 60 {
				r.Errorf("refunded: %+v, %v", got, err)
			}
		}
		_, err = sue.RefundCheckout(ctx, key, order.ID, client.RefundOrder{Amount: 301, Reason: "she asked"})
		r.refused("another amount under the key", err, kinpict.Conflict)
		_, err = sue.RefundCheckout(ctx, r.key(), order.ID, ask)
		r.refused("the same amount under another key", err, kinpict.Conflict)
		list, err := sue.StaffCheckouts(ctx, "partially_refunded", "", 1)
		if err != nil || len(list.Items) != 1 || list.Items[0].Checkout.ID != order.ID || list.Items[0].Payment == "" {
			r.Errorf("the list: %+v, %v", list, err)
		}
		if list, err = sue.StaffCheckouts(ctx, "attention", "", 0); err != nil || len(list.Items) != 0 {
			r.Errorf("for attention: %+v, %v", list, err)
		}
		r.available(ann, 60)
	})
}
