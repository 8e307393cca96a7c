package billing_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/faults.md says of every fault which tests prove what has to come of it.
func TestEveryFaultHasATestThatIsThere(t *testing.T) {
	doc, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	err = fs.WalkDir(os.DirFS(".."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile("../" + path)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
			have[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range strings.Fields("P1 P2 P3 P4 P5 P6 P7 M1 M2 M3 W1 W2 W3 W4 W5 W6 W7 Q1 Q2 Q3 Q4 Q5 Q6 X1 X2 X3 X4 X5") {
		if !regexp.MustCompile(`(?m)^\| ` + row + ` \|.*Test\w+`).Match(doc) {
			t.Errorf("%s has no test", row)
		}
	}
	for _, name := range regexp.MustCompile("`(Test\\w+)`").FindAllSubmatch(doc, -1) {
		if !have[string(name[1])] {
			t.Errorf("%s is not there", name[1])
		}
	}
}
