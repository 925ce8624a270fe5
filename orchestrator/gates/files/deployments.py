"""Files that start containers, grant rights or run pipelines, read line by line: what they open that was shut.

Kubernetes and compose files, Terraform, pipelines of any forge, templates of pages, and pictures with scripts. Found by
the form of a line alone, in block and flow style. Not checked: what templates and included files make of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from orchestrator.gates.changes.differential import Hit, line_text
from orchestrator.gates.changes.sides import suffix_of
from orchestrator.gates.reports.words import OWN
from orchestrator.models.found import Disposition
from orchestrator.policy.late import Late
from orchestrator.policy.paths import protects

__all__ = ["WORKFLOWS", "deployment_hits", "line_hit"]

_DATA = frozenset({".yaml", ".yml", ".json", ".tf", ".hcl", ".tpl", ".bicep"})
_SERVED = (
    _DATA
    | {".conf", ".cnf", ".sql", ".properties", ".plist", ".xml", ".js", ".ts", ".cfg", ".csv", ".tsv", ".reg"}
    | {
        ".go",
        ".ps1",
        ".psm1",
        ".bat",
        ".cmd",
        "",
    }
)
"""What may be a setting of a server, a database or an app."""
_RUNS = frozenset({".yaml", ".yml", ".tf", ".hcl", ".desktop", ".service", ".timer"})
"""What may hold commands that a program runs by itself."""
_SETTINGS_OF_CHECKS = (
    "**/.eslintrc*",
    "**/.golangci.y*ml",
    "**/osv-scanner.toml",
    "**/deny.toml",
    "**/tsconfig*.json",
    "**/next.config.*",
    "**/renovate.json*",
    "**/.rubocop.y*ml",
    "**/codecov.y*ml",
    "**/.codecov.y*ml",
    "**/.snyk",
    "**/.shellcheckrc",
    "**/mypy.ini",
    "**/.mypy.ini",
    "**/.pylintrc",
    "**/pylintrc",
    "**/.flake8",
    "**/.hadolint.y*ml",
    "**/pyrightconfig.json",
    "**/.trivyignore*",
    "**/.semgrepignore",
    "**/.gitleaksignore",
)
WORKFLOWS = (".github/workflows/**", ".forgejo/workflows/**", ".gitea/workflows/**")
_PIPELINES = (
    ".github/workflows/**",
    ".github/actions/**",
    "**/.gitlab-ci*.y*ml",
    ".gitlab/**",
    ".circleci/**",
    ".forgejo/**",
    ".gitea/**",
    ".buildkite/**",
    "**/azure-pipelines*.y*ml",
    "**/bitbucket-pipelines.yml",
    "**/.travis.yml",
    "**/.drone.y*ml",
    "**/.woodpecker*",
    "**/Jenkinsfile*",
    "**/Makefile",
    "**/*.mk",
    "**/.pre-commit-config.yaml",
    "**/package.json",
    "**/tox.ini",
    "**/*test*.sh",
    "**/*check*.sh",
    "**/*lint*.sh",
    "**/ci/*.sh",
    "**/.ci/*",
    "**/Justfile",
    "**/Taskfile.y*ml",
    "**/noxfile.py",
    "**/jest.config.*",
    "**/vite*.config.*",
    "**/.mocharc*",
    "**/playwright.config.*",
)
_TRUE = r"[\"']?\s*[:=]\s*[\"']?(?:true|yes|on)\b"
_FALSE = r"[\"']?\s*[:=]\s*[\"']?(?:false|no|off)\b"
_PRIVILEGED = Late(
    rf"\b(?:privileged|hostNetwork|hostPID|hostIPC|allowPrivilegeEscalation){_TRUE}"
    rf"|\brunAsNonRoot{_FALSE}"
    r"|\brunAsUser[\"']?\s*[:=]\s*[\"']?0\b"
    r"|\b(?:network_mode|pid|ipc|userns_mode)[\"']?\s*:\s*[\"']?host\b"
    r"|(?:/var)?/run/(?:docker|containerd/containerd|podman/podman|crio/crio)\.sock\b"
    r"|\s--privileged\b|\s-v\s*[\"']?/:/|\s--(?:pid|ipc|userns)[= ]host\b"
    r"|\b(?:seccomp|apparmor)[=:]\s*unconfined\b|\bseccompProfile\b.{0,40}\bUnconfined\b"
    r"|\bhostPath[\"']?\s*:"
    r"|[\"'\s\[,-](?:CAP_)?(?:SYS_ADMIN|SYS_PTRACE|SYS_MODULE|NET_ADMIN|DAC_READ_SEARCH)[\"'\s\],]"
    r"|\bcap_add[\"']?\s*:\s*\[?\s*[\"']?ALL\b"
)
_OPEN = Late(
    r"\b(?:acl|predefined_acl)[\"']?\s*[:=]\s*[\"']?public-?read(?:-?write)?\b"
    rf"|\bpublicly_?accessible{_TRUE}"
    r"|\b(?:Action|actions|NotAction)[\"']?\s*[:=]\s*\[?\s*[\"']\*[\"']"
    r"|\b(?:verbs|resources|apiGroups)[\"']?\s*:\s*\[\s*[\"']\*[\"']"
    r"|\bname[\"']?\s*:\s*[\"']?cluster-admin\b"
    r"|\b(?:member|members)[\"']?\s*[:=]\s*\[?\s*[\"']all(?:Authenticated)?Users[\"']"
    r"|^\s*permissions\s*:\s*[\"']?write-all\b"
    rf"|\b(?:block_public_acls|block_public_policy|restrict_public_buckets|encrypted|storage_encrypted){_FALSE}",
    re.IGNORECASE,
)
_CHECKERS = (
    r"(?:pytest|tox|nox|unittest|jest|vitest|mocha|eslint|oxlint|ruff|flake8|mypy|pyright|bandit|semgrep|gitleaks"
    r"|trivy|handrail|pip-audit|cargo\s+(?:test|audit|clippy)|go\s+(?:test|vet)|gosec|npm\s+(?:test|audit|run\s+(?:test|lint))"
    r"|(?:yarn|pnpm)\s+(?:test|lint|audit)|make\s+(?:test|check|lint)|ctest|phpunit|rspec|gradlew?\s+\S*(?:test|check)"
    r"|mvn\s+\S*(?:test|verify))"
)
_MILDER = Late(
    rf"\b{_CHECKERS}\b[^\n#]{{0,300}}(?:\|\|\s*(?:true|:|exit\s+0|echo\b)|;\s*(?:true|exit\s+0)\b|--exit-zero\b|--no-fail\b)"
    rf"|^\s*-{_CHECKERS}\b"
    rf"|\b(?:continue-on-error|allow_failure|allow-failure|continueOnError|soft_fail){_TRUE}"
    rf"|^\s*(?:-\s*)?if\s*:\s*[\"']?(?:\$\{{\{{\s*)?false\b"
    r"|\bsuccess_codes\s*=\s*\[[^\]\n]{0,80}[1-9]|\bpassWithNoTests\b[\"']?\s*[:=]\s*true\b|--pass-?with-?no-?tests\b"
    r"|^\s*(?:-\s*)?when\s*:\s*[\"']?never\b|\bcatchError\s*\([^)\n]{0,80}SUCCESS|\breturnStatus\s*:\s*true"
    r"|\b(?:agent|circleci)\s+step\s+halt\b|^\s*allow_failures\s*:|^\s*failure\s*:\s*[\"']?ignore\b",
    re.MULTILINE,
)
_MANUAL = Late(r"^\s+(?:-\s*)?when\s*:\s*[\"']?manual\b")
_CHECKS = Late(rf"\b{_CHECKERS}\b")
_LOOKS_AWAY = Late(
    r"^\s*[\"']?(?:disable|ignored?|ignore_errors|ignore_missing_imports|exclude|extend-ignore|per-file-ignores"
    r"|disable_error_code|override|failure-threshold|ignoredeps|ignorepaths)[\"']?\s*[=:]\s*(?!\[?\]?\s*$|(?:false|[\"']?(?:error|warning))\b)\S"
    r"|^\s*disable[\"']?\s*:\s*$|\[\[IgnoredVulns\]\]|\bignore\s*=\s*\[\s*[\"'{]|[\"']automerge[\"']\s*:\s*true|\b(?:strict\w*|noImplicit\w+)[\"']?\s*:\s*false"
    r"|[\"'](?:no-|security/|@typescript-eslint/no-)[\w/-]+[\"']\s*:\s*\[?\s*(?:[\"']off[\"']|0)|\bignore(?:BuildErrors|DuringBuilds)\s*:\s*true"
    r"|\btarget\s*:\s*[\"']?[0-9]%|\bEnabled\s*:\s*false"
    r"|^\s*[\"']?report\w+[\"']?\s*[=:]\s*[\"']?(?:false|none|information|warning)\b",
    re.IGNORECASE,
)
_INPUT = Late(
    r"(?:\beval\b|\b(?:ba|da|z)?sh\s+-\w*c)\b[^\n]{0,200}\$\{?(?:CI_COMMIT_(?:MESSAGE|TITLE|DESCRIPTION|REF_NAME|BRANCH|TAG_MESSAGE)"
    r"|CI_MERGE_REQUEST_(?:TITLE|DESCRIPTION|SOURCE_BRANCH_NAME|LABELS)|CI_EXTERNAL_PULL_REQUEST_\w+|GITHUB_HEAD_REF|CHANGE_(?:TITLE|BRANCH)"
    r"|CIRCLE_BRANCH|BITBUCKET_BRANCH|BUILDKITE_(?:MESSAGE|BRANCH)|TRAVIS_(?:COMMIT_MESSAGE|PULL_REQUEST_BRANCH))"
    r"|\$\((?:Build\.SourceVersionMessage|Build\.SourceBranchName|System\.PullRequest\.SourceBranch)\)"
)
_WRITES = Late(
    r"\bpersistCredentials\s*:\s*true\b|^\s+(?:permissions\s*:\s*\{\s*)?[\"']?(?:actions|attestations|checks|contents|deployments|id-token|issues|packages|pages"
    r"|pull-requests|security-events|statuses)[\"']?\s*:\s*[\"']?write\b"
)
_UNCHECKED = Late(
    rf"\b(?:validate_certs|verify_?ssl|ssl_?verify|tls_?verify|check_hostname){_FALSE}"
    r"|\bGIT_SSL_NO_VERIFY[\"']?\s*[:=]\s*[\"']?(?:true|1)\b|\b(?:NODE_TLS_REJECT_UNAUTHORIZED|PYTHONHTTPSVERIFY)[\"']?\s*[:=]\s*[\"']?0\b"
    r"|\bGO(?:NOSUMDB|NOSUMCHECK|INSECURE)\s*=\s*\S|\bGOSUMDB\s*=\s*off\b|\bGOFLAGS\s*=\s*\S*-insecure\b"
    rf"|\b(?:insecure_?skip_?(?:tls_?)?verify|skip_?tls_?verify|tls_?insecure|disable_ssl_verification|insecure_ssl){_TRUE}",
    re.IGNORECASE,
)
_SOURCES = (
    r"(?:\*|[^\s#]*\.(?:py|pyi|[cm]?[jt]sx?|go|rs|rb|java|kt|cs?|h|cc|cpp|hpp|php|sh|sql|tf|ya?ml|toml|cfg|ini"
    r"|Dockerfile))"
)
_DRIVERS = (
    r"(?:ada|astextplain|bash|bibtex|cpp|csharp|css|dts|elixir|fortran|golang|html|java|kotlin|markdown|objc|pascal|perl|php"
    r"|python|ruby|rust|scheme|tex)"
)
"""Of git's own, which only choose the words above a hunk."""
_FILTERS = Late(
    r"\s(?:filter=(?!lfs\b)\S|working-tree-encoding=|ident\b|export-subst\b)"
    rf"|^\s*{_SOURCES}\s[^\n]{{0,200}}(?:-diff\b|\bbinary\b|\bdiff=(?!{_DRIVERS}\b)|-text\b|\blinguist-generated\b(?!=false)|\bmerge=(?!union\b|binary\b|text\b))"
)
_COMMAND_WORDS = Late(r"curl|wget|base64|/dev/(?:tcp|udp)|mkfifo|socat|ncat|printenv|xxd|openssl|\bnc\b|\benv\b")
_REMOTE = Late(
    r"@(?:volatile|dev:\w+)\b|\blibrary\b[\s(]*[\"'][\w.-]+@(?:master|main)\b|\bload\b[\s(]*[\"']https?://|^\s*(?:-\s*)?remote\s*:\s*[\"']?https?://|\binclude\s*:\s*[\"']?https?://",
    re.IGNORECASE,
)
_SCRIPT = Late(
    r"<script\b|\son[a-z]{3,20}\s*=\s*[\"']|(?:href|src)\s*=\s*[\"']\s*(?:javascript|data:text/html)", re.IGNORECASE
)
_TEMPLATES = frozenset(
    {".html", ".htm", ".xhtml", ".j2", ".jinja", ".jinja2", ".njk", ".twig", ".hbs", ".handlebars", ".mustache"}
    | {".ejs", ".vue", ".svelte", ".jsx", ".tsx", ".liquid", ".erb"}
)
_RAW = Late(
    r"\{\{[^{}]{0,300}\|\s*(?:safe|raw)\b|\{%-?\s*autoescape\s+(?:false|off|no)\b|\{\{\{"
    r"|\bv-html\s*=|\bdangerouslySetInnerHTML\b|\{@html\b|<%==|<%=\s*(?:raw\b|[^%]{1,200}\.html_safe\b)"
)
_COMMENT = Late(r"\s*(?:#|//)")
_OF_PATHS = (
    (_SETTINGS_OF_CHECKS, "CHECK-MILDER", _LOOKS_AWAY),
    ((*WORKFLOWS, "**/azure-pipelines*.y*ml"), "PIPELINE-WRITES", _WRITES),
    (("**/.gitattributes",), "ATTRIBUTES", _FILTERS),
)
_LINE_CHARACTERS = 4096


def deployment_hits(path: str, text: str) -> Iterator[Hit]:
    """Line numbers from 1. Comments are passed over."""
    suffix = suffix_of(path)
    rules: list[tuple[str, Late]] = []
    if suffix in _DATA:
        rules += [("RUNS-PRIVILEGED", _PRIVILEGED), ("OPEN-TO-ALL", _OPEN), ("TLS-UNCHECKED", _UNCHECKED)]
    pipeline = protects(_PIPELINES, path)
    if pipeline:
        rules += [("CHECK-MILDER", _MILDER), ("PIPELINE-REMOTE", _REMOTE), ("PIPELINE-INPUT", _INPUT)]
        rules += [] if suffix in _DATA else [("TLS-UNCHECKED", _UNCHECKED)]
        yield from _by_hand(text.split("\n")) if suffix in _DATA else ()
    if pipeline or (suffix in _RUNS and _COMMAND_WORDS.search(text)):
        yield from _commands(text)
    rules += [(rule, pattern) for places, rule, pattern in _OF_PATHS if protects(places, path)]
    if suffix in _TEMPLATES:
        rules.append(("TEMPLATE-RAW", _RAW))
    if suffix == ".svg":
        rules.append(("SVG-SCRIPT", _SCRIPT))
    if rules:
        lines = text.split("\n")
        yield from _found(lines, rules)
    if suffix in _SERVED:
        from orchestrator.gates.files.servers import server_hits  # noqa: PLC0415 - only with such a file

        yield from server_hits(path, text)


def _by_hand(lines: Sequence[str]) -> Iterator[Hit]:
    """A job of GitLab that checks, and waits for somebody to start it."""
    starts = [n for n, line in enumerate(lines) if line[:1].strip() and line[:1] != "#"]
    for first, last in pairwise([*starts, len(lines)]):
        job = lines[first:last]
        at = next((n for n, line in enumerate(job) if _MANUAL.search(line[:_LINE_CHARACTERS])), None)
        if at is not None and any(_CHECKS.search(line[:_LINE_CHARACTERS]) for line in job):
            yield line_hit("CHECK-MILDER", lines, first + at + 1)


def _commands(text: str) -> Iterator[Hit]:
    """Commands of a pipeline that any script would be refused for: those alone that nothing harmless looks like."""
    from orchestrator.gates.kinds.shell_rules import GRAVE, shell_hits  # noqa: PLC0415 - only with such a file

    yield from (hit for hit in shell_hits(text) if hit.rule in GRAVE)


def _found(lines: Sequence[str], rules: Sequence[tuple[str, Late]]) -> Iterator[Hit]:
    for number, line in enumerate(lines, start=1):
        if _COMMENT.match(line):
            continue
        for rule, pattern in rules:
            if pattern.search(line[:_LINE_CHARACTERS]):
                yield line_hit(rule, lines, number)


def line_hit(rule: str, lines: Sequence[str], number: int) -> Hit:
    """A finding about one line, which a person is asked about."""
    return Hit(
        rule=rule,
        message=f"{OWN[rule].title}: {lines[number - 1].strip()[:80]}",
        disposition=Disposition.PERSON,
        line=number,
        end_line=number,
        text=line_text(lines, number, number),
        severity="high",
        hint=OWN[rule].do,
    )
