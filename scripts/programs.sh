#!/bin/sh
# See that the programs are there that tests drive: npm (npm projects, coding agents from npm), tmux (a real terminal),
# chromium (pages as a reader's browser shows them; 80 MB) and PostgreSQL (a cluster's database; each test starts its
# own, on loopback).
set -eu
cd "$(dirname "$0")/.."
missing=
for program in npm tmux chromium; do
    command -v "$program" > /dev/null || missing="$missing $program"
done
ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || command -v initdb > /dev/null || missing="$missing postgresql"
[ -n "$missing" ] || exit 0
mkdir -p .build
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "installing$missing" >&2
    # shellcheck disable=SC2086 # several words are meant
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } \
        > .build/programs.log 2>&1 && exit 0
    tail -n 8 .build/programs.log >&2
fi
echo "IMG001 not installed:$missing" >&2
echo "Try: sudo apt-get install$missing" >&2
exit 8
