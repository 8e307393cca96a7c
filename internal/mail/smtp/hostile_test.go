package smtp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"kinpict/internal/mail/smtp"
)

// hostile is a server that speaks as the test wants: answer returns what it says
// to a command, "" being the greeting and "." the end of a letter.
func hostile(t *testing.T, answer func(command string, w io.Writer)) *office {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(time.Minute)) // so that a broken test ends
		answer("", conn)
		r, letter := bufio.NewReader(conn), false
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			line = strings.TrimSpace(line)
			if letter && line != "." {
				continue
			}
			said := &begins{Writer: conn}
			answer(line, said)
			letter = string(said.with) == "354" // a letter follows
		}
	}()
	t.Cleanup(func() { ln.Close(); <-gone })
	return &office{t: t, addr: ln.Addr().(*net.TCPAddr)}
}

// begins keeps how what is written begins.
type begins struct {
	io.Writer
	with []byte
}

func (b *begins) Write(p []byte) (int, error) {
	b.with = append(b.with, p[:min(len(p), 3-len(b.with))]...)
	return b.Writer.Write(p)
}

// polite says what a server says that takes a letter.
func polite(command string, w io.Writer) {
	verb, _, _ := strings.Cut(strings.ToUpper(command), " ")
	says := map[string]string{"": "220 here", "EHLO": "250-here\r\n250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN", "DATA": "354 go on", "AUTH": "235 2.7.0 yes", "QUIT": "221 bye", "MAIL": "250 yes", "RCPT": "250 yes", ".": "250 yes"}[verb]
	if says == "" {
		says = "500 what"
	}
	fmt.Fprintf(w, "%s\r\n", says)
}

// Whatever a server says, at whatever step and however it is spelled, is neither
// kept nor logged.
func TestNothingOfAServersWordsIsKept(t *testing.T) {
	const words = "User BOB <BOB@EXAMPLE.COM> of bob@example.com; ttttt " + password + " ann"
	for _, step := range []string{"", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."} {
		for name, says := range map[string]string{
			"for good": "550 5.1.1 " + words, "for now": "450 4.2.0 " + words, "without a status": "554 " + words, "in many lines": "550-" + words + "\r\n550 5.1.1 " + words,
			"in no SMTP": words, "with a strange code": "999 " + words, "with a status that is none": "550 5.1.bob " + words,
		} {
			t.Run(step+" "+name, func(t *testing.T) {
				o := hostile(t, func(command string, w io.Writer) {
					verb, _, _ := strings.Cut(strings.ToUpper(command), " ")
					if verb == step || step == "EHLO" && verb == "HELO" {
						fmt.Fprintf(w, "%s\r\n", says)
						return
					}
					polite(command, w)
				})
				err := send(o, func(c *smtp.Config) { c.Local = true })
				if err == nil {
					t.Fatal("it counts as sent")
				}
				if text := strings.ToLower(err.Error()); strings.Contains(text, "example.com") || strings.Contains(text, "user") || strings.Contains(text, "ann") {
					t.Errorf("it repeats the server: %v", err)
				}
			})
		}
	}
}

// A server, or whoever stands before one, cannot fill our memory.
func TestAServerThatNeverEnds(t *testing.T) {
	const most = 64 << 20
	for _, c := range []struct {
		name, step, line string
		local            bool
	}{
		{"greeting for ever", "", "220-" + strings.Repeat("x", 60000) + "\r\n", false},
		{"offering for ever, before STARTTLS", "EHLO", "250-" + strings.Repeat("x", 60000) + "\r\n", false},
		{"refusing for ever", "RCPT", "450-" + strings.Repeat("x", 60000) + "\r\n", true},
		{"a line that never ends", "RCPT", strings.Repeat("x", 60000), true},
		{"very short lines", "RCPT", strings.Repeat("450-\r\n", 10000), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			said := 0
			o := hostile(t, func(command string, w io.Writer) {
				if verb, _, _ := strings.Cut(strings.ToUpper(command), " "); verb != c.step {
					polite(command, w)
					return
				}
				for said < most {
					n, err := io.WriteString(w, c.line)
					if said += n; err != nil {
						return
					}
				}
			})
			err := send(o, func(cfg *smtp.Config) { cfg.Local = c.local })
			if err == nil || !strings.Contains(err.Error(), "said more than 256 KiB") {
				t.Errorf("%v, want that it said too much", err)
			}
		})
	}
}
