"""What a call yields when it only computes: strings put together, names looked up by text, wrappers taken off."""

from __future__ import annotations

import base64
import binascii
import codecs
import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, cast

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.carriers import CLEAN, KEEP, PURE_METHODS, SAFE
from orchestrator.gates.flow.lookups import lookup, may_find
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.values import ANYTHING, NOTHING, Value, constant, join, replace

__all__ = ["fold_call", "format_text", "percent"]

_TEXT_LIMIT = 4096
_PAIR = 2
_VIEWS = frozenset({"collections.ChainMap", "types.MappingProxyType", "collections.OrderedDict"})
_CALCULATING = frozenset(
    f"builtins.{n}" for n in ("str", "list", "tuple", "sorted", "dict", "set", "repr", "max", "min")
)
"""What these give is made of their arguments and of nothing else."""
_JOINS = frozenset({"pathlib.Path().joinpath", "pathlib.PosixPath().joinpath"})
_WRITTEN = frozenset({"io.StringIO().getvalue", "io.BytesIO().getvalue"})
_SUBSTITUTES = frozenset({"substitute", "safe_substitute"})


def fold_call(call: Call, attribute: Callable[[Value, str], Value]) -> Value | None:
    """The value, or ``None`` when nothing is known about such a call."""
    if not _may_fold(call.names):
        return None
    if call.names & _WRITTEN:
        return replace(call.receiver, refs=frozenset())
    special = lookup(call, attribute)
    if special is not None:
        return special
    folded = _folded(call)
    if folded is None or not folded.fixed:
        return folded
    whole = not call.spread and all(value.fixed for value in call.every())
    return replace(folded, fixed=whole and (call.receiver is ANYTHING or call.receiver.fixed))


@lru_cache(maxsize=16_384)
def _may_fold(names: frozenset[str]) -> bool:
    """Whether a call of these names may be a look-up or only compute: most do neither."""
    methods = frozenset(last(name) for name in names)
    return may_find(names) or not (names.isdisjoint(_COMPUTING) and methods.isdisjoint(_COMPUTING_METHODS))


def _folded(call: Call) -> Value | None:
    method = _method(call)
    if method is not None:
        return method
    zipped = _zipped(call) or _mapped(call)
    if zipped is not None:
        return zipped
    if call.is_one_of(CLEAN):
        return _truth(call)
    decoded = _decoded(call)
    if decoded is not None:
        return decoded
    if call.names & _JOINS:
        joined = _kept(call, "pathlib.Path")
        return replace(joined, taint=joined.taint | call.receiver.taint)
    kept = call.is_one_of(KEEP)
    return _kept(call, kept) if kept else None


def _zipped(call: Call) -> Value | None:
    """``zip`` of known things, and ``dict`` of known pairs."""
    if "builtins.zip" in call.names and call.args and all(a.items is not None for a in call.args):
        return Value(items=tuple(Value(items=row) for row in zip(*(a.items or () for a in call.args), strict=False)))
    items = call.args[0].items if "builtins.dict" in call.names and call.args else None
    rows = [item.items for item in items or () if item.items is not None and len(item.items) == _PAIR]
    if not items or len(rows) != len(items):
        return None
    pairs = [(row[0].const if row[0].const is not NOTHING else object, row[1]) for row in rows]
    return Value(pairs=(*pairs, *call.keywords.items()))


def _mapped(call: Call) -> Value | None:
    """Dictionaries that are not written as such."""
    first = call.args[0] if call.args else ANYTHING
    if "builtins.dict.fromkeys" in call.names and first.items is not None:
        value = call.args[1] if call.args[1:] else constant(None)
        return Value(pairs=tuple((key.const, value) for key in first.items if key.const is not NOTHING))
    if call.names & _VIEWS and call.args and all(a.pairs is not None for a in call.args):
        return Value(pairs=tuple(pair for a in reversed(call.args) for pair in a.pairs or ()))
    if "json.loads" in call.names and isinstance(first.const, str | bytes):
        return _from_json(first.const)
    return None


def _from_json(text: str | bytes) -> Value | None:
    try:
        return _value_of(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _value_of(plain: Any) -> Value:  # noqa: ANN401 - what JSON holds
    if isinstance(plain, dict):
        return Value(pairs=tuple((key, _value_of(item)) for key, item in cast("dict[str, Any]", plain).items()))
    if isinstance(plain, list):
        return Value(items=tuple(map(_value_of, cast("Sequence[Any]", plain))))
    return constant(plain)


def _truth(call: Call) -> Value:
    first = call.args[0].const if call.args else False
    return constant(bool(first)) if "builtins.bool" in call.names and first is not NOTHING else ANYTHING


@lru_cache(maxsize=16_384)
def _pure(names: frozenset[str]) -> str:
    """The method of texts that is called, or ''."""
    return next((last(n) for n in sorted(names) if "." in n and last(n) in PURE_METHODS), "")


def _substituted(call: Call) -> Value | None:
    """A text made by ``string.Template``."""
    template = call.receiver
    if not call.calls_method(_SUBSTITUTES) or not template.texts or all(a.known for a in call.every()):
        return None
    whole = join([v.everything() for v in (template, *call.every())])
    return Value(taint=whole.taint, texts=whole.texts, built=True, origins=whole.origins)


def _kept(call: Call, name: str) -> Value:
    parts = [v.everything() for v in call.every()]
    whole = join(parts) if parts else ANYTHING
    shown = next((a for a in call.args[:1]), ANYTHING)
    if name in {"builtins.str", "builtins.list", "builtins.tuple", "builtins.dict", "typing.cast"} and call.args:
        shown = call.args[-1]
    if name == "builtins.dict" and call.keywords and not call.args:
        shown = Value(pairs=tuple(call.keywords.items()))
    safe = whole.safe | frozenset([SAFE[name]] if name in SAFE else ())
    if name == "builtins.str" and isinstance(shown.const, int) and len(call.args) == 1:
        shown = constant(str(shown.const))
    constant_kept = name in {"builtins.str", "builtins.list", "builtins.tuple", "builtins.dict", "builtins.iter"}
    return Value(
        refs=frozenset([f"{name}()"])
        | (shown.refs if name in {"typing.cast", "builtins.iter"} else frozenset[str]())
        | frozenset(r for r in shown.refs if r.endswith(".__dict__")),
        const=shown.const if constant_kept else NOTHING,
        taint=whole.taint,
        safe=safe,
        items=shown.items if constant_kept else None,
        pairs=shown.pairs if constant_kept else None,
        texts=whole.texts,
        built=whole.built,
        origins=whole.origins,
        fixed=name in _CALCULATING and whole.fixed,
    )


def _method(call: Call) -> Value | None:
    name = _pure(call.names)
    owner = call.receiver
    if not name:
        return _substituted(call)
    if isinstance(owner.const, str | bytes) and all(a.known for a in call.every()):
        value = _computed(owner.const, name, call)
        if value is not NOTHING:
            return _container(value)
    if name == "replace" and call.args and call.args[0].text in {"\n", "\r", "\r\n"}:
        return replace(owner, const=NOTHING, safe=owner.safe | {"log", "url"}, fixed=False)
    parts = [owner, *call.every()]
    whole = join([p.everything() for p in parts])
    fixed = whole.fixed
    if name in {"format", "format_map", "join", "replace"} and owner.text is not None:
        return Value(
            taint=whole.taint, safe=whole.safe, texts=whole.texts, built=True, origins=whole.origins, fixed=fixed
        )
    if owner.taint or (owner.text is not None and whole.taint):
        return Value(taint=whole.taint, safe=owner.safe, texts=whole.texts, built=whole.built, origins=whole.origins)
    return Value(texts=whole.texts, built=whole.built, fixed=True) if fixed else None


def _container(value: object) -> Value:
    if isinstance(value, list | tuple):
        return Value(items=tuple(constant(v) for v in value), fixed=True)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return constant(value)


def _computed(owner: str | bytes, name: str, call: Call) -> object:
    try:
        args = [_plain(a) for a in call.args]
        keywords = {k: _plain(v) for k, v in call.keywords.items()}
        if name == "format" or sum(len(str(a)) for a in args) + len(owner) > _TEXT_LIMIT:
            # A width in a format string makes gigabytes of a few bytes.
            return format_text(owner, args, keywords) if name == "format" and isinstance(owner, str) else NOTHING
        if name in {"zfill", "translate", "format_map"}:
            return NOTHING
        method: Callable[..., Any] = getattr(owner, name)
        value = method(*args, **keywords)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
        return NOTHING
    return value if not isinstance(value, str | bytes) or len(value) <= _TEXT_LIMIT else NOTHING


def format_text(owner: str, args: list[Any], keywords: dict[str, Any]) -> object:
    """``"{}{}".format(…)`` without widths, conversions or attribute access, else NOTHING."""
    if any(c in owner for c in ":!.[") or len(owner) > _TEXT_LIMIT:
        return NOTHING
    try:
        return owner.format(*args, **keywords)[:_TEXT_LIMIT]
    except (ValueError, LookupError):
        return NOTHING


def _plain(value: Value) -> Any:  # noqa: ANN401 - a folded constant of any kind
    if value.items is not None:
        return [_plain(v) for v in value.items]
    if value.const is NOTHING:
        raise ValueError("not a constant")
    return value.const


def percent(text: str, value: Value) -> str | None:
    """``"%s%s" % (…)`` without widths, else ``None``."""
    parts = value.items if value.items is not None else (value,)
    pieces = text.split("%s")
    if (
        "%" in "".join(pieces)
        or len(pieces) != len(parts) + 1
        or not all(isinstance(p.const, str | int) for p in parts)
    ):
        return None
    return pieces[0] + "".join(f"{p.const}{rest}" for p, rest in zip(parts, pieces[1:], strict=True))


def _decoded(call: Call) -> Value | None:
    if not call.args or not call.is_one_of(_DECODING) or not call.args[0].known:
        return None
    first = call.args[0]
    try:
        value = _decode(call, first)
    except (ValueError, TypeError, LookupError, binascii.Error, OverflowError):
        return None
    return None if value is NOTHING else constant(value)


def _decode(call: Call, first: Value) -> object:
    raw = _plain(first)
    if "codecs.decode" in call.names and len(call.args) > 1 and call.args[1].text in {"rot13", "rot_13"}:
        return codecs.decode(raw, "rot13")
    for names, decode in _DECODERS:
        if call.names & names:
            return decode(raw)
    return NOTHING


def _from_hex(raw: Any) -> bytes:  # noqa: ANN401 - text or bytes
    return bytes.fromhex(raw if isinstance(raw, str) else raw.decode())


def _bytes(raw: Any) -> object:  # noqa: ANN401 - a list of numbers, or how many zeroes
    if isinstance(raw, list):
        return bytes(cast("list[int]", raw)[:_TEXT_LIMIT])
    return bytes(raw) if isinstance(raw, int) and 0 <= raw <= _TEXT_LIMIT else NOTHING


_DECODERS: tuple[tuple[frozenset[str], Callable[[Any], object]], ...] = (
    (frozenset({"builtins.chr"}), chr),
    (frozenset({"builtins.bytes"}), _bytes),
    (frozenset({"builtins.bytes.fromhex", "binascii.unhexlify", "builtins.bytearray.fromhex"}), _from_hex),
    (frozenset({"base64.b64decode", "base64.standard_b64decode", "base64.urlsafe_b64decode"}), base64.b64decode),
    (frozenset({"binascii.a2b_base64"}), base64.b64decode),
    (frozenset({"builtins.reversed"}), lambda raw: raw[::-1] if isinstance(raw, str) else NOTHING),
)
_COMPUTING_METHODS = frozenset(PURE_METHODS) | _SUBSTITUTES
_DECODING = frozenset({"codecs.decode"}).union(*(names for names, _ in _DECODERS))
"""Without one of these a call decodes nothing."""
_COMPUTING = CLEAN.union(
    _JOINS, _WRITTEN, KEEP, _DECODING, _VIEWS, {"builtins.zip", "builtins.dict", "builtins.dict.fromkeys", "json.loads"}
)
"""What is computed by :func:`fold_call`, but for methods of texts."""
