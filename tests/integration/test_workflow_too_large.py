"""A process that makes a larger workflow than can be read again is refused, and nothing is written."""

from click.testing import CliRunner

from orchestrator.cli.workflow import command
from orchestrator.errors import WorkflowInvalid


def test_what_could_not_be_read_again_is_not_written(tmp_path):
    process, output = tmp_path / "process.md", tmp_path / "workflow.yaml"
    steps = "".join(f"{n}. If the form {n} is late, the clerk files it.\n" for n in range(1, 1200))
    process.write_text(f"# A\n\n{steps}")
    found = CliRunner().invoke(command, ["compile", str(process), "--by", "clerk", "-o", str(output)])
    assert isinstance(found.exception, WorkflowInvalid)
    assert found.exception.code == "WF107"
    assert not output.exists()
