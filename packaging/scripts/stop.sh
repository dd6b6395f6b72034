#!/usr/bin/env bash
# Ends what viewer.sh began.
source "$(dirname "$0")/common.sh"
[ -f out/viewer/pids ] || exit 0
while read -r pid; do
    kill "$pid" 2>/dev/null || true
done <out/viewer/pids
rm out/viewer/pids
say "The viewer has ended"
