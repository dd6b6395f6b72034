#!/usr/bin/env bash
# Hostile input, made by mutation and kept where it reaches new code (libFuzzer, on stable Rust): every target of tests/fuzz.
#   fuzz.sh SECONDS            as long each; several at a time, as many as there are processors
#   fuzz.sh --runs COUNT       as many inputs each, at most FUZZ_LONGEST seconds (an hour)
#   fuzz.sh --merge SECONDS    as long each, then the smallest of what reached new code goes into the corpus of the tree
# A crash, a hang (10 s) or more than 512 MB fails; its input lies in target/fuzz/found, and goes to tests/fuzz/corpus when it is mended.
# FUZZ_TARGETS="study wire" runs these alone.
source "$(dirname "$0")/common.sh"

host=$(rustc -vV | sed -n 's/^host: //p')
folder=$target/fuzz
built=$folder/$host/debug
read -ra targets <<<"${FUZZ_TARGETS:-header study frame text wire result bundle seg reader dicomweb}"

readonly limits=(-rss_limit_mb=512 -timeout=10)

usage() { fail "fuzz.sh wants SECONDS, --runs COUNT, or --merge SECONDS." "See the head of packaging/scripts/fuzz.sh."; }
merge=
case ${1:-} in
    --runs) bound=(-runs="${2:?$(usage)}" -max_total_time="${FUZZ_LONGEST:-3600}") ;;
    --merge) merge=1 bound=(-max_total_time="${2:?$(usage)}") ;;
    [1-9]*) bound=(-max_total_time="$1") ;;
    *) usage ;;
esac

# Counters of coverage and comparisons in every crate: passes of LLVM that stable Rust has. Nothing of it enters the programs, which are built elsewhere.
build() {
    local flags="-Cpasses=sancov-module --cfg fuzzing" option
    for option in level=4 inline-8bit-counters pc-table trace-compares; do
        flags+=" -Cllvm-args=-sanitizer-coverage-$option"
    done
    # One list of versions: that of the programs. What the fuzzer needs beside it is named exactly in its manifest.
    cp Cargo.lock tests/fuzz/Cargo.lock
    CARGO_INCREMENTAL=0 RUSTFLAGS=$flags cargo build --quiet --manifest-path tests/fuzz/Cargo.toml --target "$host" --target-dir "$folder"
}

one() { # target: runs it to its end, and leaves a line for the table
    local name=$1 log=$folder/$1.log status=0
    mkdir -p "$folder/corpus/$name" "$folder/found" "$folder/seeds/$name" "tests/fuzz/corpus/$name"
    "$built/$name" "${bound[@]}" "${limits[@]}" -max_len=16384 -print_final_stats=1 -artifact_prefix="$folder/found/$name-" \
        "$folder/corpus/$name" "tests/fuzz/corpus/$name" "$folder/seeds/$name" >"$log" 2>&1 || status=$?
    if [ $status -ne 0 ] && only_slow "$name" >>"$log" 2>&1; then status=0; fi
    if [ $status -eq 0 ] && [ -n "$merge" ]; then merged "$name" >>"$log" 2>&1 || status=$?; fi
    local inputs seconds coverage
    inputs=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
    seconds=$(sed -n 's/^Done [0-9]* runs in \([0-9]*\) second.*/\1/p' "$log" | head -n1)
    coverage=$(sed -n 's/^#[0-9]*.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n1)
    printf '%-8s %10s inputs %8s /s %7s reached   %s\n' "$name" "${inputs:-?}" "$((${inputs:-0} / (${seconds:-0} > 0 ? ${seconds:-0} : 1)))" \
        "${coverage:-?}" "$([ $status -eq 0 ] && echo passed || echo FAILED)" >"$folder/$name.line"
    return $status
}

# True where the target stopped over nothing but the clock, and the same inputs are done in time now: the machine had stood still.
only_slow() {
    local name=$1 found=("$folder/found/$1-timeout-"*) all=("$folder/found/$1-"*)
    [ -e "${found[0]}" ] && [ ${#found[@]} -eq ${#all[@]} ] || return 1
    echo "Once more: ${found[*]}"
    "$built/$name" "${limits[@]}" "${found[@]}"
}

# What the corpus of the tree lacks and the run has found: the smallest inputs first, until there are 24 kB of them.
merged() {
    local name=$1 kept=$folder/merged/$1 corpus=tests/fuzz/corpus/$1 file
    rm -rf "$kept"
    mkdir -p "$kept"
    cp -a "$corpus/." "$kept"
    "$built/$name" -merge=1 -max_len=2048 "${limits[@]}" "$kept" "$folder/corpus/$name"
    for file in "$corpus"/*; do rm -f "$kept/${file##*/}"; done
    while read -r file; do
        [ "$(cat "$corpus"/reach-* 2>/dev/null | wc -c)" -lt 24576 ] || break
        cp "$kept/$file" "$corpus/reach-${file:0:12}"
    done < <(ls -rS "$kept")
}

say "Building the fuzz targets"
build
rm -rf "$folder/seeds" "$folder/found" "$folder"/*.line
.venv/bin/python tests/fuzz/seeds.py --at-run "$folder/seeds"

say "Fuzzing ${#targets[@]} targets, $(nproc) at a time"
failed=0
running=0
for name in "${targets[@]}"; do
    if [ $running -ge "$(nproc)" ]; then
        wait -n || failed=1
        running=$((running - 1))
    fi
    one "$name" &
    running=$((running + 1))
done
while [ $running -gt 0 ]; do
    wait -n || failed=1
    running=$((running - 1))
done

for name in "${targets[@]}"; do
    cat "$folder/$name.line"
    if grep -q FAILED "$folder/$name.line"; then
        printf '    the input is in %s; the end of %s:\n' "$folder/found" "$folder/$name.log"
        grep -vE '^#[0-9]' "$folder/$name.log" | grep -v '^stat::' | tail -n 25 | cut -c1-400 | sed 's/^/        /'
    fi
done
exit $failed
