#!/usr/bin/env bash
# Installs what is missing of: Rust with rustfmt and clippy, a C compiler. Installs nothing that is there.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v cargo >/dev/null || {
    say "cargo is missing; install Rust from https://rustup.rs"
    exit 1
}

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
have=$(rustc --version | cut -d' ' -f2)
if [ "$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n1)" != "$wanted" ]; then
    say "rustc is $have; this workspace needs $wanted or newer: rustup update"
    exit 1
fi

if ! command -v cc >/dev/null; then
    say "a C compiler is missing (SQLite is compiled into the programs)"
    sudo=
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    run $sudo apt-get update
    run $sudo apt-get install --yes --no-install-recommends gcc libc6-dev
fi

for component in rustfmt clippy; do
    cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1 || run rustup component add "$component"
done

say "rustc $have, $(cc --version | head -n1)"
