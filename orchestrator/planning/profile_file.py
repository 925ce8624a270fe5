"""``.handrail/profile.yaml``: the confirmed profile on disk, read strictly."""

from __future__ import annotations

import yaml

from orchestrator.errors import UsageError
from orchestrator.models.profile import RepositoryProfile
from orchestrator.models.strict_yaml import validate


def dump_profile(profile: RepositoryProfile) -> bytes:
    """The file's bytes; the same profile gives the same bytes."""
    head = "# Confirmed by a person. Handrail reads source roots, test roots and the test command from here.\n"
    body = yaml.safe_dump(profile.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)
    return (head + body).encode()


def load_profile(data: bytes, path: str) -> RepositoryProfile:
    """The profile. Raises ``UsageError`` (PROF010), whose details are ``path:line:col PROF010 text`` lines."""
    found, problems = validate(data, RepositoryProfile, path, "PROF010")
    if found is None:
        hint = "write the key with a list of strings, or run `handrail init` again"
        raise UsageError("PROF010", f"{path} is no profile.", hint, [str(p) for p in problems])
    return found
