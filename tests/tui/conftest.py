import pytest


@pytest.fixture(autouse=True)
def folders_of_its_own(tmp_path, monkeypatch):
    """No test reads or writes the developer's own keys, settings or state."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HANDRAIL_KEY", str(tmp_path / "key.pem"))
