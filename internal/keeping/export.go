package keeping

import (
	"archive/zip"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"kinpict"
	"kinpict/internal/store"
)

// exportFormat names the archive's form.
const exportFormat = "kinpict-export/1"

// An Export is everything kept of a person, about to be written.
type Export struct {
	Name    string // of the file
	k       *Keeper
	account *kinpict.Account
	at      time.Time
	limit   int64 // number of the last line of the statement that is in it
}

// A Manifest is the last file of an archive: what is in the others.
type Manifest struct {
	Format  string           `json:"format"`
	MadeAt  time.Time        `json:"made_at"`
	Version string           `json:"kinpict_version"`
	Counts  map[string]int64 `json:"counts"`
	Files   []File           `json:"files"`
	// Missing are files that went while the archive was being written.
	Missing []string `json:"missing"`
}

// A File is one of an archive.
type File struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Export begins the archive of everything kept of the caller. RateLimited after
// ExportsADay in 24 hours.
func (k *Keeper) Export(ctx context.Context, c kinpict.Caller) (*Export, error) {
	if err := signedIn(c); err != nil {
		return nil, err
	}
	if !k.Relaxed {
		var ok bool
		err := k.DB.Update(ctx, func(tx *store.Tx) (err error) {
			ok, err = tx.Allow(store.LimitExports.Of(c.AccountID), ExportsADay, 24*time.Hour)
			return err
		})
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, &kinpict.Error{Code: kinpict.RateLimited, Message: fmt.Sprintf("You have downloaded everything %d times today.", ExportsADay),
				Hint: "Come back tomorrow.", Members: map[string]any{"retry_after": 3600}}
		}
	}
	return k.export(ctx, c.AccountID)
}

// ExportFor is Export of somebody's account at their request, for operators.
func (k *Keeper) ExportFor(ctx context.Context, staff kinpict.Caller, accountID string) (*Export, error) {
	if staff.Role != kinpict.Operator {
		return nil, &kinpict.Error{Code: kinpict.Forbidden, Message: "Only operators export the accounts of others."}
	}
	if err := k.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Account(accountID); err != nil {
			return err
		}
		return tx.NoteStaff(store.StaffAct{ID: k.IDs.New("act_"), Actor: cmp.Or(staff.AccountID, "command"), Kind: DeedExported, Subject: accountID})
	}); err != nil {
		return nil, err
	}
	return k.export(ctx, accountID)
}

func (k *Keeper) export(ctx context.Context, accountID string) (*Export, error) {
	e := &Export{k: k, at: k.Now()}
	err := k.DB.View(ctx, func(tx *store.Tx) (err error) {
		if e.account, err = tx.Account(accountID); err != nil {
			return err
		}
		e.limit, err = tx.LastSeq(accountID)
		return err
	})
	if err != nil {
		return nil, err
	}
	e.Name = "kinpict-" + e.at.UTC().Format(time.DateOnly) + ".zip"
	return e, nil
}

// archive is a zip under way. It holds one page of rows, or the photos a quota
// allows, and one buffer of a file at a time; only the names of what it wrote and
// is to write grow.
type archive struct {
	*Export
	zip      *zip.Writer
	manifest *Manifest
}

// Write writes the archive to w and returns what it wrote. Rows are read page
// by page and no transaction is held, so a slow reader holds up nobody. After an
// error what was written is no archive.
func (e *Export) Write(ctx context.Context, w io.Writer) (*Manifest, error) {
	a := &archive{Export: e, zip: zip.NewWriter(w),
		manifest: &Manifest{Format: exportFormat, MadeAt: e.at.UTC(), Version: e.k.Version, Counts: map[string]int64{}, Files: []File{}, Missing: []string{}}}
	for _, part := range []func(context.Context) error{a.readme, a.person, a.photos, a.pictures, a.unsent, a.links, a.purchases, a.statement, a.credits, a.reviews, a.mails, a.close} {
		if err := errors.Join(ctx.Err(), part(ctx)); err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
	}
	return a.manifest, nil
}

// entry is one file of the archive, hashed and counted as it is written.
type entry struct {
	a    *archive
	path string
	w    io.Writer
	sum  hash.Hash
	n    int64
}

func (f *entry) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	f.sum.Write(b[:n])
	f.n += int64(n)
	return n, err
}

// create begins a file. Pictures are packed as they are: they do not get smaller.
func (a *archive) create(path string, pack uint16) (*entry, error) {
	w, err := a.zip.CreateHeader(&zip.FileHeader{Name: path, Method: pack, Modified: a.at.UTC()})
	return &entry{a: a, path: path, w: w, sum: sha256.New()}, err
}

func (f *entry) end() {
	f.a.manifest.Files = append(f.a.manifest.Files, File{f.path, f.n, hex.EncodeToString(f.sum.Sum(nil))})
}

// whole writes a file of one JSON value.
func (a *archive) whole(path string, v any) error {
	f, err := a.create(path, zip.Deflate)
	if err != nil {
		return err
	}
	d := json.NewEncoder(f)
	d.SetIndent("", "  ")
	d.SetEscapeHTML(false)
	if err := d.Encode(v); err != nil {
		return err
	}
	f.end()
	return nil
}

// bytes writes a file as it is given.
func (a *archive) bytes(path string, b []byte) error {
	f, err := a.create(path, zip.Deflate)
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return err
	}
	f.end()
	return nil
}

// list writes a file of many JSON values, which rows hands over one by one, and
// counts them.
func (a *archive) list(path, count string, rows func(put func(v any) error) error) error {
	return a.listed(path, "[", "]", count, rows)
}

// listIn is list with the values under their name in an object, behind what head
// says, which is never nothing.
func (a *archive) listIn(path string, head map[string]any, name string, rows func(put func(v any) error) error) error {
	b, err := json.Marshal(head)
	if err != nil {
		return err
	}
	return a.listed(path, strings.TrimSuffix(string(b), "}")+`,"`+name+`":[`, "]}", name, rows)
}

func (a *archive) listed(path, before, after, count string, rows func(put func(v any) error) error) error {
	f, err := a.create(path, zip.Deflate)
	if err != nil {
		return err
	}
	n := int64(0)
	put := func(v any) error {
		b, err := json.MarshalIndent(v, " ", " ")
		if err != nil {
			return err
		}
		sep := ",\n "
		if n == 0 {
			sep = "\n "
		}
		n++
		_, err = io.WriteString(f, sep+string(b))
		return err
	}
	if _, err := io.WriteString(f, before); err != nil {
		return err
	}
	if err := rows(put); err != nil {
		return err
	}
	if _, err := io.WriteString(f, "\n"+after+"\n"); err != nil {
		return err
	}
	a.manifest.Counts[count] = n
	f.end()
	return nil
}

func all[T any](list []T, f func(T) error) error {
	for _, v := range list {
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}

// pages reads rows page by page, size at a time, each in a moment of its own, and
// hands them over one by one. next is told the last row of the page before, the
// zero one for the first.
func pages[T any](ctx context.Context, a *archive, size int, next func(tx *store.Tx, last T) ([]T, error), each func(T) error) error {
	var last T
	for {
		var page []T
		if err := a.k.DB.Read(ctx, func(tx *store.Tx) (err error) {
			page, err = next(tx, last)
			return err
		}); err != nil {
			return err
		}
		if err := all(page, each); err != nil || len(page) < size {
			return err
		}
		last = page[size-1]
	}
}

// blob copies a file of the bucket, and notes one that went meanwhile.
func (a *archive) blob(ctx context.Context, key, path, count string) error {
	r, err := a.k.Blobs.Open(ctx, key)
	if kinpict.CodeOf(err) == kinpict.NotFound {
		a.manifest.Missing = append(a.manifest.Missing, path)
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := a.create(path, zip.Store)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f.end()
	a.manifest.Counts[count]++
	return ctx.Err()
}

// close writes the manifest, where it does not stand itself, and ends the archive.
func (a *archive) close(context.Context) error {
	if err := a.whole("manifest.json", a.manifest); err != nil {
		return err
	}
	return a.zip.Close()
}

// caller is whose archive it is, for the use cases that ask.
func (a *archive) caller() kinpict.Caller {
	return kinpict.Caller{AccountID: a.account.ID, Email: a.account.Email, Role: a.account.Role}
}
