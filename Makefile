# dubbomesh: `make run` and `make test` do everything; `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := all
MAKEFLAGS += --no-print-directory

GOLANGCI_VERSION := v2.15.0
GO          ?= go
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS     := -X main.version=$(VERSION)
BIN         := bin
# With its name inside, what the control plane configures by name is the library that the bootstrap loaded by path.
SONAME      := -extldflags=-Wl,-soname,libdubbo.so
# The host for Envoy's contrib images is a module of its own: its SDK comes with the whole of Envoy's repository (53 MB),
# which nobody else should have to fetch.
CONTRIB     := gofilter/host/contrib
CONTRIB_SONAME := -extldflags=-Wl,-soname,libdubbo-contrib.so
ABI_MODULE  := github.com/envoyproxy/envoy/source/extensions/dynamic_modules
# Evaluated only by the rules that build the shared object. The quotes are for cgo: the module cache may lie anywhere,
# and a module that is not in it yet has no folder.
ABI_CFLAGS   = -O2 '-I$(shell $(GO) mod download $(ABI_MODULE) && $(GO) list -m -f '{{.Dir}}' $(ABI_MODULE))/abi'
# What cgo needs: the compiler that need-cc looked for. Without CC, cgo insists on gcc.
CGO          = CGO_ENABLED=1 CC="$(CC)" CGO_CFLAGS="$(ABI_CFLAGS)"
# Evaluated by the recipe's shell, which sees an ENVOY given to make as well.
ENVOY_BIN    = $$(scripts/envoy.sh | tail -1)
UNIT        := ./controlplane/... ./gofilter/... ./bench/...
DURATION    ?= 60s
CONNECTIONS ?= 128,256,512
FUZZTIME    ?= 60s
E2E_RUN     ?= .

.PHONY: all
all: build lint test ## build, lint and test

.PHONY: run
run: envoy build ## everything on this machine, in the foreground; Ctrl-C stops it
	@ENVOY="$(ENVOY_BIN)" $(BIN)/dubbomesh up --demo $(BIN) $(ARGS)

##@ Build

.PHONY: build
build: $(BIN)/dubbomesh $(BIN)/libdubbo.so $(BIN)/demo-provider $(BIN)/demo-http ## the program, the Envoy module and the demo services

.PHONY: $(BIN)/dubbomesh
$(BIN)/dubbomesh: need-go
	@echo "build  $@"; $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./controlplane/cmd/dubbomesh

.PHONY: $(BIN)/libdubbo.so
$(BIN)/libdubbo.so: need-go need-cc
	@echo "build  $@"; $(CGO) $(GO) build -trimpath -buildmode=c-shared -ldflags '$(SONAME)' -o $@ ./gofilter/host/dynmodule && rm -f $(BIN)/libdubbo.h

.PHONY: contrib
contrib: $(BIN)/libdubbo-contrib.so ## the Go filter for Envoy's contrib images

.PHONY: $(BIN)/libdubbo-contrib.so
$(BIN)/libdubbo-contrib.so: need-go need-cc
	@echo "build  $@"; cd $(CONTRIB) && CGO_ENABLED=1 CC="$(CC)" $(GO) build -trimpath -buildmode=c-shared -ldflags '$(CONTRIB_SONAME)' -o $(CURDIR)/$@ . && rm -f $(CURDIR)/$(BIN)/libdubbo-contrib.h

.PHONY: $(BIN)/demo-provider
$(BIN)/demo-provider: need-go
	@echo "build  $@"; cd examples/dubbo-go && $(GO) build -trimpath -o ../../$@ .

.PHONY: $(BIN)/demo-consumer
$(BIN)/demo-consumer: need-go
	@echo "build  $@"; cd examples/dubbo-go && $(GO) build -trimpath -o ../../$@ ./consumer

.PHONY: $(BIN)/demo-http
$(BIN)/demo-http: need-go
	@echo "build  $@"; cd examples/http && $(GO) build -trimpath -o ../../$@ .

.PHONY: $(BIN)/etcd
$(BIN)/etcd: need-go
	@echo "build  $@"; $(GO) build -trimpath -o $@ go.etcd.io/etcd/server/v3

.PHONY: $(BIN)/race/dubbomesh
$(BIN)/race/dubbomesh: need-go need-cc
	@echo "build  $@"; CGO_ENABLED=1 CC="$(CC)" $(GO) build -race -ldflags '$(LDFLAGS)' -o $@ ./controlplane/cmd/dubbomesh

.PHONY: java
java: need-java need-mvn ## the Dubbo Java 3.3.6 and 2.7.23 example services
	@echo "build  examples/dubbo-java"; mvn -q -B -Dstyle.color=never -f examples/dubbo-java package

.PHONY: envoy
envoy: ## find a supported Envoy or fetch the pinned one into .tools/
	@scripts/envoy.sh >/dev/null

##@ Test

.PHONY: test
test: test-unit test-e2e test-policies ## every test, real Envoy and real Dubbo peers included

.PHONY: test-unit
test-unit: envoy build contrib ## unit, golden, feature and host tests, with the race detector
	@ENVOY="$(ENVOY_BIN)" $(CGO) $(GO) test -race -timeout 40m $(UNIT)
	@cd $(CONTRIB) && CGO_ENABLED=1 CC="$(CC)" $(GO) test -race -timeout 10m ./...
	@cd examples/http && $(GO) vet ./... && cd ../dubbo-go && $(GO) vet ./...

.PHONY: test-e2e
test-e2e: envoy build java $(BIN)/demo-consumer $(BIN)/etcd $(BIN)/race/dubbomesh ## end to end: etcd, control plane, Envoy, dubbo-go, Dubbo Java 2.7 and 3.3
	@ENVOY="$(ENVOY_BIN)" CGO_ENABLED=1 CC="$(CC)" $(GO) test -race -timeout 40m -count 1 -run '$(E2E_RUN)' ./e2e

.PHONY: test-policies
test-policies: envoy need-curl need-jq need-openssl build $(BIN)/race/dubbomesh ## each folder of examples/policies: its README and its effect, on the mesh of `make run`
	@ENVOY="$(ENVOY_BIN)" CGO_ENABLED=1 CC="$(CC)" $(GO) test -race -timeout 20m -count 1 -run '$(E2E_RUN)' ./e2e/policies

.PHONY: conformance
conformance: envoy build java $(BIN)/demo-consumer $(BIN)/etcd $(BIN)/race/dubbomesh ## every type, direction and peer through a real Envoy; writes docs/conformance.md
	@ENVOY="$(ENVOY_BIN)" CGO_ENABLED=1 CC="$(CC)" $(GO) test -race -timeout 10m -count 1 -run '^TestConformance$$' ./e2e -update-conformance

.PHONY: test-safety
test-safety: envoy build $(BIN)/etcd $(BIN)/race/dubbomesh ## random policies and thousands of routes under load: SAFETY_POLICIES=200 SAFETY_ROUTES=3000 SAFETY_SEED=
	@set -o pipefail; ENVOY="$(ENVOY_BIN)" CGO_ENABLED=1 CC="$(CC)" $(GO) test -race -timeout 6h -count 1 -v -run '^(TestSafetyOfEdits|TestManyRoutes)$$' ./e2e | grep -v '^ *\['

.PHONY: fuzz
fuzz: need-go ## every fuzz target for FUZZTIME each (60s), two at a time
	@GO="$(GO)" scripts/fuzz.sh $(FUZZTIME)

.PHONY: lint
lint: .tools/golangci-lint-$(GOLANGCI_VERSION) ## vet, style and import directions
	@echo "lint   Go"; $(CGO) .tools/golangci-lint-$(GOLANGCI_VERSION) run ./controlplane/... ./gofilter/... ./bench/... ./e2e/...
	@cd $(CONTRIB) && CGO_ENABLED=1 CC="$(CC)" $(CURDIR)/.tools/golangci-lint-$(GOLANGCI_VERSION) run ./...
	@$(GO) mod verify >/dev/null && $(GO) mod tidy -diff && cd $(CONTRIB) && $(GO) mod tidy -diff

.tools/golangci-lint-%:
	@scripts/need.sh go
	@echo "fetch  golangci-lint $* (built from source once, some minutes)"; mkdir -p .tools
	@GOBIN="$(CURDIR)/.tools/build" GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$* && mv .tools/build/golangci-lint $@ && rmdir .tools/build

##@ Measure

.PHONY: bench
bench: ## Go benchmarks of the filter's core and of the control plane
	@$(GO) test -run '^$$' -bench . -benchmem ./gofilter/dubbo/... ./gofilter/transcode/... ./controlplane/translate/... ./controlplane/xds/... ./controlplane/pipeline/...

.PHONY: bench-routes
bench-routes: envoy build $(BIN)/etcd ## how long a change takes at SAFETY_ROUTES=3000 routes
	@set -o pipefail; ENVOY="$(ENVOY_BIN)" E2E_PROGRAM="$(CURDIR)/$(BIN)/dubbomesh" $(GO) test -timeout 30m -count 1 -v -run '^TestManyRoutes$$' ./e2e | grep routes_test

.PHONY: bench-rig
bench-rig: envoy need-wrk build ## the founding experiment: DURATION=60s CONNECTIONS=128,256,512
	@ENVOY="$(ENVOY_BIN)" $(GO) run ./bench/rig --duration $(DURATION) --connections $(CONNECTIONS) $(ARGS)

##@ Docker compose

.PHONY: compose-up
compose-up: ## the mesh in containers, ports on 127.0.0.1
	@compose/up.sh

.PHONY: compose-test
compose-test: ## a call, a weight change by etcdctl, and its effect
	@compose/test.sh

.PHONY: compose-down
compose-down: ## stop and remove the containers
	@compose/down.sh

##@ Other

.PHONY: need-%
need-%:
	@CC="$(CC)" scripts/need.sh $*

.PHONY: clean
clean: ## remove what was built (not .tools/)
	@rm -rf $(BIN) bench/results examples/dubbo-java/*/target examples/dubbo-java/target

.PHONY: help
help: ## this list
	@awk 'BEGIN{FS=":.*## "} /^##@/{printf "\n%s\n", substr($$0,5)} /^[a-z0-9-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
