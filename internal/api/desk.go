package api

import (
	"fmt"
	"net/http"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/receipt"
	"kinpict/internal/support"
)

// deskCalls are reviews, receipts and the history of prices.
var deskCalls = []*operation{
	{
		method: "GET", path: root + "/catalog/history", name: "catalogHistory", summary: "Every price book that was in force, and those announced",
		answers: []answer{{status: 200, says: "Newest first.", body: client.CatalogHistory{}}},
		serve:   (*API).catalogHistory,
	}, {
		method: "GET", path: root + "/checkouts/{id}/receipt", name: "checkoutReceipt", summary: "The signed receipt of a purchase",
		who:     account,
		answers: []answer{{status: 200, says: "A file to keep as it is; kinpict verify-receipt checks it.", body: client.Receipt{}}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).checkoutReceipt,
	}, {
		method: "GET", path: root + "/generations/{id}/receipt", name: "generationReceipt", summary: "The signed receipt of what a picture took",
		who:     account,
		answers: []answer{{status: 200, says: "A file to keep as it is; kinpict verify-receipt checks it.", body: client.Receipt{}}},
		fails:   []kinpict.Code{kinpict.NotFound},
		serve:   (*API).generationReceipt,
	}, {
		method: "POST", path: root + "/reviews", name: "fileReview", summary: "Say that the balance does not look right",
		who: account, mayKey: true, body: client.Report{},
		answers: []answer{{status: 201, says: "The books as they stand are frozen beside it.", body: client.Review{}, replays: true}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.RateLimited},
		serve:   (*API).fileReview,
	}, {
		method: "GET", path: root + "/reviews", name: "reviews", summary: "One's reviews",
		who: account, query: paging,
		answers: []answer{{status: 200, says: "A page of them, newest first.", body: client.Reviews{}}},
		serve:   (*API).reviews,
	}, {
		method: "GET", path: root + "/reviews/{id}", name: "review", summary: "One review and its answer",
		who:     account,
		answers: []answer{{status: 200, says: "The review.", body: client.Review{}}},
		fails:   []kinpict.Code{kinpict.NotFound},
		serve:   (*API).review,
	}, {
		method: "GET", path: root + "/staff/reviews", name: "staffReviews", summary: "Everybody's reviews, for support and operators",
		who: staff, query: append([]parameter{{name: "status", says: "Only those.", enum: []string{"open", "answered", "closed"}}}, paging...),
		answers: []answer{{status: 200, says: "A page of them, newest first.", body: client.StaffReviews{}}},
		fails:   []kinpict.Code{kinpict.Forbidden},
		serve:   (*API).staffReviews,
	}, {
		method: "GET", path: root + "/staff/reviews/{id}", name: "staffReview", summary: "One review with its evidence, for support and operators",
		who:     staff,
		answers: []answer{{status: 200, says: "The review.", body: client.StaffReview{}}},
		fails:   []kinpict.Code{kinpict.Forbidden, kinpict.NotFound},
		serve:   (*API).staffReview,
	}, {
		method: "POST", path: root + "/staff/reviews/{id}/answer", name: "answerReview", summary: "Answer a review once, with credits if they are due",
		who: staff, body: client.ReviewReply{},
		answers: []answer{{status: 200, says: "Answer, credits and mail are one commit.", body: client.StaffReview{}}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).answerReview,
	}, {
		method: "POST", path: root + "/staff/reviews/{id}/close", name: "closeReview", summary: "Close a review, with a reason",
		who: staff, body: client.Ending{},
		answers: []answer{{status: 200, says: "The closed review.", body: client.StaffReview{}}},
		fails:   []kinpict.Code{kinpict.NotFound, kinpict.Conflict},
		serve:   (*API).closeReview,
	},
}

func (a *API) checkoutReceipt(c *call) error {
	r, err := a.Support.PurchaseReceipt(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	return c.receipt(r)
}

func (a *API) generationReceipt(c *call) error {
	r, err := a.Support.GenerationReceipt(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	return c.receipt(r)
}

// receipt sends the file as it was signed.
func (c *call) receipt(r *support.Receipt) error {
	c.w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="kinpict-receipt-%s.json"`, r.ID))
	return c.raw(http.StatusOK, r.File)
}

// receiptKeys publishes what receipts are checked with.
func (a *API) receiptKeys(w http.ResponseWriter, r *http.Request) error {
	doc, err := a.Support.Published(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err = w.Write(doc)
	return err
}

const receiptKeysRoute = "GET " + receipt.WellKnown

func (a *API) fileReview(c *call) error {
	in, err := decode[client.Report](c)
	if err != nil {
		return err
	}
	f, err := a.Support.File(c.ctx(), c.caller, c.intent(), support.Report{Message: in.Message, Generation: in.Generation, Purchase: in.Checkout, Page: in.Page})
	if err != nil {
		return err
	}
	return c.outcome(f.Review, f.Review.ID, f.Replay)
}

func (a *API) reviews(c *call) error {
	cursor, limit, err := page(c.r)
	if err != nil {
		return err
	}
	list, err := a.Support.Reviews(c.ctx(), c.caller, cursor, limit+1)
	if err != nil {
		return err
	}
	out := client.Reviews{Items: []client.Review{}}
	if len(list) > limit {
		list = list[:limit]
		out.NextCursor = list[limit-1].ID
	}
	for _, r := range list {
		out.Items = append(out.Items, reviewOf(r))
	}
	return c.send(http.StatusOK, out)
}

func (a *API) review(c *call) error {
	r, err := a.Support.Review(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, reviewOf(r))
}

func (a *API) staffReviews(c *call) error {
	cursor, limit, err := page(c.r)
	if err != nil {
		return err
	}
	status, err := choice(c.r.URL.Query().Get("status"), "status", kinpict.ReviewOpen, kinpict.ReviewAnswered, kinpict.ReviewClosed)
	if err != nil {
		return err
	}
	list, err := a.Support.Queue(c.ctx(), c.caller, status, cursor, limit+1)
	if err != nil {
		return err
	}
	out := client.StaffReviews{Items: []client.StaffReview{}}
	if len(list) > limit {
		list = list[:limit]
		out.NextCursor = list[limit-1].ID
	}
	for _, r := range list {
		out.Items = append(out.Items, staffReviewOf(r))
	}
	return c.send(http.StatusOK, out)
}

func (a *API) staffReview(c *call) error {
	r, err := a.Support.Open(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, staffReviewOf(r))
}

func (a *API) answerReview(c *call) error {
	in, err := decode[client.ReviewReply](c)
	if err != nil {
		return err
	}
	r, err := a.Support.Answer(c.ctx(), c.caller, c.id(), support.Answer{Text: in.Text, Credits: in.Credits, Reason: in.Reason, Approver: in.Approver, Back: in.Back})
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, staffReviewOf(r))
}

func (a *API) closeReview(c *call) error {
	in, err := decode[client.Ending](c)
	if err != nil {
		return err
	}
	r, err := a.Support.Close(c.ctx(), c.caller, c.id(), in.Reason)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, staffReviewOf(r))
}

func reviewOf(r *kinpict.Review) client.Review {
	out := client.Review{ID: r.ID, Status: r.Status, Message: r.Message, Generation: r.Generation, Checkout: r.Purchase, Page: r.Page,
		EvidenceSHA256: r.SHA256, CreatedAt: r.CreatedAt}
	for _, a := range r.Acts {
		switch a.Kind {
		case kinpict.ActAnswer:
			out.Answer = &client.ReviewAnswer{Text: a.Text, Credits: a.Credits, Reason: a.Reason, At: a.At}
		case kinpict.ActClose:
			out.Closed = &client.ReviewEnd{Text: a.Text, At: a.At}
		}
	}
	return out
}

func staffReviewOf(r *kinpict.Review) client.StaffReview {
	out := client.StaffReview{Review: reviewOf(r), Account: r.AccountID, Evidence: string(r.Evidence), Acts: []client.ReviewAct{}}
	for _, a := range r.Acts {
		x := client.ReviewAct{Kind: a.Kind, Actor: a.Actor, Text: a.Text, Credits: a.Credits, Reason: a.Reason, At: a.At}
		if a.Seq > 0 {
			x.Transaction = fmt.Sprintf("%s-%d", r.AccountID, a.Seq)
		}
		out.Acts = append(out.Acts, x)
	}
	return out
}

func (a *API) catalogHistory(c *call) error {
	periods, err := a.Shop.PriceHistory(c.ctx())
	if err != nil {
		return err
	}
	out := client.CatalogHistory{Items: []client.CatalogPeriod{}}
	for _, p := range periods {
		out.Items = append(out.Items, client.CatalogPeriod{Catalog: catalogOf(p.Catalog), Until: maybe(p.Until), Scheduled: p.Scheduled, Changes: p.Changes})
	}
	return c.send(http.StatusOK, out)
}
