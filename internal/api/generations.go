package api

import (
	"net/http"
	"time"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/generation"
)

func (c *call) request() (kinpict.Request, error) {
	in, err := decode[client.Request](c)
	req := kinpict.Request{Quality: in.Quality, Scenario: in.Scenario, Instruction: in.Instruction, Aspect: in.Aspect, CatalogVersion: in.CatalogVersion,
		Photos: make([]kinpict.PhotoUse, len(in.Photos))}
	for i, p := range in.Photos {
		req.Photos[i] = kinpict.PhotoUse(p)
	}
	return req, err
}

func (c *call) accepted(a *generation.Accepted, err error) error {
	if err != nil {
		return err
	}
	if a.Replay != nil {
		if a.Replay.Status == http.StatusAccepted && len(a.Replay.Body) == 0 {
			return &kinpict.Error{Code: kinpict.NotFound, Message: "This request was accepted before, and the picture it made was deleted.",
				Hint: "Nothing was charged again. Use a new key for a new picture."}
		}
		return c.outcome(nil, "", a.Replay)
	}
	return c.outcome(a.Generation, a.Generation.ID, nil)
}

func (a *API) createGeneration(c *call) error {
	req, err := c.request()
	if err != nil {
		return err
	}
	if req.Quality == "" {
		return invalid(client.FieldError{Field: "quality", Message: "is required"})
	}
	return c.accepted(a.Studio.Accept(c.ctx(), c.caller, c.intent(), req))
}

func (a *API) createPreview(c *call) error {
	req, err := c.request()
	if err != nil {
		return err
	}
	return c.accepted(a.Studio.Preview(c.ctx(), c.caller, c.intent(), req))
}

func (a *API) retryGeneration(c *call) error {
	in, err := decode[client.Confirm](c)
	if err != nil {
		return err
	}
	return c.accepted(a.Studio.Retry(c.ctx(), c.caller, c.intent(), c.id(), in.CatalogVersion))
}

func (a *API) resume(c *call) error {
	in, err := decode[client.Confirm](c)
	if err != nil {
		return err
	}
	g, first, err := a.Studio.Resume(c.ctx(), c.caller, c.id(), in.CatalogVersion)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", root+"/generations/"+g.ID)
	status := http.StatusOK
	if first {
		status = http.StatusAccepted
	}
	return c.send(status, generationOf(g))
}

func (a *API) cancelGeneration(c *call) error {
	g, err := a.Studio.Cancel(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, generationOf(g))
}

func (a *API) generation(c *call) error {
	g, err := a.Studio.Generation(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	out, err := a.withPlace(c, g)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, out)
}

// notify is on by PUT and off by DELETE. A program has no language but its account's.
func (a *API) notify(c *call) error {
	if err := a.Studio.Notify(c.ctx(), c.caller, c.id(), c.op.method == http.MethodPut, ""); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// withPlace adds what is known of the time a generation still takes, and its
// place in the queue if it waits.
func (a *API) withPlace(c *call, g *kinpict.Generation) (client.Generation, error) {
	out := generationOf(g)
	if g.Status.Done() {
		return out, nil
	}
	e, err := a.Studio.Estimate(c.ctx(), g)
	if err != nil {
		return out, err
	}
	if g.Status == kinpict.Queued {
		place := e.Ahead + 1
		out.Progress.Ahead, out.QueuePosition = &e.Ahead, &place
	}
	if e.From > 0 {
		out.Estimate = &client.Estimate{SecondsLow: seconds(e.Low), SecondsHigh: seconds(e.High), Runs: e.From, Late: e.Late}
	}
	return out, nil
}

// seconds is a time in whole seconds, rounded up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func (a *API) generations(c *call) error {
	cursor, limit, err := page(c.r)
	if err != nil {
		return err
	}
	only, err := choice(c.r.URL.Query().Get("favourite"), "favourite", "0", "1")
	if err != nil {
		return err
	}
	find := a.Studio.Generations
	if only == "1" {
		find = a.Studio.Favourites
	}
	list, next, err := find(c.ctx(), c.caller, cursor, limit)
	if err != nil {
		return err
	}
	out := client.Generations{Items: make([]client.Generation, len(list)), NextCursor: next}
	for i, g := range list {
		out.Items[i] = generationOf(g)
	}
	return c.send(http.StatusOK, out)
}
