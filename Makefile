.PHONY: help run web test clients e2e lint fmt doc schema bench bench-quick bench-report bench-parts

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: web ## serve two demo tenants and say what to open
	cargo run --release -- serve --demo

web: ## build the pages that the program embeds, where npm is there
	scripts/web

test: web ## test on every engine that can be reached (ARGS="votes" to choose)
	scripts/test $(ARGS)
ifndef ARGS
	cargo build
	scripts/clients
	scripts/e2e
endif

clients: ## test with real clients, where npm and Python are there (ARGS="urql" to choose)
	cargo build
	scripts/clients $(ARGS)

e2e: ## test the pages with Chromium, where it and npm are there (ARGS="-g vote" to choose)
	scripts/e2e $(ARGS)

lint: ## formatting and clippy, as strict as CI
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

fmt: ## format everything
	cargo fmt --all

doc: ## build the documentation, warnings refused
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

schema: ## renew schema.graphql
	cargo build
	cargo run --quiet -- schema > schema.graphql.new
	mv schema.graphql.new schema.graphql

bench: ## compare with others under load, an hour; see bench/README.md (ARGS="--only list --peers yoga")
	python3 bench/run.py $(ARGS)

bench-quick: ## the same with fewer rows and one short round, ten minutes at most
	python3 bench/run.py --quick $(ARGS)

bench-report: ## write the report of the last `make bench` again
	python3 bench/run.py --report $(ARGS)

bench-parts: ## time the parts of a request (criterion)
	cargo bench --bench parts $(ARGS)
