package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The limit our pages are measured against: a handler that executes a template
// of the same kind, compresses it with a writer it keeps, and does nothing else.
// It asks no database, has one language and knows nobody.

// plainPage is like ours: a head, a list with conditions in it, attributes and
// addresses that are escaped each in their own way.
var plainPage = template.Must(template.New("plain").Funcs(template.FuncMap{"text": func(s string) string { return s }}).Parse(`<!doctype html>
<html lang="en"{{with .Theme}} data-theme="{{.}}"{{end}}>
<head><meta charset="utf-8"><title>{{.Title}}</title><link rel="stylesheet" href="/a/{{.Hash}}/app.css"></head>
<body><a class="skip" href="#main">{{text "Skip to content"}}</a>
<header class="top"><nav aria-label="{{text "Main"}}">{{range .Links}}<a href="{{.Path}}"{{if eq .Path $.Path}} aria-current="page"{{end}}>{{.Name}}</a>{{end}}</nav></header>
<main id="main"><h1>{{.Title}}</h1><ul class="rows">
{{range .Rows}}<li class="row{{if .Special}} special{{end}}" id="row-{{.N}}"><a class="idea" href="/things/{{.ID}}?n={{.N}}"><span class="thumb"><img src="/a/{{$.Hash}}/img/{{.ID}}.webp" width="360" height="450" alt="{{text .Words}}" loading="lazy"></span><span class="meta"><strong>{{.Name}}</strong>{{if .Special}}<span class="pill">{{text "Special"}}</span>{{end}}{{with .Words}}<span class="sub">{{.}}</span>{{end}}</span></a></li>
{{end}}</ul></main><footer class="foot"><p>{{text "All of it is made up."}}</p></footer></body></html>
`))

// plainMost is how many rows a page can have.
const plainMost = 5000

type plainLink struct{ Path, Name string }

type plainRow struct {
	N               int
	ID, Name, Words string
	Special         bool
}

type plainView struct {
	Title, Theme, Hash, Path string
	Links                    []plainLink
	Rows                     []plainRow
}

// plainWords are said in another order in every row, so that a page of them
// compresses about as well as a page does.
var plainWords = strings.Fields(`family picture everyone together bright calm autumn leaves evening beach grandma grandpa kids dog garden summer lake winter
	holiday wall print frame paper letter album light window table kitchen river mountain train station bicycle birthday candle music dance story morning`)

func plainRows(n int) []plainRow {
	rows := make([]plainRow, n)
	state := uint32(1)
	word := func() string {
		state = state*1664525 + 1013904223
		return plainWords[int(state>>16)%len(plainWords)]
	}
	for i := range rows {
		rows[i] = plainRow{N: i, ID: fmt.Sprintf("%08x", state*2654435761), Name: word() + " " + word(), Special: i%3 == 0}
		for range 9 {
			rows[i].Words += word() + " "
		}
	}
	return rows
}

// servePlain answers GET /{rows} with a page of so many rows until standard
// input ends. It prints its address.
func servePlain(addr string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	writers := sync.Pool{New: func() any {
		z, err := gzip.NewWriterLevel(io.Discard, 5)
		if err != nil {
			panic(err)
		}
		return z
	}}
	all := plainRows(plainMost)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{rows}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.PathValue("rows"))
		if err != nil || n < 0 || n > len(all) {
			http.NotFound(w, r)
			return
		}
		var page, body bytes.Buffer
		if err := plainPage.Execute(&page, plainView{Title: "A page", Hash: "0123456789ab", Path: "/scenarios",
			Links: []plainLink{{"/scenarios", "Scenarios"}, {"/pricing", "Pricing"}, {"/generations", "My pictures"}}, Rows: all[:n]}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		z := writers.Get().(*gzip.Writer)
		defer writers.Put(z)
		z.Reset(&body)
		_, _ = z.Write(page.Bytes()) // a buffer takes everything
		_ = z.Close()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
		_, _ = w.Write(body.Bytes())
	})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println("http://" + ln.Addr().String())
	return http.Serve(ln, mux)
}

// startPlain starts servePlain in a process of its own, as the product has one.
func startPlain(b *testing.B) *reading {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self, "-e2e.plain=127.0.0.1:0")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return &reading{name: "bare", url: strings.TrimSpace(line), pid: cmd.Process.Pid}
}
