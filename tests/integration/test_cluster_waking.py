"""What a cluster's workers do by themselves: go on with what was decided or is due, and give back what they stop."""

import signal
from pathlib import Path

import pytest
import yaml
from cluster_support import cluster

from orchestrator.models.decision import Verdict
from orchestrator.models.ids import sha256

pytestmark = [pytest.mark.slow]
PROSE = b"Words for people.\n"
END = {"kind": "end", "exit": 0}


def process(folder: Path, name: str, nodes: dict) -> str:
    where = folder / name
    where.mkdir()
    (where / "process.md").write_bytes(PROSE)
    named = {"title": "Made for a test", "start": "first", "roles": ["clerk"], "facts": {}, "ceiling": {}}
    body = {"schema": "handrail.workflow/1", "id": name, **named, "nodes": nodes, "source_digest": sha256(PROSE)}
    (where / "workflow.yaml").write_text(yaml.safe_dump(body, sort_keys=False))
    return str(where / "workflow.yaml")


def test_runs_that_were_decided_or_are_due_go_on_without_their_owner(tmp_path):
    task = {"kind": "task", "role": "clerk", "on": {"done": "end", "blocked": "end"}}
    pause = {"kind": "wait", "pause_seconds": 2, "on": {"elapsed": "end"}}
    with cluster(tmp_path, people={"cleo": ("clerk",)}, workers=2) as made:
        here = made.here
        asked = process(tmp_path, "asks", {"first": task, "end": END})
        timed = process(tmp_path, "waits", {"first": pause, "end": END})
        first = made.worker(1)
        made.worker(2)
        sent = [here.spawn("run", "--workflow", path, "--executor", "cluster") for path in (asked, timed)]
        for one in sent:
            _, err = one.communicate(timeout=90)
            assert one.returncode == 4, err + made.logs()
        rows = {Path(row.workflow).parent.name: row for row in here.runs()}
        with here.reviews(rows["asks"], tmp_path / "cleo.pem") as reviews:
            (item,) = reviews.waiting()
            reviews.decide(item.id, Verdict.APPROVE, reason="done")
        made.until(lambda: {r.status for r in here.runs()} == {"done"}, "both ended")
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) == 0
        assert made.rows("SELECT count(*) FROM workers") == [(1,)]
