#!/usr/bin/env bash
# The package that vRA imports: builds it twice, checks it and its program, and tries its actions.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# With musl. A program with a static glibc also has a resolver, and the package is allowed half as much again.
readonly MOST_BYTES=16500000
readonly MOST_BYTES_GLIBC=24750000
readonly NAME=phpIPAM

[ "$(uname -sm)" = "Linux x86_64" ] || not_run "the program of the package is for x86-64 Linux, and is built there"
for tool in unzip python3 ldd; do
    command -v "$tool" >/dev/null || not_run "$tool is missing: .ci/setup.sh installs it where it can"
done

out=$PWD/target/ci/package
rm -rf "$out"
mkdir -p "$out"

# `ipam` itself is built in the profile and with the features of the step `test`. A release build of it writes the same
# package, minutes later; the program in the package has its own profile in both.
run cargo build --locked --workspace --all-features --bins
for file in $NAME.zip again.zip; do
    run "${CARGO_TARGET_DIR:-$PWD/target}/debug/ipam" vra package --out "$out/$file" | tee "$out/report"
done
cmp "$out/$NAME.zip" "$out/again.zip" || {
    say "two runs wrote different packages"
    exit 1
}
say "two runs wrote the same bytes"

# `has FILE ENTRY…` fails unless the archive has exactly these entries.
has() {
    local file=$1 expected found
    shift
    expected=$(printf '%s\n' "$@" | LC_ALL=C sort)
    found=$(unzip -Z1 "$file" | LC_ALL=C sort)
    [ "$expected" = "$found" ] || {
        say "$file has other entries than expected (<) :"
        diff <(printf '%s\n' "$expected") <(printf '%s\n' "$found")
        return 1
    }
}

run unzip -l "$out/$NAME.zip"
has "$out/$NAME.zip" CHANGELOG.md bundle.zip endpoint-schema.json logo.png registration.yaml
unzip -q "$out/$NAME.zip" -d "$out/package"
actions=(AllocateIP AllocateIPRange DeallocateIP DeallocateIPRange GetIPBlocks GetIPRanges Update ValidateEndpoint)
entries=()
for action in "${actions[@]}"; do
    entries+=("${NAME}_$action.abx" "${NAME}_$action.zip")
done
has "$out/package/bundle.zip" "${entries[@]}"
unzip -q "$out/package/bundle.zip" -d "$out/bundle"
mkdir "$out/actions"
program=$out/actions/${actions[0]}/ipam-plugin
for action in "${actions[@]}"; do
    has "$out/bundle/${NAME}_$action.zip" ipam-plugin source.py
    unzip -q "$out/bundle/${NAME}_$action.zip" -d "$out/actions/$action"
    cmp "$program" "$out/actions/$action/ipam-plugin"
    python3 -m py_compile "$out/actions/$action/source.py"
done
say "the layout is that of the contract, with ${#actions[@]} actions"

linked=$(LC_ALL=C ldd "$program" 2>&1) || true
case $linked in
    *"statically linked"* | *"not a dynamic executable"*) say "ldd: ${linked##*$'\t'}" ;;
    *)
        say "the program is not static: $linked"
        exit 1
        ;;
esac

# An input that the program refuses at once. The message shows that it ran.
readonly REFUSAL="standard input is not JSON"
root=$out/root
mkdir "$root"
cp "$program" "$root/ipam-plugin"
enter=()
if [ "$(id -u)" -eq 0 ]; then
    enter=(chroot "$root")
elif unshare --map-root-user true 2>/dev/null; then
    enter=(unshare --map-root-user chroot "$root")
fi
# A root that can be entered has no such program; any other message says that it cannot be entered.
probe=$([ ${#enter[@]} -eq 0 ] || LC_ALL=C "${enter[@]}" /missing 2>&1) || true
if [[ $probe == *"No such file"* ]]; then
    said=$("${enter[@]}" /ipam-plugin get-ip-ranges 2>&1 <<<"no JSON") || true
    case $said in
        *"$REFUSAL"*) say "the program starts in an empty root" ;;
        *)
            say "the program does not start in an empty root: $said"
            exit 1
            ;;
    esac
else
    say "not run: the start in an empty root, because neither chroot nor unshare is permitted"
fi

bytes=$(stat -c %s "$out/$NAME.zip")
most=$MOST_BYTES_GLIBC
! grep -q x86_64-unknown-linux-musl "$out/report" || most=$MOST_BYTES
[ "$bytes" -le "$most" ] || {
    say "the package has $bytes bytes, more than $most"
    exit 1
}
say "package: $bytes bytes; program: $(stat -c %s "$program") bytes"

python3 - "$program" "$REFUSAL" <<'PYTHON'
import statistics
import subprocess
import sys
import time

program, refusal = sys.argv[1:]
times = []
for _ in range(20):
    start = time.perf_counter()
    done = subprocess.run([program, "get-ip-ranges"], input=b"no JSON", capture_output=True, check=False)
    times.append((time.perf_counter() - start) * 1000)
    assert refusal.encode() in done.stderr, done
print(f"start to end of a refused action: best {min(times):.1f} ms, median {statistics.median(times):.1f} ms of {len(times)}")
PYTHON

IPAM_VRA_PACKAGE=$out/$NAME.zip run cargo test --locked --workspace --all-features --test package -- --ignored
