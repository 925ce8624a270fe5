"""The page of a run: whole, closed against hostile texts, small and quick."""

import json
import re
import time
from html.parser import HTMLParser

import pytest
from browser_support import browser
from run_support import Req, approve, good, lab, nobody, write

from orchestrator.app.observe.reporting import report
from orchestrator.models.decision import Verdict
from orchestrator.render.run_page import run_page

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><style>@import url(https://x.example)</style>",
    "</pre></details><iframe src=//x.example>",
    "<svg/onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "\u202egnirts\u2066",
    "\x1b]8;;https://x.example\x07link",
    "&lt;b&gt; &#60;i&#62;",
    "javascript:alert(1)",
)
WORDS = """html head meta title style body p h1 h2 h3 b i ul li table tr th td code pre span div section details summary
svg rect text path"""
TAGS = frozenset(WORDS.split())


class Reader(HTMLParser):
    """Every tag and attribute that a browser would see, and all text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.words = set(), set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.words.append(data)


def body_of(here, run):
    with here.project() as project:
        return report(project, project.index.run(run.id))


def closed(text):
    """What a page of ours may consist of, whatever it tells."""
    seen = Reader(text)
    assert seen.tags <= TAGS, seen.tags - TAGS
    assert not {a for a in seen.attributes if a.startswith("on")} | (
        seen.attributes & {"href", "src", "style", "action"}
    )
    assert "default-src 'none'" in text
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    return "".join(seen.words)


@pytest.mark.engine
def test_a_page_tells_a_whole_run(tmp_path):
    one, two = Req(1), Req(2, depends=(1,))
    weak = write(one.path, "import subprocess\nVALUE = subprocess.run('ls', shell=True)\n")
    steps = {**good(two), one.id: [[weak], *good(one)[one.id]]}
    with lab(tmp_path) as here:
        done = here.run([one, two], steps)
        body, page = body_of(here, done.run), here.folder / "run.html"
        said = here.cli("report", done.run.id, "-o", str(page))
        text = page.read_text()
        first = here.cli("verify", done.run.run_ref, "--base", "main").stdout.splitlines()[0]
        asked = json.loads(here.cli("report", "--json").stdout)
    assert said.returncode == 0, said.stderr
    words = closed(text)
    assert first == "VERIFIED" == body["evidence"]["verdict"]
    assert re.search(r"<p class=\"verdict good\">VERIFIED</p>\s*<h1>Parts</h1>", text)
    assert [(q["id"], q["merged"], q["demonstrated"]) for q in body["requirements"]] == [
        ("parts/REQ-001", True, True),
        ("parts/REQ-002", True, True),
    ]
    assert [(s["status"], s["attempts"], len(s["gates"])) for s in body["steps"]] == [
        ("merged", 2, 2),
        ("merged", 1, 1),
    ]
    assert body["steps"][0]["gates"][0]["result"] == "FAILED"
    assert "shell" in json.dumps(body["steps"][0]["gates"][0]["findings"])
    assert [(d["kind"], d["verdict"], d["reviewer"]) for d in body["decisions"]] == [
        ("plan", "approve", "you"),
        ("change", "approve", "you"),
        ("change", "approve", "you"),
    ]
    assert "+VALUE = 1" in words
    used = {c["name"]: c for c in body["steps"][0]["capabilities"]}
    assert (used["write"]["granted"], used["write"]["used"], used["commands"]["by"]) == (
        ["src/f1.py"],
        ["src/f1.py"],
        "advisory",
    )
    assert used["limits.memory_mib"]["granted"] == ["256"]
    assert 0 < float(used["limits.memory_mib"]["used"][0]) <= 256
    assert used["limits.memory_mib"]["by"] == "kernel"
    assert asked["schema"] == "handrail.report/1"
    assert len(re.findall(r"<path d=", text)) == 1


@pytest.mark.engine
def test_texts_of_others_stay_texts(tmp_path):
    one = Req(1)

    def reject(reviews, item):
        if item.kind == "plan":
            approve(reviews, item)
        else:
            reviews.decide(item.id, Verdict.REJECT, reason=" ".join(h for h in HOSTILE if h.isprintable()))

    lines = "".join(f"# {h!r}\n" for h in HOSTILE[:6]) + "VALUE = 1\n"
    denied = [write(f"src/{h.replace('/', '_')}", "x") for h in HOSTILE[:2]]
    with lab(tmp_path) as here:
        done = here.run([one], {one.id: [[write(one.path, lines), *denied]]}, decide=reject)
        page = run_page(body_of(here, done.run))
        titled = json.loads(json.dumps(body_of(here, done.run)))
    words = closed(page)
    assert done.code in {3, 5}
    assert "<script>alert(1)</script>" in words
    assert "49" not in re.findall(r"\b49\b", words)

    def poison(value):
        """Every text of the page's data becomes hostile, its keys and the ids that we make ourselves excepted."""
        if isinstance(value, dict):
            kept = {"status", "began", "ended", "base_commit", "id", "depends_on", "steps", "by", "name", "verdict"}
            return {k: (v if k in kept and not isinstance(v, list) else poison(v)) for k, v in value.items()}
        if isinstance(value, list):
            return [poison(v) for v in value]
        return "".join(HOSTILE) if isinstance(value, str) else value

    poisoned = run_page(poison(titled))
    assert "<U+202E>" in closed(poisoned)
    assert not {"\u202e", "\u2066", "\x1b", "\x07"} & set(poisoned)


@pytest.mark.engine
def test_a_run_that_waits_has_a_page_too(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], good(one), decide=nobody)
        body = body_of(here, done.run)
        with here.project() as project:
            project.index.erase_blobs([done.run.spec])
        erased = body_of(here, done.run)
    assert body["evidence"]["verdict"] == "NOTHING MERGED"
    assert [s["status"] for s in body["steps"]] == ["pending"]
    assert "NOTHING MERGED" in closed(run_page(body))
    assert erased["run"]["title"] == "text withheld"
    closed(run_page(erased))


@pytest.mark.engine
def test_a_run_of_a_hundred_steps_is_small_and_quick(tmp_path):
    one = Req(1)
    long = "".join(f"LINE_{n} = {n}\n" for n in range(3_000)) + "VALUE = 1\n"
    with lab(tmp_path) as here:
        body = body_of(here, here.run([one], {one.id: [[write(one.path, long)]]}).run)
    step = body["steps"][0]
    body["steps"] = [{**step, "id": f"S{n:03}", "depends_on": [f"S{n - 1:03}"] if n % 7 else []} for n in range(100)]
    body["timeline"] *= 100
    began = time.process_time()
    page = run_page(body)
    assert time.process_time() - began < 2
    assert len(page.encode()) < 3_000_000
    assert "characters left out" in page
    closed(page)
    looked_at(tmp_path, page, run_page({**body, "steps": body["steps"][:3]}))


def looked_at(folder, page, short):
    """In a real browser: on a desk and on a telephone, light and dark, and printed."""
    file = folder / "run.html"
    file.write_text(page)
    colours = set()
    with browser(folder) as tab:
        for width, scheme in ((1280, "light"), (390, "dark")):
            assert tab.open(file, width, scheme) < 2
            assert tab.requests() == [file.as_uri()]
            assert tab.complaints() == []
            assert tab.wide() == []
            assert tab.value("document.querySelectorAll('section').length") == 100
            assert tab.value("document.querySelectorAll('svg rect.merged').length") == 100
            colours.add(tab.value("getComputedStyle(document.body).backgroundColor"))
        file.write_text(short)
        tab.open(file)
        printed = tab.printed()
    assert colours == {"rgb(255, 255, 255)", "rgb(22, 24, 27)"}
    assert printed.startswith(b"%PDF-")
    assert 10 < len(re.findall(rb"/Type /Page\b", printed)) < 100


def test_the_browser_sees_what_a_page_must_not_do(tmp_path):
    bad = """<!doctype html><style>p{width:2000px}</style><p>a</p>
<img src="data:image/png;base64,AA=="><script>missing()</script><link rel=stylesheet href=other.css>"""
    file = tmp_path / "bad.html"
    file.write_text(bad)
    with browser(tmp_path) as tab:
        tab.open(file, 390)
        assert len(tab.requests()) == 2
        assert any("missing is not defined" in said for said in tab.complaints())
        assert "the page" in tab.wide()
