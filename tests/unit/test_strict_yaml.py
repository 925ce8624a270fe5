"""What a YAML file may not hold is refused with its place; a workflow is read once by a process."""

import gc

import pytest
import yaml

from orchestrator.assets.find import workflow_files
from orchestrator.errors import WorkflowInvalid
from orchestrator.models.strict_yaml import YamlProblem, parse
from orchestrator.workflows.load import load_workflow

BOMB = "a: &a [x, x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdef", "bcdefg", strict=True))


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: &one 1\n", 1, 4, "aliases"),
        ("a: {b: *one}\n", 1, 8, "aliases"),
        ("- x\n- !!python/name:os.system y\n", 2, 3, "Tags"),
        ("a:\n  <<: *base\n", 2, 7, "aliases"),
        ("&k a: 1\n", 1, 1, "aliases"),
        (BOMB, 1, 4, "aliases"),
        ("a: 1\na: 2\n", 2, 1, "twice"),
        ("a: [1\n", 2, 1, "expected"),
    ],
)
def test_what_is_not_plain_data_is_refused_with_its_place(text, line, column, words):
    with pytest.raises(YamlProblem, match=words) as caught:
        parse(text.encode())
    assert (caught.value.line, caught.value.column) == (line, column)


def test_nothing_is_kept_of_a_file_that_was_read():
    def nodes():
        gc.collect()
        return sum(isinstance(thing, yaml.Node) for thing in gc.get_objects())

    before = nodes()
    assert parse(b"a: 1\nb: [x, 2.5, true, null, 2026-01-01]\n").data == {
        "a": 1,
        "b": ["x", 2.5, True, None, "2026-01-01"],
    }
    assert nodes() == before


def test_a_workflow_is_read_once_by_a_process_and_again_when_a_byte_of_it_or_of_its_prose_differs():
    data, prose, path = workflow_files("prd-to-code")
    first = load_workflow(data, prose, path)
    assert load_workflow(bytes(bytearray(data)), prose, path) is first
    assert load_workflow(data + b"\n", prose, path) is not first
    with pytest.raises(WorkflowInvalid, match="WF001"):
        load_workflow(data, prose + b"9. Publish it.\n", path)
