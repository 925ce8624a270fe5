#!/bin/sh
# See that a container engine answers. Uses the one that is there (DOCKER_HOST is respected). As root on Debian or
# Ubuntu with none: installs docker.io and starts dockerd. Otherwise says what to do and exits 8.
set -eu
cd "$(dirname "$0")/.."
build=$PWD/.build
mkdir -p "$build"
WAIT_SECONDS=${HANDRAIL_ENGINE_WAIT_SECONDS:-60}

say() { printf '%s\n' "$*" >&2; }
refuse() { say "IMG001 $1"; say "Try: $2"; exit 8; }

# Asks by the engine's own protocol when there is no docker command: Python's library may do without it.
answers() {
    if command -v docker > /dev/null; then
        timeout 15 docker version > /dev/null 2>&1
    else
        [ -x .venv/bin/python ] &&
            timeout 30 .venv/bin/python -c 'import docker; docker.from_env(timeout=10).ping()' > /dev/null 2>&1
    fi
}

wait_for_answer() {
    left=$WAIT_SECONDS
    while [ "$left" -gt 0 ]; do
        answers && return 0
        [ -z "${1:-}" ] || kill -0 "$1" 2>/dev/null || return 1
        sleep 1
        left=$((left - 1))
    done
    return 1
}

is_debian() { [ -r /etc/os-release ] && grep -Eq '^ID=("?)(debian|ubuntu)("?)$' /etc/os-release; }

install_packages() {
    missing=
    for pair in dockerd:docker.io mmdebstrap:mmdebstrap git:git update-ca-certificates:ca-certificates; do
        command -v "${pair%%:*}" > /dev/null || missing="$missing ${pair#*:}"
    done
    [ -n "$missing" ] || return 0
    say "installing$missing"
    # shellcheck disable=SC2086 # several words are meant
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } \
        > "$build/apt.log" 2>&1 || {
        tail -n 8 "$build/apt.log" >&2
        refuse "the packages$missing could not be installed" "apt-get install$missing, then run this again"
    }
}

install_runsc() { DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends runsc; }

# gVisor is a second boundary around each step. Flags differ between releases: only those that this one knows are given.
# HANDRAIL_GVISOR=no leaves the machine without it.
register_gvisor() {
    [ "${HANDRAIL_GVISOR:-yes}" = yes ] && [ "$(id -u)" = 0 ] && is_debian && [ -z "${DOCKER_HOST:-}" ] || return 0
    command -v dockerd > /dev/null && command -v python3 > /dev/null || return 0
    if ! command -v runsc > /dev/null; then
        { install_runsc || { apt-get update -q && install_runsc; }; } > "$build/runsc.log" 2>&1 || {
            say "gVisor could not be installed (.build/runsc.log): steps run with the engine's own runtime"
            return 0
        }
    fi
    python3 scripts/register_gvisor.py "$(command -v runsc)" /etc/docker/daemon.json || return 0
    pid=$(cat /var/run/docker.pid 2>/dev/null || true)
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || return 0
    kill -HUP "$pid"
    sleep 1
}

# A machine that lost its processes keeps their pid files, and another process may have got such a number since.
forget_dead() {
    for pair in dockerd:/var/run/docker.pid containerd:/var/run/docker/containerd/containerd.pid; do
        file=${pair#*:}
        [ -r "$file" ] || continue
        [ "$(cat "/proc/$(cat "$file")/comm" 2>/dev/null)" = "${pair%%:*}" ] || rm -f "$file"
    done
}

start() {
    forget_dead
    say "starting dockerd${*:+ ($*)}; its log is .build/dockerd.log"
    setsid dockerd "$@" > "$build/dockerd.log" 2>&1 < /dev/null &
    echo $! > "$build/dockerd.pid"
    wait_for_answer "$!" && return 0
    kill "$!" 2>/dev/null || true
    wait "$!" 2>/dev/null || true
    return 1
}

as_root="as root on Debian or Ubuntu run \`make engine\`"
if answers; then
    if [ "$(id -u)" = 0 ] && is_debian && ! command -v mmdebstrap > /dev/null; then
        install_packages
    fi
    register_gvisor
    exit 0
fi
if [ -n "${DOCKER_HOST:-}" ]; then
    refuse "no container engine answers at DOCKER_HOST ($DOCKER_HOST)" "start it, or unset DOCKER_HOST"
fi
if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ]; then
    refuse "the container engine does not let you in" "\`sudo usermod -aG docker \$USER\` and log in again"
fi
if [ "$(id -u)" != 0 ]; then
    refuse "no container engine answers" "install and start Docker (\`sudo apt-get install docker.io\`, \`sudo systemctl start docker\`), or $as_root"
fi
is_debian || refuse "no container engine answers" "install Docker from your distribution and start dockerd; $as_root"
install_packages
if [ -d /run/systemd/system ] && systemctl start docker > "$build/systemctl.log" 2>&1 && wait_for_answer; then
    register_gvisor
    exit 0
fi
start && { register_gvisor; exit 0; }
# Without the right to set up a bridge dockerd still serves: no sandbox of ours has a network.
start --iptables=false --ip6tables=false --bridge=none && { register_gvisor; exit 0; }
tail -n 8 "$build/dockerd.log" >&2
refuse "dockerd was started and does not answer" "read .build/dockerd.log; containers may be forbidden on this machine"
