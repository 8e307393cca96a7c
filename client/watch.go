package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"kinpict"
)

// Reconnecting after a stream that ended early.
const (
	reconnects    = 5 // in a row without any event
	reconnectWait = 2 * time.Second
	maxEvent      = 1 << 20
)

// Watch yields a generation as it is and then each change, and ends when it is
// done. A stream that breaks off is taken up again; when that fails five times
// in a row, or the server refuses, the error is yielded last.
func (c *Client) Watch(ctx context.Context, id string) iter.Seq2[*Generation, error] {
	return func(yield func(*Generation, error) bool) {
		last, failures := "", 0
		for {
			done, err := c.stream(ctx, id, &last, &failures, yield)
			if done {
				return
			}
			var refused *kinpict.Error
			if errors.As(err, &refused) && refused.Code != kinpict.Unavailable || ctx.Err() != nil {
				yield(nil, err)
				return
			}
			if failures++; failures > reconnects {
				yield(nil, err)
				return
			}
			pause := c.pause
			if pause == nil {
				pause = sleep
			}
			if err := pause(ctx, reconnectWait); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// stream reads one stream. done means that there is nothing more to say.
func (c *Client) stream(ctx context.Context, id string, last *string, failures *int, yield func(*Generation, error) bool) (done bool, err error) {
	header := http.Header{"Accept": {"text/event-stream"}}
	if *last != "" {
		header.Set("Last-Event-ID", *last)
	}
	resp, err := c.open(ctx, http.MethodGet, root+"/generations"+seg(id)+"/events", header, nil)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNoContent:
		return true, nil
	case resp.StatusCode != http.StatusOK:
		b, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
		if err != nil {
			return false, unreachable(err)
		}
		return false, problem(resp.StatusCode, b)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxEvent)
	var event, data string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "" && data != "":
			g := new(Generation)
			if err := json.Unmarshal([]byte(data), g); err != nil {
				yield(nil, fmt.Errorf("decode event: %w", err))
				return true, nil
			}
			*last, *failures, data = event, 0, ""
			if !yield(g, nil) || g.Status.Done() {
				return true, nil
			}
		case field == "id":
			event = value
		case field == "data":
			data += value
		}
	}
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	return false, unreachable(errors.Join(io.ErrUnexpectedEOF, lines.Err()))
}
