package fake

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// A turn is one call being answered.
type turn struct {
	w      http.ResponseWriter
	r      *http.Request
	arg    string
	fields map[string]string
	photos [][]byte
	call   *Call
}

// number is the argument as a number, or what stands for none.
func (t *turn) number(otherwise int) int {
	if n, err := strconv.Atoi(t.arg); err == nil && n >= 0 {
		return n
	}
	return otherwise
}

// A Mode is one way to answer.
type Mode struct {
	Name  string
	Arg   string // what the argument means, "" for none
	Means string
}

type mode struct {
	arg, means string
	answer     func(*Server, *turn)
}

// Modes lists every mode, sorted by name, for help texts.
func Modes() []Mode {
	var list []Mode
	for _, name := range modeNames() {
		list = append(list, Mode{name, modes[name].arg, modes[name].means})
	}
	return list
}

func modeNames() []string {
	var names []string
	for name := range modes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var modes map[string]mode

func init() { // a literal would refer to itself through Order's message
	modes = map[string]mode{
		"ok":   {"", "draws the picture", func(s *Server, t *turn) { s.deliver(t, s.draw(t)) }},
		"slow": {"seconds, 10", "draws the picture after a while", (*Server).slow},
		"gate": {"name, main", "draws the picture once the gate is opened", (*Server).gated},
		"hang": {"", "never answers", func(_ *Server, t *turn) { <-t.r.Context().Done() }},
		"late": {"", "draws the picture when the caller has given up", func(s *Server, t *turn) {
			<-t.r.Context().Done()
			s.deliver(t, s.draw(t))
		}},
		"drip": {"bytes a second, 1", "answers at once and then drop by drop", (*Server).drip},
		"cut":  {"", "ends the connection in the middle of the picture", (*Server).cut},
		"drop": {"", "ends the connection without an answer", func(*Server, *turn) { panic(http.ErrAbortHandler) }},

		"throttle": {"seconds, a date, or 1500ms; 7", "answers 429 with Retry-After", (*Server).throttle},
		"error": {"status, 500", "answers that status with a JSON error", func(_ *Server, t *turn) {
			code := min(max(t.number(500), 400), 599)
			writeJSON(t.w, code, problem("server_error", "The server had an error while processing your request."))
		}},
		"html": {"status, 502", "answers a page", func(_ *Server, t *turn) {
			t.w.Header().Set("Content-Type", "text/html")
			t.w.WriteHeader(min(max(t.number(502), 200), 599))
			fmt.Fprint(t.w, "<html><head><title>Bad Gateway</title></head><body>nginx</body></html>")
		}},
		"text-error": {"", "answers 500 with an error that is a string, as stable-diffusion.cpp does", func(_ *Server, t *turn) {
			writeJSON(t.w, 500, map[string]string{"error": "generate_image returned empty results"})
		}},
		"json-error": {"", "answers 200 with an error inside", func(_ *Server, t *turn) { writeJSON(t.w, 200, problem("server_error", "No.")) }},
		"unauthorized": {"", "answers 401", func(_ *Server, t *turn) {
			writeJSON(t.w, 401, problem("invalid_api_key", "Incorrect API key provided."))
		}},
		"forbidden": {"", "answers 403", func(_ *Server, t *turn) {
			writeJSON(t.w, 403, problem("unsupported_country_region_territory", "Not here."))
		}},
		"payment": {"", "answers 402", func(_ *Server, t *turn) { writeJSON(t.w, 402, problem("payment_required", "Pay first.")) }},
		"quota": {"", "answers 429 insufficient_quota", func(_ *Server, t *turn) {
			writeJSON(t.w, 429, problem("insufficient_quota", "You exceeded your current quota."))
		}},
		"no-model": {"", "answers 404 model_not_found", func(_ *Server, t *turn) { writeJSON(t.w, 404, problem("model_not_found", "No such model.")) }},
		"block":    {"400, 451 or 200; 400", "declines: moderation_blocked", (*Server).block},
		"redirect": {"address", "sends the caller elsewhere", func(_ *Server, t *turn) {
			t.w.Header().Set("Location", t.arg)
			t.w.WriteHeader(http.StatusTemporaryRedirect)
		}},

		"wrong-type": {"", "answers the picture as text/plain", func(s *Server, t *turn) {
			t.w.Header().Set("Content-Type", "text/plain")
			json.NewEncoder(t.w).Encode(answer(s.draw(t)))
		}},
		"raw":   {"", "answers the bare picture instead of JSON", func(s *Server, t *turn) { t.w.Header().Set("Content-Type", "image/jpeg"); t.w.Write(s.draw(t)) }},
		"empty": {"", "answers without a picture", func(_ *Server, t *turn) { writeJSON(t.w, 200, answer()) }},
		"words": {"", "answers with words in place of the picture", func(_ *Server, t *turn) {
			writeJSON(t.w, 200, map[string]any{"created": 0, "data": []any{map[string]string{"revised_prompt": "I cannot draw that."}}})
		}},
		"two":       {"", "answers two pictures", func(s *Server, t *turn) { p := s.draw(t); writeJSON(t.w, 200, answer(p, p)) }},
		"twice":     {"", "answers the same JSON twice in one body", func(s *Server, t *turn) { p := s.draw(t); s.deliver(t, p); json.NewEncoder(t.w).Encode(answer(p)) }},
		"url":       {"address", "answers where the picture lies instead of the picture", (*Server).link},
		"flood":     {"MiB, 200", "answers far more than a picture", (*Server).flood},
		"truncated": {"", "answers the first half of the picture", func(s *Server, t *turn) { p := s.draw(t); s.deliver(t, p[:len(p)/2]) }},
		"corpus":    {"file", "answers a file of the corpus as the picture", (*Server).corpus},
		"pixel":     {"", "answers a picture of one pixel", func(s *Server, t *turn) { s.deliver(t, pixel()) }},
		"huge":      {"side, 20000", "answers a header of that many pixels and nothing behind it", func(s *Server, t *turn) { s.deliver(t, header(t.number(20000))) }},
		"shape":     {"", "answers a picture of another aspect", func(s *Server, t *turn) { t.fields["size"] = "1536x512"; s.deliver(t, s.draw(t)) }},
		"small": {"", "answers a picture of the right aspect and too few pixels", func(s *Server, t *turn) {
			w, h := asked(t.fields["size"])
			t.fields["size"] = fmt.Sprintf("%dx%d", w/3, h/3)
			s.deliver(t, s.draw(t))
		}},
		"moving": {"", "answers an animated PNG", func(s *Server, t *turn) { s.deliver(t, moving(t.fields["size"])) }},
		"svg": {"", "answers a vector picture", func(s *Server, t *turn) {
			s.deliver(t, []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="1024" height="1280"><script>alert(1)</script></svg>`))
		}},
	}
}

// deliver answers one picture in the protocol's form.
func (s *Server) deliver(t *turn, picture []byte) { writeJSON(t.w, http.StatusOK, answer(picture)) }

func answer(pictures ...[]byte) map[string]any {
	data := []any{}
	for _, p := range pictures {
		data = append(data, map[string]string{"b64_json": base64.StdEncoding.EncodeToString(p)})
	}
	return map[string]any{"created": 0, "data": data,
		"usage": map[string]int{"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}}
}

func problem(code, message string) map[string]any {
	return map[string]any{"error": map[string]any{"code": code, "message": message, "param": nil, "type": code}}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // an error means that the caller left
}

func (s *Server) slow(t *turn) {
	if s.cfg.Wait(t.r.Context(), time.Duration(t.number(10))*time.Second) == nil {
		s.deliver(t, s.draw(t))
	}
}

func (s *Server) gated(t *turn) {
	name := t.arg
	if name == "" {
		name = "main"
	}
	if s.pass(t.r.Context(), name) {
		s.deliver(t, s.draw(t))
	}
}

// whole is the answer as the bytes of its body.
func (s *Server) whole(t *turn) []byte {
	var b bytes.Buffer
	json.NewEncoder(&b).Encode(answer(s.draw(t)))
	return b.Bytes()
}

func (s *Server) drip(t *turn) {
	body, n := s.whole(t), max(1, t.number(1))
	t.w.Header().Set("Content-Type", "application/json")
	for len(body) > 0 {
		k := min(n, len(body))
		if _, err := t.w.Write(body[:k]); err != nil {
			return
		}
		body = body[k:]
		if http.NewResponseController(t.w).Flush() != nil || s.cfg.Wait(t.r.Context(), time.Second) != nil {
			return
		}
	}
}

func (s *Server) cut(t *turn) {
	body := s.whole(t)
	t.w.Header().Set("Content-Type", "application/json")
	t.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	t.w.Write(body[:len(body)/2])
	http.NewResponseController(t.w).Flush()
	panic(http.ErrAbortHandler)
}

func (s *Server) throttle(t *turn) {
	arg := t.arg
	if arg == "" {
		arg = "7"
	}
	if ms, ok := bytes.CutSuffix([]byte(arg), []byte("ms")); ok {
		t.w.Header().Set("Retry-After-Ms", string(ms))
	} else {
		t.w.Header().Set("Retry-After", arg)
	}
	writeJSON(t.w, http.StatusTooManyRequests, problem("rate_limit_exceeded", "Rate limit reached."))
}

func (s *Server) block(t *turn) {
	p := problem("moderation_blocked", "Your request was rejected by the safety system. safety_violations=[sexual].")
	p["error"].(map[string]any)["type"] = "image_generation_user_error"
	switch t.number(400) {
	case 451:
		t.w.Header().Set("Content-Type", "text/plain")
		t.w.WriteHeader(http.StatusUnavailableForLegalReasons)
	case 200:
		writeJSON(t.w, http.StatusOK, p)
	default:
		writeJSON(t.w, http.StatusBadRequest, p)
	}
}

func (s *Server) link(t *turn) {
	s.draw(t)
	writeJSON(t.w, http.StatusOK, map[string]any{"created": 0, "data": []any{map[string]string{"url": t.arg}}})
}

func (s *Server) flood(t *turn) {
	t.w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(t.w, `{"data":[{"b64_json":"`)
	block := bytes.Repeat([]byte("A"), 1<<20)
	for range t.number(200) {
		if _, err := t.w.Write(block); err != nil {
			return
		}
	}
	fmt.Fprint(t.w, `"}]}`)
}

func (s *Server) corpus(t *turn) {
	if s.cfg.Corpus == nil {
		writeJSON(t.w, http.StatusInternalServerError, problem("no_corpus", "The stand-in was started without a corpus."))
		return
	}
	data, err := fs.ReadFile(s.cfg.Corpus, t.arg)
	if err != nil {
		writeJSON(t.w, http.StatusInternalServerError, problem("no_such_file", "The corpus has no such file."))
		return
	}
	s.deliver(t, data)
}
