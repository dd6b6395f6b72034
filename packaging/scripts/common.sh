# Sourced by the scripts beside it: where the tree is, how to speak, where the tools lie.
# shellcheck shell=bash
set -euo pipefail

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$tree"

readonly onnxruntime_version=1.32.0
readonly openvino_version=1.8.1
readonly nextest_version=0.9.143
readonly rust_wanted=1.92

export PATH="$tree/.tools/bin:$PATH"
target=${CARGO_TARGET_DIR:-$tree/target}

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

fail() {
    printf '\033[1;31merror:\033[0m %s\n' "$1" >&2
    shift
    local line
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

# The library that the tests and the benchmark use: the one of the caller, else the one that setup.sh laid into the tree.
onnxruntime_library() {
    printf '%s\n' "${CORDLINE_ONNXRUNTIME:-$tree/.onnxruntime/$onnxruntime_version/libonnxruntime.so.$onnxruntime_version}"
}

# True when $1 is at least version $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" = "$2" ]; }

# Waits for a command to succeed, so many seconds long.
until_it_answers() { # seconds what advice command...
    local until=$((SECONDS + $1)) what=$2 advice=$3
    shift 3
    # A client that nobody answers waits for some seconds itself.
    while [ $SECONDS -lt $until ]; do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.2
    done
    fail "$what does not answer." "$advice"
}

# When a process began, in ticks since the machine's start; nothing where there is none. The name before it may hold anything.
began() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# Builds the programs as they are shipped, and names them to benchmarks and long tests.
build_release() {
    say "Building (release)"
    cargo build --release --locked --quiet --workspace --exclude cordline-test-programs --bins
    CORDLINE_ONNXRUNTIME=$(onnxruntime_library)
    export CORDLINE_ONNXRUNTIME
    export PROGRAM_UNDER_TEST=$target/release/cordline
}
