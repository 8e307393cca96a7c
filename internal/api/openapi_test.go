package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"kinpict"
	"kinpict/internal/httpd"
)

var update = flag.Bool("update", false, "rewrite openapi.json")

func TestOpenAPI(t *testing.T) {
	want, err := document()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(openapi, want) {
		t.Error("openapi.json is not what the code says; run: go generate ./internal/api")
	}
}

// What readers of the document rely on, whatever the operations are.
func TestOpenAPIIsWhole(t *testing.T) {
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Parameters  []struct{ Name, In string }
			Responses   map[string]struct {
				Description string
				Content     map[string]any
			}
		}
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(openapi, &doc); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for path, ops := range doc.Paths {
		for method, op := range ops {
			at := method + " " + path
			if op.OperationID == "" || op.Summary == "" || seen[op.OperationID] {
				t.Errorf("%s: its id %q is missing or not its own, or it has no summary", at, op.OperationID)
			}
			seen[op.OperationID] = true
			if _, ok := op.Responses["500"]; !ok {
				t.Errorf("%s does not say that it can fail", at)
			}
			for status, r := range op.Responses {
				if _, isProblem := r.Content[httpd.ProblemType]; isProblem != (status >= "400") {
					t.Errorf("%s %s: a problem document: %v", at, status, isProblem)
				}
			}
			for _, name := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
				found := false
				for _, p := range op.Parameters {
					found = found || p.In == "path" && p.Name == name[1]
				}
				if !found {
					t.Errorf("%s does not describe {%s}", at, name[1])
				}
			}
		}
	}
	if len(seen) != len(operations) {
		t.Errorf("%d operations described, there are %d", len(seen), len(operations))
	}
	for _, ref := range regexp.MustCompile(`"\$ref": "([^"]+)"`).FindAllStringSubmatch(string(openapi), -1) {
		name := strings.TrimPrefix(ref[1], "#/components/schemas/")
		if len(doc.Components.Schemas[name]) < 10 {
			t.Errorf("%s leads nowhere", ref[1])
		}
	}
}

// Whatever spends or buys needs a key, and says which errors come with one.
func TestWhatSpendsNeedsAKey(t *testing.T) {
	for _, op := range operations {
		spends := false
		for _, code := range op.fails {
			spends = spends || code == kinpict.InsufficientCredits || code == kinpict.GuestLimit || code == kinpict.PriceChanged
		}
		// The held request's own id is the key of its resumption.
		if spends && op.method == http.MethodPost && !op.key && op.name != "resumeHeldRequest" {
			t.Errorf("%s spends without an Idempotency-Key", op.name)
		}
		if op.method == http.MethodGet && (op.key || op.body != nil || op.upload) {
			t.Errorf("%s changes something by GET", op.name)
		}
	}
}
