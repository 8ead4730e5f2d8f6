# warraq: what a developer runs. `make` alone lists it.

SHELL := /bin/bash -o pipefail
.DEFAULT_GOAL := help
CACHE := $(or $(WARRAQ_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/warraq)
SETUP := tests/support/setup.sh
KAFKA := tests/support/kafka/kafka.sh
IMAGE_SH := tests/support/image.sh
DENY := $(CACHE)/cargo-deny-0.20.2/bin/cargo-deny
CONFIG ?= config/warraq.toml

.PHONY: help
help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install what building and testing need (or name it), bring Kafka and cargo-deny
	@$(SETUP) test
	@$(SETUP) lint
	@$(SETUP) ops
	@$(KAFKA) fetch

.PHONY: build
build: ## the release binary: target/release/warraq
	@$(SETUP) build
	cargo build --locked --release

.PHONY: model
model: ## the model that judges names, learned anew from models/training (six minutes)
	@$(SETUP) build
	cargo run --locked --release --quiet --features train -- train $(ARGS)

.PHONY: run
run: build ## the worker, CONFIG=config/warraq.toml unless told otherwise
	target/release/warraq run --config $(CONFIG)

.PHONY: demo
demo: ## the worker on an embedded broker with sample articles
	@$(SETUP) build
	cargo run --locked --release --quiet -- demo $(ARGS)

.PHONY: test
test: check ## every test; those on a broker get an Apache Kafka of their own
	@$(SETUP) test
	@$(SETUP) ops
	@$(KAFKA) fetch
	@mkdir -p target
	$(KAFKA) with cargo test --locked --no-fail-fast $(ARGS) 2>&1 | tee target/test.log
	@awk '/^ *Running / { kafka = /tests\/kafka\// } \
		/^test result: / { for (i = 2; i <= NF; i++) if ($$i ~ /^passed/) { all += $$(i - 1); if (kafka) real += $$(i - 1) } } \
		END { printf "%d tests passed, %d of them in the suite on a real Apache Kafka broker\n", all, real }' target/test.log

.PHONY: ops
ops: ## what an operator is handed: manifests, image, rules, dashboard (part of test)
	@$(SETUP) build
	@$(SETUP) ops
	cargo test --locked --test ops $(ARGS)

# docker, podman or buildah; each takes these arguments.
ENGINE ?= docker
IMAGE ?= ghcr.io/warraq/warraq
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p;T;q' Cargo.toml)

.PHONY: image
image: ## the container image, by ENGINE=docker, podman or buildah
	$(ENGINE) build --build-arg VERSION=$(VERSION) --build-arg REVISION=$$(git rev-parse --short HEAD) \
		--build-arg CREATED=$$(git log -1 --format=%cI) --tag $(IMAGE):$(VERSION) .

.PHONY: image-check
image-check: build ## the image around the release binary: built, run as a pod runs it, and measured (root, Debian)
	@$(SETUP) ops
	WARRAQ_IMAGE_BINARY=$(CURDIR)/target/release/warraq cargo test --locked --test ops image
	@$(IMAGE_SH) size target/release/warraq

.PHONY: otel
otel: ## clippy and the tests of the feature otel (traces to a collector)
	@$(SETUP) test
	cargo clippy --locked --all-targets --features otel -- -D warnings
	$(KAFKA) with cargo test --locked --features otel --test kafka tracing $(ARGS)

.PHONY: registry
registry: ## the schema registry's tests on a real one (Apicurio, 159 MB; Java 21 or newer)
	@$(SETUP) test
	tests/support/registry/registry.sh with $(KAFKA) with cargo test --locked --test kafka registry -- --nocapture $(ARGS)

# Of each target, on one core.
SECONDS ?= 60

.PHONY: fuzz
fuzz: ## the fuzz targets of the text half, SECONDS=60 each (TARGETS="html plain" for some)
	@$(SETUP) build
	tests/support/fuzz.sh $(SECONDS) $(TARGETS)

.PHONY: presets
presets: ## the messages of trafilatura, news-please, newspaper4k and Scrapy in the tests, made anew
	tests/support/presets/presets.sh

# A new seed each time; a failure names its own.
SEED ?= $(shell date +%s)
STEPS ?= 20000000

.PHONY: sim
sim: ## delivery against scripted brokers: SEED= of the first episode, STEPS= in all (part of test, for seconds)
	@$(SETUP) build
	SEED=$(SEED) STEPS=$(STEPS) cargo test --locked --lib -- simulation::no_fault --nocapture

.PHONY: faults
faults: ## exactly once on three brokers under faults: FAULTS=1000 MINUTES= SEED= KINDS= MODE= TRANSACTIONS= KAFKA_VERSION= (docs/delivery.md)
	@$(SETUP) test
	@$(KAFKA) fetch
	FAULTS=$(FAULTS) MINUTES=$(MINUTES) SEED=$(SEED) KINDS=$(KINDS) MODE=$(MODE) TRANSACTIONS=$(TRANSACTIONS) \
		cargo test --locked --test faults faults_by_the_hour -- --ignored --nocapture

.PHONY: mistakes
mistakes: ## what `make faults` checks by is checked: workers that are wrong on purpose must be noticed: MISTAKE= SEED=
	@$(SETUP) test
	@$(KAFKA) fetch
	MISTAKE=$(MISTAKE) SEED=$(SEED) cargo test --locked --test faults every_mistake -- --ignored --nocapture

.PHONY: soak
soak: ## the long forms: a backlog 50 times the memory budget, an outage of a minute
	@$(SETUP) test
	WARRAQ_TEST_LONG=1 $(KAFKA) with cargo test --locked --test kafka -- --nocapture $(ARGS)

.PHONY: observe
observe: ## Prometheus over two workers and five faults; every panel drawn into target/observed
	@$(SETUP) test
	@$(SETUP) ops
	@$(KAFKA) fetch
	WARRAQ_TEST_LONG=1 cargo test --locked --test kafka observed -- --nocapture $(ARGS)
	python3 deploy/grafana/preview.py draw target/observed/panels.json target/observed

.PHONY: check
check: ## the text half compiles without Kafka and without a runtime
	@$(SETUP) build
	cargo check --locked --lib --no-default-features

.PHONY: lint
lint: ## formatting, clippy, licences, bans and sources of dependencies; warnings are errors
	@$(SETUP) lint
	cargo fmt --check
	cargo clippy --locked --all-targets --features train -- -D warnings
	cd fuzz && cargo fmt --check && cargo clippy --locked -- -D warnings
	cd tests/support/bench && cargo fmt --check && CARGO_TARGET_DIR=$(CURDIR)/target cargo clippy --locked -- -D warnings
	$(DENY) --all-features check --hide-inclusion-graph bans licenses sources

.PHONY: audit
audit: ## known vulnerabilities of dependencies (needs the advisory database)
	@$(SETUP) lint
	$(DENY) --all-features check advisories

.PHONY: fmt
fmt: ## format the sources
	cargo fmt

.PHONY: bench
bench: ## benchmarks of the text half
	@$(SETUP) build
	cargo bench --locked $(ARGS)

# Of each tool; the table has medians.
ROUNDS ?= 5

.PHONY: bench-text
bench-text: ## warraq's text work beside trafilatura, PyArabic and CAMeL Tools (from PyPI), one core, one table
	@$(SETUP) build
	tests/support/bench/bench.sh $(ROUNDS)

.PHONY: bench-tag
bench-tag: ## warraq's taggers beside a plain CRF and a network of BERT-base's size (from PyPI), one core, one table; ten minutes
	@$(SETUP) build
	tests/support/bench/tag.sh $(ROUNDS)

.PHONY: fingerprints
fingerprints: ## the tables of docs/fingerprint.md, of the articles in FOLDER=…
	@$(SETUP) build
	CARGO_TARGET_DIR=$(CURDIR)/target cargo run --locked --release --quiet --manifest-path tests/support/bench/Cargo.toml --bin fingerprints -- $(FOLDER)

.PHONY: clean
clean: ## remove what was built; the cache of Kafka and cargo-deny stays
	cargo clean
