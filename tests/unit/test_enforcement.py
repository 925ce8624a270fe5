"""Who holds each field of a grant: nothing is left out, the page says the same, and use is shown beside it."""

import re
from pathlib import Path

from orchestrator.models.capabilities import Capabilities, Egress, Enforcement, Limits
from orchestrator.models.usage import Peaks, Used
from orchestrator.policy.enforcement import HELD, as_json, granted, rows
from orchestrator.sandbox.peaks import higher, read

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/capabilities.md"
FIELDS = (set(Capabilities.model_fields) - {"limits"}) | {f"limits.{name}" for name in Limits.model_fields}


def test_every_field_is_held_by_somebody_or_advisory():
    assert set(HELD) == FIELDS
    assert set(granted(Capabilities())) == FIELDS
    assert [name for name, held in HELD.items() if held.by is Enforcement.ADVISORY] == ["commands"]


def test_the_page_says_what_the_table_says():
    told = re.findall(r"^\| `([\w.]+)` \| (\w+) \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    assert told == [(name, held.by.value, held.how) for name, held in HELD.items()]


def test_use_beside_the_grant():
    grant = Capabilities(
        write=("src/**",), egress=(Egress(host="docs.example.org", paths=("/simple",)),), models=("a/m",)
    )
    first = Used(
        hosts=("docs.example.org",), tokens=10, cost_usd=0.5, wall_seconds=4, peaks=Peaks(cpu_seconds=2, pids=3)
    )
    second = Used(
        commands=("sh",), programs=("git",), models=("a/m",), tokens=5, cost_usd=0.25, wall_seconds=2, egress_kib=7
    )
    found = {grant.name: grant for grant in rows(grant, ["src/a.py"], [first, second])}
    used = {name: row.used for name, row in found.items()}
    assert used["write"] == ("src/a.py",)
    assert (used["egress"], used["models"], used["commands"]) == (("docs.example.org",), ("a/m",), ("git", "sh"))
    assert (used["limits.tokens"], used["limits.cost_usd"]) == (("15",), ("0.7500",))
    assert (used["limits.pids"], used["limits.wall_seconds"]) == (("3",), ("4",))
    assert used["limits.cpus"] == ("0.50 on average, 2.0 s",)
    assert used["limits.memory_mib"] is used["read"] is used["secrets"] is None
    words = found["egress"].words()
    assert (
        "granted GET,HEAD docs.example.org /simple (at most 10240 KiB); used docs.example.org (enforced by the broker:"
        in words
    )
    assert found["commands"].words().endswith("(advisory: an agent has a shell; programs are seen from outside)")
    assert found["limits.memory_mib"].words().startswith("limits.memory_mib: granted 1024; used not observed")


def test_a_price_that_is_unknown_is_no_sum():
    known, unknown = Used(cost_usd=0.5), Used(cost_usd=None)
    (row,) = [r for r in rows(Capabilities(), (), [known, unknown]) if r.name == "limits.cost_usd"]
    assert (row.granted, row.used) == (("unlimited",), ("price unknown",))
    assert as_json([row])[0]["by"] == "broker"


V1 = {
    "pids_stats": {"current": 7},
    "cpu_stats": {"cpu_usage": {"total_usage": 1_500_000_000}},
    "memory_stats": {"usage": 1, "max_usage": 3 * 2**20 + 1, "stats": {"total_cache": 2**20}},
}
V2 = {**V1, "memory_stats": {"usage": 2**20, "stats": {"shmem": 5 * 2**20}}}


def test_samples_of_either_cgroup_version():
    one, two = Peaks(cpu_seconds=1.5, memory_mib=4, pids=7, disk_mib=1), read(V2)
    assert read(V1) == one
    assert (two.memory_mib, two.disk_mib) == (1, 5)
    assert higher(one, two) == Peaks(cpu_seconds=1.5, memory_mib=4, pids=7, disk_mib=5)
    assert higher(one, Peaks()) == one


def test_an_engine_that_tells_nothing_or_nonsense():
    for told in ({}, {"memory_stats": None, "pids_stats": [], "cpu_stats": "x"}, {"pids_stats": {"current": True}}):
        assert read(told) == Peaks()
