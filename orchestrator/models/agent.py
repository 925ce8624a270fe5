"""A coding agent: what is installed from where (the recipe), and what was installed (the manifest)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from orchestrator.models.base import Instant, Noun
from orchestrator.models.endpoint import WireProtocol
from orchestrator.models.ids import Digest, canonical, sha256

SCHEMA = "handrail.agent/1"
AgentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Integrity = Annotated[str, StringConstraints(pattern=r"^sha512-[A-Za-z0-9+/]{86}==$")]
PackageName = Annotated[str, StringConstraints(pattern=r"^(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*$")]
Version = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]{0,63}$")]
Inside = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9@_-][A-Za-z0-9@._-]*(/[A-Za-z0-9@_-][A-Za-z0-9@._-]*)*$")
]


class PackageIndex(StrEnum):
    """Which package manager brings it, from the index of its own configuration."""

    NPM = "npm"
    PYPI = "pypi"


class AgentPackage(Noun):
    """One package of an agent.

    npm: one archive by ``name`` and ``version``, whole or the files below ``keep``; ``integrity`` is its SHA-512 in the
    form of Subresource Integrity. PyPI: the wheels of ``requirements``, the name of a file with hashes beside the
    recipe. ``at`` is the folder below the agent's own. ``executable`` are files that lost their mode bit in packing.
    """

    index: PackageIndex
    at: Inside
    name: PackageName = ""
    version: Version = ""
    integrity: Integrity | None = None
    requirements: Inside = ""
    keep: tuple[Inside, ...] = ()
    executable: tuple[Inside, ...] = ()
    machine: str = ""

    @model_validator(mode="after")
    def _whole(self) -> AgentPackage:
        if self.index is PackageIndex.NPM and not (self.name and self.version):
            raise ValueError("a package from npm has a name and a version")
        if self.index is PackageIndex.PYPI and not self.requirements:
            raise ValueError("packages from PyPI are listed in a requirements file")
        return self


class AgentRecipe(Noun):
    """What ``handrail agent add`` installs.

    ``own`` names the package whose version is the agent's. ``files`` (path below the agent's folder → text) are
    settings that the program reads only from where nobody but root can write.
    """

    name: AgentName
    title: str
    version: Version
    licence: str
    protocol: WireProtocol
    memory_mib: int = Field(ge=64)
    packages: Annotated[tuple[AgentPackage, ...], Field(min_length=1)]
    own: PackageName
    files: dict[Inside, str] = Field(default_factory=dict)

    def digest_on(self, base: str, requirements: dict[str, bytes]) -> Digest:
        """Of all that decides what is in the layer: the base image, the packages and their hashes."""
        listed = {name: sha256(data) for name, data in requirements.items()}
        packages = [p.model_dump(mode="json") for p in self.packages]
        what = {"schema": SCHEMA, "base": base, "name": self.name, "packages": packages, "requirements": listed}
        what |= {"files": self.files} if self.files else {}
        return sha256(canonical(what))


class AgentManifest(Noun):
    """An installed agent. ``pinned`` says that all hashes come from the recipe and not from the index at that time.

    ``capabilities`` is what the agent asks of a sandbox, ``events`` what it can report, ``hidden`` the paths of a
    tree that it is not shown, ``wiring`` how it is told where its model answers.
    ``checks`` are the conformance checks that it passed when it was added or last tested.
    """

    name: AgentName
    version: Version
    image: Digest
    base: Digest
    recipe: Digest
    protocol: WireProtocol
    packages: tuple[str, ...]
    licence: str
    capabilities: dict[str, int]
    events: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    wiring: dict[str, str]
    pinned: bool
    checks: tuple[str, ...] = ()
    added_at: Instant
