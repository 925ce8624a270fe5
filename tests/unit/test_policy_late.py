import re

import pytest

from orchestrator.gates.files.suppressions import PATTERNS
from orchestrator.gates.kinds.secret_patterns import FORMS
from orchestrator.policy.late import Late

TEXT = "x = 'AKIA' # NOSEC B602, noqa: S101"


def test_it_answers_as_the_pattern_does() -> None:
    late, plain = Late(r"(no\w+)\b", re.IGNORECASE), re.compile(r"(no\w+)\b", re.IGNORECASE)
    assert late.findall(TEXT) == plain.findall(TEXT) == ["NOSEC", "noqa"]
    assert [m.span() for m in late.finditer(TEXT)] == [m.span() for m in plain.finditer(TEXT)]
    assert late.sub("-", TEXT) == plain.sub("-", TEXT)
    whole, first = late.fullmatch("Nosec"), late.search(TEXT)
    assert late.match(TEXT) is None
    assert whole is not None
    assert first is not None
    assert (whole[1], first[1]) == ("Nosec", "NOSEC")


def test_one_that_is_none_says_so_when_it_is_asked() -> None:
    late = Late("(")
    with pytest.raises(re.error):
        late.search("x")


@pytest.mark.parametrize("pattern", [*FORMS.values(), *PATTERNS.values()])
def test_each_of_ours_is_a_pattern(pattern: Late) -> None:
    assert pattern.compiled.pattern == pattern.pattern
