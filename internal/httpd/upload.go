package httpd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"unicode/utf8"

	"kinpict"
)

// FormLimits bound a multipart form.
type FormLimits struct {
	Files     int   // how many
	FileBytes int64 // each
	Fields    int   // how many
	// Total bounds the whole body in bytes; 0 means what the files and fields
	// may add up to.
	Total int64
	// Arrival counts the files' bytes until it ends; nil counts none.
	Arrival *Arrival
	// Skip leaves out a file that is too large or one too many, and reads on, so
	// that what else was entered is not lost with it.
	Skip bool
}

const (
	maxField      = 16 << 10 // bytes of one field
	maxPartHeader = 8 << 10  // bytes of one part's headers
	partOverhead  = 16 << 10
)

// A Form is a multipart form that was read whole. Close it.
type Form struct {
	Values  url.Values
	Files   []*File
	Skipped []error // why files were left out, each a *kinpict.Error
}

// A File is one file of a form. It lies on the disk without a name, so that it
// is gone with the process, however that ends.
type File struct {
	Field string
	Name  string // what the sender calls it: to be shown at most, never a path
	Size  int64
	file  *os.File
}

// Bytes is the whole file.
func (f *File) Bytes() ([]byte, error) {
	b := make([]byte, f.Size)
	if _, err := f.file.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read upload: %w", err)
	}
	return b, nil
}

// Close frees the files.
func (f *Form) Close() {
	for _, x := range f.Files {
		x.file.Close()
	}
}

// ReadForm reads the multipart form of r. Errors: UnsupportedMediaType for
// another type of body, RequestMalformed, FileTooLarge, RequestTooLarge.
func ReadForm(w http.ResponseWriter, r *http.Request, lim FormLimits) (form *Form, err error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		return nil, &kinpict.Error{Code: kinpict.UnsupportedMediaType, Message: "Photos are sent as multipart/form-data.",
			Hint: "Send each photo as one part with a file name."}
	}
	if params["boundary"] == "" {
		return nil, badForm("has no boundary", nil)
	}
	if lim.Total == 0 {
		lim.Total = int64(lim.Files)*(lim.FileBytes+partOverhead) + int64(lim.Fields)*(maxField+partOverhead) + partOverhead
	}
	if err := AllowBody(w, r, lim.Total); err != nil {
		return nil, err
	}
	form = &Form{Values: url.Values{}}
	defer func() {
		if err != nil {
			form.Close()
			form = nil
		}
	}()
	fields, over := 0, false
	for parts := multipart.NewReader(whole(r.Body), params["boundary"]); ; {
		part, err := parts.NextRawPart()
		if err == io.EOF { // only after the last boundary
			return form, nil
		}
		if err != nil {
			return form, formFault(err)
		}
		n := 0
		for k, vs := range part.Header {
			for _, v := range vs {
				n += len(k) + len(v)
			}
		}
		if n > maxPartHeader {
			return form, badForm("has a part whose headers are too long", nil)
		}
		if part.FormName() == "" {
			return form, badForm("has a part without a name", nil)
		}
		if part.FileName() == "" {
			if fields++; fields > lim.Fields {
				return form, &kinpict.Error{Code: RequestTooLarge, Message: fmt.Sprintf("The form has more than %d fields.", lim.Fields)}
			}
			b, err := io.ReadAll(io.LimitReader(part, maxField+1))
			if err != nil {
				return form, formFault(err)
			}
			if len(b) > maxField {
				return form, TooLarge(maxField)
			}
			if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
				return form, badForm("has a field that is no text", nil)
			}
			form.Values.Add(part.FormName(), string(b))
			continue
		}
		if len(form.Files) == lim.Files {
			err := &kinpict.Error{Code: RequestTooLarge, Message: fmt.Sprintf("There are more than %d files in one request.", lim.Files),
				Hint: "Send the others in another request."}
			if !lim.Skip {
				return form, err
			}
			if !over {
				form.Skipped, over = append(form.Skipped, err), true
			}
			continue
		}
		f, err := store(part, lim.FileBytes, lim.Arrival)
		if lim.Skip && kinpict.CodeOf(err) == kinpict.FileTooLarge {
			form.Skipped = append(form.Skipped, err)
			continue
		}
		if err != nil {
			return form, err
		}
		form.Files = append(form.Files, f)
	}
}

// whole is a body whose end is an error: package multipart takes one that ends
// inside a part's headers for a form that is complete. The line break is for
// senders that leave it out after the last boundary.
func whole(body io.Reader) io.Reader {
	return io.MultiReader(body, strings.NewReader("\r\n"), cutOff{})
}

// cutOff is what follows a body that should have been over.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func store(part *multipart.Part, limit int64, under *Arrival) (*File, error) {
	tmp, err := os.CreateTemp("", "kinpict-upload-*")
	if err != nil {
		return nil, fmt.Errorf("keep upload: %w", err)
	}
	f := &File{Field: part.FormName(), Name: part.FileName(), file: tmp}
	if err := os.Remove(tmp.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("keep upload: %w", err), tmp.Close())
	}
	src := &source{r: io.LimitReader(part, limit+1), under: under}
	f.Size, err = io.Copy(tmp, src)
	switch {
	case err == nil && f.Size > limit:
		err = &kinpict.Error{Code: kinpict.FileTooLarge, Message: fmt.Sprintf("A file is larger than %s.", size(limit)),
			Hint: "Save the photo smaller or with stronger compression, then add it again.", Members: map[string]any{"max_bytes": limit}}
	case err != nil && src.err != nil:
		err = formFault(src.err)
	case err != nil: // the disk's fault, which may pass
		err = &kinpict.Error{Code: kinpict.Unavailable, Message: "Photos cannot be taken in at the moment.", Hint: "Try again in a minute.", Err: err}
	}
	if err != nil {
		tmp.Close()
		return nil, err
	}
	return f, nil
}

// source remembers the error of reading, to tell it from one of writing.
type source struct {
	r     io.Reader
	under *Arrival
	err   error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if full := s.under.grow(int64(n)); full != nil {
		err = full
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// formFault is the error for a body that could not be read to its end: what the
// body itself says, or that the form is broken.
func formFault(err error) error {
	var known *kinpict.Error
	var large *http.MaxBytesError
	if errors.As(err, &known) || errors.As(err, &large) {
		return err
	}
	return badForm("broke off or is not framed by its boundary", err)
}

// MaxFields is how many fields a form without files may have.
const MaxFields = 1000

// Fields lets h answer once the form in the body, if there is one without files,
// was read. Errors: RequestTooLarge for more than MaxFields, RequestMalformed.
func Fields(h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" || r.Body == nil {
			return h(w, r)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return formFault(err)
		}
		if bytes.Count(body, []byte("&")) >= MaxFields {
			return &kinpict.Error{Code: RequestTooLarge, Message: fmt.Sprintf("The form has more than %d fields.", MaxFields)}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err := r.ParseForm(); err != nil {
			return &kinpict.Error{Code: RequestMalformed, Message: "The form could not be read.", Hint: "Go back and send it again.", Err: err}
		}
		return h(w, r)
	}
}

func badForm(what string, err error) error {
	return &kinpict.Error{Code: RequestMalformed, Message: "The form " + what + ".", Hint: "Send it again as multipart/form-data.", Err: err}
}
