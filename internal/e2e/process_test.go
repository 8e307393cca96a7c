package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var built struct {
	once sync.Once
	dir  string
	err  error
}

// binary builds the real program, once for all tests.
func binary(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "kinpict-e2e"); built.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-o", filepath.Join(built.dir, "kinpict"), "kinpict/cmd/kinpict").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "kinpict")
}

func removeBinary() {
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
}

// A process is one installation of the real program: it can be started, killed
// and started again on the same data.
type process struct {
	t   testing.TB
	url string
	env []string
	log *journal

	cmd   *exec.Cmd
	ended chan struct{} // closed when the process is gone
}

// install prepares a program on an empty database of that kind that draws with
// the engine at url. Its limits are relaxed.
func install(t testing.TB, kind, dbURL, engine string) *process {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close() // the port stays ours across restarts; nobody else on this machine was given it
	data := t.TempDir()
	p := &process{t: t, url: "http://" + addr, log: &journal{}}
	p.env = append(os.Environ(), "KINPICT_LISTEN="+addr, "KINPICT_PUBLIC_URL="+p.url, "KINPICT_DATA="+data, "KINPICT_SECRET_KEY="+secret,
		"KINPICT_ENGINES=openai", "KINPICT_OPENAI_BASE_URL="+engine, "KINPICT_OPENAI_MODEL=stand-in", "KINPICT_LIMITS=relaxed", "KINPICT_WORKERS=2",
		"KINPICT_CLOCK="+p.clock(data))
	if kind == "postgres" {
		p.env = append(p.env, "KINPICT_DATABASE_URL="+dbURL)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			text := p.log.String()
			t.Logf("the end of the program's log:\n%s", text[max(0, len(text)-8000):])
		}
	})
	return p
}

func (p *process) clock(data string) string { return filepath.Join(data, "clock") }

// data is the folder of the installation.
func (p *process) data() string { return p.setting("KINPICT_DATA") }

func (p *process) setting(name string) string {
	for _, e := range p.env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}

// start runs serve and returns how long it took until /readyz said yes.
func (p *process) start(args ...string) time.Duration {
	p.t.Helper()
	begun := time.Now()
	cmd := exec.Command(binary(p.t), append([]string{"serve", "--migrate"}, args...)...)
	cmd.Env, cmd.Stderr = p.env, p.log
	// Nothing is left behind when the tests are killed. The signal follows the
	// starting thread, so the thread is kept.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	ended, started := make(chan struct{}), make(chan error)
	spoke := make(chan bool, 1)
	go func() {
		runtime.LockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		lines := bufio.NewReader(out)
		_, err = lines.ReadString('\n')
		spoke <- err == nil
		_, _ = io.Copy(io.Discard, lines)
		_ = cmd.Wait()
	}()
	if err := <-started; err != nil {
		p.t.Fatalf("start: %v", err)
	}
	p.cmd, p.ended = cmd, ended
	if !<-spoke {
		<-ended
		p.t.Fatalf("the program ended at its start:\n%s", p.log.String())
	}
	if resp, err := http.Get(p.url + "/readyz"); err != nil {
		p.t.Fatalf("readyz: %v", err)
	} else if resp.Body.Close(); resp.StatusCode != http.StatusOK {
		p.t.Fatalf("readyz says %s", resp.Status)
	}
	return time.Since(begun)
}

// kill is kill -9.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.ended
	http.DefaultClient.CloseIdleConnections()
	p.cmd = nil
}

// stop ends the program as an operator does and wants exit status 0.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	<-p.ended
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Errorf("stopped with exit status %d, want 0", code)
	}
	p.cmd = nil
}

// run runs another command on the same installation and wants exit status 0.
func (p *process) run(args ...string) string {
	p.t.Helper()
	cmd := exec.CommandContext(context.Background(), binary(p.t), args...)
	var errOut bytes.Buffer
	cmd.Env, cmd.Stderr = p.env, &errOut
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) || err != nil {
		p.t.Fatalf("kinpict %s: %v\n%s%s", strings.Join(args, " "), err, out, errOut.String())
	}
	return strings.TrimSpace(string(out))
}
