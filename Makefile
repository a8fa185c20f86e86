# Everything that a person does in this repository. Each command sets up what it needs: see infra/setup/ensure.sh.

.DEFAULT_GOAL := help
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory

# Programs that the set-up put into the checkout come last, so that the machine's own are preferred.
export PATH := $(PATH):/usr/local/go/bin:$(CURDIR)/.bin/debian/bin

# Go and Chromium keep caches at home. Where there is no home to write to, the checkout serves.
ifneq ($(shell test -n "$$HOME" && test -w "$$HOME" && echo writable),writable)
export HOME := $(CURDIR)/.bin/home
export GOFLAGS := $(GOFLAGS) -modcacherw
$(shell mkdir -p "$(CURDIR)/.bin/home")
endif

# Go refuses to stamp a version from a checkout that git calls another's.
ifneq ($(shell git rev-parse HEAD >/dev/null 2>&1 && echo ours),ours)
export GOFLAGS := $(GOFLAGS) -buildvcs=false
endif

ensure := infra/setup/ensure.sh

build := go build -o .bin/onedoor ./app/cmd/onedoor

# A make that is killed takes the product with it: the kernel then asks it to stop, as Ctrl-C does.
stop_with_make := $(shell command -v setpriv >/dev/null && echo setpriv --pdeathsig TERM)

.PHONY: help
help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: ## the demonstration neighbourhood, in the foreground, until Ctrl-C
	@$(ensure) $(if $(ONEDOOR_DATABASE_URL),,postgres) speech
	@$(build)
	@exec $(stop_with_make) .bin/onedoor demo

.PHONY: test
test: ## every test: unit, database, pages in a real browser, race detector, lint
	@infra/setup/test.sh

.PHONY: test-peers
test-peers: ## conformance against software that others wrote
	@infra/setup/test.sh peers

.PHONY: bench
bench: ## the benchmarks; prints the ratios that README quotes
	@$(if $(ONEDOOR_DATABASE_URL),,$(ensure) postgres)
	@$(build)
	@.bin/onedoor bench intake
	@.bin/onedoor bench simulate
	@.bin/onedoor bench policy
	@.bin/onedoor bench deliveries
	@.bin/onedoor bench voice --plain
	@go test ./policy/analysis -run xxx -bench . -benchtime 5x -cpu 1
	@cd policy/peers && go run .

.PHONY: lint
lint: ## the linters, with the rules of who may import whom
	@$(ensure) linter
	@.bin/golangci-lint run

.PHONY: fmt
fmt: ## format Go files and templates
	@$(ensure) linter
	@.bin/golangci-lint fmt
	@go tool templ fmt -log-level error .

.PHONY: vendor
vendor: ## fetch the pages' third-party files anew, after a version changed in ui/static/vendor.mjs
	@node ui/static/vendor.mjs

.PHONY: generate
generate: ## write the generated files anew (they are committed)
	@go tool templ generate -log-level error
	@go generate ./...
