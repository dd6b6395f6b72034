#!/usr/bin/env bash
# Ends what viewer.sh began, and returns when it has ended.
source "$(dirname "$0")/common.sh"
[ -f out/viewer/pids ] || exit 0
running=()
while read -r pid at; do
    # After a restart of the machine, or where one ended by itself, the number may be somebody else's.
    [ -n "$at" ] && [ "$(began "$pid")" = "$at" ] || continue
    kill "$pid" 2>/dev/null || continue
    running+=("$pid $at")
done <out/viewer/pids
until=$((SECONDS + 30))
for each in "${running[@]}"; do
    read -r pid at <<<"$each"
    # What has ended and was not asked for its end yet holds neither port nor file.
    while [ "$(began "$pid")" = "$at" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null; do
        [ $SECONDS -lt $until ] || fail "Process $pid of the viewer does not end." "End it by hand: kill -9 $pid"
        sleep 0.1
    done
done
rm out/viewer/pids
say "The viewer has ended"
