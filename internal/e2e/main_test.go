package e2e

import (
	"flag"
	"os"
	"testing"
)

var (
	kills = flag.Int("e2e.kills", 6, "how often TestKill kills the server on each database")
	seed  = flag.Uint64("e2e.seed", 0, "seed of the random points of TestKill; 0 takes one from the clock")
)

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	removeBinary()
	stopChrome()
	os.Exit(code)
}
