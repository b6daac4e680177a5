# Option 150: what there is to do. `make` alone lists it.

SHELL      := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO         ?= go
VERSION    ?= $(shell sed -n 's/^[[:space:]]*version = "\(.*\)"/\1/p' cmd/option150/main.go)
COMMIT     ?= $(shell git describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null || echo unknown)
LDFLAGS    := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
# Nothing is inlined in what no phone and no line of a paste waits for: 1.4 MB of
# 25.7 on amd64, 1.7 MB of 27.3 on mipsle (docs/adr/0022). Other settings for one
# target would be another program.
COLD := github.com/BurntSushi github.com/chzyer github.com/miekg github.com/pin github.com/pkg github.com/vishvananda \
	golang.org/x/crypto/ssh crypto/tls crypto/x509 encoding/asn1 archive \
	option150/cmd/option150/lab option150/cli/command option150/cli/session option150/cli/terminal \
	$(addprefix option150/platform/,dns host metrics/pages metrics/mib sshd) \
	$(addprefix option150/telephony/,audit bulk custom firmware/intake proof recording simphone)
# The version is stamped by the linker, so the build does not ask git for it.
GOBUILD    := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false $(COLD:%='-gcflags=%/...=-l') -ldflags "$(LDFLAGS)"
STATICCHECK := $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME   ?= 30s
# Of every target. 20 MB were the aim; decoders of frames and firmware packages, DNS,
# the planner, IPv6, TLS of a server and the fleet made it more (docs/adr/0009, 0022).
MAXSIZE    := 26000000
# fits FILE: fails when it is over that.
fits = size="$$(stat -c %s $(1))"; echo "$(1) has $$size bytes, $(MAXSIZE) are the aim"; [ "$$size" -le $(MAXSIZE) ]
BENCHFLAGS ?=

.PHONY: help build size fmt vet staticcheck rules test check race e2e fuzz shares faults golden docs lab bench planner lossy takeover cross release clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## the static binary bin/option150, with version and commit in it
	$(GOBUILD) -o bin/option150 ./cmd/option150

size: build ## fail when bin/option150 has more than 26 MB
	@$(call fits,bin/option150)

fmt: ## fail when a file is not in gofmt's form (gofmt -w FILE mends it)
	@files="$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go' | while read -r f; do if [ -f "$$f" ]; then echo "$$f"; fi; done))"; \
	if [ -n "$$files" ]; then echo "not in gofmt's form:"; echo "$$files"; exit 1; fi

vet: ## go vet
	$(GO) vet ./...

staticcheck: ## staticcheck
	$(STATICCHECK) ./...

rules: ## the rules of the repository: imports, file sizes, messages, dependencies
	$(GO) test ./platform/rules

test: ## all tests, as a newcomer runs them
	$(GO) test ./...

check: fmt vet staticcheck rules test ## everything a change has to pass

race: ## all tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race ./...

e2e: build ## the tests of the whole box: transcripts, real clients, namespaces
	$(GO) test -count=1 ./cmd/... ./telephony/simphone/...

fuzz: ## every fuzz target for FUZZTIME (30s); a crasher stays in testdata/fuzz
	@status=0; \
	for file in $$(grep -rlE '^func Fuzz[A-Z0-9_]' --include='*_test.go' .); do \
		for name in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file"); do \
			echo "== $$(dirname "$$file") $$name"; \
			GO="$(GO)" FUZZTIME="$(FUZZTIME)" bash .ci/fuzz "$$(dirname "$$file")" "$$name" || status=1; \
		done; \
	done; exit $$status

SCHEDULES  ?= 20000

shares: ## SCHEDULES (20000) random schedules of boxes that share pools: no address to two clients
	$(GO) test -count=1 -v ./dhcp/share -run TestSchedules -schedules $(SCHEDULES) -seed $$RANDOM
	$(GO) test -count=1 -v -timeout 2h ./dhcp -run TestSharedSchedules -schedules $$(($(SCHEDULES) / 10)) -seed $$RANDOM
	$(GO) test -count=1 -v -timeout 2h ./dhcp -run TestSharedSchedules -schedules $$(($(SCHEDULES) / 10)) -seed $$RANDOM -clocks -all

FAULTS     ?= 20

faults: ## FAULTS (20) times three boxes and three members whose faults come in random order; about a minute each
	@for n in $$(seq $(FAULTS)); do \
		$(GO) test -count=1 -v ./cmd/option150/e2e -run TestFleetFaults -seed $$RANDOM | grep -E '^(---|FAIL|ok)|_test.go' || true; \
		[ "$${PIPESTATUS[0]}" -eq 0 ] || exit 1; \
	done

golden: ## write the golden files and transcripts again; look at the git diff afterwards
	@for dir in $$(grep -rl '"option150/platform/testkit/golden"' --include='*_test.go' . | xargs -r -n1 dirname | sort -u); do \
		echo "== $$dir"; $(GO) test -count=1 "$$dir" -update; \
	done
	@git status --short

docs: ## write docs/messages.md and docs/commands again
	$(GO) generate ./...

lab: build ## a LAN with the box and simulated phones; no root, nothing touched
	bin/option150 lab

bench: build ## measure the box beside nginx, tftpd-hpa, dnsmasq and Kea; about four minutes
	$(GO) run ./cmd/bench -binary bin/option150 $(BENCHFLAGS)

planner: build ## the upgrade planner beside transfers over lines with a round trip and a loss; about a quarter of an hour
	$(GO) run ./cmd/bench -binary bin/option150 -only planner $(BENCHFLAGS)

lossy: build ## foreign clients on a line that loses frames, beside tftpd-hpa, dnsmasq and atftpd; about half an hour
	$(GO) run ./cmd/bench -binary bin/option150 -only lossy $(BENCHFLAGS)

takeover: build ## the time without service when one of two boxes, or a member of their etcd, dies, beside Kea with its HA hook; about twenty minutes
	$(GO) run ./cmd/bench -binary bin/option150 -only takeover $(BENCHFLAGS)

# GOARCH, file name, further settings. mipsle: small routers without an FPU;
# arm: GOARM=6 runs on every Raspberry Pi.
TARGETS := amd64 arm64 arm mipsle

cross: $(TARGETS:%=cross-%) ## build for amd64, arm64, arm and mipsle without cgo; fail when one has more than 26 MB

cross-%:
	GOOS=linux GOARCH=$* GOARM=6 GOMIPS=softfloat $(GOBUILD) -o dist/option150-linux-$* ./cmd/option150
	@$(call fits,dist/option150-linux-$*)

release: cross ## dist/: a binary, a Debian package and a folder for small boards for each architecture, SHA256SUMS
	for arch in $(TARGETS); do bash packaging/deb "$$arch" "$(VERSION)" dist; bash packaging/image "$$arch" "$(VERSION)" dist; done
	cd dist && sha256sum option150-linux-* option150_*.deb option150-image-*.tar.gz > SHA256SUMS && cat SHA256SUMS

clean: ## remove bin/ and dist/
	rm -rf bin dist
