"""The screen and the page of ``blame``: who stands behind a line; nothing that the repository wrote acts on either."""

from __future__ import annotations

from html.parser import HTMLParser

from tui_support import text_of

from orchestrator.models.found import Result
from orchestrator.models.ids import GitOid, RequirementId, RunId, StepId, sha256
from orchestrator.models.verification import Checks, CommitEvidence, EvidenceProblem
from orchestrator.provenance.predicates.claims import Contributor
from orchestrator.provenance.verification.blame import Asked, Blamed, Standing
from orchestrator.render.blame_page import blame_page
from orchestrator.tui.screens.blame import BlameApp

NASTY = "\x1b[8mA\u202eC[red]F[/red]<script>alert(1)</script>"


def evidence(**changes) -> CommitEvidence:
    values = {
        "commit": GitOid("c" * 40),
        "tree": GitOid("d" * 40),
        "target_ref": "refs/heads/main",
        "run": RunId("20261122-x"),
        "step": StepId("S01"),
        "attempt": 1,
        "requirements": (RequirementId("pay/REQ-001"),),
        "agent": "scripted 1",
        "change": sha256(b"change"),
        "gates": {"ruff": Result.PASSED},
        "acceptance": Result.PASSED,
        "demonstrated": True,
        "decisions": (),
        "reviewers": ("ana",),
        "human": True,
        "checks": Checks.SELF_ATTESTED,
        "texts_withheld": 0,
        "policy_version": 1,
    }
    return CommitEvidence(**{**values, **changes})


def row(number: int, text: str, standing: Standing = Standing.UNATTESTED, **changes) -> Blamed:
    commit = GitOid({Standing.VERIFIED: "c", Standing.UNATTESTED: "a", Standing.NOT_VERIFIED: "b"}[standing] * 40)
    values = {"commit": commit, "path": "pay.py", "line": number, "author": "Ben"}
    return Blamed(number=number, text=text, standing=standing, **{**values, **changes})


SENTENCE = Asked(id="pay/REQ-001", sentence="The customer pays.")
VERIFIED = {"contributor": Contributor.AI, "asked": (SENTENCE,), "evidence": evidence()}
BAD = {
    "evidence": evidence(agent=NASTY),
    "asked": (Asked(id="pay/REQ-002", sentence=None),),
    "problems": (EvidenceProblem(code="EVID050", message="no approval"),),
}
ROWS = (
    row(1, NASTY, author=NASTY),
    row(2, "by hand"),
    row(3, "x = 1", Standing.VERIFIED, path="old.py", line=9, **VERIFIED),
    row(4, "y = 2", Standing.NOT_VERIFIED, **BAD),
)


def squeezed(application) -> str:
    return "".join(text_of(application).split())


async def test_the_screen_tells_the_line_under_the_cursor_and_goes_from_change_to_change():
    screen = BlameApp("pay.py", ROWS)
    async with screen.run_test(size=(140, 30)) as pilot:
        await pilot.pause()
        assert "aaaaaaaaaaaaunattested" in squeezed(screen)
        await pilot.press("full_stop")
        await pilot.pause()
        shown = squeezed(screen)
        for words in (
            "old.py:9",
            "pay/REQ-001:Thecustomerpays.",
            "S01,attempt1,scripted1",
            "writtenby:ai",
            "approvedbyana",
        ):
            assert words in shown
        await pilot.press("j")
        await pilot.pause()
        assert "EVID050noapproval" in squeezed(screen)
        assert "textwithheld" in squeezed(screen)
        await pilot.press("comma", "comma")
        await pilot.pause()
        assert screen.screen.lines.highlighted == 1
        await pilot.press("k", "k", "k")
        assert screen.screen.lines.highlighted == 0
        await pilot.press("q")
    assert screen.return_code == 0


async def test_the_screen_shows_hostile_text_as_letters_and_an_empty_file_at_all():
    screen = BlameApp(f"{NASTY}.py", ROWS)
    async with screen.run_test(size=(140, 30)) as pilot:
        await pilot.pause()
        shown = text_of(screen)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\\x1b[8mA<U+202E>C[red]F[/red]" in squeezed(screen)
    empty = BlameApp("pay.py", ())
    async with empty.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "full_stop", "k")
        assert "pay.py" in text_of(empty)


class Tags(HTMLParser):
    """Every tag of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs) -> None:
        self.seen.add(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onload", "onclick"}


def test_the_page_tells_it_too_and_holds_no_tag_of_the_repositorys():
    page = blame_page("pay.py", "HEAD", [r.model_dump(mode="json") for r in ROWS])
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.seen
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "2 unattested, 1 verified, 1 not verified" in page
    for words in ("The customer pays.", "text withheld", "approved by ana", "EVID050 no approval", "old.py:9", "1-2"):
        assert words in page
    assert "&lt;script&gt;alert(1)" in page
