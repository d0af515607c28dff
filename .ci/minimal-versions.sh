#!/usr/bin/env bash
# By hand: compiles the libraries with the oldest versions of the dependencies that Cargo.toml promises.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cargo +nightly --version >/dev/null 2>&1 || not_run "a nightly Rust is missing: rustup toolchain install nightly --profile minimal"
copy=target/ci/minimal-versions
rm -rf "$copy"
mkdir -p "$copy"
git ls-files | grep -v '/fixtures/' | tar --create --files-from=- | tar --extract --directory="$copy"
cd "$copy"
run cargo +nightly update -Z direct-minimal-versions
for crate in ipam-core phpipam-client vra-client; do
    run cargo check -p "$crate" --all-features --target-dir ../minimal-versions-target
done
