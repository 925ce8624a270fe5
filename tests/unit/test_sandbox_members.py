import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import AgentFailed, UsageError
from orchestrator.models.ids import GitOid
from orchestrator.sandbox.layout import Place
from orchestrator.sandbox.members import END, HEADER, Receiver, encode, refusal


def member(kind, path, data=b"", mode=0o644, size=None):
    raw = path.encode("utf-8", "surrogateescape")
    return HEADER.pack(kind, len(raw), mode, len(data) if size is None else size) + raw + data


def received(*members, base=(), max_bytes=1000, max_members=10, end=END):
    receiver = Receiver(frozenset(base), max_bytes=max_bytes, max_members=max_members)
    receiver.feed(b"".join(members) + end)
    return receiver.result()


def code(*members, **caps):
    with pytest.raises(AgentFailed) as caught:
        received(*members, **caps)
    return caught.value.code


def test_files_links_and_unchanged_paths():
    out = received(member(b"P", "a"), member(b"F", "b", b"x", 0o755), member(b"L", "c", b"b", 0o120000))
    assert out.present == {"a", "b", "c"}
    assert [(m.path, m.mode, m.data) for m in out.changed] == [("b", "100755", b"x"), ("c", "120000", b"b")]


@pytest.mark.parametrize(
    "path", ["a/.git", "a/.GIT/x", "../x", "/x", "a/../b", "a\nb", "a\x1b[2J", "a\u202eb", "x\udcff", "a//b"]
)
def test_a_hostile_name_is_refused_and_never_content(path):
    out = received(member(b"F", path, b"x"))
    assert (out.present, out.changed, out.refused) == (frozenset(), (), (path,))


def test_a_name_that_was_copied_in_may_come_out():
    assert received(member(b"F", "x\udcff\n", b"1"), base={"x\udcff\n"}).present == {"x\udcff\n"}


def test_what_is_refused_counts_as_unchanged_and_not_as_deleted():
    out = received(member(b"R", "a"), member(b"R", "new"), base={"a"})
    assert out.present == {"a"}
    assert out.refused == ("a", "new")


def test_caps():
    assert code(member(b"F", "a", b"x" * 11), max_bytes=10) == "AGT040"
    assert code(member(b"F", "a", b"x" * 6), member(b"F", "b", b"x" * 6), max_bytes=10) == "AGT040"
    assert code(member(b"F", "a", size=2**63)) == "AGT040"
    assert code(member(b"P", "a"), member(b"P", "b"), max_members=1) == "AGT041"
    assert code(member(b"P", "a" * 1025)) == "AGT042"


def test_malformed_streams():
    assert code(member(b"P", "a"), end=b"") == "AGT043"
    assert code(member(b"P", "a"), end=END + b"more") == "AGT043"
    assert code(member(b"P", "a"), member(b"P", "a")) == "AGT043"
    assert code(member(b"F", "a", mode=0o4755)) == "AGT043"
    assert code(member(b"X", "a")) == "AGT043"
    assert code(member(b"F", "a", size=5), end=b"") == "AGT043"


def test_a_stream_that_goes_on_after_its_end_is_not_kept():
    receiver = Receiver(frozenset(), max_bytes=10, max_members=10)
    receiver.feed(END)
    with pytest.raises(AgentFailed) as caught:
        receiver.feed(b"x")
    assert caught.value.code == "AGT043"


def test_the_supervisors_words_become_codes():
    assert [refusal(w).code for w in ("bytes", "members", "path", "x" * 999)] == [
        "AGT040",
        "AGT041",
        "AGT042",
        "AGT043",
    ]


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_give_a_result_or_a_coded_error(data, step):
    receiver = Receiver(frozenset(), max_bytes=100, max_members=5)
    try:
        for i in range(0, len(data), step):
            receiver.feed(data[i : i + step])
        out = receiver.result()
    except AgentFailed as error:
        said = error.code
    else:
        said = "AGT04" if len(out.present) + len(out.refused) <= 5 else "too much"
    assert said.startswith("AGT04")


@given(st.lists(st.binary(max_size=30), max_size=5), st.integers(1, 64))
def test_pieces_of_any_size_give_the_same(contents, step):
    stream = b"".join(member(b"F", f"f{i}", data) for i, data in enumerate(contents)) + END
    receiver = Receiver(frozenset(), max_bytes=1000, max_members=10)
    for i in range(0, len(stream), step):
        receiver.feed(stream[i : i + step])
    assert [m.data for m in receiver.result().changed] == contents


def test_encoding_asks_for_each_content_once_and_in_order():
    places = [
        Place("D", "d", 0o755, GitOid("")),
        Place("F", "d/a", 0o644, GitOid("1")),
        Place("L", "l", 0o644, GitOid("2")),
    ]
    asked = []

    def read(oids):
        asked.extend(oids)
        return iter([b"one", b"two"])

    stream = b"".join(encode(places, read))
    assert asked == ["1", "2"]
    assert stream == (
        struct.pack(">cHIQ", b"D", 1, 0o755, 0) + b"d"
        + struct.pack(">cHIQ", b"F", 3, 0o644, 3) + b"d/aone"
        + struct.pack(">cHIQ", b"L", 1, 0o644, 3) + b"ltwo"
        + END
    )  # fmt: skip


def test_a_path_too_long_to_come_back_does_not_go_in():
    with pytest.raises(UsageError) as caught:
        list(encode([Place("F", "a" * 1025, 0o644, GitOid("1"))], lambda _: iter([b""])))
    assert caught.value.code == "SBX023"
