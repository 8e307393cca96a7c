package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"kinpict"
	"kinpict/client"
)

// A load is several people using an installation that dies under them. Each
// repeats what was not answered, with the same key, once the server is back.
type load struct {
	mu       sync.Mutex
	up       chan struct{} // closed while the server is there
	answered int
	stopped  bool
	tick     chan struct{} // gets a value for answers, for whoever waits for some
}

func newLoad() *load {
	l := &load{up: make(chan struct{}), tick: make(chan struct{}, 1)}
	close(l.up)
	return l
}

// down is called before the server is killed, back after it is ready again.
func (l *load) down() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up = make(chan struct{})
}

func (l *load) back() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.up)
}

func (l *load) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
}

func (l *load) done() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopped
}

// after returns once n more answers have come.
func (l *load) after(ctx context.Context, n int) {
	l.mu.Lock()
	want := l.answered + n
	l.mu.Unlock()
	for {
		select {
		case <-l.tick:
		case <-ctx.Done():
			return
		}
		l.mu.Lock()
		enough := l.answered >= want
		l.mu.Unlock()
		if enough {
			return
		}
	}
}

func (l *load) answer() {
	l.mu.Lock()
	l.answered++
	l.mu.Unlock()
	select {
	case l.tick <- struct{}{}:
	default:
	}
}

// try repeats an operation until it is answered, whatever the answer.
func (l *load) try(op func() error) error {
	for range 200 {
		l.mu.Lock()
		up := l.up
		l.mu.Unlock()
		<-up
		err := op()
		if kinpict.CodeOf(err) == kinpict.Unavailable {
			continue // no answer, or "not now"
		}
		l.answer()
		return err
	}
	return errors.New("never answered")
}

// A shopper is one person of a load, and what they were promised.
type shopper struct {
	t    *testing.T
	load *load
	api  *client.Client
	rng  *rand.Rand
	name string
	keys int

	asked    map[string]client.Request // by key
	made     map[string]string         // key to generation, as acknowledged
	retries  map[string]string         // key to what was tried again
	held     map[string]client.Request // keys that were answered 402
	canceled map[string]bool           // generations acknowledged as canceled
	paid     map[string]bool           // purchases acknowledged as paid
	bought   map[string]string         // key to purchase
	photos   map[int]string            // hue to photo
	last     string                    // the newest generation
}

func newShopper(t *testing.T, l *load, name string, api *client.Client, seed uint64) *shopper {
	return &shopper{t: t, load: l, name: name, api: api, rng: rand.New(rand.NewPCG(seed, uint64(len(name)))), asked: map[string]client.Request{},
		made: map[string]string{}, retries: map[string]string{}, held: map[string]client.Request{}, canceled: map[string]bool{},
		paid: map[string]bool{}, bought: map[string]string{}, photos: map[int]string{}}
}

func (p *shopper) key() string {
	p.keys++
	return fmt.Sprintf("%s-%d", p.name, p.keys)
}

// run uses the shop until the load stops.
func (p *shopper) run() {
	p.photo(0)
	p.buy()
	for !p.load.done() && !p.t.Failed() {
		switch p.rng.IntN(10) {
		case 0:
			p.photo(p.rng.IntN(5))
		case 1:
			p.buy()
		case 2:
			p.cancel()
		case 3:
			p.retry()
		default:
			p.generate()
		}
	}
}

func (p *shopper) fail(what string, err error) {
	if err != nil {
		p.t.Errorf("%s: %s: %v", p.name, what, err)
	}
}

func (p *shopper) photo(hue int) {
	var got *client.Photo
	err := p.load.try(func() (err error) {
		got, err = p.api.AddPhoto(context.Background(), "photo.jpg", photo(hue))
		return err
	})
	if err != nil {
		p.fail("photo", err)
		return
	}
	if was := p.photos[hue]; was != "" && was != got.ID {
		p.t.Errorf("%s: the same photo was %s and is %s", p.name, was, got.ID)
	}
	p.photos[hue] = got.ID
}

func (p *shopper) buy() {
	key := p.key()
	var o *client.Checkout
	if err := p.load.try(func() (err error) {
		o, err = p.api.Buy(context.Background(), key, client.Order{Pack: "credits-80"})
		return err
	}); err != nil {
		p.fail("buy", err)
		return
	}
	p.bought[key] = o.ID
	if err := p.load.try(func() error { return p.pay(o.URL) }); err != nil {
		p.fail("pay", err)
		return
	}
	p.paid[o.ID] = true
}

// pay presses the sandbox's button. The answer is a way back, which is not gone.
func (p *shopper) pay(page string) error {
	c := &http.Client{Transport: p.api.HTTP.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.PostForm(page, url.Values{"outcome": {"paid"}})
	if err != nil {
		return &kinpict.Error{Code: kinpict.Unavailable, Message: "no answer", Err: err}
	}
	resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusSeeOther:
		return nil
	case http.StatusServiceUnavailable:
		return &kinpict.Error{Code: kinpict.Unavailable, Message: "not now"}
	}
	return fmt.Errorf("paying was answered %s", resp.Status)
}

func (p *shopper) generate() {
	key := p.key()
	r := client.Request{Quality: kinpict.Standard, Scenario: "gallery", Photos: []client.PhotoUse{{ID: p.photos[0]}}}
	if p.rng.IntN(5) == 0 {
		r.Instruction = "fault:block"
	}
	p.asked[key] = r
	p.accept(key, func() (*client.Generation, error) { return p.api.Generate(context.Background(), key, r) })
}

func (p *shopper) accept(key string, call func() (*client.Generation, error)) {
	var g *client.Generation
	err := p.load.try(func() (err error) {
		g, err = call()
		return err
	})
	switch kinpict.CodeOf(err) {
	case "":
		p.made[key], p.last = g.ID, g.ID
	case kinpict.InsufficientCredits:
		p.held[key] = p.asked[key]
		p.buy()
	default:
		p.fail("generate", err)
	}
}

func (p *shopper) cancel() {
	if p.last == "" {
		return
	}
	id := p.last
	var g *client.Generation
	err := p.load.try(func() (err error) {
		g, err = p.api.Cancel(context.Background(), id)
		return err
	})
	switch kinpict.CodeOf(err) {
	case "":
		p.canceled[g.ID] = true
	case kinpict.NotCancelable:
	default:
		p.fail("cancel", err)
	}
}

func (p *shopper) retry() {
	if p.last == "" {
		return
	}
	key, of := p.key(), p.last
	var g *client.Generation
	err := p.load.try(func() (err error) {
		g, err = p.api.Retry(context.Background(), key, of, client.Confirm{})
		return err
	})
	switch kinpict.CodeOf(err) {
	case "":
		p.made[key], p.retries[key], p.last = g.ID, of, g.ID
	case kinpict.InsufficientCredits:
		p.buy()
	case kinpict.NotRetryable:
	default:
		p.fail("retry", err)
	}
}

// settle waits until every picture is done and compares what is there with what
// was promised.
func (p *shopper) settle() {
	ctx := context.Background()
	there := map[string]client.Generation{}
	for cursor := ""; ; {
		list, err := p.api.Generations(ctx, cursor, 100)
		if err != nil {
			p.t.Fatalf("%s: generations: %v", p.name, err)
		}
		for _, g := range list.Items {
			if !g.Status.Done() {
				for now, err := range p.api.Watch(ctx, g.ID) {
					if err != nil {
						p.t.Fatalf("%s: watch: %v", p.name, err)
					}
					g = *now
				}
			}
			there[g.ID] = g
		}
		if cursor = list.NextCursor; cursor == "" {
			break
		}
	}
	var spent kinpict.Credits
	promised := map[string]bool{}
	for key, id := range p.made {
		g, ok := there[id]
		switch {
		case promised[id]:
			p.t.Errorf("%s: %s was promised to two keys", p.name, id)
		case !ok:
			p.t.Errorf("%s: %s was acknowledged for %s and is lost", p.name, id, key)
		case !g.Status.Done():
			p.t.Errorf("%s: %s is still %s", p.name, id, g.Status)
		case p.canceled[id] && g.Status != kinpict.Canceled:
			p.t.Errorf("%s: %s was acknowledged as canceled and is %s", p.name, id, g.Status)
		}
		promised[id] = true
		if g.Status == kinpict.Succeeded {
			spent += g.Credits
		} else if g.CreditsReturned != g.Credits {
			p.t.Errorf("%s: %s %s and %d of %d credits came back", p.name, id, g.Status, g.CreditsReturned, g.Credits)
		}
	}
	if len(there) != len(p.made) {
		p.t.Errorf("%s: %d generations are there, %d were acknowledged", p.name, len(there), len(p.made))
	}
	for hue, id := range p.photos {
		if _, err := p.api.Photo(ctx, id); err != nil {
			p.t.Errorf("%s: photo %d was acknowledged and is lost: %v", p.name, hue, err)
		}
	}
	list, err := p.api.Checkouts(ctx)
	if err != nil {
		p.t.Fatalf("%s: checkouts: %v", p.name, err)
	}
	if len(list.Items) != min(100, len(p.bought)) {
		p.t.Errorf("%s: %d purchases are there, %d were acknowledged", p.name, len(list.Items), len(p.bought))
	}
	for id := range p.paid {
		if o, err := p.api.Checkout(ctx, id); err != nil || o.Status != "paid" {
			p.t.Errorf("%s: %s was paid and is %+v, %v", p.name, id, o, err)
		}
	}
	b, err := p.api.Credits(ctx)
	if err != nil {
		p.t.Fatalf("%s: credits: %v", p.name, err)
	}
	if want := kinpict.Credits(80*len(p.paid)) - spent; b.Available != want {
		p.t.Errorf("%s: %d credits are available, want %d bought - %d for pictures = %d", p.name, b.Available, 80*len(p.paid), spent, want)
	}
	p.replay(ctx)
}

// replay sends every key once more: the same answer, and nothing new.
func (p *shopper) replay(ctx context.Context) {
	for key, r := range p.asked {
		reply, err := p.api.Call(ctx, http.MethodPost, "/api/v1/generations", key, r, nil)
		if reply == nil || !reply.Replayed {
			p.t.Errorf("%s: %s was not replayed: %v", p.name, key, err)
			continue
		}
		if id := p.made[key]; id != "" && (reply.Status != http.StatusAccepted || !strings.Contains(string(reply.Body), id)) {
			p.t.Errorf("%s: %s made %s and is now answered %d %s", p.name, key, id, reply.Status, reply.Body)
		}
		if _, held := p.held[key]; held && reply.Status != http.StatusPaymentRequired {
			p.t.Errorf("%s: %s was declined and is now answered %d", p.name, key, reply.Status)
		}
	}
	for key, id := range p.bought {
		o, err := p.api.Buy(ctx, key, client.Order{Pack: "credits-80"})
		if err != nil || o.ID != id {
			p.t.Errorf("%s: %s bought %s and now %+v, %v", p.name, key, id, o, err)
		}
	}
}
