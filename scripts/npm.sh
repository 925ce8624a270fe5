#!/bin/sh
# See that npm is there: the tests of npm projects and of coding agents from npm fetch packages with it.
set -eu
cd "$(dirname "$0")/.."
command -v npm > /dev/null && exit 0
mkdir -p .build
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "installing npm" >&2
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends npm; } \
        > .build/npm.log 2>&1 && exit 0
    tail -n 8 .build/npm.log >&2
fi
echo "IMG001 npm is not installed" >&2
echo "Try: sudo apt-get install npm" >&2
exit 8
