"""``kill -9`` at any moment: nothing is merged twice, no approval is lost, nothing is left behind."""

import itertools
import random

import pytest
from crash_support import (
    RUN,
    finish,
    kill,
    killed_again_and_again,
    killed_there,
    leftovers,
    matrix,
    pause,
    scene,
    sound,
)
from durable_registry import IN_A_RUN, OTHERS, REACHED, SOMETIMES
from run_process import Running
from run_support import Req, containers, gone, lab, write
from write_sites import sites

pytestmark = pytest.mark.engine

MATRIX = sorted(itertools.product(REACHED, ("before", "after")))
SAMPLE = 4


def test_every_place_that_makes_something_durable_is_in_the_registry():
    found, listed = sites(), OTHERS.keys() | IN_A_RUN.keys()
    assert found.keys() - listed == set(), "add it to durable_registry.py: a boundary of a run, or why not"
    assert OTHERS.keys() - found.keys() == set(), "nothing is written there any more"


def test_a_run_comes_to_exactly_the_boundaries_of_the_registry(tmp_path):
    with scene(tmp_path) as here:
        seen = tmp_path / "seen"
        running = Running(here, RUN, "record", str(seen))
        assert running.wait(300) == 0, running.words()
        sound(here)
        names = set(seen.read_text().splitlines()) - SOMETIMES.keys()
        assert names == REACHED, (names - REACHED, REACHED - names)


def test_killed_at_some_boundaries_a_run_ends_as_if_it_had_not_been(tmp_path):
    chance = random.Random(20261130)  # noqa: S311  which ones is no secret
    points = [point for point in MATRIX if "git" not in point[0]]
    matrix(tmp_path, [*chance.sample(points, SAMPLE), ("git-update-ref vcs.refs:_move", "after")], 0)


@pytest.mark.soak
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_killed_at_every_boundary(tmp_path, nth):
    often = [(*point, nth) for point in MATRIX] if nth == 1 else [(*p, nth) for p in MATRIX if "put" in p[0]]
    for number in range(0, len(often), 8):
        matrix(tmp_path, often[number : number + 8], number)


@pytest.mark.parametrize("seed", [1])
def test_a_run_that_is_killed_at_random_ends_as_if_it_had_not_been(tmp_path, seed, monkeypatch):
    (tmp_path / "state.key").write_text("5a" * 32)
    (tmp_path / "state.key").chmod(0o600)
    monkeypatch.setenv("HANDRAIL_STATE_KEY", str(tmp_path / "state.key"))
    with scene(tmp_path) as here:
        assert killed_again_and_again(here, random.Random(seed), 4) >= 1  # noqa: S311  no secret
        finish(here)
        sound(here)
        assert b"src/f1.py" not in here.checkpoints(RUN).read_bytes()


@pytest.mark.soak
def test_a_thousand_kills(tmp_path):
    total, seed = 0, 1000
    while total < 1000:
        (tmp_path / str(seed)).mkdir()
        with scene(tmp_path / str(seed)) as here:
            total += killed_again_and_again(here, random.Random(seed), 12)  # noqa: S311  no secret
            finish(here)
            sound(here)
        seed += 1


def test_killed_as_soon_as_its_end_is_on_record_a_run_leaves_no_temporary_folder(tmp_path):
    with scene(tmp_path) as here:
        assert killed_there(here, "commit store.index:StoredIndex.save_run", "after", nth=3)
        assert here.row(RUN).status == "done"
        sound(here)


def test_killed_for_good_leaves_nothing_and_harms_nobody(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = Req(1)
    with lab(tmp_path / "b") as other:
        other.write_job([one], {one.id: [[{"sleep": 6}, write(one.path, "VALUE = 1\n")]]})
        living = Running(other, RUN)
        other.wait_for("agent-started")
        with lab(tmp_path / "a") as here:
            here.write_job([one], {one.id: [[{"sleep": 500}]]})
            dying = Running(here, "20260101-dyingx")
            here.wait_for("agent-started")
            assert len(containers("20260101-dyingx")) == 1
            kill(dying)
            assert gone("20260101-dyingx", 15)
            for _ in range(30):
                if not leftovers():
                    break
                pause(0.5)
            assert leftovers() == []
        assert living.wait(120) == 0, living.words()
        assert [k for k, _, _ in other.events(RUN)].count("agent-started") == 1
