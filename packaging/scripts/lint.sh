#!/usr/bin/env bash
# Formatting and lints of all languages in the tree.
source "$(dirname "$0")/common.sh"
packaging/scripts/setup.sh tests

say "rustfmt";  cargo fmt --all --check
say "clippy";   cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
say "ruff";     .venv/bin/ruff check --quiet . && .venv/bin/ruff format --check --quiet .
say "slicer";   .venv/bin/python tests/slicer/module_lint.py adapters/slicer/Cordline
say "panel";    (cd adapters/ohif && npm ci --silent --no-audit --no-fund && npm run --silent check)
say "shell";    for script in packaging/scripts/*.sh .ci/run; do bash -n "$script"; done
