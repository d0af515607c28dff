# What every step needs. Sourced, not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A step that cannot run here ends with this code: it has neither passed nor failed.
readonly NOT_RUN=77

say() { printf '%s\n' "$*"; }

# Runs a command and shows it.
run() {
    say "+ $*"
    "$@"
}

not_run() {
    say "not run: $*"
    exit "$NOT_RUN"
}

# The features of a crate by name, without `default` and those not for users.
features_of() {
    awk '/^\[/ { inside = ($0 == "[features]") } inside && /^[a-z0-9-]+ *=/ && $1 != "default" { print $1 }' "$1/Cargo.toml"
}

# The same but those named, separated by commas.
features_without() {
    features_of "$1" | grep -vxF "$(printf '%s\n' "${@:2}")" | paste -sd, -
}
