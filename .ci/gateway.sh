#!/usr/bin/env bash
# Tests of the lab gateway in network namespaces that they make. Further arguments go to the test program.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PATH=$PATH:/usr/sbin:/sbin
missing=()
for program in ip unshare nsenter setpriv nft conntrack nmap named dig; do
    command -v "$program" >/dev/null || missing+=("$program")
done
[ ${#missing[@]} -eq 0 ] ||
    not_run "missing: ${missing[*]}; on Debian: apt-get install nftables conntrack bind9 bind9-dnsutils nmap iproute2 util-linux"
inside=(unshare --net --mount)
"${inside[@]}" mount -t tmpfs lab /run 2>/dev/null || inside=(unshare --user --map-root-user --net --mount)
"${inside[@]}" mount -t tmpfs lab /run 2>/dev/null ||
    not_run "no network namespace can be created here; run as root, or allow user namespaces (sysctl user.max_user_namespaces)"
# A kernel may have nftables without address translation, or without its log.
"${inside[@]}" nft --check -f - 2>/dev/null <<'NFT' ||
add table ip lab
add chain ip lab one { type nat hook prerouting priority -100; }
add rule ip lab one fib daddr type local dnat to 192.0.2.1
add chain ip lab two { type filter hook forward priority 0; }
add rule ip lab two ct state new log group 5
NFT
    not_run "the kernel lacks a part of nftables; modprobe nft_chain_nat nft_fib_ipv4 nft_log nfnetlink_log nf_conntrack_netlink"

# The packages and features of the step `test`, so that nothing is built again.
run cargo test --locked --workspace --all-features --test gateway -- --ignored "$@"
