#!/usr/bin/env bash
# By hand: licences, advisories, sources and duplicate versions of the dependencies, by deny.toml.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cargo deny --version >/dev/null 2>&1 || not_run "cargo-deny is missing: cargo install cargo-deny --locked"
run cargo deny --workspace --all-features check bans licenses sources
# The advisories come from a database on the net.
if ! run cargo deny --workspace --all-features check advisories; then
    [ -d "${CARGO_HOME:-$HOME/.cargo}/advisory-dbs" ] || not_run "the advisory database cannot be fetched; all else passed"
    exit 1
fi
