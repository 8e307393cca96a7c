package cli

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"kinpict/internal/photo/heif/heiftest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kinpict": func() { os.Exit(Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs testdata/*.txt, which read like a manual.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("KINPICT_DATA", env.WorkDir+"/data")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status,
			"occupy": occupy,
			"photo":  drawPhoto,
			"heic":   drawHEIC,
		},
	})
}

// status N COMMAND… runs a command and wants that exit status.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var e *exec.ExitError
	if err != nil {
		var ok bool
		if e, ok = err.(*exec.ExitError); !ok {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// occupy VAR listens on a free port and puts its address into VAR.
func occupy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: occupy VAR")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ln.Close() })
	ts.Setenv(args[0], ln.Addr().String())
}

// heic FILE writes a small HEIC file under that name.
func drawHEIC(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: heic file")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), heiftest.File{}.Bytes(), 0o600))
}

// photo FILE draws a small picture to make a picture of.
func drawPhoto(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: photo FILE")
	}
	im := image.NewRGBA(image.Rect(0, 0, 480, 600))
	for y := range 600 {
		for x := range 480 {
			im.SetRGBA(x, y, color.RGBA{uint8(80 + x/4), uint8(70 + y/5), 120, 255})
		}
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	if err := jpeg.Encode(f, im, nil); err != nil {
		ts.Fatalf("%v", fmt.Errorf("encode: %w", err))
	}
	ts.Check(f.Close())
}
