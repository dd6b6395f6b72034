#!/usr/bin/env bash
# From a fresh clone to two reports: a phantom with a lesion, and the real MR of a healthy volunteer.
source "$(dirname "$0")/common.sh"
began=$SECONDS
packaging/scripts/setup.sh run
say "Building (release)"
cargo build --release --locked --workspace --exclude cordline-test-programs --bins
program=$target/release/cordline

analyse() { # study folder
    say "Analysing tests/data/$1"
    "$program" analyze "tests/data/$1" --out "out/$2"
}
analyse phantom-ependymoma.zip demo-phantom
analyse real-t2w-thoracolumbar-sagittal.zip demo-real

say "A live session: serve, submit, watch, get"
session=$(mktemp -d)
trap 'kill "${daemon:-}" 2>/dev/null || true; rm -rf "$session"' EXIT
CORDLINE_DAEMON__METRICS="" "$program" serve --spool out/demo-spool --socket "$session/socket" &
daemon=$!
for _ in $(seq 100); do
    "$program" status --socket "$session/socket" >/dev/null 2>&1 && break
    sleep 0.2
done
unzip -q -o tests/data/phantom-ependymoma.zip -d "$session/study"
"$program" submit "$session/study" --socket "$session/socket"
job=$("$program" jobs --limit 1 --json --socket "$session/socket" | sed -n 's/.*"job": "\(.*\)".*/\1/p')
"$program" watch "$job" --socket "$session/socket"
"$program" get "$job" --out out/demo-session --socket "$session/socket"
kill "$daemon"
wait "$daemon" || true

packaging/scripts/viewer.sh "$@"

say "Done in $((SECONDS - began)) s. Open these in a browser:"
printf '    %s\n' "$tree/out/demo-phantom/report.html   (a drawn phantom with a lesion)" \
    "$tree/out/demo-real/report.html      (real MR of a healthy volunteer)" \
    "$(grep -o 'http[^ ]*' out/viewer/address)   (the viewer; \`make stop\` ends it)"
echo "Research use only; not a medical device. The models were trained on phantoms and know nothing of patients."
