#!/usr/bin/env bash
# Every test. Runs to the end even when something fails, and closes with a table.
source "$(dirname "$0")/common.sh"

# What a clean clone writes, measured with `du`: programs 3, PyTorch 1, the rest viewers, Node packages, Slicer's core and results.
readonly wanted_gb=7
free_gb=$(df --output=avail -BG "$tree" | tr -dc '0-9\n' | tail -n1)
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

table=()
failed=0
step() { # name command...
    local name=$1 began=$SECONDS verdict=passed
    shift
    say "$name"
    if ! "$@"; then
        verdict=FAILED
        failed=1
    fi
    table+=("$(printf '%-10s %5s s   %s' "$verdict" $((SECONDS - began)) "$name")")
}

documentation() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked --quiet; }
models_tests() { (cd models && ../.venv-train/bin/python -m pytest -q tests); }
python_client() { (cd plugin-sdk/python && PYTHONPATH=. ../../.venv/bin/python -m pytest -q tests); }
typescript_client() { (cd plugin-sdk/typescript && npm ci --silent --no-audit --no-fund && npm test --silent); }
ohif_panel() { (cd adapters/ohif && npm ci --silent --no-audit --no-fund && npm run --silent check && npm test --silent); }
slicer_extension() { .venv-slicer/bin/python -m pytest -q tests/slicer; }
browser() { (cd tests/browser && npm ci --silent --no-audit --no-fund); }
ruff() { .venv/bin/ruff check --quiet . && .venv/bin/ruff format --check --quiet .; }

step "formatting of Rust" cargo fmt --all --check
step "lints of Rust" cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
step "documentation of Rust" documentation
step "lints of Python" ruff
step "build of the programs" cargo build --locked --workspace --examples --bins
step "tests of Rust" cargo nextest run --workspace --locked --no-fail-fast
step "the OHIF panel" ohif_panel
step "a browser" browser
step "tests of the whole system" .venv/bin/python -m pytest -q -o tmp_path_retention_count=1 tests/python tests/baseline
step "tests of the Slicer extension" slicer_extension
step "tests of the Python client" python_client
step "tests of the TypeScript client" typescript_client
step "tests of the models" models_tests

say "Summary"
printf '    %s\n' "${table[@]}"
exit $failed
