import subprocess
import sys
from pathlib import Path

import orchestrator.provenance


def test_nothing_heavy_is_loaded_before_a_signature_is_needed():
    folder = Path(orchestrator.provenance.__file__).parent
    modules = sorted(
        ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if path.stem != "__init__"
    )
    assert len(modules) > 30
    program = "import sys\n" + "".join(f"import orchestrator.provenance.{m}\n" for m in modules)
    program += "print([m for m in ('cryptography', 'securesystemslib', 'git', 'docker') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
