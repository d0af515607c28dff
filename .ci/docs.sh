#!/usr/bin/env bash
# The documentation, private items too, with warnings as errors.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

export RUSTDOCFLAGS="-D warnings"
run cargo doc --locked --workspace --all-features --no-deps --document-private-items
