#!/usr/bin/env bash
# Installs what is missing of: Rust with rustfmt and clippy, a C compiler; and where it can, for the step `package` Python,
# unzip, and the target and the C compiler for musl; for the steps `agent` and `gateway` their tools; for the tests of the
# provider on PostgreSQL its server and PgBouncer. Installs nothing that is there.
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

# What is missing from here on is named and not required: without musl the package is built with static glibc, and a step
# that needs the others says that it did not run. Time limits, because a network without a way out may be silent.
missing=()
for pair in python3:python3 unzip:unzip musl-gcc:musl-tools ip:iproute2 unshare:util-linux nft:nftables \
    conntrack:conntrack nmap:nmap named:bind9 dig:bind9-dnsutils; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
# The programs of the server are not in the path.
if ! command -v initdb >/dev/null && ! compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null; then
    missing+=(postgresql)
fi
command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || missing+=(pgbouncer)
if [ ${#missing[@]} -gt 0 ]; then
    # Tests start servers of their own; the package would make and start one for everybody.
    if [[ " ${missing[*]} " == *" postgresql "* ]] && [ "$(id -u)" -eq 0 ] && ! [ -e /etc/postgresql-common/createcluster.conf ]; then
        mkdir -p /etc/postgresql-common
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    fi
    # A test starts its own name server; the package's would only take the port.
    apt=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 timeout 300 apt-get)
    # Without a password prompt, which would wait for ever.
    [ "$(id -u)" -eq 0 ] || apt=(sudo -n "${apt[@]}")
    if ! command -v apt-get >/dev/null || ! run "${apt[@]}" update \
        || ! run "${apt[@]}" install --yes --no-install-recommends "${missing[@]}"; then
        say "not run: apt-get cannot install ${missing[*]}"
    fi
fi

musl=x86_64-unknown-linux-musl
if ! [ -d "$(rustc --print sysroot)/lib/rustlib/$musl/lib" ]; then
    if ! command -v rustup >/dev/null || ! run timeout 300 rustup target add "$musl"; then
        say "not run: rustup cannot add the target $musl"
    fi
fi

say "rustc $have, $(cc --version | head -n1)"
