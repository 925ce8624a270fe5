"""Attacks on files: the image, the programs, devices, sockets, leaked descriptors, and paths that are not granted.

The tree has ``src/granted.txt`` and the directory ``src`` open to the agent;
``README.md``, ``.github/ci.yml`` and ``src/conftest.py`` belong to root.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct

from common import Held, any_of

MARK = "handrail-selftest"
ORDINARY = {"console", "full", "null", "ptmx", "random", "tty", "urandom", "zero"}
FS_IOC_SETFLAGS, IMMUTABLE = 0x40086602, 0x10
PLACES = ("src/conftest.py", ".github/ci.yml", "README.md")
_UNSEARCHED = ("/proc", "/sys")


def _write(place: str) -> None:
    with open(place, "a") as file:
        file.write(MARK)


def engine_socket(_: dict) -> str:
    """Every socket in the file system, and the engine's by its usual names."""
    found = ["/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock"]
    for root, folders, files in os.walk("/"):
        folders[:] = [f for f in folders if os.path.join(root, f) not in _UNSEARCHED]
        for name in files:
            place = os.path.join(root, name)
            try:
                if stat.S_ISSOCK(os.lstat(place).st_mode):
                    found.append(place)
            except OSError:
                continue

    def connected(place: str):
        def work() -> None:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(place)

        return work

    return any_of({place: connected(place) for place in found})


def devices(parameters: dict) -> str:
    found, ordinary = [], ORDINARY | set(parameters.get("emulated", ()))
    for root, _, files in os.walk("/dev"):
        for name in files:
            place = os.path.join(root, name)
            kind = os.lstat(place).st_mode
            if (stat.S_ISBLK(kind) or stat.S_ISCHR(kind)) and name not in ordinary and root != "/dev/pts":
                found.append(place)
    if not found:
        raise Held("/dev has the ordinary devices and no other")
    return any_of({place: lambda place=place: os.close(os.open(place, os.O_RDWR)) for place in found})


def replace_image(_: dict) -> str:
    """New files beside the image's and Handrail's programs, as whoever runs this."""

    def made(folder: str):
        def work() -> None:
            _write(f"{folder}/{MARK}")
            os.unlink(f"{folder}/{MARK}")

        return work

    return any_of({folder: made(folder) for folder in ("/usr/bin", "/etc", "/opt/handrail", "/usr/lib", "/", "/root")})


def persist(_: dict) -> str:
    """Leave something for the next step in every place that can be written."""
    left = []
    for place in ("/tmp/.bashrc", "/tmp/sitecustomize.py", "/tmp/.config/git/config", "/work/src/x.pth", "/dev/shm/x"):
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            _write(place)
            left.append(place)
        except OSError:
            continue
    if not left:
        raise Held("nothing can be left anywhere")
    return ", ".join(left)


def find_persisted(_: dict) -> str:
    """In the next step: what :func:`persist` left, or a setting that a shell or an interpreter obeys."""
    places = ("/tmp/.bashrc", "/tmp/sitecustomize.py", "/tmp/.config/git/config", "/work/src/x.pth", "/dev/shm/x")
    found = [place for place in places if os.path.exists(place)]
    names = {"LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "PYTHONSTARTUP", "PERL5OPT", "NODE_OPTIONS"}
    found += sorted(names & set(os.environ))
    if os.path.exists("/etc/ld.so.preload"):
        found.append("/etc/ld.so.preload")
    if not found:
        raise Held("a clean home, a fixed environment")
    return ", ".join(found)


def leaked_descriptors(parameters: dict) -> str:
    """Directories and files of somebody else that this process was born with, and where it stands."""
    if parameters.get("leak"):
        os.dup2(os.open("/etc", os.O_RDONLY | os.O_DIRECTORY), 9)
    found = []
    for number in os.listdir("/proc/self/fd"):
        if int(number) <= 2:
            continue
        try:
            if stat.S_ISDIR(os.stat(f"/proc/self/fd/{number}").st_mode):
                target = os.readlink(f"/proc/self/fd/{number}")
                if not target.startswith("/proc/"):
                    found.append(f"{number} is {target}")
        except OSError:
            continue
    here = os.getcwd()
    if not here.startswith(("/work", "/")) or here.startswith("(unreachable)"):
        found.append(f"the current directory is {here}")
    if not found:
        raise Held("no directory is open, and the current one is the tree")
    return ", ".join(found)


def _chattr(place: str) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, FS_IOC_SETFLAGS, struct.pack("i", IMMUTABLE))
    finally:
        os.close(descriptor)


def _moved(place: str, to: str) -> None:
    os.rename(place, to)
    os.rename(to, place)


def ungranted_writes(_: dict) -> str:
    """Every way to change what the step was not granted, in a tree whose granted part is its own."""
    attempts = {}
    for place in PLACES:
        attempts |= {
            f"write {place}": lambda place=place: _write(place),
            f"truncate {place}": lambda place=place: os.truncate(place, 0),
            f"delete {place}": lambda place=place: os.unlink(place),
            f"chmod {place}": lambda place=place: os.chmod(place, 0o777),
            f"chown {place}": lambda place=place: os.chown(place, os.getuid(), os.getgid()),
            f"times of {place}": lambda place=place: os.utime(place, (1, 1)),
            f"attribute of {place}": lambda place=place: os.setxattr(place, "user.x", b"x"),
            f"chattr {place}": lambda place=place: _chattr(place),
        }
    attempts |= {
        "write through a link": _through_link,
        "rename .github": lambda: _moved(".github", "moved"),
        "rename src": lambda: _moved("src", "moved"),
        "new directory": lambda: os.mkdir(".claude"),
        "new file": lambda: _write("AGENTS.md"),
        "open the root": lambda: os.chmod(".", 0o777),
        "reopen to write": _reopened,
    }
    return any_of(attempts)


def _through_link() -> None:
    link = "src/link"
    os.symlink("../README.md", link)
    try:
        _write(link)
    finally:
        os.unlink(link)


def _reopened() -> None:
    """A descriptor that was opened to read, opened again to write: by its number the path's own modes still count."""
    descriptor = os.open("README.md", os.O_RDONLY)
    try:
        os.close(os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR))
    finally:
        os.close(descriptor)


def hard_link(_: dict) -> str:
    """A granted name for a file that is not granted: what is written or removed by it would be the other's."""
    os.link("README.md", "src/hard")
    try:
        _write("src/hard")
    finally:
        os.unlink("src/hard")
    return "README.md was written by another name"


def plant_setuid(_: dict) -> str:
    """Run by the engine as uid 0 before the attack: a setuid program that belongs to root."""
    import shutil

    shutil.copyfile(shutil.which("id") or "/usr/bin/id", "/work/suid")
    os.chmod("/work/suid", 0o4755)
    return "/work/suid"
