"""Attacks on the way out: what comes back as a tree."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from orchestrator.app.selftest.workshop import Workshop, careless_copy, workshop
from orchestrator.errors import HandrailError
from orchestrator.ports import ChangeOut
from orchestrator.sandbox import members
from orchestrator.sandbox.selftest.bench import FILES, Bench, Seen
from orchestrator.sandbox.selftest.model import Attack
from orchestrator.vcs.scratch import careless

_COPY = "the folder is copied to the host as it is"
_NAMES = (
    "../x",
    "/x",
    "src/../../x",
    ".git/hooks/x",
    ".GIT/config",
    "src/.git/config",
    "src/.Git/config",
    "git~1/config",
    "src/GIT~1/config",
    ".git./config",
    ".git /config",
    ".git::$INDEX_ALLOCATION/config",
    ".gi\u200ct/config",
    ".g\u200dit/config",
    "\ufeff.git/config",
    ".\uff47it/config",
    "src\\..\\..\\x",
    "src/.git\\config",
    "C:/x",
    "src/app.py:stream",
    "src/aux.py",
    "NUL",
    "CLAUDE~1/settings.json",
    "src/x.",
    "src/x ",
    "src/./x",
    "src//x",
    "src/\x00x",
)
"""Ways to say "outside" or ".git" to some file system: POSIX, NTFS with its short names and streams, HFS+."""


def _taken(script: str, bad: Callable[[dict[str, str]], list[str]]) -> Callable[[Bench], Seen]:
    """What of ``bad`` is in the tree, after the step's own sandbox and reader."""

    def attempt(bench: Bench) -> Seen:
        with workshop() as shop, bench.hardened() as box:
            taken = shop.take_from(box, script)
        found = bad(taken.changed)
        return Seen(bool(found), f"in the tree: {found}" if found else taken.words or "left out")

    return attempt


def _links(changed: dict[str, str]) -> list[str]:
    return [path for path, mode in changed.items() if mode == "120000"]


_LINKS = "ln -s {key} src/key; ln -s / src/root; ln -s ../../../../etc/passwd src/up; ln -s loop src/loop"


def _link_out(bench: Bench) -> Seen:
    return _taken(_LINKS.format(key=bench.host.folder / "key"), _links)(bench)


def _link_followed(bench: Bench) -> Seen:
    with careless_copy(bench, _LINKS.format(key=bench.host.folder / "key")) as folder:
        return Seen((folder / "src/key").read_text() == bench.host.canary, "the host's key was read through the link")


def _trap(mark: Path) -> str:
    """A repository inside the granted folder, each of whose settings starts a program on the host."""
    return (
        "cd src && for r in .git bare; do mkdir -p $r/objects $r/refs/heads $r/hooks; echo ref: refs/heads/m > $r/HEAD;"
        f'printf \'[core]\\n\\trepositoryformatversion=0\\n\\tbare=false\\n\\tfsmonitor="touch {mark}; false"\\n'
        f'[diff]\\n\\texternal="touch {mark}"\\n[filter "x"]\\n\\tclean="touch {mark}; cat"\\n\' > $r/config;'
        f"printf '#!/bin/sh\\ntouch {mark}\\n' > $r/hooks/post-checkout; chmod +x $r/hooks/*;"
        ""
        "echo ../.git > $r/commondir; done; rm .git/commondir; echo '* filter=x' > .gitattributes;"
        "mkdir sub; echo gitdir: ../.git > sub/.git"
    )


def _git_settings(bench: Bench) -> Seen:
    mark = bench.host.folder / "started"
    with workshop() as shop, bench.hardened() as box:
        taken = shop.take_from(box, _trap(mark))
        if taken.tree:
            shop.trees.diff(shop.base, taken.tree)
    bad = [p for p in taken.changed if ".git" in p.casefold()]
    return Seen(mark.exists() or bool(bad), f"in the tree: {bad}" if bad else taken.words[:300])


def _git_settings_obeyed(bench: Bench) -> Seen:
    mark = bench.host.folder / "started-carelessly"
    with careless_copy(bench, _trap(mark)) as folder:
        said = careless(folder / "src", "status", "--short")
    return Seen(mark.exists(), "git status started a program of the tree" if mark.exists() else said[:200])


_SUBMODULE = (
    "printf '[submodule \"x\"]\\n\\tpath=x\\n\\turl=ext::sh\\n' > src/.gitmodules; cp src/.gitmodules .gitmodules;"
    "mkdir -p src/sub/.git; echo x > src/sub/.git/HEAD"
)


def _granted(script: str, bad: Callable[[dict[str, str]], list[str]]) -> Callable[[Bench], Seen]:
    """The positive control of a grant: everything is open inside, and nothing is asked on the way out."""

    def attempt(bench: Bench) -> Seen:
        with workshop() as shop, bench.hardened(open_tree=True) as box:
            taken = shop.take_from(box, script, careful=False)
        found = bad(taken.changed)
        return Seen(bool(found), f"in the tree: {found}; {taken.words}"[:300])

    return attempt


def _modules(changed: dict[str, str]) -> list[str]:
    return [path for path, mode in changed.items() if mode == "160000" or path.casefold().endswith(".gitmodules")]


def _stream(name: str) -> bytes:
    path = name.encode("utf-8", "surrogateescape")
    return members.HEADER.pack(b"F", len(path), 0o644, 1) + path + b"x" + members.END


def _received(shop: Workshop, name: str) -> bool:
    """Whether a name that a lying sandbox sends ends in the tree. Everything of the base is told as present."""
    receiver = members.Receiver(frozenset(FILES), max_bytes=1000, max_members=1000)
    try:
        receiver.feed(_stream(name))
        out = receiver.result()
    except HandrailError:
        return False
    whole = ChangeOut(out.present | frozenset(FILES), out.changed, out.refused)
    return bool(shop.take(whole, careful=False).changed)


def _traversal(_: Bench) -> Seen:
    with workshop() as shop:
        passed = [name for name in _NAMES if _received(shop, name)]
    return Seen(bool(passed), f"in the tree: {passed}" if passed else f"{len(_NAMES)} names were refused or left out")


def _traversal_written(bench: Bench) -> Seen:
    target = bench.host.folder / "out" / "work"
    target.mkdir(parents=True)
    for name in ("../x", ".git/hooks/x"):
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"x")
    return Seen((target.parent / "x").exists(), "a file was written outside the folder")


_BOMBS = ("for i in 1 2 3 4; do truncate -s 8M src/s$i; done", "mkdir -p src/$(printf 'd%.0s/' $(seq 600))")


def _bombs(bench: Bench) -> Seen:
    came = [_bomb(bench, script) for script in _BOMBS]
    return Seen(not all(came), "; ".join(words or "came out whole" for words in came))


def _bomb(bench: Bench, script: str) -> str:
    """Why an output was refused, or ''."""
    with workshop() as shop, bench.hardened({"disk_mib": 16}) as box:
        taken = shop.take_from(box, script)
    return "" if taken.tree else taken.words


def _bomb_taken(bench: Bench) -> Seen:
    with bench.weakened() as box:
        box.execute(["sh", "-c", f"{_BOMBS[0]}; chown 65534 src/s*"], timeout_seconds=20)
        size = sum(len(m.data) for m in box.change_out().changed)
    return Seen(size > 16 << 20, f"{size >> 20} MiB came out, 16 are allowed")


_ODD = (
    "mkfifo src/pipe; ln src/app.py src/twin; python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('src/s')\""
)


def _fifo_read(bench: Bench) -> Seen:
    with careless_copy(bench, _ODD) as folder:
        reader = threading.Thread(target=(folder / "src/pipe").read_bytes, daemon=True)
        reader.start()
        reader.join(0.5)
        hung = reader.is_alive()
        os.close(os.open(folder / "src/pipe", os.O_RDWR))
        reader.join(2)
    return Seen(hung, "whoever reads the copy waits for ever")


_LYING = (
    "python3 -c \"[open(b'src/'+n,'w').close() for n in"
    " (b'a\\nb', b'\\x1b[2J', b'\\xe2\\x80\\xaegpj.py', b'\\xff', b'\\xe2\\x80\\x8b')]\""
)


def _lying_names(bench: Bench) -> Seen:
    with careless_copy(bench, _LYING) as folder:
        names = [os.fsencode(p.name) for p in (folder / "src").iterdir()]
    return Seen(b"\x1b[2J" in names, f"{len(names)} names came out as they are")


_TWINS = (
    'for n in APP.py app.py. App.PY \u017frc; do echo x > "src/$n"; done; mkdir -p src/Tests; echo x > src/GRANTED.txt'
)


def _twins(changed: dict[str, str]) -> list[str]:
    return [p for p in changed if p in {"src/APP.py", "src/app.py.", "src/App.PY", "src/GRANTED.txt"}]


def _twin_copied(bench: Bench) -> Seen:
    with careless_copy(bench, _TWINS) as folder:
        names = sorted(p.name for p in (folder / "src").iterdir())
    return Seen("APP.py" in names or "app.py" in names, f"both came out: {names}")


_MAPPED = (
    "python3 -c \"import mmap,os; p='src/app.py'; s=os.stat(p); f=open(p,'r+b'); m=mmap.mmap(f.fileno(),0); m[8]=50;"
    "m.close(); f.close(); os.utime(p, ns=(s.st_atime_ns,s.st_mtime_ns)); t=os.stat(p);"
    'print((s.st_size,s.st_mtime_ns)==(t.st_size,t.st_mtime_ns))"'
)


def _unseen_change(bench: Bench) -> Seen:
    with workshop() as shop, bench.hardened() as box:
        taken = shop.take_from(box, _MAPPED)
    return Seen("src/app.py" not in taken.changed, f"changed: {sorted(taken.changed)}")


def _unseen_by_time(bench: Bench) -> Seen:
    with bench.weakened() as box:
        same = box.execute(["sh", "-c", _MAPPED], timeout_seconds=20).stdout.strip() == b"True"
    return Seen(same, "size and time are as before")


_REPLACED = "cp src/granted.txt src/mine; mv -f src/mine src/conftest.py; cat src/conftest.py"


def _replaced(bench: Bench) -> Seen:
    with workshop() as shop, bench.hardened() as box:
        at_once = b"granted" not in box.execute(["sh", "-c", _REPLACED], timeout_seconds=20).stdout
        taken = shop.take(box.change_out())
    words = "refused by the kernel at once" if at_once else f"possible inside, then: {taken.words}"
    return Seen("src/conftest.py" in taken.changed, words)


def _odd(changed: dict[str, str]) -> list[str]:
    return [p for p in changed if p in {"src/pipe", "src/twin", "src/s"}]


def _all(changed: dict[str, str]) -> list[str]:
    return [path for path in changed if path not in FILES]


def _attack(
    number: int, name: str, control: str, expected: str, weakened: str, *attempts: Callable[[Bench], Seen]
) -> Attack:
    attempt, positive = attempts
    return Attack(number, "tree", name, control, expected, weakened, attempt, positive)


_OPEN = "everything is granted, nothing is asked on the way out"

ATTACKS = (
    _attack(43, "links out of the tree", "links must stay inside", "left out", _COPY, _link_out, _link_followed),
    _attack(
        44,
        "hooks, fsmonitor, filters, commondir, gitdir",
        "nothing of .git leaves, host git never runs in that tree",
        "no program of the tree starts",
        f"{_COPY} and git runs in it",
        _git_settings,
        _git_settings_obeyed,
    ),
    _attack(
        45,
        "submodules",
        "protected path, .git dropped",
        "left out",
        _OPEN,
        _taken(_SUBMODULE, _modules),
        _granted(_SUBMODULE, _modules),
    ),
    _attack(
        46,
        "traversal, .git in NTFS, HFS+ and Unicode forms",
        "plain names, folded",
        "none is in the tree",
        "names are joined to a folder and written",
        _traversal,
        _traversal_written,
    ),
    _attack(47, "sparse and deep bombs", "caps on bytes and paths", "refused", "wide caps", _bombs, _bomb_taken),
    _attack(
        62,
        "FIFO, socket, hard link in the tree",
        "regular files and links alone",
        "named and left out",
        _COPY,
        _taken(_ODD, _odd),
        _fifo_read,
    ),
    _attack(
        63,
        "names that lie: control, bidi, not UTF-8",
        "printable names alone",
        "refused",
        _COPY,
        _taken(_LYING, _all),
        _lying_names,
    ),
    _attack(
        64,
        "twins by letter case and form",
        "folded names are unique",
        "left out",
        _COPY,
        _taken(_TWINS, _twins),
        _twin_copied,
    ),
    _attack(
        66,
        "put a file over a protected one in a granted folder",
        "sticky folders, and the grant on the way out",
        "refused by the kernel, or left out of the tree",
        _OPEN,
        _replaced,
        _granted(_REPLACED, lambda changed: [p for p in changed if p == "src/conftest.py"]),
    ),
    _attack(
        65,
        "a change that leaves size and time",
        "compared by content",
        "the change is seen",
        "compared by size and time",
        _unseen_change,
        _unseen_by_time,
    ),
)
