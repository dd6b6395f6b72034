#!/usr/bin/env bash
# Every test. Runs to the end even when something fails, and closes with a table.
source "$(dirname "$0")/steps.sh"

# What a clean clone writes, measured with `df`: Python's packages 4, programs 3, fuzz targets 1, the rest viewers, Node packages and results.
readonly wanted_gb=12
free() { df --output=avail -BG "$tree" | tr -dc '0-9\n' | tail -n1; }
free_gb=$(free)
if [ ! -d "$target/debug" ] && [ "$free_gb" -lt $wanted_gb ]; then
    fail "Only $free_gb GB of disk are free; the tests write about $wanted_gb GB." "Make room, and run this again."
fi
# Written once and never built upon: that would double what the build takes of the disk.
export CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0}
packaging/scripts/setup.sh tests
packaging/scripts/setup.sh slicer
packaging/scripts/setup.sh train

CORDLINE_ONNXRUNTIME=$(onnxruntime_library)
export CORDLINE_ONNXRUNTIME
export PROGRAM_UNDER_TEST=$target/debug/cordline
export PYTHONDONTWRITEBYTECODE=1

# Waits for daemons, archives and browsers by the clock: what failed is tried once more, alone and aloud, and fails if it fails again.
twice() { # python words...
    local python=$1 status=0
    shift
    "$python" -m pytest -q "$@" || status=$?
    [ $status -eq 1 ] || return $status
    say "$second_try"
    "$python" -m pytest -q -rA --show-capture=no --last-failed --last-failed-no-failures none "${@//--numprocesses=*/--numprocesses=0}"
}
models_tests() { (cd models && ../.venv-train/bin/python -m pytest -q tests); }
slicer_extension() { twice .venv-slicer/bin/python tests/slicer; }
browser() { (cd tests/browser && npm ci --silent --no-audit --no-fund); }
# One file after the other waits for daemons, archives and browsers most of its time: one more of them than there are processors run side by side.
whole_system() {
    twice .venv/bin/python --numprocesses="$(($(nproc) + 1))" --dist loadfile --no-loadscope-reorder -o tmp_path_retention_policy=failed tests/python tests/baseline
}

text_steps
step "build of the programs" cargo build --locked --workspace --examples --bins
step "tests of Rust" cargo nextest run --workspace --locked --no-fail-fast
step "examples in the documentation of Rust" cargo test --doc --workspace --locked --quiet
step "fuzzing" packaging/scripts/fuzz.sh 60
step "a browser" browser
client_steps
# They compute, and the whole system waits most of its time.
beside "tests of the models" models_tests
step "tests of the whole system" whole_system
join
step "tests of the Slicer extension" slicer_extension

say "Disk: $free_gb GB were free, $(free) GB are. Load: $(cut -d' ' -f1-3 /proc/loadavg)."
summary
