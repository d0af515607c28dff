#!/usr/bin/env bash
# By hand: what changed in the public API since a revision, the last tag if none is named.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cargo semver-checks --version >/dev/null 2>&1 || not_run "cargo-semver-checks is missing: cargo install cargo-semver-checks --locked"
since=${1:-$(git describe --tags --abbrev=0 2>/dev/null || true)}
[ -n "$since" ] || not_run "there is no release to compare with yet; name a revision: .ci/semver.sh REVISION"
for crate in ipam-core phpipam-client vra-client; do
    run cargo semver-checks --package "$crate" --baseline-rev "$since" --all-features
done
