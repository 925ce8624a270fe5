"""The JUnit format, as the schema says it that Jenkins' xUnit plugin publishes (junit-10.xsd), in a table.

There is one for reading JUnit files that programs agree on; GitLab and GitHub's actions take what it permits.
"""

import re
from xml.etree import ElementTree as ET

RESULTS = {"skipped", "error", "failure", "system-out", "system-err"}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testsuite", "properties", "testcase", "system-out", "system-err"},
    "testcase": RESULTS,
    "properties": {"property"},
}
REQUIRED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name"},
    "property": {"name", "value"},
}
OPTIONAL = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
    "testcase": {"time", "classname", "group"},
    **{name: {"type", "message"} for name in ("skipped", "error", "failure")},
}
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")
MIXED = RESULTS
"""Elements that hold text; in every other one it is only space."""


def problems(document: bytes) -> list[str]:
    """What the schema would refuse, and counts that are not those of the cases."""
    root = ET.fromstring(document)  # noqa: S314  written by the program under test
    found = [] if root.tag in {"testsuites", "testsuite"} else [f"root {root.tag}"]
    for element in root.iter():
        name, given = element.tag, set(element.attrib)
        found += [f"{name}/{c.tag}" for c in element if c.tag not in CHILDREN.get(name, ())]
        found += [f"{name} without {a}" for a in REQUIRED.get(name, set()) - given]
        found += [f"{name}@{a}" for a in given - REQUIRED.get(name, set()) - OPTIONAL.get(name, set())]
        found += [f"text in {name}"] if (element.text or "").strip() and name not in MIXED else []
        found += [f"{name}@time"] if not TIME.fullmatch(element.get("time", "")) else []
    for suite in root.iter("testsuite"):
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            held = sum(case.find(tag) is not None for case in suite.iter("testcase"))
            found += [f"{count}={suite.get(count)}, held {held}"] if suite.get(count, str(held)) != str(held) else []
        held = sum(1 for _ in suite.iter("testcase"))
        found += [f"tests={suite.get('tests')}, held {held}"] if suite.get("tests") != str(held) else []
    return found
