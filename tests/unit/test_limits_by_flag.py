"""``--limit NAME=NUMBER`` for every limit that there is, and for what is none."""

import pytest

from orchestrator.app.runs.choosing import read_limits
from orchestrator.errors import UsageError
from orchestrator.models.capabilities import Limits


@pytest.mark.parametrize("name", Limits.model_fields)
def test_every_limit_can_be_named(name):
    least = {"memory_mib": 64, "pids": 16, "disk_mib": 8, "inodes": 256}.get(name, 1)
    assert read_limits((f"{name}={least}",)) == {name: float(least)}
    assert read_limits((f"{name}=5000", f"{name}=4000")) == {name: 4000.0}
    for bad in ("-1", "", "many", "nan", "inf", "1e400"):
        with pytest.raises(UsageError) as caught:
            read_limits((f"{name}={bad}",))
        assert caught.value.code == "CFG021"


@pytest.mark.parametrize("text", ["", "=1", "memory=1", "model_fields=1", "__class__=1", "memory_mib", "memory_mib:64"])
def test_what_is_no_limit(text):
    with pytest.raises(UsageError) as caught:
        read_limits((text,))
    assert caught.value.code == "CFG021"
