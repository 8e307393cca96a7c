package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

var (
	kills = flag.Int("e2e.kills", 6, "how often TestKill kills the server on each database")
	storm = flag.Duration("e2e.storm", 0, "how long TestStorm sends files; 0 sends each file once")
	files = flag.String("e2e.files", "../photo/testdata/bad", "folders of files TestStorm sends, with commas; one with a manifest.json is judged by it")
	plain = flag.String("e2e.plain", "", "address to serve the pages at that ours are measured beside, until standard input ends; empty: run the tests")
	seed  = flag.Uint64("e2e.seed", 0, "seed of the random points of TestKill; 0 takes one from the clock")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *plain != "" {
		if err := servePlain(*plain); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if err := pictures.index(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	removeBinary()
	closeExhibition()
	stopChrome()
	os.Exit(code)
}
