"""Looks for the host's canary wherever a process inside can read.

The canary is told as a digest of each of its words' windows, so that looking for it does not bring it in.
"""

from __future__ import annotations

import hashlib
import os
import re

from common import Held

LENGTH = 32
FOLDERS = ("/tmp", "/work", "/root", "/home", "/run", "/etc", "/opt", "/mnt", "/srv", "/var/tmp")
MOST_BYTES = 1 << 20
_PREFIX = re.compile(rb"hrcanary[0-9a-f]{24}")


def _is_canary(data: bytes, digest: str) -> bool:
    return any(hashlib.sha256(found).hexdigest() == digest for found in _PREFIX.findall(data))


def _places():
    for number in filter(str.isdecimal, os.listdir("/proc")):
        for name in ("environ", "cmdline", "mountinfo"):
            yield f"/proc/{number}/{name}"
    for folder in FOLDERS:
        for root, _, files in os.walk(folder):
            yield from (os.path.join(root, name) for name in files)


def hunt(parameters: dict) -> str:
    found, looked = [], 0
    if _is_canary(repr(dict(os.environ)).encode(), parameters["canary_digest"]):
        found.append("the environment")
    for place in _places():
        try:
            descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            data = os.read(descriptor, MOST_BYTES)
        except OSError:
            continue
        finally:
            os.close(descriptor)
        looked += 1
        if _is_canary(data, parameters["canary_digest"]):
            found.append(place)
    if not found:
        raise Held(f"{looked} readable files and the environment do not hold it")
    return ", ".join(found)
