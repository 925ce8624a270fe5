"""The file that sets a policy's ceiling."""

from pathlib import Path

import pytest

from orchestrator.app.trust.policies import read_ceiling
from orchestrator.errors import UsageError


def test_a_ceiling_is_read_with_defaults_for_what_it_leaves_out(tmp_path: Path) -> None:
    file = tmp_path / "ceiling.yaml"
    file.write_text("write: ['src/**']\negress:\n  - {host: deploy.example, methods: [POST]}\n")
    found = read_ceiling(file)
    assert (found.write, found.egress[0].host, found.models) == (("src/**",), "deploy.example", ())


@pytest.mark.parametrize(
    "text",
    ["write: src\n", "egress: [{host: 10.0.0.1}]\n", "writes: []\n", "write: &a [b]\nread: *a\n", "[]\n", "\x00"],
    ids=["no-list", "an-address", "unknown", "alias", "list", "control"],
)
def test_a_bad_ceiling_is_refused_with_its_places(tmp_path: Path, text: str) -> None:
    file = tmp_path / "ceiling.yaml"
    file.write_text(text)
    with pytest.raises(UsageError) as found:
        read_ceiling(file)
    assert found.value.code == "CFG023"
    assert found.value.details
