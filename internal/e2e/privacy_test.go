package e2e

import (
	"bytes"
	order "encoding/binary"
	"hash/crc32"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/config"
	"kinpict/internal/photo/heif/heiftest"
	"kinpict/internal/store/storetest"
)

// The canaries stand where cameras, phones and programs write about people.
const (
	canaryOwner  = "Jane-Canary-Parent"
	canarySerial = "SN-canary-0042"
	canaryChild  = "Tommy-Canary-Child"
	canaryFile   = "Tommy-Canary-at-home"
	canaryPlace  = "canary-48.858-2.294"
)

var canaries = []string{canaryOwner, canarySerial, canaryChild, canaryFile, canaryPlace, "canary", "GPSLatitude", "Exif\x00\x00", "8BIM"}

// tiffMarks is a TIFF block with an owner, a camera's serial number and a position.
func tiffMarks() []byte {
	o := order.LittleEndian
	texts := []struct {
		tag  uint16
		text string
	}{{0x013b, canaryOwner}, {0xa431, canarySerial}, {0x010e, canaryChild + " " + canaryPlace}}
	b := o.AppendUint16([]byte("II*\x00\x08\x00\x00\x00"), uint16(len(texts)+1))
	at := uint32(8 + 2 + 12*(len(texts)+1) + 4)
	var tail []byte
	for _, x := range texts {
		b = o.AppendUint32(o.AppendUint32(o.AppendUint16(o.AppendUint16(b, x.tag), 2), uint32(len(x.text)+1)), at+uint32(len(tail)))
		tail = append(append(tail, x.text...), 0)
	}
	b = o.AppendUint32(o.AppendUint32(o.AppendUint16(o.AppendUint16(b, 0x8825), 4), 1), at+uint32(len(tail)))
	tail = append(tail, "\x01\x00\x01\x00\x02\x00\x02\x00\x00\x00N\x00\x00\x00\x00\x00\x00\x00"...)
	return append(o.AppendUint32(b, 0), tail...)
}

const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:creator>` + canaryOwner + `</dc:creator><exif:GPSLatitude>` + canaryPlace +
	`</exif:GPSLatitude><mwg-rs:Name>` + canaryChild + `</mwg-rs:Name></x:xmpmeta>`

// tellTales are photos that say who, where and with what.
func tellTales(t *testing.T) map[string][]byte {
	segment := func(marker byte, body string) string {
		return "\xff" + string([]byte{marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}) + body
	}
	chunk := func(kind, body string) string {
		b := order.BigEndian.AppendUint32(nil, uint32(len(body)))
		b = append(append(b, kind...), body...)
		return string(order.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:])))
	}
	jpeg := string(photo(7))
	png, err := os.ReadFile("../photo/testdata/bad/205-palette-trns.png")
	if err != nil {
		t.Fatal(err)
	}
	webp, err := os.ReadFile("../photo/testdata/bad/304-exif-orientation-6.webp")
	if err != nil {
		t.Fatal(err)
	}
	webp = append(webp, "EXIF"...)
	webp = append(order.LittleEndian.AppendUint32(webp, uint32(len(tiffMarks())&^1)), tiffMarks()[:len(tiffMarks())&^1]...)
	order.LittleEndian.PutUint32(webp[4:], uint32(len(webp)-8))
	return map[string][]byte{
		".jpg": []byte(jpeg[:2] + segment(0xe1, "Exif\x00\x00"+string(tiffMarks())) + segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00"+packet) +
			segment(0xed, "Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x20\x1c\x02\x50\x00\x12"+canaryOwner) + segment(0xfe, canaryChild) + jpeg[2:] + "behind: " + canaryChild),
		".png": []byte(string(png[:33]) + chunk("eXIf", string(tiffMarks())) + chunk("tEXt", "Author\x00"+canaryOwner) +
			chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+packet) + string(png[33:]) + canaryChild),
		".webp": webp,
		".heic": heiftest.File{Exif: tiffMarks(), XMP: []byte(packet), Film: true}.Bytes(),
	}
}

// listener passes calls on to the engine and keeps what was said.
type listener struct {
	mu    sync.Mutex
	heard [][]byte
}

func (l *listener) between(t *testing.T, engine http.Handler) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		var head bytes.Buffer
		_ = r.Header.Write(&head) // a buffer takes everything
		l.mu.Lock()
		l.heard = append(l.heard, append(head.Bytes(), body...))
		l.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		engine.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/v1"
}

// Not one byte of what a photo says about people is kept, sent on or logged,
// whatever format it came in and whatever its file was called.
func TestNothingIsTold(t *testing.T) {
	for _, kind := range storetest.Kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			engine, ear := newPress(t), &listener{}
			var data string
			s := newStack(t, kind, func(c *config.Config) {
				c.OpenAIBaseURL, data = ear.between(t, engine), c.Data
			})
			ann := s.rich("ann")
			req := client.Request{Quality: kinpict.Standard, Scenario: "gallery", Instruction: "Everyone together."}
			for ext, file := range tellTales(t) {
				if !bytes.Contains(file, []byte(canaryOwner)) {
					t.Fatalf("the %s file tells nothing", ext)
				}
				p, err := ann.AddPhoto(s.Context(), canaryFile+ext, file)
				if err != nil {
					t.Fatalf("%s: %v", ext, err)
				}
				// The person is told what was removed.
				if !strings.Contains(removed(p), "location") || !strings.Contains(removed(p), "names") {
					t.Errorf("%s: said to be without %q", ext, removed(p))
				}
				req.Photos = append(req.Photos, client.PhotoUse{ID: p.ID, Role: "parent"})
			}
			g := s.finish(ann, s.make(ann, req).ID)
			if g.Status != kinpict.Succeeded {
				t.Fatalf("the picture is %s: %+v", g.Status, g.Failure)
			}
			ear.mu.Lock()
			defer ear.mu.Unlock()
			sent := 0
			for _, b := range ear.heard {
				sent += bytes.Count(b, []byte("\xff\xd8\xff"))
				silent(t, "a call to the engine", b, append(canaries, "ns.adobe.com"))
			}
			if sent < len(req.Photos) {
				t.Errorf("the engine was sent %d photos, want %d", sent, len(req.Photos))
			}
			silent(t, "the log", []byte(s.log.String()), canaries)
			files, photos := 0, 0
			if err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				silent(t, "a name", []byte(path), canaries)
				b, err := os.ReadFile(path)
				files++
				if bytes.HasPrefix(b, []byte("\xff\xd8\xff")) {
					photos++
				}
				silent(t, strings.TrimPrefix(path, data), b, canaries)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if photos < 2*len(req.Photos) || kind == "sqlite" && files < photos+2 {
				t.Errorf("only %d files and %d pictures were looked at", files, photos)
			}
		})
	}
}

func removed(p *client.Photo) string {
	for _, c := range p.Checks {
		if c.Code == "metadata_removed" {
			return c.Message
		}
	}
	return ""
}

func silent(t *testing.T, where string, b []byte, words []string) {
	t.Helper()
	for _, w := range words {
		if i := bytes.Index(b, []byte(w)); i >= 0 {
			t.Errorf("%s tells %q at %d", where, w, i)
		}
	}
}
