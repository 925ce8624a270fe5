"""Names of paths: which can be carried at all, which only git may use, where a link leads.

A name that is already in the user's tree needs only to be carriable
(:func:`uncarriable`); a name that comes out of a sandbox must also be harmless
to look at and to check out anywhere (:func:`hostile`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from orchestrator.ports import TreeEntry

LINK = "120000"
GITLINK = "160000"
MODES = frozenset({"100644", "100755", LINK, GITLINK})

MAX_COMPONENT_BYTES = 255
MAX_PATH_BYTES = 3900
MAX_DEPTH = 128
_MAX_LINKS = 40

_HFS_IGNORED = dict.fromkeys(
    [0x200C, 0x200D, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF], None
)
_DEVICES = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$"}) | {
    f"{name}{number}" for name in ("com", "lpt") for number in "0123456789¹²³"
}
_SHORT_NAME = re.compile(r"[^.]{1,6}~\d(?:\.[^.]{0,3})?")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(path: str) -> str:
    """A name as it can be printed: what is unseen or not UTF-8 is escaped."""
    return "".join(c if c.isprintable() and unicodedata.category(c) not in _UNSEEN else ascii(c)[1:-1] for c in path)


def is_git_component(name: str) -> bool:
    """Whether some file system takes a path component for ``.git`` (HFS+ ignores, NTFS cuts and shortens)."""
    plain = name.translate(_HFS_IGNORED).casefold()
    cut = plain.split(":", 1)[0].rstrip(". ")
    return cut in {".git", "git~1"}


def has_git_component(path: str) -> bool:
    """Whether any part of a path is one that :func:`is_git_component` finds."""
    return any(is_git_component(part) for part in path.replace("\\", "/").split("/"))


@lru_cache(maxsize=65536)
def uncarriable(component: bytes) -> str | None:
    """Why one component of a tree's path cannot go into a sandbox and come back, or ``None``."""
    try:
        name = component.decode()
    except UnicodeDecodeError:
        return "is not UTF-8"
    if any(unicodedata.category(c) == "Cc" for c in name):
        return "holds a control character"
    if name in {"", ".", ".."} or "/" in name or is_git_component(name):
        return "is a name that git keeps for itself"
    return "is longer than 255 bytes" if len(component) > MAX_COMPONENT_BYTES else None


def hostile(path: str) -> str | None:
    """Why a path that came out of a sandbox is refused with all that came with it, or ``None``."""
    try:
        size = max(len(part.encode()) for part in path.split("/"))
    except UnicodeEncodeError:
        return "is not UTF-8"
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "is not a plain relative path"
    if "\\" in path:
        return "holds a backslash"
    if any(unicodedata.category(c) in _UNSEEN for c in path):
        return "holds a control or invisible character"
    long = size > MAX_COMPONENT_BYTES or len(path.encode()) > MAX_PATH_BYTES or len(parts) > MAX_DEPTH
    return "is too long or too deep" if long else None


def unportable(path: str) -> str | None:
    """Why a path is another one, or none, where the file system is Windows': a drive or stream, a device, a short name.

    ``CLAUDE~1`` is such a system's own name for ``.claude``.
    """
    for part in path.split("/"):
        stem = part.split(".", 1)[0].rstrip().casefold()
        if ":" in part:
            return "holds a colon, which names a drive or a stream on Windows"
        if stem in _DEVICES:
            return "is the name of a device on Windows"
        if _SHORT_NAME.fullmatch(part):
            return "has the form of a short name on Windows"
        if part != part.rstrip(". "):
            return "ends with a dot or a space, which Windows drops"
    return None


def unsafe_link(path: str, tree: Mapping[str, TreeEntry], targets: Mapping[str, bytes]) -> str | None:
    """Why a symbolic link may not be in a tree, or ``None``.

    A link must be relative and stay inside the tree, also when it leads through
    other links; it may point at nothing. ``targets`` are the contents of all links.
    """
    name = path.rsplit("/", 1)[-1].casefold()
    if name.startswith(".git") or "~" in name:
        return "has a name that git reads"
    here = path.split("/")[:-1]
    ahead = [path.rsplit("/", 1)[-1]]
    followed = 0
    while ahead:
        part = ahead.pop(0)
        if part in {"", "."}:
            continue
        if part == "..":
            if not here:
                return "leads out of the tree"
            here.pop()
            continue
        here.append(part)
        entry = tree.get("/".join(here))
        if entry is None or entry.mode != LINK:
            continue
        followed += 1
        reason = "goes round in a circle" if followed > _MAX_LINKS else bad_target(targets["/".join(here)])
        if reason is not None:
            return reason
        ahead = targets["/".join(here)].decode().split("/") + ahead
        here.pop()
    return None


def bad_target(target: bytes) -> str | None:
    """What is wrong with a link's target by itself, or ``None``."""
    try:
        text = target.decode()
    except UnicodeDecodeError:
        return "has a target that is not UTF-8"
    if not text or text.startswith("/") or len(target) > MAX_PATH_BYTES:
        return "has an absolute, empty or overlong target"
    if any(unicodedata.category(c) in _UNSEEN for c in text) or "\\" in text:
        return "has a target with a control character or backslash"
    return "leads into .git" if has_git_component(text) else None
