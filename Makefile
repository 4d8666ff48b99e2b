# Everything is reached from here: `make` lists it. Needs Node 20.19 or newer with npm; the rest is fetched.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

INSTALLED := node_modules/.installed
BUILT := dist/.built
SOURCES := $(shell find src workflows-a workflows-b -name '*.ts') scripts/build-bundles.ts $(wildcard tsconfig*.json)
TSX := node --import tsx
# Which tests `make test` runs: default, all (with the slow ones), compose, or ci (all and compose).
SUITE := default

.PHONY: help
help: ## list what can be made
	@awk 'BEGIN { FS = ":.*## " } /^[a-z][a-z-]*:.*## / { printf "  make %-32s %s\n", $$1, $$2 }' Makefile

.PHONY: node
node:
	@command -v node >/dev/null || { echo 'Node is not installed: Node 20.19 or newer is needed (https://nodejs.org)' >&2; exit 1; }
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); if (a < 20 || (a === 20 && b < 19)) { console.error("Node " + process.versions.node + " is too old: Node 20.19 or newer is needed (https://nodejs.org)"); process.exit(1); }'
	@command -v npm >/dev/null || { echo 'npm is not installed: it comes with Node (https://nodejs.org)' >&2; exit 1; }

$(INSTALLED): package-lock.json | node
	npm ci --prefer-offline --no-audit --no-fund
	@touch $(INSTALLED)

.PHONY: install
install: $(INSTALLED) ## install the npm packages, if they changed

.PHONY: build
build: $(BUILT) ## compile to dist/ and bundle the workflows, if the sources changed

$(BUILT): $(INSTALLED) $(SOURCES)
	npm run --silent build
	@touch $(BUILT)

.PHONY: demo
demo: build ## two clusters, the bridge and four calls, and what happened in each (JAEGER=1: with Jaeger)
	@$(TSX) scripts/demo/main.ts

.PHONY: up
up: build ## two clusters, the bridge and the demo's workers, until Ctrl-C (JAEGER=1: with Jaeger)
	@$(TSX) scripts/demo/up.ts

.PHONY: clusters-up
clusters-up: $(INSTALLED) ## two clusters, in the background
	@$(TSX) scripts/demo/clusters-up.ts

.PHONY: deploy-bridge
deploy-bridge: build ## the bridge and the demo's workers, in the background, beside running clusters
	@$(TSX) scripts/demo/deploy-bridge.ts

.PHONY: start-cross-cluster-workflow
start-cross-cluster-workflow: $(INSTALLED) ## make a call from A to B, show its result and the bridge's log
	@$(TSX) scripts/demo/start-cross-cluster-workflow.ts

.PHONY: clusters-down
clusters-down: $(INSTALLED) ## stop what clusters-up and deploy-bridge have started
	@$(TSX) scripts/demo/clusters-down.ts

.PHONY: bench
bench: build ## a call across clusters measured against its peers (30 min; QUICK=1: 5 min)
	@QUICK=$(QUICK) $(TSX) scripts/bench/main.ts

.PHONY: bench-parked
bench-parked: build ## what N=2000 waiting calls cost, with CACHE=200 workflows in memory, watched for SECONDS=60
	@$(TSX) scripts/bench/parked.ts --calls '$(N)' --cache '$(CACHE)' --seconds '$(SECONDS)'

.PHONY: test
test: $(INSTALLED) ## the tests, but for the slow ones
	@$(TSX) scripts/run-tests.ts --suite $(SUITE)

.PHONY: test-all
test-all: SUITE := all
test-all: test ## all tests, minutes of outages among them

.PHONY: test-compose
test-compose: SUITE := compose
test-compose: test ## docker-compose.yml and the image, on a real Docker engine

.PHONY: verify
verify: $(INSTALLED) ## formatting, lint, types and tests: what CI runs, but for the slow tests
	npm run --silent verify

.PHONY: api-docs
api-docs: $(INSTALLED) ## write docs/api, the API reference, from the doc comments of the package's entries
	@$(TSX) scripts/build-api-docs.ts

.PHONY: clean
clean: ## remove what was built (the packages and the Temporal CLI stay)
	rm -rf dist .cache/tsc .cache/test-bundles

# clusters-up, deploy-bridge and start-cross-cluster-workflow are written in one line, in their order.
.NOTPARALLEL:
