#!/usr/bin/env bash
# Clippy with warnings as errors on everything, with all features. Fewer features are compiled by features.sh.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

run cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
