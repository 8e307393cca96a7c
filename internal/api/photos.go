package api

import (
	"net/http"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/httpd"
)

// addPhoto takes one file. Its bytes wait on the disk for their turn in memory.
func (a *API) addPhoto(c *call) error {
	arrival, err := a.arrivals.Begin(c.caller.Counted())
	if err != nil {
		return err
	}
	defer arrival.End()
	form, err := httpd.ReadForm(c.w, c.r, httpd.FormLimits{Files: 1, FileBytes: a.Limits.Upload.MaxBytes, Arrival: arrival})
	if err != nil {
		return err
	}
	defer form.Close()
	if len(form.Files) == 0 || form.Files[0].Field != "file" {
		return invalid(client.FieldError{Field: "file", Message: "is required: one part of that name, with a file name"})
	}
	release, err := a.uploads.Take(c.caller.Counted())
	if err != nil {
		return err
	}
	defer release()
	turn, err := take(c.ctx(), a.reads)
	if err != nil {
		return err
	}
	defer turn()
	data, err := form.Files[0].Bytes()
	if err != nil {
		return err
	}
	if c.key != "" {
		c.body = data // what the key stands for
		p, replay, err := a.Intake.AddOnce(c.ctx(), c.caller, c.intent(), data)
		if err != nil {
			return err
		}
		return c.outcome(p, photoID(p), replay)
	}
	p, err := a.Intake.Add(c.ctx(), c.caller, data)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", root+"/photos/"+p.ID)
	return c.send(http.StatusCreated, photoOf(p))
}

func photoID(p *kinpict.Photo) string {
	if p == nil {
		return ""
	}
	return p.ID
}

func (a *API) photos(c *call) error {
	list, err := a.Intake.Photos(c.ctx(), c.caller)
	if err != nil {
		return err
	}
	out := client.Photos{Items: make([]client.Photo, len(list))}
	for i, p := range list {
		out.Items[i] = photoOf(&p)
	}
	return c.send(http.StatusOK, out)
}

func (a *API) photo(c *call) error {
	p, err := a.Intake.Photo(c.ctx(), c.caller, c.id())
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, photoOf(p))
}

func (a *API) deletePhoto(c *call) error {
	if err := a.Intake.Delete(c.ctx(), c.caller, c.id()); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
