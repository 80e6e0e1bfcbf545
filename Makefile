# The front door of pglab. `make` lists what there is.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test check web rust-test web-test browser-test examples-test test-versions deny build release bench soak stack stack-test deploy-check deb deb-test generate fmt clean schemathesis install-for-%

# A private Node.js (scripts/install) comes first where the machine's own is missing or too old.
export PATH := $(CURDIR)/.dev/node/node_modules/node/bin:$(PATH)

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-15s %s\n", $$1, $$2 }'

install-for-%:
	@scripts/install $*

demo: install-for-demo release ## Install what is missing, build, and start a live demo class
	target/release/pglab up --demo

test: install-for-test install-for-stack ## Install what the tests need, then run all of them
	@scripts/step "Pages: build" $(MAKE) --no-print-directory web
	@scripts/step "Checks: format, lints, generated files" $(MAKE) --no-print-directory check
	@scripts/step "Pages: types and unit tests" $(MAKE) --no-print-directory web-test
	@scripts/step "Examples: against PostgreSQL" $(MAKE) --no-print-directory examples-test
	@scripts/step "Deployment: files" $(MAKE) --no-print-directory deploy-check
	@scripts/step "Rust tests" $(MAKE) --no-print-directory rust-test
	@scripts/step "Browser test" $(MAKE) --no-print-directory browser-test
	@scripts/step "Deployment: the stack, walked" $(MAKE) --no-print-directory stack-test

check: ## Format, lints, and whether generated files are up to date
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	scripts/sqlx-prepare --check

web: web/node_modules/.installed ## Build the pages into web/dist
	cd web && npm run --silent build

web-test: web/node_modules/.installed ## Types and unit tests of the pages
	cd web && npm run --silent typecheck && npm run --silent test

web/node_modules/.installed: web/package-lock.json
	cd web && npm ci --no-fund --no-audit --loglevel=error
	@touch $@

rust-test: ## All Rust tests, on real servers
	cargo nextest run --workspace --profile ci

web/e2e/provider/node_modules/.installed: web/e2e/provider/package-lock.json
	cd web/e2e/provider && npm ci --no-fund --no-audit --loglevel=error
	@touch $@

browser-test: web web/e2e/provider/node_modules/.installed ## The whole job in a real browser
	cargo build --quiet -p pglab
	cd web && npm run --silent test:browser

examples-test: ## The example lab and packs, their solutions and mistakes on PostgreSQL
	scripts/with-postgres sh -c 'psql -qc "CREATE ROLE author LOGIN CREATEDB" && export PGUSER=author && examples/harbour/check.sh && examples/packs/check.sh'

test-versions: install-for-test ## The tests of managed servers on PostgreSQL 14 to 18, about ten minutes each
	scripts/test-versions

deny: ## Licences, bans and known faults of the dependencies (installs cargo-deny)
	@command -v cargo-deny >/dev/null || { echo "cargo-deny, built from source: some minutes"; cargo install --locked --quiet cargo-deny; }
	cargo deny --all-features check

release: web ## A release binary with the pages inside
	cargo build --release -p pglab

stack: install-for-stack release ## The whole chain natively: slapd, PostgreSQL, exporter, Prometheus, Alertmanager, Caddy, pglab
	deploy/stack/run --pglab target/release/pglab

stack-test: install-for-stack ## Start the stack and walk it: from a roster to an alert
	cargo build --quiet -p pglab
	deploy/stack/walk

deploy-check: install-for-stack ## The files of deploy/, by the products' own checkers and schemas
	deploy/check --all

deb: release ## The Debian package, into target/debian
	@command -v cargo-deb >/dev/null || cargo install --locked --quiet cargo-deb
	cargo deb -p pglab --no-build

deb-test: deb ## The Debian package on a fresh Debian 12 (debootstrap, root)
	deploy/debian/prove "$$(ls -t target/debian/pglab_*.deb | head -1)"

bench: install-for-bench ## Ratios against floors measured in the same run, at most 15 minutes (docs/performance.md)
	cargo build --release --quiet -p pglab
	cargo bench --quiet -p pglab-control --bench budgets

soak: install-for-test ## The long crash tests
	cargo build --quiet -p pglab
	cargo nextest run --workspace --profile soak

schemathesis: ## What schemathesis makes up from both OpenAPI documents is answered without 5xx (installs it into .dev)
	cargo build --quiet -p pglab
	scripts/schemathesis

generate: ## Write again what is generated: .sqlx, docs/openapi*.json, web/src/api/gen.ts, deploy/openldap
	scripts/sqlx-prepare
	cargo run --quiet -p pglab -- openapi > docs/openapi.json.new && mv docs/openapi.json.new docs/openapi.json
	cargo run --quiet -p pglab -- openapi --database > docs/openapi-database.json.new && mv docs/openapi-database.json.new docs/openapi-database.json
	cd web && npm run --silent api:gen
	UPDATE_FILES=1 cargo nextest run -p pglab-testkit -E "test(openldap)"

fmt: ## Format everything
	cargo fmt --all

clean: ## Remove what was built
	rm -rf target web/dist/assets web/dist/index.html web/node_modules web/e2e/provider/node_modules .dev
