"""The page of a file's lines with what is signed for each: one HTML file without script or address of another place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from orchestrator.render.html import environment

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Handrail blame</title><style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:90rem;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}
td,code{overflow-wrap:anywhere}th{background:#f2f2f2}pre{margin:0;white-space:pre-wrap}
.verified{color:#0a5a1d}.unattested{color:#7a4b00}.not{color:#a30000}
</style></head><body>
<h1><code>{{ path }}</code></h1>
<p>{{ lines }} lines at <code>{{ rev }}</code>: {% for name, count in standing %}{{ count }} {{ name }}{{ ", " if not loop.last }}{% endfor %}.</p>
<table><tr><th>lines</th><th>text</th><th>who, why, what</th></tr>
{% for rows in groups %}{% set f = rows[0] %}
<tr><td>{{ f.number }}{% if rows | length > 1 %}-{{ rows[-1].number }}{% endif %}</td>
<td><pre>{% for r in rows %}{{ r.text }}
{% endfor %}</pre></td>
<td><b class="{{ f.standing }}">{{ f.standing }}</b> <code>{{ f.commit[:12] }}</code>{% if f.path != path %} at <code>{{ f.path }}:{{ f.line }}</code>{% endif %}
{% if f.evidence %}{% for a in f.asked %}<br>{{ a.id }}: {{ a.sentence or "text withheld" }}{% endfor %}
<br>{{ f.evidence.step }}, attempt {{ f.evidence.attempt }}, {{ f.evidence.agent }}{% if f.evidence.model %} ({{ f.evidence.model }}){% endif %};
{{ "written by: " ~ f.contributor if f.contributor else "line not stated" }}
<br>{% for name, result in f.evidence.gates | dictsort %}{{ name }}={{ result }} {% endfor %}
<br>approved by {{ f.evidence.reviewers | join(", ") or "nobody" }}{% if not f.evidence.human %} (not a person){% endif %}
{% else %}<br>by {{ f.author }}{% endif %}
{% for p in f.problems %}<br>{{ p.code }} {{ p.message }}{% endfor %}</td></tr>
{% endfor %}</table>
</body></html>
"""


def blame_page(path: str, rev: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """``rows`` as ``blame --json`` prints them. Every text is escaped and what cannot be seen in it made visible."""
    groups = [list(g) for _, g in groupby(rows, key=lambda r: (r["commit"], r["path"], r["contributor"]))]
    names = [str(r["standing"]) for r in rows]
    standing = [(name, names.count(name)) for name in dict.fromkeys(names)]
    return (
        environment().from_string(_PAGE).render(path=path, rev=rev, lines=len(rows), standing=standing, groups=groups)
    )
