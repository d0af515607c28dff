#!/usr/bin/env bash
# All tests: unit, integration, documentation, conformance; after a failure the other test programs still run. Further
# arguments go to `cargo test`.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

run cargo test --locked --workspace --all-features --no-fail-fast "$@"
