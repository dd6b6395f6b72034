#!/usr/bin/env bash
# Packages for Debian and Ubuntu of this machine's architecture, into out/packages, with their SHA-256.
source "$(dirname "$0")/common.sh"
packaging/scripts/setup.sh package

architecture=$(dpkg --print-architecture)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n1)
unset CORDLINE_ONNXRUNTIME
build_release
# The moment of the commit, not of the packing. Not before: a build that sees another one begins anew.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
say "Building the panel"
(cd adapters/ohif && npm ci --silent --no-audit --no-fund && npm run --silent build)

out=$tree/out/packages stage=$tree/out/packages/build/cordline-$version
rm -rf "$out"
mkdir -p "$stage"
cp -r packaging/debian "$stage/debian"
cat >"$stage/debian/changelog" <<EOF
cordline ($version) unstable; urgency=medium

  * What is new stands in CHANGELOG.md of the source.

 -- The Cordline authors <cordline@localhost.localdomain>  $(date --utc --rfc-email --date "@$SOURCE_DATE_EPOCH")
EOF
cp packaging/systemd/cordline.service "$stage/debian/cordline.service"
cp packaging/systemd/cordline-gateway.service "$stage/debian/cordline-gateway.service"

# Where each program looks by itself.
files=$stage/files
put() { # mode target file...
    local mode=$1 folder=$files/$2
    shift 2
    install -d "$folder"
    install -m "$mode" "$@" "$folder"
}
put 755 usr/bin "$target/release/cordline" "$target/release/cordline-gateway"
onnxruntime=.onnxruntime/$onnxruntime_version
put 644 usr/lib/cordline "$onnxruntime/libonnxruntime.so.$onnxruntime_version" "$onnxruntime/libonnxruntime_providers_shared.so"
put 644 usr/share/doc/cordline README.md ARCHITECTURE.md LICENSE-MIT
put 644 usr/share/doc/cordline/onnxruntime "$onnxruntime/LICENSE" "$onnxruntime/ThirdPartyNotices.txt"
put 644 usr/share/doc/cordline/docs docs/*.md
put 644 etc/cordline packaging/cordline.toml packaging/gateway.toml
sed -i -e 's|^# \(tokens = \)|\1|' -e 's|^# \(ohif = \)|\1|' -e 's|^# \(extension = \)|\1|' "$files/etc/cordline/gateway.toml"
put 644 usr/share/cordline/bundles/spinal-lesion-phantom models/bundles/spinal-lesion-phantom/*
put 644 usr/share/cordline/ohif-extension adapters/ohif/dist/*.js
put 644 usr/share/cordline/orthanc adapters/orthanc/*.lua packaging/systemd/orthanc-cordline.conf
install -d "$files/usr/share/cordline/ohif"
cp -r "$(ls -d .ohif/*/package/dist | sort -V | tail -n1)/." "$files/usr/share/cordline/ohif/"
[ ! -d ".openvino/$openvino_version" ] || put 644 usr/lib/cordline/openvino ".openvino/$openvino_version"/*
program=$target/release/cordline
"$program" print man "$files/man"
completions() { install -d "$files/$(dirname "$2")" && "$program" print completions "$1" >"$files/$2"; }
completions bash usr/share/bash-completion/completions/cordline
completions zsh usr/share/zsh/vendor-completions/_cordline
completions fish usr/share/fish/vendor_completions.d/cordline.fish

say "Putting it into packages"
(cd "$stage" && dpkg-buildpackage --build=binary --no-sign --no-check-builddeps >"$out/build/log" 2>&1) ||
    { tail -n 20 "$out/build/log"; fail "dpkg-buildpackage failed." "The whole log: $out/build/log"; }
mv "$out"/build/*.deb "$out"
rm -rf "$out/build"
(cd "$out" && sha256sum ./*.deb >SHA256SUMS)
say "Done, for $architecture:"
(cd "$out" && du -h ./*.deb)
