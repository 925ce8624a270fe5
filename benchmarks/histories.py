"""Real histories: each published version of a package is one commit, made by git from its source distribution.

Requests, Flask, Werkzeug and Click lie side by side in one repository and grow one after the other, as in a company's
monorepo. Versions are fetched once by pip (:mod:`sources`) and kept; a version that has no source distribution is left
out and named.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sources import tree

PUBLISHED = {
    "requests": """
        2.4.0 2.4.1 2.4.2 2.4.3 2.5.0 2.5.1 2.5.2 2.5.3 2.6.0 2.6.1 2.6.2 2.7.0 2.8.0 2.8.1 2.9.0 2.9.1
        2.9.2 2.10.0 2.11.0 2.11.1 2.12.0 2.12.1 2.12.2 2.12.3 2.12.4 2.12.5 2.13.0 2.14.0 2.14.1 2.14.2
        2.15.1 2.16.0 2.16.1 2.16.2 2.16.3 2.16.4 2.16.5 2.17.0 2.17.1 2.17.2 2.17.3 2.18.0 2.18.1 2.18.2
        2.18.3 2.18.4 2.19.0 2.19.1 2.20.0 2.20.1 2.21.0 2.22.0 2.23.0 2.24.0 2.25.0 2.25.1 2.26.0 2.27.0
        2.27.1 2.28.0 2.28.1 2.28.2 2.29.0 2.30.0 2.31.0 2.32.2 2.32.3 2.32.4 2.32.5 2.33.0 2.33.1 2.34.0
        2.34.1 2.34.2
    """,
    "flask": """
        0.10 0.10.1 0.11 0.11.1 0.12 0.12.1 0.12.2 0.12.3 0.12.4 0.12.5 1.0 1.0.1 1.0.2 1.0.3 1.0.4 1.1.0
        1.1.1 1.1.2 1.1.3 1.1.4 2.0.0 2.0.1 2.0.2 2.0.3 2.1.0 2.1.1 2.1.2 2.1.3 2.2.0 2.2.1 2.2.2 2.2.3
        2.2.4 2.2.5 2.3.0 2.3.1 2.3.2 2.3.3 3.0.0 3.0.1 3.0.2 3.0.3 3.1.0 3.1.1 3.1.2 3.1.3
    """,
    "werkzeug": """
        0.12 0.12.1 0.12.2 0.13 0.14 0.14.1 0.15.0 0.15.1 0.15.2 0.15.3 0.15.4 0.15.5 0.15.6 0.16.0 0.16.1
        1.0.0 1.0.1 2.0.0 2.0.1 2.0.2 2.0.3 2.1.0 2.1.1 2.1.2 2.2.0 2.2.1 2.2.2 2.2.3 2.3.0 2.3.1 2.3.2
        2.3.3 2.3.4 2.3.5 2.3.6 2.3.7 2.3.8 3.0.0 3.0.1 3.0.2 3.0.3 3.0.4 3.0.5 3.0.6 3.1.0 3.1.1 3.1.2
        3.1.3
    """,
    "click": """
        6.0 6.1 6.2 6.3 6.4 6.5 6.6 6.7 7.0 7.1 7.1.1 7.1.2 8.0.0 8.0.1 8.0.2 8.0.3 8.0.4 8.1.0 8.1.1 8.1.2
        8.1.3 8.1.4 8.1.5 8.1.6 8.1.7 8.1.8 8.2.0 8.2.1
    """,
}


def published(limit: int) -> list[tuple[str, str, Path]]:
    """The first ``limit`` versions that can be had, package after package."""
    found: list[tuple[str, str, Path]] = []
    for name, version in ((name, v) for name, versions in PUBLISHED.items() for v in versions.split()):
        if len(found) == limit:
            break
        try:
            found.append((name, version, tree(name, version)))
        except (RuntimeError, OSError) as error:
            print(f"left out: {name} {version}: {str(error)[:100]}", file=sys.stderr, flush=True)
    return found


def write(repository: Path, limit: int) -> int:
    """Make the repository; how many commits it has."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(repository)], check=True)
    versions = published(limit)
    argv = ["git", "-C", str(repository), "fast-import", "--quiet", "--done"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as writing:
        if writing.stdin is None:
            raise RuntimeError("git fast-import has no input")
        for number, (name, version, folder) in enumerate(versions):
            for part in _commit(number, name, version, folder):
                writing.stdin.write(part)
        writing.stdin.write(b"done\n")
        writing.stdin.close()
        if writing.wait() != 0:
            raise RuntimeError("git fast-import failed")
    return len(versions)


def _commit(number: int, name: str, version: str, folder: Path) -> Iterator[bytes]:
    message = f"{name} {version}".encode()
    when = 1_500_000_000 + number * 86_400
    yield b"commit refs/heads/main\ncommitter %s <a@example.invalid> %d +0000\n" % (name.encode(), when)
    yield b"data %d\n%s\nD %s\n" % (len(message), message, name.encode())
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
        inside = f"{name}/{path.relative_to(folder).as_posix()}"
        if inside.isascii() and inside.isprintable() and '"' not in inside:
            data = path.read_bytes()
            yield b"M 100644 inline %s\ndata %d\n" % (inside.encode(), len(data))
            yield data + b"\n"


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200))
