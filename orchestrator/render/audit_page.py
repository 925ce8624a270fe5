"""The page of an audit: one HTML file without script, font, picture or address of another place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from orchestrator.render.html import environment

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Handrail audit</title><style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}
td,code{overflow-wrap:anywhere}th{background:#f2f2f2}.deny,.agent{color:#a30000}.person{color:#7a4b00}
</style></head><body>
<h1>Audit: {{ a.result }}</h1>
<p>{{ a.commits }} commits up to <code>{{ a.head }}</code>{% if a.base %} from <code>{{ a.base }}</code>{% endif %},
by the gates {{ a.gates | join(", ") }}. {{ standing | length }} findings stand, {{ mended }} were mended,
{{ a.secrets | length }} are of secrets ever committed: revoke those, also the mended ones.</p>
{% if a.broken %}<h2>Without a verdict</h2><table><tr><th>commit</th><th>why</th></tr>
{% for b in a.broken %}<tr><td><code>{{ b.commit }}</code></td><td>{{ b.reason | literal }}</td></tr>{% endfor %}</table>{% endif %}
<h2>By author</h2><table><tr><th>author</th><th>introduced</th><th>still stand</th></tr>
{% for name, count in authors %}<tr><td>{{ name | literal }}</td><td>{{ count }}</td><td>{{ left[name] }}</td></tr>{% endfor %}</table>
{% for title, rows in (("Standing", standing), ("Mended or gone", over)) %}<h2>{{ title }}</h2>
<table><tr><th>place</th><th>code</th><th>for</th><th>finding</th><th>introduced</th><th>mended</th></tr>
{% for f in rows %}<tr><td><code>{{ f.path | literal }}:{{ f.line }}</code></td><td>{{ f.rule }}</td>
<td class="{{ f.disposition }}">{{ f.disposition }}</td><td>{{ f.message | literal }}</td>
<td>{% if f.introduced %}<code>{{ f.introduced.commit[:12] }}</code> {% if f.introduced.commit in a.cut %}or before: the clone is cut off there{% else %}{{ f.introduced.date[:10] }} {{ f.introduced.author | literal }}{% endif %}{% else %}before{% endif %}</td>
<td>{% if f.fixed %}<code>{{ f.fixed.commit[:12] }}</code> {{ f.fixed.date[:10] }}{% endif %}</td></tr>
{% endfor %}</table>{% endfor %}
</body></html>
"""


def audit_page(body: Mapping[str, Any]) -> str:
    """``body`` as ``audit --json`` prints it. Notes are left out; every text is escaped and made visible."""
    rows = [f for f in body["findings"] if f["disposition"] != "note"]
    standing = [f for f in rows if f["stands"]]
    named = [f for f in rows if f["introduced"] and f["introduced"]["commit"] not in body["cut"]]
    authors = Counter(f["introduced"]["author"] for f in named)
    left = Counter(f["introduced"]["author"] for f in named if f["stands"])
    return (
        environment()
        .from_string(_PAGE)
        .render(
            a=body,
            standing=standing,
            over=[f for f in rows if not f["stands"]],
            mended=sum(1 for f in rows if f["fixed"]),
            authors=authors.most_common(),
            left=left,
        )
    )
