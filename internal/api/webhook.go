package api

import (
	"errors"
	"io"
	"net/http"

	"kinpict"
	"kinpict/internal/httpd"
)

// webhook hands the bytes to the shop as they came, since they are what is
// signed. Providers take any status below 300 for received.
func (a *API) webhook(c *call) error {
	if err := httpd.AllowBody(c.w, c.r, maxWebhook); err != nil {
		return err
	}
	body, err := io.ReadAll(c.r.Body)
	if err != nil {
		return err
	}
	err = a.Shop.Webhook(c.ctx(), c.r.PathValue("provider"), c.r.Header, body)
	var e *kinpict.Error
	if errors.As(err, &e) && e.Code == kinpict.Invalid {
		// Towards a provider a bad signature is a bad request, whatever is in it.
		return &kinpict.Error{Code: httpd.RequestMalformed, Message: e.Message, Hint: e.Hint, Err: err}
	}
	if err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
