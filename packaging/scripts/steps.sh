# Sourced by check.sh and test.sh: steps that all run, whatever fails, and a table at the end. What both doors share stands here once.
# shellcheck shell=bash
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly logs=$target/test-logs
readonly second_try="Once more, alone: what failed"
rm -rf "$logs"
mkdir -p "$logs"
table=()
failed=()

step() { # name command...
    local name=$1 began=$SECONDS verdict=passed log once
    log=$logs/${1// /-}.log
    shift
    say "$name"
    if ! "$@" 2>&1 | tee "$log"; then
        verdict=FAILED
        failed+=("$log")
    fi
    table+=("$(printf '%-10s %5s s   %s' "$verdict" $((SECONDS - began)) "$name")")
    # Nobody overlooks a test that needed its second try. Only some steps have one, and say so.
    local try=
    if grep -q "$second_try" "$log"; then try="at the first try: "; fi
    while read -r once; do table+=("    $try${once:0:200}"); done < <(grep -E '^(FAILED|ERROR) ' "$log" || true)
}

# A step that neither builds nor waits by the clock: at a lower priority, beside those that follow, until `join` waits for it.
beside() { # name command...
    local name=$1 log=$logs/${1// /-}.log
    shift
    say "$name (beside what follows)"
    (
        renice -n 10 -p "$BASHPID" >/dev/null
        began=$SECONDS verdict=passed
        "$@" >"$log" 2>&1 || verdict=FAILED
        printf '%s %s\n' "$verdict" $((SECONDS - began)) >"$log.end"
    ) &
    beside_pid=$! beside_name=$name
}
join() {
    local log=$logs/${beside_name// /-}.log verdict=FAILED seconds=0
    wait "$beside_pid" || true
    say "$beside_name"
    cat "$log"
    if [ -e "$log.end" ]; then read -r verdict seconds <"$log.end"; fi
    [ "$verdict" = passed ] || failed+=("$log")
    table+=("$(printf '%-10s %5s s   %s, beside others' "$verdict" "$seconds" "$beside_name")")
}

# Who sees only the end of a long output, as most CI shows it, still reads what failed. False where something did.
summary() {
    local log
    for log in "${failed[@]}"; do
        say "The end of $log"
        tail -n 60 "$log" | cut -c1-300
    done
    say "Summary"
    printf '    %s\n' "${table[@]}"
    [ ${#failed[@]} -eq 0 ]
}

rust_documentation() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked --quiet; }
python_lints() { .venv/bin/ruff check --quiet . && .venv/bin/ruff format --check --quiet . && .venv/bin/python tests/slicer/module_lint.py adapters/slicer/Cordline; }
generated_types() { .venv/bin/python plugin-sdk/generate.py --check; }
shell_lints() { for script in packaging/scripts/*.sh .ci/run; do bash -n "$script" || return 1; done; }
python_client() { (cd plugin-sdk/python && PYTHONPATH=. ../../.venv/bin/python -m pytest -q tests); }
typescript_client() { (cd plugin-sdk/typescript && npm ci --silent --no-audit --no-fund && npm test --silent); }
ohif_panel() { (cd adapters/ohif && npm ci --silent --no-audit --no-fund && npm run --silent check && npm test --silent); }

# Everything that needs no program built, and no other one running.
text_steps() {
    step "formatting of Rust" cargo fmt --all --check
    step "lints of Rust" cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
    step "documentation of Rust" rust_documentation
    step "lints of Python" python_lints
    step "generated types" generated_types
    step "shell" shell_lints
    step "spelling" .venv/bin/typos
    step "licences, sources, walls" .venv/bin/python packaging/scripts/dependencies.py
    step "what the documents name" .venv/bin/python packaging/scripts/cited.py
    step "circles of imports" .venv/bin/python packaging/scripts/import_cycles.py
}
client_steps() {
    step "the OHIF panel" ohif_panel
    step "tests of the Python client" python_client
    step "tests of the TypeScript client" typescript_client
}
