#!/usr/bin/env bash
# The extension for 3D Slicer as a folder of its own, with the client in it: for `Additional module paths`, for a computer
# without this tree, or as the repository that Slicer's extensions index wants.
#   slicer_extension.sh FOLDER
source "$(dirname "$0")/common.sh"

folder=${1:-}
[ -n "$folder" ] || fail "Say where to." "packaging/scripts/slicer_extension.sh FOLDER"
[ ! -e "$folder" ] || fail "$folder is there already." "Name a folder that is not there."
mkdir -p "$folder"
cp -R adapters/slicer/. LICENSE LICENSE-APACHE LICENSE-MIT "$folder"
cp -R plugin-sdk/python/cordline_client "$folder/Cordline/"
find "$folder" -name __pycache__ -type d -prune -exec rm -rf {} +
say "In $folder; for Slicer's settings, Modules, Additional module paths: $folder/Cordline"
