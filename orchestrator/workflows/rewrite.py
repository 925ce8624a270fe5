"""A process as a model would write it: data until the compiler has read it and a person has taken it."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import StringConstraints, ValidationError

from orchestrator.models.answers import first_object
from orchestrator.models.base import Noun
from orchestrator.models.ids import Digest, canonical, sha256
from orchestrator.workflows.compile import Compiled
from orchestrator.workflows.prose import MAX_CHARACTERS

_SHOWN = 40
_NO_OBJECT = "The answer holds no whole JSON object."


class Rewritten(Noun):
    """A model's answer: the whole process in the controlled form."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_CHARACTERS)]


def schema() -> dict[str, Any]:
    """The JSON schema of an answer."""
    return Rewritten.model_json_schema()


def judged(answer: str, compiled: Callable[[bytes], Compiled]) -> tuple[bytes | None, tuple[str, ...]]:
    """The text of an answer that compiles, or what is wrong with it. ``compiled`` reads a text and proves it.

    Not checked: that the text says what the old one said. A person sees the difference.
    """
    try:
        found = first_object(answer)
        if not isinstance(found, dict):
            return None, (_NO_OBJECT,)
        text = Rewritten.model_validate(found).text
    except ValidationError as error:
        told = (".".join(map(str, e["loc"])) + ": " + e["msg"] for e in error.errors(include_url=False)[:_SHOWN])
        return None, tuple(told)
    except ValueError as error:
        return None, (str(error),)
    data = (text.replace("\r\n", "\n").rstrip("\n") + "\n").encode("utf-8", "surrogatepass")
    made = compiled(data)
    if made.workflow is None:
        return None, tuple(str(problem) for problem in made.problems[:_SHOWN])
    return data, ()


def difference(old: bytes, new: bytes, path: str) -> str:
    """Both as a unified diff, every line of it. A byte that is no UTF-8 is shown as its number."""
    before, after = (data.decode("utf-8", "backslashreplace").splitlines(keepends=True) for data in (old, new))
    lines = difflib.unified_diff(before, after, path, f"{path} (rewritten)", n=3)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def taken(old: bytes, new: bytes) -> Digest:
    """What a person takes: exactly this text in place of exactly that one."""
    return sha256(canonical([sha256(old), sha256(new)]))
