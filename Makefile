.PHONY: help run test lint fmt doc schema

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: ## serve two demo tenants and say what to open
	cargo run --release -- serve --demo

test: ## test on every engine that can be reached (ARGS="votes" to choose)
	scripts/test $(ARGS)

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
