package e2e

import (
	"flag"
	"os"
	"testing"
)

var kills = flag.Int("e2e.kills", 6, "how often TestKill kills the server on each database")

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	removeBinary()
	os.Exit(code)
}
