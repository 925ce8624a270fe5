"""One name for each thing, whatever it was imported through."""

from __future__ import annotations

import builtins
import functools

__all__ = ["BUILTINS", "HASHES", "UNSEEN", "canonical_name", "last"]

BUILTINS = frozenset(dir(builtins))
HASHES = frozenset(
    {"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b", "blake2s"}
)
"""Functions of ``hashlib`` that are quick to compute."""

_TWINS = {
    "posix": "os",
    "nt": "os",
    "posixpath": "os.path",
    "ntpath": "os.path",
    "_pickle": "pickle",
    "cPickle": "pickle",
    "six.exec_": "builtins.exec",
    "future.utils.exec_": "builtins.exec",
    "past.builtins.execfile": "builtins.execfile",
    "dill": "pickle",
    "cloudpickle": "pickle",
    "__builtin__": "builtins",
    "__builtins__": "builtins",
    "six.moves.builtins": "builtins",
    "_socket": "socket",
    "_ctypes": "ctypes",
    "_posixsubprocess": "subprocess",
    "subprocess32": "subprocess",
    "imp": "importlib",
    "defusedxml.common": "defusedxml",
    "ruamel.yaml": "yaml",
    "_md5": "hashlib",
    "_sha1": "hashlib",
    "_hashlib": "hashlib",
    "_ssl": "ssl",
    "_random": "random",
    "_sqlite3": "sqlite3",
}
UNSEEN = frozenset(
    ["posix", "nt", "_pickle", "_posixsubprocess", "_socket", "_ctypes", "_md5", "_sha1", "_hashlib", "_ssl", "_random"]
)
"""Twins that scanners do not know, though they do the same."""

_REACHED = frozenset(
    {"os", "sys", "subprocess", "builtins", "importlib", "pickle", "socket", "ctypes", "shutil", "pty"}
)


def last(name: str) -> str:
    """The part after the last dot."""
    return name.rpartition(".")[2]


@functools.lru_cache(maxsize=16384)
def canonical_name(name: str) -> str:
    """``posix.system``, ``subprocess.os.system`` and ``random._os.system`` are ``os.system``."""
    parts = name.split(".")
    for at in range(len(parts) - 2, 0, -1):
        # A module that another one imported for itself is reachable through it.
        if parts[at].lstrip("_") in _REACHED:
            parts = [parts[at].lstrip("_"), *parts[at + 1 :]]
            break
    for size in (3, 2, 1):
        twin = _TWINS.get(".".join(parts[:size]))
        if twin is not None:
            return ".".join([twin, *parts[size:]])
    return ".".join(parts)
