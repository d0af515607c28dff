#!/usr/bin/env bash
# Tests of the scan agent in network namespaces that they make. Further arguments go to the test program.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PATH=$PATH:/usr/sbin:/sbin
missing=()
for program in ip unshare nsenter setpriv nft nmap named dig; do
    command -v "$program" >/dev/null || missing+=("$program")
done
[ ${#missing[@]} -eq 0 ] ||
    not_run "missing: ${missing[*]}; on Debian: apt-get install nmap bind9 bind9-dnsutils nftables iproute2 util-linux"
unshare --net --mount mount -t tmpfs lab /run 2>/dev/null ||
    unshare --user --map-root-user --net --mount mount -t tmpfs lab /run 2>/dev/null ||
    not_run "no network namespace can be created here; run as root, or allow user namespaces (sysctl user.max_user_namespaces)"

# The packages and features of the step `test`, so that nothing is built again.
run cargo test --locked --workspace --all-features --test agent -- --ignored "$@"
