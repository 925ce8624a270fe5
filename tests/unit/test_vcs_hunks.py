from __future__ import annotations

from orchestrator.vcs.hunks import definitions, owner_of_each_line

TEXT = b"""@one
@two
def f():
    def g():
        pass
    return g


class C:
    async def h(self): ...
"""


def test_definitions_carry_decorators_and_qualified_names():
    found = [(d.name, d.first, d.last) for d in definitions("m.py", TEXT)]
    assert found == [("f", 1, 6), ("f.g", 4, 5), ("C", 9, 10), ("C.h", 10, 10)]


def test_the_innermost_definition_owns_a_line():
    owners = owner_of_each_line(definitions("m.py", TEXT), 11)
    names = [owner.name if owner else "" for owner in owners]
    assert names[1:11] == ["f", "f", "f", "f.g", "f.g", "f", "", "", "C", "C.h"]


def test_only_python_text_has_definitions():
    assert definitions("m.js", TEXT) == ()
    assert definitions("m.py", b"\xff") == ()
    assert definitions("m.py", b"def f():\r  pass\r") == ()
    assert definitions("m.py", b"x = 1\n" * 300_000) == ()
