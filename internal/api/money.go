package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/billing"
)

// moneyCalls are purchases and refunds, for staff.
var moneyCalls = []*operation{
	{
		method: "GET", path: root + "/staff/checkouts", name: "staffCheckouts", summary: "Everybody's purchases, for support and operators",
		who: staff, query: append([]parameter{{name: "status", says: "Only those; attention is what staff have to look at.",
			enum: []string{"attention", "open", "processing", "paid", "expired", "failed", "refunded", "partially_refunded", "disputed"}}}, paging...),
		answers: []answer{{status: 200, says: "A page of them, newest first.", body: client.StaffCheckouts{}}},
		fails:   []kinpict.Code{kinpict.Forbidden},
		serve:   (*API).staffCheckouts,
	}, {
		method: "GET", path: root + "/staff/checkouts/{id}", name: "staffCheckout", summary: "One purchase with its refunds and disputes, for support and operators",
		who:     staff,
		answers: []answer{{status: 200, says: "The purchase.", body: client.StaffCheckout{}}},
		fails:   []kinpict.Code{kinpict.Forbidden, kinpict.NotFound},
		serve:   (*API).staffCheckout,
	}, {
		method: "POST", path: root + "/staff/checkouts/{id}/refunds", name: "refundCheckout", summary: "Send money back, for support and operators",
		who: staff, key: true, body: client.RefundOrder{},
		answers: []answer{{status: 200, says: "The purchase after it. The same key again sends nothing more.", body: client.StaffCheckout{}}},
		fails:   []kinpict.Code{kinpict.Forbidden, kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).refundCheckout,
	},
}

func (a *API) staffCheckouts(c *call) error {
	cursor, limit, err := page(c.r)
	if err != nil {
		return err
	}
	status, err := choice(c.r.URL.Query().Get("status"), "status", "attention", "open", "processing", "paid", "expired", "failed", "refunded", "partially_refunded", "disputed")
	if err != nil {
		return err
	}
	list, err := a.Shop.Dossiers(c.ctx(), c.caller, status, "", cursor, limit+1)
	if err != nil {
		return err
	}
	out := client.StaffCheckouts{Items: []client.StaffCheckout{}}
	if len(list) > limit {
		list = list[:limit]
		out.NextCursor = list[limit-1].ID
	}
	for _, d := range list {
		out.Items = append(out.Items, dossierOf(d))
	}
	return c.send(http.StatusOK, out)
}

func (a *API) staffCheckout(c *call) error {
	d, err := a.Shop.Dossier(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, dossierOf(d))
}

func (a *API) refundCheckout(c *call) error {
	in, err := decode[client.RefundOrder](c)
	if err != nil {
		return err
	}
	// One key of one person is one refund for ever.
	sum := sha256.Sum256([]byte(c.caller.AccountID + "\n" + c.key))
	_, err = a.Shop.Refund(c.ctx(), c.caller, billing.Repayment{ID: "rfd_" + hex.EncodeToString(sum[:16]), PurchaseID: c.id(), Amount: in.Amount, Unused: in.Unused,
		Reason: in.Reason, Cause: in.Cause, Approver: in.Approver, Again: in.Again})
	if err != nil {
		return err
	}
	return a.staffCheckout(c)
}

func dossierOf(d *billing.Dossier) client.StaffCheckout {
	out := client.StaffCheckout{Checkout: checkoutOf(&d.Purchase.Purchase), Account: d.AccountID, Provider: d.Provider, Session: d.SessionID, Payment: d.PaymentID,
		Livemode: d.Livemode, Problem: d.Problem, WarnedAt: maybe(d.Warned), Remaining: d.Remaining,
		Disputes: []client.StaffDispute{}, Refunds: []client.StaffRefund{}, Findings: []client.StaffFinding{}}
	for _, x := range d.Disputes {
		out.Disputes = append(out.Disputes, client.StaffDispute{ID: x.ID, Status: x.Status, Reason: x.Reason, Amount: x.Amount, DueBy: maybe(x.DueBy), Refundable: x.Refundable})
	}
	for _, r := range d.Refunds {
		out.Refunds = append(out.Refunds, client.StaffRefund{ID: r.ID, Amount: r.Amount, Status: r.State, Reason: r.Reason, Actor: r.Actor, Approver: r.Approver,
			Problem: r.Problem, CreatedAt: r.CreatedAt})
	}
	for _, f := range d.Findings {
		out.Findings = append(out.Findings, client.StaffFinding{Kind: f.Kind, Message: f.Message, Since: f.FirstSeen})
	}
	return out
}
