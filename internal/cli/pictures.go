package cli

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"kinpict"
	"kinpict/internal/app"
	"kinpict/internal/config"
	"kinpict/internal/engine"
	"kinpict/internal/engine/fake"
	"kinpict/internal/engine/studio"
	"kinpict/internal/generation"
	"kinpict/internal/photo"
	"kinpict/internal/scenario"
	"kinpict/internal/wording"
)

type generateCmd struct {
	Photos      []string `arg:"" type:"existingfile" help:"One to eight photos."`
	Scenario    string   `default:"gallery" help:"Which scenario."`
	ScenarioDir string   `type:"existingdir" placeholder:"DIR" help:"Folder of scenarios to use instead of the built-in ones."`
	Label       []string `short:"l" placeholder:"NAME,…" help:"Names to write beside the photos, in their order."`
	Quality     string   `enum:"standard,enhanced" default:"standard" help:"standard or enhanced."`
	Aspect      string   `help:"Shape, such as 4:5. Left out: the scenario's first."`
	Instruction string   `help:"What to make of it, in your own words."`
	Seed        int64    `default:"1" help:"The same seed makes the same picture."`
	Preview     bool     `help:"Make the small, marked preview a guest gets."`
	Output      string   `short:"o" required:"" placeholder:"OUT" help:"Where to write the picture: a name that ends in .jpg, or with an image service in .png. It must not exist yet."`
	Force       bool     `help:"Write over a picture that is there."`
}

func (c *generateCmd) Run(s *session) error {
	if err := s.config.Validate(); err != nil {
		return usageError{err}
	}
	engines, err := app.Engines(s.config, time.Now, s.log(0))
	if err != nil {
		return err
	}
	set := scenario.Builtin()
	if c.ScenarioDir != "" {
		if set, err = scenario.Load(os.DirFS(c.ScenarioDir)); err != nil {
			return usageError{err}
		}
		for _, sc := range set.All() {
			if err := studio.Validate(sc); err != nil {
				return usageError{err}
			}
		}
	}
	sc, err := set.Scenario(c.Scenario)
	if err != nil {
		return err
	}
	// Before anything is drawn, which may cost money.
	if err := c.place(engines.Info().Generative); err != nil {
		return usageError{err}
	}
	job := &engine.Job{ID: "shell", Attempt: 1, Scenario: sc, Quality: c.Quality, Aspect: kinpict.Aspect(c.Aspect), Instruction: c.Instruction,
		Seed: c.Seed, Preview: c.Preview, Progress: func(step string) { fmt.Fprintln(s.errOut, strings.ReplaceAll(step, "_", " ")) }}
	if job.Aspect == "" {
		job.Aspect = sc.Aspects[0]
	}
	if !slices.Contains(sc.Aspects, job.Aspect) {
		return usageError{fmt.Errorf("--aspect %s: %s comes in %v", c.Aspect, sc.ID, sc.Aspects)}
	}
	if err := c.words(s, engines.Info().Generative); err != nil {
		return err
	}
	if len(c.Photos) > sc.MaxPhotos {
		return &kinpict.Error{Code: kinpict.Invalid, Message: fmt.Sprintf("%s takes at most %d photos.", sc.Title, sc.MaxPhotos)}
	}
	if len(c.Label) > len(c.Photos) {
		return usageError{fmt.Errorf("there are %d names for %d photos", len(c.Label), len(c.Photos))}
	}
	for i, path := range c.Photos {
		data, err := readFile(path, math.MaxInt64)
		if err != nil {
			return usageError{err}
		}
		n, err := photo.Normalise(s.ctx, data, photo.DefaultLimits())
		if err != nil {
			var e *kinpict.Error
			if errors.As(err, &e) {
				e.Message = filepath.Base(path) + ": " + e.Message
			}
			return err
		}
		p := engine.Photo{JPEG: n.JPEG}
		if i < len(c.Label) {
			p.Label = c.Label[i]
		}
		job.Photos = append(job.Photos, p)
	}
	start := time.Now()
	pic, engineName, err := engines.Draw(s.ctx, job)
	if err != nil {
		return &kinpict.Error{Code: kinpict.EngineUnavailable, Message: "The picture could not be made.", Hint: err.Error()}
	}
	marker, err := app.ShellMarker(s.config, pic.Data)
	if err != nil {
		return explainSettings(err)
	}
	data, err := marker.Mark(pic.Data, pic.ContentType, generation.About{Generative: pic.Generative, Preview: c.Preview, From: pic.Original})
	if err != nil {
		return err
	}
	name := c.Output
	if pic.ContentType != kindOf(name) {
		// An image service answered with the other kind: it is drawn, so it is kept.
		name = strings.TrimSuffix(name, filepath.Ext(name)) + map[string]string{"image/jpeg": ".jpg", "image/png": ".png"}[pic.ContentType]
	}
	if err := c.write(name, data); err != nil {
		return usageError{err}
	}
	fmt.Fprintf(s.out, "%s: %d x %d pixels by %s in %s\n", name, pic.Width, pic.Height, engineName, time.Since(start).Round(10*time.Millisecond))
	return nil
}

// kindOf is what a file of that name holds, "" for nothing that is made here.
func kindOf(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	}
	return ""
}

// place says why the picture could not be written, if it could not.
func (c *generateCmd) place(generative bool) error {
	kind := kindOf(c.Output)
	if kind == "" || kind == "image/png" && !generative {
		return fmt.Errorf("%s: pictures are JPEG; let the name end in .jpg", c.Output)
	}
	if dir := filepath.Dir(c.Output); dir != "." {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return fmt.Errorf("%s: there is no folder %s", c.Output, dir)
		}
	}
	if _, err := os.Lstat(c.Output); err == nil && !c.Force {
		return fmt.Errorf("%s is there already; choose another name, or say --force to write over it", c.Output)
	}
	return nil
}

// write writes the picture. What came to be there while it was drawn is left alone.
func (c *generateCmd) write(name string, data []byte) error {
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if c.Force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, how, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// words prints what is found in the instruction and refuses what is forbidden,
// here as everywhere: an operator's shell reaches the same image services.
func (c *generateCmd) words(s *session, generative bool) error {
	for _, f := range wording.Check(c.Instruction, wording.About{Generative: generative}) {
		if f.Severity == kinpict.Refused {
			return &kinpict.Error{Code: kinpict.ContentNotAllowed, Message: fmt.Sprintf("%q: %s", f.Words, f.Message), Hint: f.Help}
		}
		fmt.Fprintf(s.errOut, "advice: %s %s\n", f.Message, f.Help)
	}
	for _, l := range c.Label {
		if found := wording.Refused(l); len(found) > 0 {
			return &kinpict.Error{Code: kinpict.ContentNotAllowed, Message: fmt.Sprintf("%q: %s", l, found[0].Message), Hint: found[0].Help}
		}
	}
	return nil
}

type engineListCmd struct{}

func (c *engineListCmd) Run(s *session) error { return engines(s, false) }

type engineCheckCmd struct {
	Live bool `help:"Draw one real picture with each engine. A paid one charges the operator."`
}

func (c *engineCheckCmd) Run(s *session) error {
	if err := engines(s, true); err != nil || !c.Live {
		return err
	}
	for _, name := range s.config.EngineNames() {
		if err := drawOne(s, name); err != nil {
			return err
		}
	}
	return nil
}

// drawOne draws a plain picture with one engine alone.
func drawOne(s *session, name string) error {
	cfg := *s.config
	cfg.Engines = name
	chain, err := app.Engines(&cfg, time.Now, s.log(0))
	if err != nil {
		return err
	}
	plain := image.NewGray(image.Rect(0, 0, 480, 600))
	for i := range plain.Pix {
		plain.Pix[i] = uint8(i % 480 / 2)
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, plain, nil); err != nil {
		return err
	}
	sc := scenario.Builtin().All()[0]
	start := time.Now()
	pic, _, err := chain.Draw(s.ctx, &engine.Job{ID: "check", Attempt: 1, Scenario: sc, Quality: kinpict.Standard, Aspect: sc.Aspects[0],
		Photos: []engine.Photo{{JPEG: photo.Bytes()}}, Seed: 1})
	if err != nil {
		fmt.Fprintf(s.errOut, "%s: %v\n", name, err)
		return errNo
	}
	fmt.Fprintf(s.out, "%s drew %d x %d pixels in %s\n", name, pic.Width, pic.Height, time.Since(start).Round(10*time.Millisecond))
	return nil
}

// engines prints the chain; with ask it first asks each engine whether it could
// draw, which spends nothing, and ends with status 1 if one could not.
func engines(s *session, ask bool) error {
	if err := s.config.Validate(); err != nil {
		return usageError{err}
	}
	chain, err := app.Engines(s.config, time.Now, s.log(0))
	if err != nil {
		return err
	}
	bad := false
	if ask {
		for i, err := range chain.Check(s.ctx) {
			if err != nil {
				bad = true
				fmt.Fprintf(s.errOut, "%s: %v\n", chain.States()[i].Info.Name, err)
			}
		}
	}
	w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "ENGINE\tPHOTOS\tREDRAWS PEOPLE\tSTATE\tVERIFIED")
	for _, st := range chain.States() {
		fmt.Fprintf(w, "%s\t%d\t%v\t%s\t%s\n", st.Info.Name, st.Info.MaxPhotos, st.Info.Generative, st.Condition, st.Info.Verified)
	}
	if err := w.Flush(); err != nil || !bad {
		return err
	}
	return errNo
}

type fakeEngineCmd struct {
	Key    string `help:"The only key accepted. Left out: any."`
	Corpus string `type:"existingdir" placeholder:"DIR" help:"Folder of files for the fault that answers with one."`
}

func (c *fakeEngineCmd) Run(s *session) error {
	cfg := fake.Config{Key: c.Key}
	if c.Corpus != "" {
		cfg.Corpus = os.DirFS(c.Corpus)
	}
	addr := s.config.Listen
	if addr == config.DefaultListen {
		addr = "localhost:8090" // beside a server on its own default
	}
	ln, err := app.Listen(addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "KINPICT_ENGINES=openai KINPICT_OPENAI_BASE_URL=http://%s/v1 KINPICT_OPENAI_MODEL=stand-in\n", ln.Addr())
	srv := &http.Server{Handler: fake.New(cfg), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-s.ctx.Done()
		srv.Close()
	}()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
