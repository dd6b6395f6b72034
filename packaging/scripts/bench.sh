#!/usr/bin/env bash
# The program, its networks alone, and a Python pipeline, interleaved on the same studies; then the daemon, the gateway,
# the panel in OHIF and the extension in Slicer's core.
#   bench.sh --against COMMIT [--rounds N]    what has changed since: both programs in turns, on the same work
#   bench.sh --results-of COMMIT [STUDY]      what is written otherwise since: every pixel and attribute of a study's results
source "$(dirname "$0")/common.sh"
packaging/scripts/setup.sh tests
build_release

against() { # commit: builds its program, and names it in `old`
    local commit tree
    commit=$(git rev-parse --verify "$1^{commit}")
    tree=$target/against/$commit
    say "Building $commit (release)"
    [ -d "$tree" ] || git worktree add --detach --quiet "$tree" "$commit"
    (cd "$tree" && CARGO_TARGET_DIR=$target/against/build cargo build --release --locked --quiet --workspace --bins)
    old=$target/against/build/release/cordline
}

case ${1:-} in
    --against)
        against "${2:?bench.sh --against COMMIT}"
        exec .venv/bin/python tests/bench/pair.py "$old" "$PROGRAM_UNDER_TEST" "${@:3}"
        ;;
    --results-of)
        against "${2:?bench.sh --results-of COMMIT}"
        exec .venv/bin/python tests/bench/compare.py "$old" "$PROGRAM_UNDER_TEST" "${@:3}"
        ;;
esac

.venv/bin/python tests/bench/bench.py "$@"
# Words are for the first alone.
[ $# -eq 0 ] || exit 0
.venv/bin/python tests/bench/providers.py
.venv/bin/python tests/bench/wire.py
.venv/bin/python tests/bench/gateway.py
packaging/scripts/setup.sh viewer
(cd tests/browser && npm ci --silent --no-audit --no-fund)
.venv/bin/python tests/bench/browser.py
packaging/scripts/setup.sh slicer
.venv-slicer/bin/python tests/bench/slicer_panel.py
