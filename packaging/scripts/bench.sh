#!/usr/bin/env bash
# The program, its networks alone, and a Python pipeline, interleaved on the same studies; then the daemon, then the gateway and the Slicer extension.
source "$(dirname "$0")/common.sh"
packaging/scripts/setup.sh tests
say "Building (release)"
cargo build --release --locked --quiet --package cordline --package cordline-gateway
CORDLINE_ONNXRUNTIME=$(onnxruntime_library)
export CORDLINE_ONNXRUNTIME
export PROGRAM_UNDER_TEST=$target/release/cordline
.venv/bin/python tests/bench/bench.py "$@"
# Words are for the first alone.
[ $# -eq 0 ] || exit 0
.venv/bin/python tests/bench/wire.py
.venv/bin/python tests/bench/gateway.py
packaging/scripts/setup.sh slicer
.venv-slicer/bin/python tests/bench/slicer_panel.py
