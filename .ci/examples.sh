#!/usr/bin/env bash
# Runs the programs in examples/ that need no server, and looks at what the program `ipam` says of itself.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

for example in custom_provider embedded_quickstart vra7_request_item; do
    run cargo run --locked --quiet -p ipam-examples --example "$example"
done

# The units of the scan agent, with the program of this build.
if command -v systemd-analyze >/dev/null; then
    units=target/ci/units
    rm -rf "$units"
    mkdir -p "$units"
    cargo build --locked --quiet --bin ipam
    program=${CARGO_TARGET_DIR:-$PWD/target}/debug/ipam
    for unit in examples/agent/*.service examples/agent/*.timer; do
        sed "s|/usr/local/bin/ipam|$program|" "$unit" >"$units/$(basename "$unit")"
    done
    run systemd-analyze verify "$units"/*
else
    say "not run: systemd-analyze verify, which is missing; all else in this step is run"
fi

say "+ vra8_ipam_package"
last=$(cargo run --locked --quiet -p ipam-examples --example vra8_ipam_package | tail -n1)
say "$last"
case $last in
    "vra8_ipam_package: ok (ExampleIPAM 1.0.0, 2 external ranges, web has 172.16.20.2 of 172.16.20.0/24 servers)") ;;
    *) exit 1 ;;
esac

say "+ ipam quickstart"
last=$(cargo run --locked --quiet --bin ipam -- quickstart | tail -n1)
say "$last"
case $last in
    "quickstart: ok (ranges "*", allocations "*", reopened, 0 lost, 0 duplicates)") ;;
    *) exit 1 ;;
esac
