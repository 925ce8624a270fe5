"""What a change gains, however it is written, and whether the step was granted it."""

from dataclasses import replace

import pytest

from orchestrator.gates.capability_gate import CapabilityGate
from orchestrator.gates.flow.analysis import analyse
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.capabilities import Capabilities, Egress
from orchestrator.models.found import Disposition, Result
from orchestrator.testing.gate_suite import FileSpec, candidate_of

GAINED = {
    "handed on": ("process", "import os\nlist(map(os.system, names))\n"),
    "kept": ("process", "import os\nHANDLER = os.system\n"),
    "set on a class": ("process", "import os\nsetattr(A, 'run', os.system)\n"),
    "inherited": ("process", "import subprocess\nclass P(subprocess.Popen): ...\n"),
    "out of globals": ("process", "import os\nglobals()['os'].system('x')\n"),
    "kept from an import by text": ("process", "f = __import__('os').system\n"),
    "method of a loop": ("process", "import asyncio\nasyncio.new_event_loop().subprocess_shell(p, 'x')\n"),
    "code in a text": ("network", "exec('import httpx\\nhttpx.post(u)')\n"),
    "import in a text": ("process", "eval(\"__import__('os').system('x')\")\n"),
    "text in a text": ("network", "exec('exec(\"import httpx; httpx.get(u)\")')\n"),
    "partial": ("network", "import functools, httpx\nfunctools.partial(httpx.post, 'u')()\n"),
    "star import": ("network", "from socket import *\nsocket()\n"),
    "folded name": ("network", "__import__('tekcos'[::-1]).socket()\n"),
    "getattr": ("process", "import os\ngetattr(os, 'sys' + 'tem')('x')\n"),
    "log handler": ("network", "import logging.handlers as l\nh = l.HTTPHandler\n"),
}
NOT_GAINED = {
    "annotation": "import subprocess as s\ndef f(p: s.Popen) -> s.Popen:\n    x: s.Popen = p\n    return x\n",
    "exception": "import requests\ntry:\n    f()\nexcept requests.ConnectionError:\n    pass\n",
    "constant": "import subprocess\nWHERE = subprocess.PIPE\n",
    "another method of this name": "class A:\n    def system(self): ...\nA().system()\n",
    "text that is no code": "exec('import (')\n",
    "bare import": "import os, socket\n",
}


def gained(source):
    return {capability for capability, _, _ in analyse(source.encode())["uses"]} - {"dynamic code"}


@pytest.mark.parametrize("how", GAINED)
def test_a_capability_is_gained_however_it_is_written(how):
    capability, source = GAINED[how]
    assert gained(source) == {capability}


@pytest.mark.parametrize("how", NOT_GAINED)
def test_its_harmless_twin_gains_nothing(how):
    assert gained(NOT_GAINED[how]) == set()


@pytest.fixture(scope="module")
def gate():
    with Worker() as worker:
        yield CapabilityGate(worker)


def judged(gate, granted, head=b"import httpx\nhttpx.post('u')\n", base=None, path="billing/export.py"):
    candidate = candidate_of([FileSpec(path, head, base)])
    report = gate.check(replace(candidate, granted=granted))
    return report.result, [(f.rule, f.disposition, f.message) for f in report.findings]


SAID = "this change gains: network (httpx.post in billing/export.py:2)"
GRANTED = Capabilities(egress=(Egress(host="api.example.org"),))


def test_a_step_without_a_host_that_gains_the_network_needs_a_person(gate):
    result, found = judged(gate, Capabilities())
    assert result is Result.NEEDS_PERSON
    assert found == [("GAINS-NETWORK", Disposition.PERSON, f"{SAID}; the step was granted no host")]


@pytest.mark.parametrize("granted", [GRANTED, None])
def test_with_a_host_or_without_a_step_it_is_a_note(granted, gate):
    assert judged(gate, granted) == (Result.PASSED, [("GAINS-NETWORK", Disposition.NOTE, SAID)])


def test_what_the_module_had_before_and_what_a_test_uses_asks_nobody(gate):
    had = b"import httpx\nhttpx.get('u')\n"
    assert judged(gate, Capabilities(), base=had) == (Result.PASSED, [])
    assert judged(gate, Capabilities(), path="tests/test_export.py")[0] is Result.PASSED


def test_grants_that_are_advice_are_named_and_ask_nobody(gate):
    result, found = judged(gate, Capabilities(), b"import subprocess\nsubprocess.run(['ls'])\n")
    assert (result, found[0][:2]) == (Result.PASSED, ("GAINS-PROCESS", Disposition.NOTE))
    assert found[0][2].endswith("the step was granted no command")
