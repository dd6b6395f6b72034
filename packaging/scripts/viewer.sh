#!/usr/bin/env bash
# A viewer to try: Orthanc, the daemon and the gateway with OHIF, and a drawn phantom that has arrived. `make stop` ends it.
#   viewer.sh [--headless]    --headless drives a browser through it, and keeps pictures in out/viewer
source "$(dirname "$0")/common.sh"
packaging/scripts/setup.sh viewer
[ "${1:-}" != --headless ] || packaging/scripts/setup.sh browser
packaging/scripts/stop.sh
folder=$tree/out/viewer
rm -rf "$folder"
mkdir -p "$folder/orthanc"
archive=http://127.0.0.1:18042

keep() { # command... : runs on after this script, until stop.sh
    setsid nohup "$@" >>"$folder/log" 2>&1 &
    note $!
}
note() { echo "$1 $(began "$1")" >>"$folder/pids"; } # pid: for stop.sh
hint="Look into $folder/log."

say "Starting Orthanc, the daemon and the gateway"
cat >"$folder/orthanc.json" <<EOF
{ "StorageDirectory": "$folder/orthanc", "IndexDirectory": "$folder/orthanc", "HttpPort": 18042, "DicomServerEnabled": false,
  "RemoteAccessAllowed": false, "AuthenticationEnabled": false, "StableAge": 2, "UserMetadata": { "Cordline": 1024 },
  "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"] }
EOF
keep Orthanc "$folder/orthanc.json"
CORDLINE_DAEMON__METRICS="" keep "$target/release/cordline" serve --spool "$folder/spool" --socket "$folder/socket"
until_it_answers 30 Orthanc "$hint" curl -sf "$archive/system"
until_it_answers 30 "The daemon" "$hint" "$target/release/cordline" status --socket "$folder/socket"
setsid nohup "$target/release/cordline-gateway" --archive "$archive" --daemon "ipc://$folder/socket" --arrivals "$folder/arrivals" \
    --ohif "$(ls -d "$tree"/.ohif/*/package/dist | sort -V | tail -n1)" --extension "$tree/adapters/ohif/dist" \
    >"$folder/address" 2>>"$folder/log" &
note $!
until_it_answers 30 "The gateway" "$hint" curl -sf http://127.0.0.1:8080/api/v1/health

say "A study arrives in Orthanc"
unzip -q -o tests/data/phantom-ependymoma.zip -d "$folder/study"
find "$folder/study" -name '*.dcm' -exec curl -sf -o /dev/null -X POST --data-binary @{} "$archive/instances" \;
study=$(curl -sf "$archive/studies" | sed -n 's/.*"\([0-9a-f-]\{44\}\)".*/\1/p')
for _ in $(seq 600); do
    said=$(curl -sf "$archive/studies/$study/metadata/1024" || true)
    case $said in "" | queued) sleep 0.2 ;; *) break ;; esac
done
echo "Orthanc says of it: $said"

if [ "${1:-}" = --headless ]; then
    say "A browser looks at it"
    (cd tests/browser && npm ci --silent --no-audit --no-fund)
    uid=$(curl -sf "$archive/studies/$study" | sed -n 's/.*"StudyInstanceUID" : "\(.*\)".*/\1/p')
    token=$(sed -n 's/.*token=//p' "$folder/address")
    (cd tests/browser && node look.mjs http://127.0.0.1:8080 "$token" "$uid" "$folder")
    echo "Pictures: $folder/*.png"
fi
