package cli

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/alecthomas/kong"

	"kinpict"
	"kinpict/internal/app"
	"kinpict/internal/people"
)

// Where the site is not for this machine alone, /outbox is not there, and whoever
// runs it reads a sign-in link beside the server.
func TestKeptMailIsReadByCommand(t *testing.T) {
	data := "--data=" + t.TempDir()
	run(t, 0, "account", "create", "boss@example.org", "--role", "operator", data)
	var c commands
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"serve", "--listen=0.0.0.0:8080", data}); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), &c.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	err = a.People.RequestLink(t.Context(), kinpict.Caller{Network: "home"}, people.Asking{Email: "boss@example.org", Browser: "browser"})
	if err == nil {
		_, err = a.Post.Round(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	says(t, run(t, 0, "mail", "list", data), "To: boss@example.org", "State: kept", "http://localhost:8080/sign-in/confirm?token=")
}

// A said is what a command has said so far; whoever waits for words is told.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
	word string
	then func()
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.text.Write(p)
	if s.then != nil && strings.Contains(s.text.String(), s.word) {
		s.then()
		s.then = nil
	}
	return n, err
}

func TestServeSaysWhereMailIs(t *testing.T) {
	const outbox, list, warning = "/outbox", "Read it with: kinpict mail list", "hint: Set KINPICT_PUBLIC_URL"
	for _, c := range []struct {
		name   string
		args   []string
		want   []string
		absent []string
	}{
		{"on this machine", []string{"--listen=localhost:0"}, []string{outbox}, []string{list, warning}},
		{"for everybody, by the way", []string{"--listen=127.0.0.1:0", "--public-url=https://photos.example.org"}, []string{list}, []string{outbox, warning}},
		{"for everybody, without an address", []string{"--listen=0.0.0.0:0"}, []string{list, warning, "lead to http://localhost:8080"}, []string{outbox}},
		{"in a container with an address", []string{"--listen=0.0.0.0:0", "--public-url=http://localhost:8080"}, []string{list}, []string{outbox, warning}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			out := &said{word: "Mail, such as", then: stop}
			if got := Main(ctx, append([]string{"serve", "--data=" + t.TempDir()}, c.args...), strings.NewReader(""), out, out); got != 0 {
				t.Fatalf("exit status %d\n%s", got, &out.text)
			}
			says(t, out.text.String(), c.want...)
			for _, w := range c.absent {
				if strings.Contains(out.text.String(), w) {
					t.Errorf("it says %q:\n%s", w, &out.text)
				}
			}
		})
	}
}
