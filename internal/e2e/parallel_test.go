package e2e

import (
	"bytes"
	"net/http"
	"sync"
	"testing"

	"kinpict/client"
)

// atOnce runs f n times in parallel and returns when all are done.
func atOnce(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

func TestParallelSpendsOnOneBalance(t *testing.T) {
	each(t, func(s *stack) {
		c := s.rich("ann")
		web := s.guest()
		web.signIn("ann@example.org", "/")
		cookie := web.api()
		req := s.ask(c, 0)
		var mu sync.Mutex
		statuses := map[int]int{}
		atOnce(200, func(i int) {
			// Half come with the token, half with the session's cookie.
			by := c
			if i%2 == 1 {
				by = cookie
			}
			reply, _ := by.Call(s.Context(), "POST", "/api/v1/generations", s.key(), req, nil)
			mu.Lock()
			defer mu.Unlock()
			if reply == nil {
				statuses[0]++
				return
			}
			statuses[reply.Status]++
		})
		if statuses[http.StatusAccepted] != 20 || statuses[http.StatusPaymentRequired] != 180 || len(statuses) != 2 {
			s.Errorf("200 requests on 80 credits were answered %v, want 20 x 202 and 180 x 402", statuses)
		}
		s.available(c, 0)
		if n := count(s.statement(c), "charge"); n != 20 {
			s.Errorf("%d charges on the statement, want 20", n)
		}
	})
}

func TestParallelOneKey(t *testing.T) {
	each(t, func(s *stack) {
		c := s.rich("ann")
		web := s.guest()
		web.signIn("ann@example.org", "/")
		cookie := web.api()
		req := s.ask(c, 0)
		replies := make([]*client.Reply, 100)
		atOnce(len(replies), func(i int) {
			by := c
			if i%2 == 1 {
				by = cookie
			}
			replies[i], _ = by.Call(s.Context(), "POST", "/api/v1/generations", "the-one-key", req, nil)
		})
		fresh := 0
		for i, r := range replies {
			if r == nil || r.Status != http.StatusAccepted {
				s.Fatalf("request %d was answered %+v", i, r)
			}
			if !r.Replayed {
				fresh++
			}
			if !bytes.Equal(r.Body, replies[0].Body) {
				s.Errorf("request %d got another body:\n%s\n%s", i, r.Body, replies[0].Body)
			}
		}
		if fresh != 1 {
			s.Errorf("%d answers were not replays, want 1", fresh)
		}
		s.available(c, 76)
		list, err := c.Generations(s.Context(), "", 100)
		if err != nil || len(list.Items) != 1 {
			s.Errorf("%d generations of one key, want 1 (%v)", len(list.Items), err)
		}
		other := req
		other.Instruction = "Something else."
		_, err = c.Generate(s.Context(), "the-one-key", other)
		refused(s, "the same key with other words", err, "idempotency_key_reused")
		s.available(c, 76)
	})
}

func TestParallelCheckoutsOfOneKey(t *testing.T) {
	each(t, func(s *stack) {
		c := s.person("ann")
		var mu sync.Mutex
		ids, urls, bodies := map[string]bool{}, map[string]bool{}, map[string]bool{}
		var one *client.Checkout
		atOnce(40, func(int) {
			var o client.Checkout
			reply, err := c.Call(s.Context(), "POST", "/api/v1/checkouts", "buy-once", client.Order{Pack: "credits-80"}, &o)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				s.Errorf("checkout: %v", err)
				return
			}
			one = &o
			ids[o.ID], urls[o.URL], bodies[string(reply.Body)] = true, true, true
		})
		if len(ids) != 1 || len(urls) != 1 || len(bodies) != 1 {
			s.Fatalf("one key made %d purchases, %d pages, %d answers", len(ids), len(urls), len(bodies))
		}
		// The payer presses Pay again and again while the shop is asked all the time.
		atOnce(20, func(i int) {
			if i%2 == 0 {
				s.outcome(one, "paid")
				return
			}
			if _, err := c.Checkout(s.Context(), one.ID); err != nil {
				s.Errorf("ask: %v", err)
			}
		})
		s.available(c, 80)
		if n := count(s.statement(c), "purchase"); n != 1 {
			s.Errorf("%d purchases on the statement, want 1", n)
		}
	})
}

func TestParallelPressesOfOneHeldRequest(t *testing.T) {
	each(t, func(s *stack) {
		c := s.person("ann")
		_, err := c.Generate(s.Context(), s.key(), s.ask(c, 0))
		refused(s, "without credits", err, "insufficient_credits")
		short, ok := client.Members[client.Shortfall](err)
		if !ok {
			s.Fatalf("no shortfall in %v", err)
		}
		s.buy(c, "credits-80")
		var mu sync.Mutex
		firsts, ids := 0, map[string]bool{}
		atOnce(20, func(int) {
			g, first, err := c.Resume(s.Context(), short.HeldRequest.ID, client.Confirm{})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				s.Errorf("resume: %v", err)
				return
			}
			ids[g.ID] = true
			if first {
				firsts++
			}
		})
		if firsts != 1 || len(ids) != 1 {
			s.Errorf("%d of 20 presses charged and %d generations were made, want 1 and 1", firsts, len(ids))
		}
		s.available(c, 76)
	})
}
