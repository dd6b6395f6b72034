#!/usr/bin/env bash
# The long tests, hours of them: kills at every state, a crowd of clients, a night of arrivals. As root: the night mounts a small disk.
# Without a word, also ten thousand hostile studies and ten million inputs to each fuzz target (an hour each at most).
#   soak.sh [states|crowd|night ...] [--kills N] [--hours N]
source "$(dirname "$0")/common.sh"
packaging/scripts/setup.sh tests
packaging/scripts/setup.sh soak
build_release
.venv/bin/python tests/soak/main.py "$@"
[ $# -eq 0 ] || exit 0

failed=0
HOSTILE_EACH=${HOSTILE_EACH:-600} .venv/bin/python -m pytest -q -s tests/python/test_hostile_corpus.py || failed=1
packaging/scripts/fuzz.sh --runs 10000000 || failed=1
exit $failed
