#!/usr/bin/env bash
# Whether all code is formatted.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

run cargo fmt --all --check
# It has a workspace of its own.
run cargo fmt --manifest-path tests/old-sqlite/Cargo.toml --check
