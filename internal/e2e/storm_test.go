package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kinpict"
	"kinpict/client"
)

// A sent is one file of a storm and the answers it may get.
type sent struct {
	File   string
	Expect string // accept, reject, declared, or "" for any that is calm
	Codes  []kinpict.Code
	data   []byte
}

// stormFiles reads the folders; what is no file of a manifest is sent as it is.
func stormFiles(t *testing.T) (out []sent) {
	t.Helper()
	for _, dir := range strings.Split(*files, ",") {
		var list []sent
		if b, err := os.ReadFile(filepath.Join(dir, "manifest.json")); err == nil {
			if err := json.Unmarshal(b, &list); err != nil {
				t.Fatalf("%s: %v", dir, err)
			}
		} else {
			names, err := filepath.Glob(filepath.Join(dir, "*.*g"))
			if err != nil || len(names) == 0 {
				t.Fatalf("no files in %s: %v", dir, err)
			}
			for _, n := range names {
				list = append(list, sent{File: filepath.Base(n), Expect: "accept"})
			}
		}
		for _, f := range list {
			// What is offered is judged by what the product says it offers.
			switch f.File {
			case "310-plain.heic", "314-heic-named.jpg":
				f.Expect = "accept"
			case "311-avif.avif":
				f.Expect = "reject"
			case "313-truncated.heic":
				f.Codes = []kinpict.Code{kinpict.ImageTruncated}
			}
			var err error
			if f.data, err = os.ReadFile(filepath.Join(dir, f.File)); err != nil {
				t.Fatal(err)
			}
			out = append(out, f)
		}
		t.Logf("%d files of %s", len(list), dir)
	}
	return out
}

// judge says what is wrong with the answer to a file, or "".
func (f sent) judge(err error) string {
	var p *kinpict.Error
	switch {
	case err == nil && f.Expect == "reject":
		return "was accepted"
	case err == nil:
		return ""
	case !errors.As(err, &p):
		return "got no answer: " + err.Error()
	case p.Code == kinpict.Internal || p.Code == kinpict.Unavailable || p.Message == "" || p.Hint == "":
		return fmt.Sprintf("was answered %s %s, hint %q", p.Code, p.Message, p.Hint)
	case f.Expect == "accept" && !slices.Contains(f.Codes, p.Code) || len(f.Codes) > 0 && !slices.Contains(f.Codes, p.Code):
		return fmt.Sprintf("was answered %s: %s", p.Code, p.Message)
	}
	return ""
}

const stormClients = 8

// stormMemory is what the server and the children it decodes in may hold together.
const stormMemory = 1 << 30

// TestStorm sends photos and everything hostile that is at hand through the API
// with eight clients at once. Every answer is the one the file deserves, the
// server holds less than a gigabyte, and nothing is left behind. How long other
// requests took meanwhile is reported, not judged.
func TestStorm(t *testing.T) {
	list := stormFiles(t)
	server := install(t, "sqlite", "", newPress(t).url)
	server.start()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	watch := newWatch(server)
	var around sync.WaitGroup
	around.Go(func() { watch.run(ctx) })

	begun := time.Now()
	var wg sync.WaitGroup
	var mu sync.Mutex
	answers, accepted, busy := 0, 0, 0
	for n := range stormClients {
		email := fmt.Sprintf("storm%d@example.org", n)
		server.run("account", "create", email)
		api := &client.Client{Base: server.url, Token: server.run("token", "create", email), HTTP: &http.Client{Timeout: 5 * time.Minute}}
		rng := rand.New(rand.NewPCG(uint64(n), 9))
		wg.Go(func() {
			for {
				for i, at := range rng.Perm(len(list)) {
					switch {
					case *storm == 0 && i%stormClients != n:
						continue // another client's
					case *storm == 0:
						at = i
					case time.Since(begun) > *storm:
						return
					}
					f := list[at]
					p, err := api.AddPhoto(ctx, f.File, f.data)
					var full *kinpict.Error
					waiting := errors.As(err, &full) && (full.Code == kinpict.Unavailable || full.Code == kinpict.RateLimited)
					if wrong := f.judge(err); wrong != "" && !waiting {
						t.Errorf("%s %s", f.File, wrong)
					}
					mu.Lock()
					answers++
					if waiting {
						busy++
					}
					if err == nil {
						accepted++
					}
					mu.Unlock()
					if err == nil { // so that it is decoded again the next time
						if err := api.DeletePhoto(ctx, p.ID); err != nil && ctx.Err() == nil {
							// Two of the same bytes under two names are one photo.
							if kinpict.CodeOf(err) != kinpict.NotFound && !strings.Contains(err.Error(), "no photo") {
								t.Errorf("%s: delete: %v", f.File, err)
							}
						}
					}
				}
				if *storm == 0 {
					return
				}
			}
		})
	}
	wg.Wait()
	stop()
	around.Wait()
	watch.report(t, answers, accepted, busy, time.Since(begun))
	if left := watch.children(); len(left) > 0 {
		t.Errorf("children left behind: %v", left)
	}
	if out := server.run("audit"); out != "The books balance." {
		t.Errorf("audit: %s", out)
	}
	server.stop()
	if text := server.log.String(); strings.Contains(text, "panic") || strings.Contains(text, "level=ERROR") {
		t.Errorf("the log tells of faults of ours")
	}
}

// A watch measures a server from outside.
type watch struct {
	server *process
	pid    int
	took   []time.Duration
	peak   int64 // bytes of the server and its children together, as sampled
	failed int
}

func newWatch(p *process) *watch { return &watch{server: p, pid: p.cmd.Process.Pid} }

func (w *watch) run(ctx context.Context) {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	paths := []string{"/healthz", "/api/v1/limits", "/pricing", "/"}
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		sum := resident(w.pid)
		for _, c := range w.children() {
			sum += resident(c)
		}
		w.peak = max(w.peak, sum)
		begun := time.Now()
		resp, err := http.Get(w.server.url + paths[n%len(paths)])
		if err != nil {
			w.failed++
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			w.failed++
		}
		w.took = append(w.took, time.Since(begun))
	}
}

func (w *watch) report(t *testing.T, answers, accepted, busy int, took time.Duration) {
	slices.Sort(w.took)
	if len(w.took) == 0 || w.peak == 0 {
		t.Fatal("nothing was measured")
	}
	at := func(percent int) time.Duration { return w.took[len(w.took)*percent/100].Round(time.Millisecond) }
	own := highest(w.pid)
	t.Logf("%d files answered in %v, %d accepted, %d asked to wait; the server held %d MiB at most, with its children %d MiB; %d other requests took %v at the median, %v at the 95th hundredth",
		answers, took.Round(time.Second), accepted, busy, own>>20, w.peak>>20, len(w.took), at(50), at(95))
	if w.peak > stormMemory || own > stormMemory {
		t.Errorf("the server held %d MiB, with its children %d MiB, want less than %d", own>>20, w.peak>>20, stormMemory>>20)
	}
	if w.failed > 0 {
		t.Errorf("%d other requests failed meanwhile", w.failed)
	}
}

// children are the processes the server started.
func (w *watch) children() (out []int) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", w.pid))
	for _, name := range tasks {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for _, f := range strings.Fields(string(b)) {
			if pid, err := strconv.Atoi(f); err == nil {
				out = append(out, pid)
			}
		}
	}
	return out
}

func resident(pid int) int64 { return status(pid, "VmRSS:") }
func highest(pid int) int64  { return status(pid, "VmHWM:") }

// status reads a line of a process's status, in bytes; 0 for one that is gone.
func status(pid int, what string) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(b, []byte(what))
	f := bytes.Fields(rest[:min(len(rest), 40)])
	if len(f) == 0 {
		return 0
	}
	kib, _ := strconv.ParseInt(string(f[0]), 10, 64)
	return kib << 10
}
