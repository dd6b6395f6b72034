#!/usr/bin/env bash
# The program, its networks alone, and a Python pipeline, interleaved on the same studies; then the daemon, the gateway,
# the panel in OHIF and the extension in Slicer's core.
source "$(dirname "$0")/common.sh"
packaging/scripts/setup.sh tests
say "Building (release)"
cargo build --release --locked --quiet --workspace --bins
CORDLINE_ONNXRUNTIME=$(onnxruntime_library)
export CORDLINE_ONNXRUNTIME
export PROGRAM_UNDER_TEST=$target/release/cordline
.venv/bin/python tests/bench/bench.py "$@"
# Words are for the first alone.
[ $# -eq 0 ] || exit 0
.venv/bin/python tests/bench/wire.py
.venv/bin/python tests/bench/gateway.py
packaging/scripts/setup.sh viewer
(cd tests/browser && npm ci --silent --no-audit --no-fund)
.venv/bin/python tests/bench/browser.py
packaging/scripts/setup.sh slicer
.venv-slicer/bin/python tests/bench/slicer_panel.py
