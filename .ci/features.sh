#!/usr/bin/env bash
# Default features, none, each alone and small ones together compile without warnings, and bring in no more than they should.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Features that only turn on something in a dependency, or a few lines: compiled together, because each new set of features
# compiles the dependencies again.
small=(bundled dns gzip http2 metrics tracing)

check() { run cargo clippy --locked --quiet "$@" -- -D warnings; }

for crate in ipam-core phpipam-client vra-client; do
    check -p "$crate"
    check -p "$crate" --no-default-features
    together=()
    for feature in $(features_of "$crate"); do
        case " ${small[*]} " in
            *" $feature "*) together+=("$feature") ;;
            *) check -p "$crate" --no-default-features --features "$feature" ;;
        esac
    done
    check -p "$crate" --no-default-features --features "$(IFS=, && printf '%s' "${together[*]}")"
done
# The program as the README runs it.
check -p ipam-examples

# `lacks PACKAGE… -- ARGUMENTS` fails if the tree of these arguments has one of the packages.
lacks() {
    local packages=()
    while [ "$1" != -- ]; do
        packages+=("$1")
        shift
    done
    shift
    local pattern tree found
    pattern="^($(IFS='|' && printf '%s' "${packages[*]}")) v"
    tree=$(cargo tree --locked --prefix none --edges normal "$@")
    if found=$(grep -E "$pattern" <<<"$tree" | sort -u); then
        say "cargo tree $* has what it must not:"
        say "$found"
        return 1
    fi
    say "without ${packages[*]}: $*"
}

lacks reqwest rustls tokio-postgres -- -p ipam-core --no-default-features --features "$(features_without ipam-core http postgres)"
lacks reqwest rusqlite libsqlite3-sys -- -p ipam-core --no-default-features --features postgres,registry
lacks hyper -- -p ipam-core --no-default-features --features "$(features_without ipam-core http testing)"
lacks reqwest hyper -- -p vra-client --no-default-features --features plugin
lacks reqwest hyper phpipam-client -- -p vra-client --no-default-features --features package
lacks rusqlite libsqlite3-sys tokio-postgres -- -p phpipam-client --all-features
lacks rusqlite libsqlite3-sys tokio-postgres -- -p vra-client --all-features
lacks vra-client -- -p phpipam-client --all-features
lacks phpipam-client -- -p vra-client --all-features
# A package has eight copies of its program, so that each dependency counts eight times.
for program in ipam-vra-plugin ipam-vra-plugin-template; do
    lacks rusqlite libsqlite3-sys tokio-postgres clap csv zip png -- -p "$program"
done

# A program links SQLite once: ours has to resolve beside that of others.
beside=target/ci/beside-sqlx
rm -rf "$beside"
mkdir -p "$beside/src"
touch "$beside/src/lib.rs"
cat >"$beside/Cargo.toml" <<TOML
[package]
name = "beside-sqlx"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
ipam-core = { path = "$PWD/ipam-core" }
sqlx = { version = "0.9", default-features = false, features = ["runtime-tokio", "sqlite"] }

[workspace]
TOML
say "+ ipam-core beside sqlx with sqlite"
if ! cargo generate-lockfile --manifest-path "$beside/Cargo.toml" 2>"$beside/log"; then
    cat "$beside/log"
    grep -Eqi "failed to select a version|links to the native library" "$beside/log" && exit 1
    not_run "ipam-core beside sqlx: the package index cannot be reached; all else in this step passed"
fi
