"""The ground of nouns that are made where pydantic is not loaded: what a gate call sees of a change, and says of it.

They are frozen dataclasses that answer to the same names as :class:`orchestrator.models.base.Noun`, in the same words
and digests, and every noun may hold them. What is read from a document is validated by pydantic, which is loaded then.

Not checked: types of what our own code puts into one. :meth:`Plain.checked` does it for what others put there.
"""

from __future__ import annotations

from dataclasses import fields, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from orchestrator.models.ids import Digest, canonical, sha256

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pydantic import ConfigDict, TypeAdapter

__all__ = ["Plain", "Stored"]


class Stored(Protocol):
    """What both kinds of nouns can: be kept under a digest, and be read from there."""

    def to_bytes(self) -> bytes: ...
    @classmethod
    def model_validate_json(cls, data: str | bytes, /) -> Self: ...


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


class Plain:
    """Base of ``@dataclass(frozen=True, slots=True, kw_only=True)`` classes whose fields are plain or such again."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    def to_bytes(self) -> bytes:
        """Canonical JSON, the exact bytes that are stored and digested."""
        return canonical(self.model_dump(mode="json"))

    def digest(self) -> Digest:
        """SHA-256 over :meth:`to_bytes`."""
        return sha256(self.to_bytes())

    def model_dump(self, *, mode: str = "python", include: Collection[str] | None = None) -> dict[str, Any]:
        """Name → value, in the order of the fields; in mode ``json`` lists and texts in place of tuples and enums."""
        plain = _json if mode == "json" else _python
        names = [f.name for f in fields(self) if include is None or f.name in include]  # type: ignore[arg-type]
        return {name: plain(getattr(self, name)) for name in names}

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """Another one with these fields changed."""
        return replace(self, **update)  # type: ignore[type-var]

    @classmethod
    def model_validate(cls, value: object) -> Self:
        """Raises ``pydantic.ValidationError`` for what is none."""
        found: Self = _adapter(cls).validate_python(value)
        return found

    @classmethod
    def model_validate_json(cls, data: str | bytes) -> Self:
        """Raises ``pydantic.ValidationError`` for what is none."""
        found: Self = _adapter(cls).validate_json(data)
        return found

    def checked(self) -> Self:
        """The same, of the right types throughout. Raises ``pydantic.ValidationError`` unless it could be read anew."""
        return type(self).model_validate(self.model_dump())


def _adapter(kind: type) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        from pydantic import TypeAdapter  # noqa: PLC0415 - where nothing is read from a document it is not needed

        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _python(value: Any) -> Any:  # noqa: ANN401 - of any field
    if isinstance(value, Plain):
        return value.model_dump()
    return tuple(map(_python, value)) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _json(value: Any) -> Any:  # noqa: ANN401 - of any field
    if isinstance(value, Plain):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [_json(one) for one in value]  # pyright: ignore[reportUnknownVariableType]
    return value.value if isinstance(value, Enum) else value
