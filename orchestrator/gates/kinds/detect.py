"""detect-secrets on single lines, inside the worker process.

Only its patterns are used: its verification would send what it found over the
network, its configuration and its ``allowlist`` comments would be the change's
own word. No value that was found leaves this module.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from orchestrator.gates.scanners.plain_words import speaks_for_itself

__all__ = ["detect"]

_GUESSES = ("BasicAuthDetector", "KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString")
_NOT_SECRETS = frozenset({"IPPublicDetector"})
_PRAGMA = re.compile(r"pragma:\s*(?:allow|white)list[ -](?:nextline[ -])?secret", re.IGNORECASE)
_FILTERS = (
    "is_sequential_string",
    "is_potential_uuid",
    "is_templated_secret",
    "is_prefixed_with_dollar_sign",
    "is_not_alphanumeric_string",
)
_DIGEST = re.compile(
    r"(?i)(?:sha(?:1|224|256|384|512)|md5|integrity|digest|checksum|blake2b?|hash|commit|revision|git_?rev)"
)
_LINE_LIMIT = 4096


def detect(data: bytes) -> dict[str, Any]:
    """``{"found": [[index of the line, kind, whether it is a guess], ...]}``, lines ending at LF, index from 0.

    A guess is a word such as ``password`` or a string that looks random. Of a
    line longer than 4096 characters overlapping pieces are looked at, equal ones once.
    """
    plugins = _plugins()
    found: list[tuple[int, str, bool]] = []
    for index, line in enumerate(data.decode("utf-8", "replace").split("\n")):
        pieces = dict.fromkeys(_pieces(_PRAGMA.sub("", line)))
        kinds = {kind for piece in pieces for kind in _kinds(plugins, piece)}
        found += [(index, kind, guess) for kind, guess in sorted(kinds)]
    return {"found": found}


def _pieces(line: str) -> list[str]:
    step = _LINE_LIMIT - 512
    return [line[start : start + _LINE_LIMIT] for start in range(0, max(len(line), 1), step)]


def _plugins() -> list[tuple[str, Any]]:
    mapping = import_module("detect_secrets.core.plugins.util").get_mapping_from_secret_type_to_class()
    chosen = [c for c in mapping.values() if c.__name__ not in _NOT_SECRETS]
    return [(c.__name__, c()) for c in sorted(chosen, key=lambda c: c.__name__)]


def _kinds(plugins: list[tuple[str, Any]], line: str) -> set[tuple[str, bool]]:
    kinds: set[tuple[str, bool]] = set()
    for name, plugin in plugins:
        guess = name in _GUESSES
        values = [v for v in plugin.analyze_string(line) if v]
        if guess:
            values = [
                v
                for v in values
                if not _harmless(v)
                and _random_enough(plugin, v)
                and not _named_digest(line, v)
                and not speaks_for_itself(v, line)
            ]
        if values:
            kinds.add((str(plugin.secret_type), guess))
    return kinds


def _harmless(value: str) -> bool:
    heuristics = import_module("detect_secrets.filters.heuristic")
    return any(getattr(heuristics, name)(value) for name in _FILTERS)


def _random_enough(plugin: Any, value: str) -> bool:  # noqa: ANN401 - a class of detect-secrets
    limit = getattr(plugin, "entropy_limit", None)
    return limit is None or plugin.calculate_shannon_entropy(value) > limit


def _named_digest(line: str, value: str) -> bool:
    """A digest that is called one: lock files and tables of checksums hold nothing else."""
    return bool(_DIGEST.search(line.replace(value, "")) or _DIGEST.match(value))
