#!/usr/bin/env bash
# Clippy with warnings as errors: default features, then all of them. Single features are compiled by features.sh.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

run cargo clippy --locked --workspace --all-targets -- -D warnings
run cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
