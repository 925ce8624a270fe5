"""Packages of others, fetched by pip and npm when a benchmark runs; none is kept in the repository.

pip asks a package's own build backend for its metadata before it keeps a source distribution. Here it is answered from
the archive's own PKG-INFO instead, so that no code of these packages runs; ``npm pack`` runs none either.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

CACHE = Path(os.environ.get("HANDRAIL_BENCHMARK_CACHE") or Path.home() / ".cache" / "handrail-benchmarks")
_SITE = """import os
for before in ("_PYPROJECT_HOOKS_", "PEP517_"):
    if before + "BUILD_BACKEND" in os.environ:
        os.environ[before + "BUILD_BACKEND"] = "described"
        os.environ.pop(before + "BACKEND_PATH", None)
"""
_BACKEND = """from email.parser import HeaderParser
from pathlib import Path


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    told = HeaderParser().parsestr(Path("PKG-INFO").read_text(encoding="utf-8"))
    name = f"{told['Name'].replace('-', '_')}-{told['Version']}.dist-info"
    home = Path(folder, name)
    home.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {told['Name']}", f"Version: {told['Version']}", ""]
    (home / "METADATA").write_text("\\n".join(lines))
    return name
"""


def tree(name: str, version: str) -> Path:
    """The unpacked source distribution of one version."""
    folder = CACHE / f"{name}-{version}"
    if not folder.exists():
        _fetch(name, version, folder)
    return next(p for p in sorted(folder.iterdir()) if p.is_dir())


def _fetch(name: str, version: str, folder: Path) -> None:
    fetched = folder.with_name(f"{folder.name}.part")
    fetched.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
    argv += ["--no-build-isolation", "--use-pep517", "-d", str(fetched), f"{name}=={version}"]
    env = {**os.environ, "PYTHONPATH": str(_described())}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    archive = next(iter(sorted(fetched.glob("*.tar.gz"))), None)
    if archive is None:
        raise RuntimeError(f"{name}=={version} has no source distribution here: {done.stderr[-500:]}")
    unpack(archive, fetched)
    archive.unlink()
    fetched.rename(folder)


def unpack(archive: Path, folder: Path) -> None:
    """Plain files below the folder and nothing else; the first releases of Python 3.11 have no filter that does it."""
    with tarfile.open(archive) as members:
        for member in members:
            place = folder / member.name
            content = members.extractfile(member) if member.isfile() else None
            if content is not None and not member.name.startswith("/") and ".." not in Path(member.name).parts:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content.read())


def _described() -> Path:
    """A folder whose modules stand in for every build backend."""
    home = CACHE / "described"
    home.mkdir(parents=True, exist_ok=True)
    (home / "sitecustomize.py").write_text(_SITE)
    (home / "described.py").write_text(_BACKEND)
    return home


if __name__ == "__main__":
    for requirement in sys.argv[1:]:
        print(tree(*requirement.split("==")))
