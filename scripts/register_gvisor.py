"""Put gVisor among the engine's runtimes: ``register_gvisor.py RUNSC DAEMON_JSON``. Ends with 1 when nothing changed.

Whatever else the engine's configuration says stays. A runtime of that name that
somebody set up is left alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def arguments(runsc: str) -> list[str]:
    """Flags that this release knows: no network stack, the engine's seccomp profile inside too, the broker's socket."""
    told = subprocess.run([runsc, "flags"], capture_output=True, text=True, check=False)
    known = {line.split()[0].lstrip("-") for line in (told.stdout + told.stderr).splitlines() if line.startswith("  -")}
    sockets = (
        ["--host-uds=open"] if "host-uds" in known else ["--fsgofer-host-uds"] if "fsgofer-host-uds" in known else []
    )
    return ["--network=none", *(["--oci-seccomp"] if "oci-seccomp" in known else []), *sockets]


def main(runsc: str, place: Path) -> int:
    """Whether something changed, as an exit status."""
    settings = json.loads(place.read_text()) if place.exists() else {}
    runtimes = settings.setdefault("runtimes", {})
    if "runsc" in runtimes:
        return 1
    runtimes["runsc"] = {"path": runsc, "runtimeArgs": arguments(runsc)}
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_suffix(".new")
    fresh.write_text(json.dumps(settings, indent=2) + "\n")
    fresh.replace(place)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
