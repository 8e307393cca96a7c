package httpd

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/errors.md")

// TestDocsMatchTheCodes keeps docs/errors.md, which is made from the one table
// of codes.
func TestDocsMatchTheCodes(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Errors

Generated from internal/httpd; do not edit. An error of the JSON API is an RFC 9457 document, ` + "`application/problem+json`" + `, with a stable ` + "`code`" + `, a ` + "`detail`" + `
a customer can read, and a ` + "`hint`" + ` where something helps. Whatever the error, nothing was charged, unless the request was answered 202 before.

| code | status | title |
| --- | --- | --- |
`)
	for m := range Meanings() {
		fmt.Fprintf(&b, "| `%s` | %d | %s |\n", m.Code, m.Status, m.Title)
	}
	const path = "../../docs/errors.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Error("docs/errors.md is not what the codes say; run `make golden`")
	}
}
