"""Text that some other program runs: commands in notebooks, objects in YAML and pickles, tricks in templates.

Found by the form of the text alone. Not checked: whether anything reads the
file, and what is put together at run time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from orchestrator.gates.changes.differential import Hit, line_text
from orchestrator.gates.changes.sides import code_cells, suffix_of
from orchestrator.models.found import Disposition
from orchestrator.policy.late import Late

__all__ = ["payload_hits"]

_COMMAND = Late(
    r"\s*(?:[\w, ]+=\s*)?(?:!|%%(?:!|bash|sh|script|system|sx|perl|ruby|js|cmd)\b"
    r"|%(?:run|sx|system|load|alias|alias_magic)\b).*"
    r"|.*\bget_ipython\s*\(\s*\)\s*\.\s*(?:system|getoutput|run_\w+)\b.*"
)
_YAML_OBJECT = Late(r"!!python/(?:object|name|module)|!<tag:yaml\.org,2002:python/")
_YAML = frozenset({".yaml", ".yml"})
_TEMPLATES = frozenset({".html", ".htm", ".j2", ".jinja", ".jinja2", ".tmpl", ".mako", ".tpl"})
_INSIDE = Late(
    r"(?:\{\{|\{%|\$\{)[^}]*__(?:class|mro|subclasses|globals|builtins|init|base)__"
    r"|(?:\{\{|\{%)[^}]*\|\s*attr\s*\(\s*(?:[\"']_|[^)}]*[+~])"
)
_XML = frozenset({".xml", ".svg", ".xsl", ".xslt", ".xhtml", ".wsdl", ".xsd"})
_ENTITY = Late(r"<!ENTITY\s+(?:%\s+)?\S+\s+(?:SYSTEM|PUBLIC)\b")
_PICKLE = Late(r"c(?:os|posix|nt|subprocess|builtins|__builtin__|commands|pty|sys|runpy|importlib)\n\w+\n")


def payload_hits(path: str, text: str) -> Iterator[Hit]:
    """Line numbers from 1; of a notebook they count in its code cells, one after the other."""
    suffix = suffix_of(path)
    lines = text.split("\n")
    if suffix == ".ipynb":
        yield from _notebook(text)
    elif suffix in _YAML:
        yield from _each(lines, "YAML-OBJECT", _YAML_OBJECT.search, Disposition.AGENT)
    elif suffix in _TEMPLATES:
        yield from _each(lines, "TEMPLATE-INSIDE", _INSIDE.search, Disposition.AGENT)
    elif suffix in _XML:
        yield from _each(lines, "XML-ENTITY", _ENTITY.search, Disposition.PERSON)
    if _PICKLE.match(text):
        yield _hit("PICKLE", lines, 1, Disposition.AGENT)


def _notebook(text: str) -> Iterator[Hit]:
    try:
        cells = code_cells(json.loads(text))
    except (ValueError, RecursionError):
        # The scanners refuse what cannot be read as a notebook.
        return
    yield from _each("\n".join(cells).split("\n"), "NOTEBOOK-COMMAND", _COMMAND.fullmatch, Disposition.PERSON)


def _each(lines: list[str], rule: str, matches: Callable[[str], object], how: Disposition) -> Iterator[Hit]:
    for number, line in enumerate(lines, start=1):
        if matches(line):
            yield _hit(rule, lines, number, how)


def _hit(rule: str, lines: list[str], number: int, how: Disposition) -> Hit:
    text = line_text(lines, number, number)
    return Hit(
        rule=rule,
        message=f"text that another program runs: {text.strip()[:80]}",
        disposition=how,
        line=number,
        end_line=number,
        text=text,
        severity="high" if how is Disposition.AGENT else "medium",
    )
