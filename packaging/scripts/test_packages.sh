#!/usr/bin/env bash
# Makes the packages, and installs, upgrades, tries, removes and purges them in a fresh Debian of its own. Wants root and a mirror of Debian.
# systemd does not run there: that the units start, and stop with the package, is to be looked at on a host.
source "$(dirname "$0")/common.sh"
[ "$(id -u)" -eq 0 ] || fail "A system of its own can only be entered as root." "Run: sudo make test-packages"
packaging/scripts/package.sh
packages=$tree/out/packages

say "lintian"
# Warnings are about manners, errors about what would break.
lintian --fail-on error --tag-display-limit 0 "$packages"/*.deb

root=$(mktemp -d)
started=()
leave() {
    [ ${#started[@]} -eq 0 ] || kill "${started[@]}" 2>/dev/null || true
    umount -q "$root/proc" 2>/dev/null || true
    rm -rf "$root"
}
trap leave EXIT
say "A fresh Debian in $root"
mmdebstrap --quiet --variant=apt --mode=root bookworm "$root"
mount -t proc proc "$root/proc"
# No unit is to be started where there is no systemd.
install -m 755 /dev/stdin "$root/usr/sbin/policy-rc.d" <<<$'#!/bin/sh\nexit 101'

system=(chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive)
user=(setpriv --reuid cordline --regid cordline --init-groups)
inside() { "${system[@]}" "$@"; }
as_cordline() { inside "${user[@]}" "$@"; }
expect() { # what command...
    local what=$1
    shift
    "$@" || fail "$what" "This failed: $*"
}
is() { # owner-and-mode path
    [ "$(inside stat -c '%U %a' "$2")" = "$1" ]
}
apt() {
    inside apt-get -qq -y --no-install-recommends "$@" >"$root/tmp/log" 2>&1 || {
        tail -n 20 "$root/tmp/log"
        fail "apt-get $* failed."
    }
}
hint="Start it by hand in such a system, and read what it says."

say "Install an earlier version, which differs in its number alone"
apt update
mkdir "$root/tmp/earlier"
for package in cordline cordline-gateway; do
    dpkg-deb --raw-extract "$packages/${package}"_*.deb "$root/tmp/unpacked"
    sed -i 's/^Version: .*/Version: 0.0.1/; s/cordline (= [^)]*)/cordline (= 0.0.1)/' "$root/tmp/unpacked/DEBIAN/control"
    dpkg-deb --build -Znone "$root/tmp/unpacked" "$root/tmp/earlier/$package.deb" >/dev/null
    rm -r "$root/tmp/unpacked"
done
apt install /tmp/earlier/cordline.deb /tmp/earlier/cordline-gateway.deb
inside install -d -o cordline -g cordline -m 700 /var/lib/cordline /run/cordline /var/lib/cordline-gateway
echo 'log = "info"' >"$root/etc/cordline/cordline.toml"
as_cordline touch /var/lib/cordline/of-a-reader
token=$(cat "$root/etc/cordline/first-token")

say "Upgrade, and install the rest"
cp "$packages"/*.deb "$root/tmp"
mapfile -t all < <(cd "$packages" && printf '/tmp/%s\n' *.deb)
began=$SECONDS
apt -o Dpkg::Options::=--force-confold install "${all[@]}"
took=$((SECONDS - began))
expect "The settings were not kept." grep -q 'log = "info"' "$root/etc/cordline/cordline.toml"
expect "The spool was not kept." test -e "$root/var/lib/cordline/of-a-reader"
expect "The token was not kept." test "$token" = "$(cat "$root/etc/cordline/first-token")"
expect "The keys belong to somebody else." is "cordline 700" /etc/cordline/keys
expect "The file of tokens belongs to somebody else." is "cordline 600" /etc/cordline/tokens.toml
expect "The first token can be read by others." is "root 600" /etc/cordline/first-token
expect "A page of the manual is missing." test -e "$root/usr/share/man/man1/cordline-analyze.1.gz"

say "doctor, a study, the daemon and the gateway, as the user of the units"
as_cordline cordline doctor | tail -n 3
unzip -q tests/data/phantom-ependymoma.zip -d "$root/tmp/study"
chmod -R a+rX "$root/tmp/study"
as_cordline cordline analyze /tmp/study --out /var/lib/cordline/once | head -n 1
# Not by the function: what `kill` reaches must be the program, and no shell before it.
"${system[@]}" "${user[@]}" cordline serve &
started+=($!)
until_it_answers 60 "The daemon" "$hint" as_cordline cordline status
"${system[@]}" "${user[@]}" cordline-gateway --tokens /etc/cordline/tokens.toml >/dev/null 2>&1 &
started+=($!)
until_it_answers 60 "The gateway" "$hint" curl -sf http://127.0.0.1:8080/api/v1/health
expect "The viewer does not open." sh -c 'curl -sf "http://127.0.0.1:8080/?token=$1" | grep -qi ohif' sh "$token"
as_cordline cordline submit /tmp/study --watch | tail -n 1
expect "The job did not complete." as_cordline sh -c 'cordline jobs | grep -q completed'
kill "${started[@]}"
wait "${started[@]}" || true
started=()

say "Remove, and purge"
apt remove cordline cordline-gateway
expect "Removing took the settings." test -e "$root/etc/cordline/tokens.toml"
apt purge cordline cordline-gateway
expect "Purging left the tokens." test ! -e "$root/etc/cordline/tokens.toml"
expect "Purging left the keys." test ! -e "$root/etc/cordline/keys"
expect "Purging took what readers made." test -e "$root/var/lib/cordline/of-a-reader"
apt install "${all[@]}"
apt purge cordline cordline-gateway

say "Done: installing all packages took $took s."
