#!/usr/bin/env bash
# Runs the programs in examples/ that need no server, and looks at what the program `ipam` says of itself.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

for example in custom_provider embedded_quickstart vra7_request_item; do
    run cargo run --locked --quiet -p ipam-examples --example "$example"
done

say "+ ipam quickstart"
last=$(cargo run --locked --quiet --bin ipam -- quickstart | tail -n1)
say "$last"
case $last in
    "quickstart: ok (ranges "*", allocations "*", reopened, 0 lost, 0 duplicates)") ;;
    *) exit 1 ;;
esac
