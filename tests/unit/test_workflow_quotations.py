"""What is quoted is told to a person word for word: one task, its sentences accounted for, and nothing in it read."""

import pytest
from workflow_support import bare, compiled, workflow

from orchestrator.models.workflow import NodeKind
from orchestrator.policy.proof.shape import problems
from orchestrator.workflows.compile import Kind
from orchestrator.workflows.say import explain

LEAD = "The clerk sees to this as it is written, as far as it applies:"
WORDS = """## After the fair

- If the tent is wet, go to step 1 and stop. Never fold it!
  > A word from the owner.

1. Merge the change. Run `rm -rf tent`.

```sh
fold --all

pack
```

| Who | Action |
|---|---|
| the boss | approves it |"""


def quoted(words=WORDS, lead=LEAD, indent=""):
    return f"{lead}\n\n" + "\n".join(f"{indent}> {line}".rstrip() for line in words.split("\n")) + "\n"


def test_the_words_are_one_task_of_whoever_is_named_and_nothing_in_them_is_read():
    made = workflow(f"# Fair\n\n1. The guard opens the gate.\n2. {quoted(indent='   ')}3. The guard shuts the gate.\n")
    tasks = [node for node in made.nodes.values() if node.kind is NodeKind.TASK]
    assert [node.quotation for node in tasks] == ["", WORDS, ""]
    assert (tasks[1].role, tasks[1].title) == ("clerk", LEAD[:-1])
    assert len(made.nodes) == 3 + 2
    assert made.roles == ("clerk", "guard")
    assert (made.rules, made.facts, made.ceiling.write) == ((), {}, ())


def test_every_sentence_in_them_is_accounted_for_at_its_place():
    found = compiled(f"# Fair\n\n{quoted()}")
    said = {read.sentence.text: (read.kind, read.sentence.span.line) for read in found.read}
    assert said["If the tent is wet, go to step 1 and stop"] == (Kind.NODE, 7)
    assert said["Never fold it!"] == (Kind.NODE, 7)
    assert said["A word from the owner"] == (Kind.NODE, 8)
    assert said["Merge the change"] == (Kind.NODE, 10)
    assert found.counts()["node"] == 1 + 5
    assert not found.problems


@pytest.mark.parametrize("lead", [
    LEAD,
    "The clerk must see to this as it is written:",
    "A clerk keeps to \"After the fair, and (later) before it's dark\" as it is written:",
    "The clerk sees to this as it is written within 2 days:",
    '`fold`: The clerk sees to "Close the gate within 3 hours" as it is written, as far as it applies:',
])  # fmt: skip
@pytest.mark.parametrize("before", [0, 9, 99])
def test_what_is_read_back_has_the_same_words_in_any_place_of_a_list(lead, before):
    steps = "".join(f"{n}. The guard counts gate {n}.\n" for n in range(1, before + 1))
    indent = " " * len(f"{before + 1}. ")
    made = workflow(
        f"# Fair\n\n{steps}{before + 1}. {quoted(lead=lead, indent=indent)}\n{before + 2}. The guard leaves.\n"
    )
    task = next(node for node in made.nodes.values() if node.quotation)
    assert task.quotation == WORDS
    again = workflow(explain(made))
    assert bare(again) == bare(made)
    assert explain(again) == explain(made)


def test_a_time_and_what_follows_it_are_of_the_task():
    text = f"""# Fair

1. The guard opens the gate.
2. {quoted("Fold it.", "The clerk sees to this as it is written within 2 days:", "   ")}
   If it ends as `expired`, go to step 1, at most twice.
3. The guard shuts the gate.
"""
    made = workflow(text)
    task = next(node for node in made.nodes.values() if node.quotation)
    assert task.within_seconds == 2 * 24 * 3600
    assert (task.on["expired"], task.at_most) == ("guard-opens-gate", {"expired": 2})
    assert bare(workflow(explain(made))) == bare(made)


def test_under_a_heading_that_is_a_condition_they_are_seen_to_under_it_alone():
    made = workflow(f'# Fair\n\nBy default, the clerk does each step.\n\n## If "After the fair" applies\n\n{quoted()}')
    kinds = [node.kind for node in made.nodes.values()]
    assert kinds[:3] == [NodeKind.ASK, NodeKind.DECIDE, NodeKind.TASK]


def test_branches_beside_each_other_may_be_quoted_and_are_read_back_behind_the_ninth_step():
    steps = "".join(f"{n}. The guard counts gate {n}.\n" for n in range(1, 12))
    two = f"    1. {quoted('Fold it.', indent='       ')}    2. {quoted('Pack it.', indent='       ')}"
    made = workflow(f"# Fair\n\n{steps}12. In parallel:\n{two}13. The guard leaves.\n")
    assert [node.quotation for node in made.nodes.values() if node.quotation] == ["Fold it.", "Pack it."]
    assert bare(workflow(explain(made))) == bare(made)


@pytest.mark.parametrize("text", [
    f"{LEAD}\n\n- Fold it.\n",
    f"{LEAD}\n",
    f"{LEAD}\n\n>\n",
    "The clerk sees to this as it is written.\n",
    f"{LEAD}\n\nThe guard leaves.\n\n> Fold it.\n",
])  # fmt: skip
def test_without_words_right_below_it_the_sentence_is_an_error(text):
    found = compiled(f"# Fair\n\n1. The guard opens the gate.\n\n{text}")
    assert found.workflow is None
    assert "WF110 Nothing is quoted below this." in str(found.problems[0])


@pytest.mark.parametrize("lead", [
    "Nobody sees to this as it is written:",
    "The clerk sees to this as it is written unless it rains:",
    "The clerk and the guard see to this as it is written:",
    "The agent sees to this as it is written:",
])  # fmt: skip
def test_other_words_lead_on_to_no_quotation(lead):
    found = compiled(f"# Fair\n\n{quoted('Fold it.', lead)}")
    assert found.workflow is None or not any(node.quotation for node in found.workflow.nodes.values())
    assert found.problems


def test_a_second_quotation_is_a_remark_and_another_sentence_none_of_it():
    found = compiled(f"# Fair\n\n{quoted('Fold it.')}\n<!-- -->\n\n> The tent is old.\n\nThe guard leaves.\n")
    assert found.workflow is not None, [str(p) for p in found.problems]
    assert [n.quotation for n in found.workflow.nodes.values() if n.kind is NodeKind.TASK] == ["Fold it.", ""]
    assert found.counts()["remark"] == 2


def test_only_a_task_has_words_to_see_to():
    made = workflow("# Fair\n\n1. The clerk approves the plan.\n")
    name = made.start
    nodes = {**made.nodes, name: made.nodes[name].model_copy(update={"quotation": "Fold it."})}
    found = [code for _, code, _ in problems(made.model_copy(update={"nodes": nodes}))]
    assert found == ["WF016"]


def test_hidden_characters_are_refused_in_a_quotation_too():
    found = compiled(f"# Fair\n\n{quoted('Fold' + chr(0x202E) + ' it.')}")
    assert (found.workflow, found.problems[0].code) == (None, "WF100")
