#!/usr/bin/env bash
# Runs the programs in examples/ that need no server, and looks at what the program `ipam` says of itself.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# With the packages and features of the step `test`, so that nothing is built again. Default features: features.sh.
run cargo build --locked --workspace --all-features --bins --examples
built=${CARGO_TARGET_DIR:-$PWD/target}/debug

for example in custom_provider embedded_quickstart vra7_request_item; do
    run "$built/examples/$example"
done

# The units of the scan agent and of the lab gateway, with the programs of this build.
if command -v systemd-analyze >/dev/null; then
    units=target/ci/units
    rm -rf "$units"
    mkdir -p "$units"
    for unit in examples/agent/*.service examples/agent/*.timer examples/lab-gateway/*.service; do
        sed "s|/usr/local/bin/|$built/|" "$unit" >"$units/$(basename "$unit")"
    done
    run systemd-analyze verify "$units"/*
else
    say "not run: systemd-analyze verify, which is missing; all else in this step is run"
fi

say "+ vra8_ipam_package"
last=$("$built/examples/vra8_ipam_package" | tail -n1)
say "$last"
case $last in
    "vra8_ipam_package: ok (ExampleIPAM 1.0.0, 2 external ranges, web has 172.16.20.2 of 172.16.20.0/24 servers)") ;;
    *) exit 1 ;;
esac

say "+ ipam quickstart"
last=$("$built/ipam" quickstart | tail -n1)
say "$last"
case $last in
    "quickstart: ok (ranges "*", allocations "*", reopened, 0 lost, 0 duplicates)") ;;
    *) exit 1 ;;
esac
