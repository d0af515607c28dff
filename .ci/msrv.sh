#!/usr/bin/env bash
# By hand: compiles with the oldest Rust that Cargo.toml promises.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
command -v rustup >/dev/null || not_run "rustup is missing, and with it Rust $version"
rustup toolchain list | grep -q "^$version" || not_run "Rust $version is missing: rustup toolchain install $version --profile minimal"
run cargo "+$version" check --locked --workspace --all-targets --all-features --target-dir target/msrv
