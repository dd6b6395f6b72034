#!/usr/bin/env bash
# Installs what this machine lacks; does nothing, in a second, where nothing is lacking.
#   setup.sh run     what building and running needs: a C compiler, ZeroMQ and ONNX Runtime
#   setup.sh tests   that, and cargo-nextest, the DICOM validators, Orthanc, Node.js and .venv
#   setup.sh slicer  for the tests of the Slicer extension: .venv-slicer with Slicer's core, and what it draws with
#   setup.sh viewer  for the viewer of the demo: Orthanc, Node.js, OHIF and the panel
#   setup.sh browser Chromium, which looks at pages for the tests and for the pictures of the demo
#   setup.sh package what makes packages, and checks them in a system of their own
#   setup.sh soak    a clock that can be moved, for the long tests
#   setup.sh train   what training needs: .venv-train with PyTorch
source "$(dirname "$0")/common.sh"

apt_install() { # why package...
    local why=$1 package missing=()
    shift
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "Packages are missing and this user is not root: ${missing[*]}" \
            "Install them as root: apt-get install ${missing[*]}"
        sudo=(sudo)
    fi
    say "Installing with ${sudo[*]:+sudo }apt, $why: ${missing[*]}"
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

check_system() {
    [ "$(uname -s)" = Linux ] || fail "Cordline runs on Linux; this is $(uname -s)." "Use Debian 12 or Ubuntu 22.04 or later."
    local id="" like="" version=""
    if [ -r /etc/os-release ]; then
        id=$(. /etc/os-release && echo "${ID:-}")
        like=$(. /etc/os-release && echo "${ID_LIKE:-}")
        version=$(. /etc/os-release && echo "${VERSION_ID:-}")
    fi
    case " $id $like " in
        *" debian "* | *" ubuntu "*) ;;
        *) fail "This is $id $version; the set-up knows Debian 12 and Ubuntu (apt)." \
            "Elsewhere install a C compiler, Python 3 with venv, dcmtk and dicom3tools by hand, and see packaging/scripts/setup.sh." ;;
    esac
    command -v dpkg-query >/dev/null || fail "dpkg-query was not found, so missing packages cannot be told." "Use Debian 12 or Ubuntu."
}

check_rust() {
    command -v cargo >/dev/null || fail "cargo was not found." \
        "Install Rust's stable toolchain with rustup (https://rustup.rs), open a new shell, and run this again."
    local have
    have=$(rustc --version | cut -d' ' -f2)
    at_least "${have%%-*}" "$rust_wanted" || fail "Rust $have is too old; $rust_wanted or later is needed." "Run: rustup update stable"
}

# Fetches the library from its PyPI wheel; the hashes are in packaging/onnxruntime.txt. The folder is kept whole, since
# provider libraries are looked up beside the main one.
fetch_onnxruntime() {
    if [ -n "${CORDLINE_ONNXRUNTIME:-}" ]; then
        say "ONNX Runtime: using $CORDLINE_ONNXRUNTIME (CORDLINE_ONNXRUNTIME is set)"
        return 0
    fi
    [ -e "$(onnxruntime_library)" ] && return 0
    local machine
    machine=$(uname -m)
    case $machine in
        x86_64 | aarch64) ;;
        *) fail "There is no ONNX Runtime wheel for $machine." "Build it, and set CORDLINE_ONNXRUNTIME to its libonnxruntime.so." ;;
    esac
    apt_install "to fetch ONNX Runtime" python3 python3-venv
    say "Fetching ONNX Runtime $onnxruntime_version for $machine (about 27 MB)"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    python3 -m venv "$work/pip"
    # The library does not care which Python the wheel was built for; one is named so that the hash is the same everywhere.
    "$work/pip/bin/pip" download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
        --implementation cp --python-version 3.12 --abi cp312 --platform "manylinux_2_28_$machine" \
        --dest "$work" --requirement packaging/onnxruntime.txt
    "$work/pip/bin/python" -m zipfile -e "$work"/onnxruntime-*.whl "$work/wheel"
    mkdir -p .onnxruntime
    rm -rf ".onnxruntime/$onnxruntime_version"
    cp "$work/wheel/onnxruntime/LICENSE" "$work/wheel/onnxruntime/ThirdPartyNotices.txt" "$work/wheel/onnxruntime/capi/"
    mv "$work/wheel/onnxruntime/capi" ".onnxruntime/$onnxruntime_version"
    [ -e "$(onnxruntime_library)" ] || fail "The wheel of ONNX Runtime $onnxruntime_version does not hold $(basename "$(onnxruntime_library)")." \
        "Packaging of the wheel has changed: look into .onnxruntime/$onnxruntime_version."
}

# A processor with AVX-512 or AMX computes the networks in a fraction of the time with OpenVINO; others gain nothing from it.
gains_from_openvino() { [ "$(uname -m)" = x86_64 ] && grep -qE '^flags.* (avx512f|amx_bf16)( |$)' /proc/cpuinfo; }

# The plug-in for ONNX Runtime, from its PyPI wheel; the hash is in packaging/openvino.txt. Of its devices only the processor's is kept.
fetch_openvino() {
    local folder=.openvino/$openvino_version
    [ ! -d "$folder" ] || return 0
    apt_install "to fetch OpenVINO" python3 python3-venv unzip
    say "Fetching OpenVINO's plug-in $openvino_version (about 53 MB)"
    local fetched file
    fetched=$(mktemp -d)
    python3 -m venv "$fetched/pip"
    "$fetched/pip/bin/pip" download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
        --platform manylinux_2_28_x86_64 --dest "$fetched" --requirement packaging/openvino.txt
    mkdir -p "$folder.partial"
    for file in libonnxruntime_providers_openvino_plugin.so libopenvino.so.* libopenvino_intel_cpu_plugin.so \
        libopenvino_onnx_frontend.so.* libhwloc.so.* libtbb.so.* libtbbbind_2_5.so.* libtbbmalloc.so.* libtbbmalloc_proxy.so.* \
        third-party-programs.txt; do
        unzip -q -j -o "$fetched"/onnxruntime_ep_openvino-*.whl "onnxruntime_ep_openvino/$file" -d "$folder.partial"
    done
    rm -rf "$fetched"
    mv "$folder.partial" "$folder"
}

# Prints a Python that the pinned packages run on (numpy wants 3.11 or later).
find_python() {
    local python
    for python in python3 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            printf '%s\n' "$python"
            return 0
        fi
    done
    return 1
}

make_venv() { # folder requirements...
    local folder=$1 python stamp
    shift
    stamp=$(cat "$@" | sha256sum)
    [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$stamp" ] && return 0
    apt_install "for the Python parts" python3 python3-venv
    if ! python=$(find_python); then
        apt_install "since Python 3.11 or later is needed" python3.11 python3.11-venv
        python=python3.11
    fi
    say "Installing $* into $folder"
    rm -rf "$folder"
    "$python" -m venv "$folder"
    local file
    for file in "$@"; do
        "$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: --no-deps --require-hashes --requirement "$file"
    done
    stamp_of=$stamp
}

finish_venv() { # folder
    [ -z "${stamp_of:-}" ] || printf '%s\n' "$stamp_of" >"$1/.stamp"
    stamp_of=
}

# For the TypeScript client: 20 or later, from wherever it is. 18, as Debian 12 has it, gives scripts no digests.
install_node() {
    local have
    have=$(node --version 2>/dev/null || true)
    if at_least "${have#v}" 20 && command -v npm >/dev/null; then return 0; fi
    apt_install "for the TypeScript client" nodejs npm
    have=$(node --version 2>/dev/null || true)
    at_least "${have#v}" 20 || fail "Node.js ${have:-is missing}; the TypeScript client needs 20 or later." \
        "Install it from https://nodejs.org, and run this again."
}

install_browser() {
    apt_install "to look at pages as readers do" chromium
}

install_nextest() {
    cargo nextest --version >/dev/null 2>&1 && return 0
    say "Building cargo-nextest $nextest_version into .tools (some minutes, once)"
    cargo install --quiet --locked --root .tools "cargo-nextest@$nextest_version"
}

# The prebuilt viewers; what they bring for other purposes (their own models, microscopes) is left out.
fetch_ohif() {
    local version digest file
    while read -r version digest; do
        [ -d ".ohif/$version/package" ] && continue
        say "Fetching OHIF $version (about 50 MB)"
        mkdir -p ".ohif/$version.partial"
        file=$(cd ".ohif/$version.partial" && npm pack --silent "@ohif/app@$version")
        echo "$digest  .ohif/$version.partial/$file" | sha256sum --check --quiet ||
            fail "OHIF $version has another SHA-256 than packaging/ohif.txt says." "Remove .ohif and run this again."
        tar -xzf ".ohif/$version.partial/$file" -C ".ohif/$version.partial" \
            --exclude 'package/dist/ort' --exclude 'package/dist/dicom-microscopy-viewer' --exclude '*.map'
        rm ".ohif/$version.partial/$file"
        mv ".ohif/$version.partial" ".ohif/$version"
    done < <(grep -v '^#' packaging/ohif.txt)
}

setup_run() {
    check_system
    check_rust
    apt_install "to build and run Rust programs with ZeroMQ" gcc libc6-dev make git libzmq3-dev unzip
    fetch_onnxruntime
    if gains_from_openvino; then fetch_openvino; fi
}

case ${1:-run} in
    run) setup_run ;;
    tests)
        setup_run
        for component in rustfmt clippy; do
            cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1 || rustup component add "$component"
        done
        apt_install "to check DICOM objects" dicom3tools dcmtk
        apt_install "to try the gateway on a real archive" orthanc orthanc-dicomweb curl
        install_node
        install_browser
        fetch_ohif
        install_nextest
        make_venv .venv tests/python/requirements.txt
        finish_venv .venv
        ;;
    browser) install_browser ;;
    package)
        setup_run
        apt_install "to make packages" debhelper dpkg-dev fakeroot
        apt_install "to check packages, and to install them in a system of their own" lintian mmdebstrap
        [ "$(uname -m)" != x86_64 ] || fetch_openvino
        install_node
        fetch_ohif
        ;;
    soak) apt_install "to give programs a clock that can be moved" libfaketime ;;
    slicer)
        check_system
        fetch_onnxruntime
        # Slicer's core draws in memory with OSMesa; Qt asks for the others even where it draws nowhere.
        apt_install "to draw Slicer's views without a screen" libosmesa6 libgl1 libegl1 libxkbcommon0 libdbus-1-3 \
            libfontconfig1 libglib2.0-0 libsm6 libice6 libxrender1 libxcursor1 libx11-6 fonts-dejavu-core
        make_venv .venv-slicer tests/slicer/requirements.txt
        finish_venv .venv-slicer
        ;;
    viewer)
        apt_install "for the archive of the demo" orthanc orthanc-dicomweb curl
        install_node
        fetch_ohif
        say "Building the panel"
        # Always, which takes a second: one that was built before a change would be shown and measured.
        (
            cd adapters/ohif
            [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent --no-audit --no-fund
            npm run --silent build
        )
        ;;
    train)
        check_system
        apt_install "to install PyTorch without CUDA" gcc libc6-dev binutils
        make_venv .venv-train models/requirements.txt
        if [ -n "${stamp_of:-}" ]; then .venv-train/bin/python models/tools/cpu_torch.py; fi
        finish_venv .venv-train
        ;;
    *) fail "setup.sh knows run, tests, browser, slicer, viewer, package, soak and train, not \"$1\"." ;;
esac
