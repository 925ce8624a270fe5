#!/bin/sh
# Make .venv from hashed requirements and put Handrail into it. Usage: scripts/setup.sh base|dev
# A second run changes nothing and takes a moment: a note in .venv holds the digest of what was installed.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-dev}
case $kind in base | dev) ;; *) echo "usage: scripts/setup.sh base|dev" >&2; exit 2 ;; esac
mkdir -p .build

say() { printf '%s\n' "$*" >&2; }

find_python() {
    for name in ${PYTHON:-python3} python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "Python 3.11 or later is needed, and none was found. Try: apt-get install python3, or PYTHON=/path/to/python make setup"
    return 1
}

make_venv() {
    "$1" -m venv .venv > .build/venv.log 2>&1 && return
    rm -rf .venv
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null && ! "$1" -c 'import ensurepip' 2>/dev/null; then
        version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        say "installing python$version-venv"
        { apt-get update -q && apt-get install -q -y --no-install-recommends "python$version-venv"; } > .build/apt.log 2>&1 ||
            { tail -n 5 .build/apt.log >&2; return 1; }
        "$1" -m venv .venv > .build/venv.log 2>&1 && return
    fi
    tail -n 5 .build/venv.log >&2
    say "No virtual environment could be made. Try: apt-get install python3-venv"
    return 1
}

wanted=$(cat "requirements/$kind.txt" pyproject.toml | sha256sum | cut -d ' ' -f 1)
has() { [ -x .venv/bin/python ] && [ -f ".venv/handrail-$1" ] && [ "$(cat ".venv/handrail-$1")" = "$2" ]; }

if has "$kind" "$wanted"; then
    exit 0
fi
if [ "$kind" = base ] && has dev "$(cat requirements/dev.txt pyproject.toml | sha256sum | cut -d ' ' -f 1)"; then
    exit 0
fi
python=$(find_python)
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -m pip --version > /dev/null 2>&1; then
    rm -rf .venv
    make_venv "$python"
fi
say "installing the $kind requirements (hashed): a minute or two the first time"
pip() {
    .venv/bin/python -m pip --disable-pip-version-check install --quiet "$@" > .build/pip.log 2>&1 || {
        grep -v '^WARNING' .build/pip.log | tail -n 15 >&2
        say "pip could not install. Try: see that pip's own configuration reaches its index, then run this again"
        return 1
    }
}
pip --require-hashes --compile -r "requirements/$kind.txt"
pip --no-deps --no-build-isolation --no-index --editable .
printf '%s\n' "$wanted" > ".venv/handrail-$kind"
