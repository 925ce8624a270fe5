"""The user's models file: found, read, and asked who answers for a role (D18: a repository cannot name endpoints)."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.models.endpoint import Connections, Endpoint, SecretSource, SourceKind
from orchestrator.models.models_file import Role, read_connections
from orchestrator.models.strict_yaml import MAX_BYTES
from orchestrator.store.layout import config_home


@dataclass(frozen=True, slots=True)
class Chosen:
    """The endpoint and the model's own name there; ``name`` is ``endpoint/model`` as grants write it."""

    endpoint: Endpoint
    model: str

    @property
    def name(self) -> str:
        return f"{self.endpoint.name}/{self.model}"


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """Whether a source can be read here. Its value was not read. ``who`` is an endpoint's or a secret's name."""

    who: str
    source: str
    ok: bool
    words: str


def models_path() -> Path:
    """``$XDG_CONFIG_HOME/handrail/models.yaml``; no variable and no repository names another."""
    return config_home() / "models.yaml"


def load_connections() -> Connections:
    """The user's endpoints, secrets and roles; none at all when there is no file.

    Raises ``UsageError``: MDL010 the file cannot be read, MDL011 others may write it (it names
    programs that are run), and the code of the first problem in it, with every problem as ``path:line:col CODE text``.
    """
    path = models_path()
    data = _read(path)
    if data is None:
        return Connections()
    found, problems = read_connections(data, str(path))
    if found is None:
        words = f"{path} is no models file."
        raise UsageError(problems[0].code, words, "see docs/reference/models-file.md", [str(p) for p in problems])
    return found


def model_for(connections: Connections, role: str, named: str = "") -> Chosen:
    """The model of a role, or the one that a flag named as ``endpoint/model``.

    Raises ``UsageError``: MDL012 nobody named one, MDL013 no endpoint has it.
    """
    name = named or connections.roles.get(role, "")
    if not name:
        words = f"No model is named for the role {role}."
        raise UsageError("MDL012", words, f"add `{role}: ENDPOINT/MODEL` under roles in {models_path()}")
    endpoint_name, _, model = name.partition("/")
    for endpoint in connections.endpoints:
        if endpoint.name == endpoint_name and model in endpoint.models:
            return Chosen(endpoint, model)
    raise UsageError("MDL013", f"No endpoint of yours has the model {name!r}.", "handrail models list")


def check_sources(connections: Connections) -> tuple[SourceCheck, ...]:
    """Whether each key could be read, without reading one."""
    found = [(e.name, e.credential.source) for e in connections.endpoints if e.credential.source]
    found += [(s.name, s.source) for s in connections.secrets]
    return tuple(_source_check(who, source) for who, source in found)


def roles(connections: Connections) -> Iterator[tuple[str, str]]:
    """Each role and its model, '' for one without."""
    for role in Role:
        yield role.value, connections.roles.get(role.value, "")


def _read(path: Path) -> bytes | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise UsageError("MDL010", f"{path} cannot be read: {problem.strerror}.", "check the path") from problem
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise UsageError("MDL010", f"{path} is no plain file.", "put a plain file there")
        if status.st_uid not in {0, os.geteuid()} or status.st_mode & 0o022:
            words = f"{path} is somebody else's, or others may write it: it names programs that run as you."
            raise UsageError("MDL011", words, f"chmod go-w {path}")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1)
    finally:
        os.close(handle)


def _source_check(who: str, source: SecretSource) -> SourceCheck:
    value, first = " ".join(source.value), source.value[0]
    words = ""
    match source.kind:
        case SourceKind.ENVIRONMENT:
            words = "" if os.environ.get(first) else "the variable is not set"
        case SourceKind.FILE:
            words = _file_trouble(Path(first))
        case SourceKind.KEYRING:
            words = _keyring_trouble()
        case SourceKind.COMMAND:
            words = "" if shutil.which(first) else "there is no such program"
    return SourceCheck(who, f"{source.kind} {value}", not words, words or "there")


def _file_trouble(path: Path) -> str:
    try:
        status = path.stat()
    except OSError as problem:
        return str(problem.strerror)
    if not stat.S_ISREG(status.st_mode) or not os.access(path, os.R_OK):
        return "not a file that you can read"
    return "others may read it: chmod go-rwx" if status.st_mode & 0o077 else ""


def _keyring_trouble() -> str:
    from importlib.util import find_spec

    return "" if find_spec("keyring") else "the package keyring is not installed beside Handrail"
