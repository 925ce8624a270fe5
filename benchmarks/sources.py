"""Source distributions of other packages, fetched by pip when a benchmark runs; none is kept in the repository.

pip asks a package's own build backend for its metadata before it keeps the file, so code of these packages runs here.
The backends are installed once into an environment of their own below the cache folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

CACHE = Path(os.environ.get("HANDRAIL_BENCHMARK_CACHE") or Path.home() / ".cache" / "handrail-benchmarks")
_BACKENDS = (
    "setuptools<81",
    "wheel",
    "setuptools-scm",
    "hatchling",
    "hatch-vcs",
    "hatch-fancy-pypi-readme",
    "flit-core",
    "poetry-core",
    "pdm-backend",
)


def tree(name: str, version: str, *, isolated: bool = False) -> Path:
    """The unpacked source distribution of one version. ``isolated``: built with the requirements that it names."""
    folder = CACHE / f"{name}-{version}"
    if not folder.exists():
        _fetch(name, version, folder, isolated=isolated)
    return next(p for p in sorted(folder.iterdir()) if p.is_dir())


def _fetch(name: str, version: str, folder: Path, *, isolated: bool) -> None:
    fetched = folder.with_name(f"{folder.name}.part")
    fetched.mkdir(parents=True, exist_ok=True)
    argv = [str(_python()), "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
    argv += [] if isolated else ["--no-build-isolation"]
    done = subprocess.run(
        [*argv, "-d", str(fetched), f"{name}=={version}"], capture_output=True, text=True, check=False
    )
    archive = next(iter(sorted(fetched.glob("*.tar.gz"))), None)
    if archive is None:
        raise RuntimeError(f"{name}=={version} has no source distribution here: {done.stderr[-500:]}")
    with tarfile.open(archive) as members:
        members.extractall(fetched, filter="data")
    archive.unlink()
    fetched.rename(folder)


def _python() -> Path:
    home = CACHE / "backends"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *_BACKENDS], check=True)
    return python


if __name__ == "__main__":
    for requirement in sys.argv[1:]:
        print(tree(*requirement.split("==")))
