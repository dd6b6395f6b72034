#!/usr/bin/env bash
# The fast door, before every commit: text, types, units, vectors; what is generated is what is committed. `make test` is the whole.
source "$(dirname "$0")/steps.sh"
packaging/scripts/setup.sh tests
CORDLINE_ONNXRUNTIME=$(onnxruntime_library)
export CORDLINE_ONNXRUNTIME PYTHONDONTWRITEBYTECODE=1 CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0}

text_steps
step "unit tests of Rust" cargo nextest run --workspace --locked --no-fail-fast --status-level fail -E 'not (binary(system) | binary(confinement))'
client_steps
summary
