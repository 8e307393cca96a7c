# Kinpict. `make run` and `make test` are all there is to know; the rest is for those who work on it.
BIN := bin/kinpict

.PHONY: run build test deps check race soak bench golden sheets screens lighthouse help

run: build ## Build and serve at http://localhost:8080 on embedded defaults
	$(BIN) serve

build: ## Build the one binary
	go build -trimpath -o $(BIN) ./cmd/kinpict

test: deps check ## Install what the tests need and run everything: both databases, the browser, the race detector
	go test -timeout 20m ./...
	go test -race -run 'Parallel|Race|Concurrent|Once|Group|Fifty|Neighbour|Starts|Watch|Chain|Gate' ./internal/store ./internal/generation ./internal/engine ./internal/httpd ./internal/photo

deps: ## Install PostgreSQL, Chromium, Node, exiftool and a C compiler from Debian's packages where they are missing
	scripts/deps

check: ## Formatting, vet, static analysis
	scripts/check

# What a storm of uploads sends: the small drawn corpus, and the large ones and the samples where they lie beside the project.
UPLOADS = $(shell for d in internal/photo/testdata/bad ../bad-uploads ../samples ../shared/bad-uploads ../shared/samples; do [ -d $$d ] && printf '%s,' "$$(cd $$d && pwd)"; done | sed 's/,$$//')

soak: ## 100 kill -9 cycles under load, a long walk through the ledger, a minute of hostile uploads: proves that nothing acknowledged is lost or doubled, and that memory is bounded
	go test -count=1 -timeout 60m -v ./internal/e2e -run 'TestKill' -e2e.kills=100
	go test -count=1 -timeout 60m -v ./internal/store -run 'TestWalk' -ledger.steps=100000
	go test -count=1 -timeout 20m -v ./internal/e2e -run '^TestStorm$$' -e2e.storm=1m -e2e.files=$(UPLOADS)
	go test -count=1 -timeout 90m -v ./internal/engine/studio -run '^TestSheetsLookAsTheyDid$$' -sheets.full

bench: ## Print our rates beside the limits they are measured against, in one run
	scripts/deps bench
	go test -count=1 -timeout 60m -run '^$$' -bench . -benchtime 2s ./internal/store ./internal/e2e ./internal/engine/studio ./internal/photo ./internal/app

golden: ## Rewrite every file that is generated from code and compared in tests
	go test ./internal/config ./internal/httpd ./internal/api ./internal/engine ./internal/engine/openai -update

sheets: ## Contact sheets of every scenario, count, aspect and quality in ./sheets, to look at; PHOTOS=folder draws them from your own
	mkdir -p sheets
	go test -count=1 -timeout 60m ./internal/engine/studio -run '^TestSheetsLookAsTheyDid$$' -sheets.out=$(CURDIR)/sheets -sheets.photos=$(PHOTOS)

screens: deps ## Pictures of every page and state, on a phone and a desk, light and dark, and what is printed, in ./screens: open index.html; KEPT=docs/img takes those of the documentation again
	go test -count=1 -timeout 60m ./internal/e2e -run '^TestBrowser(Screens|Paper|PhotosChange|PhotoFailsOnItsCardOnly|Words|UploadWaitsForTheNetwork)$$' -e2e.screens=$(CURDIR)/screens -e2e.kept=$(if $(KEPT),$(abspath $(KEPT)))

lighthouse: build ## Start the product and print Lighthouse's mobile scores of home, a scenario, pricing and the tool; fails below 98, 100, 100, 100
	scripts/deps lighthouse
	node internal/e2e/testdata/lighthouse/run.mjs $(CURDIR)/$(BIN)

help:
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10
