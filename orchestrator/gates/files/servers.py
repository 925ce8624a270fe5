"""Settings of servers, databases, clouds and apps: what they open, what they switch off, and what they run.

Read line by line, each file by the form of its own kind. Loaded for files of these kinds alone. Not checked: settings
that are put together elsewhere, and whether a machine can be reached at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from orchestrator.gates.changes.differential import Hit
from orchestrator.gates.changes.sides import suffix_of
from orchestrator.gates.files.deployments import line_hit
from orchestrator.policy.late import Late
from orchestrator.policy.paths import protects

__all__ = ["server_hits"]

_YES, _NO = r"[\"']?\s*[:=]\s*[\"']?(?:true|yes|on|1)\b", r"[\"']?\s*[:=]\s*[\"']?(?:false|no|off|0)\b"
_YAML = ("**/*.yaml", "**/*.yml")
_ENDS = ("**/*.tf", "**/*.hcl")
_RULES: tuple[tuple[tuple[str, ...], str, Late], ...] = (
    (
        _YAML,
        "OPEN-TO-ALL",
        Late(
            rf"\bPOSTGRES_HOST_AUTH_METHOD[\"']?\s*[:=]\s*[\"']?trust\b|\b(?:[A-Z0-9]{{1,20}}_){{0,4}}ALLOW_(?:EMPTY|ANONYMOUS)\w{{0,40}}{_YES}"
            rf"|\bxpack\.security\.enabled{_NO}|\bDISABLE_SECURITY_PLUGIN{_YES}|\bAUTH_ANONYMOUS_ENABLED{_YES}"
            r"|\bverbs[\"']?\s*:.{0,200}\b(?:impersonate|escalate|bind)\b|\bNOPASSWD:\s*ALL\b"
        ),
    ),
    (_YAML, "RUNS-PRIVILEGED", Late(r"\bpod-security\.kubernetes\.io/enforce[\"']?\s*:\s*[\"']?privileged\b|\bprocMount[\"']?\s*:\s*[\"']?Unmasked\b")),
    (_YAML, "DEFENCE-OFF", Late(rf"\bfailurePolicy[\"']?\s*:\s*[\"']?Ignore\b|^\s*(?:-\s*)?no_log{_NO}")),
    (
        _YAML,
        "SETTING-RUNS",
        Late(r"\b(?:configuration|server|auth|location)-snippet[\"']?\s*:|\b(?:lookup|query|q)\(\s*[\"'](?:[\w.]+\.)?pipe[\"']"),
    ),
    (("**/requirements.y*ml", "**/kustomization.y*ml", "**/Chart.y*ml"), "SOURCE-REMOTE", Late(r"^\s*(?:-\s*)?(?:src|source|repository|repo|resources|bases)?:?\s*-?\s*[\"']?(?:git\+|https?://|git@)")),
    (_ENDS, "SOURCE-REMOTE", Late(r"^\s*source\s*=\s*\"(?:git::|hg::|https?://|github\.com/|bitbucket\.org/|s3::|gcs::)")),
    (
        _ENDS,
        "DEFENCE-OFF",
        Late(
            r"\b(?:deletion_protection|prevent_destroy|enable_logging|enable_key_rotation|enable_log_file_validation|deletion_window_enabled"
            r"|block_public_policy|restrict_public_buckets)\s*=\s*false\b|\bhttp_tokens\s*=\s*\"optional\""
            r"|\b(?:skip_final_snapshot|force_destroy|skip_cert_verification|disable_api_termination_protection)\s*=\s*true\b"
        ),
    ),
    (("**/pg_hba.conf*",), "OPEN-TO-ALL", Late(r"^\s*(?:local|host\w*)\s.{0,200}\btrust\b|^\s*host\w*\s+\S+\s+\S+\s+(?:0\.0\.0\.0/0|::/0|::0/0|all)\s")),
    (("**/sshd_config*", "**/sshd_config.d/*"), "OPEN-TO-ALL", Late(r"^\s*(?:PermitRootLogin\s+yes|PermitEmptyPasswords\s+yes|StrictModes\s+no|HostbasedAuthentication\s+yes)\b", re.IGNORECASE)),
    (("**/redis*.conf",), "OPEN-TO-ALL", Late(r"^\s*(?:protected-mode\s+no\b|bind\s+(?:0\.0\.0\.0|\*)|requirepass\s+\"\")")),
    (("**/my.cnf", "**/my*.cnf", "**/mongod.conf"), "OPEN-TO-ALL", Late(r"^\s*skip-grant-tables\b|^\s*authorization\s*:\s*[\"']?disabled\b")),
    (("**/*.sql",), "SETTING-RUNS", Late(r"\bCOPY\b.{0,400}\b(?:FROM|TO)\s+PROGRAM\b|\bxp_cmdshell\b|\bpl(?:python\d?|perl|tcl|sh|lua)u\b|\bINTO\s+(?:OUTFILE|DUMPFILE)\b|\bload_extension\s*\(|\bsys_exec\s*\(", re.IGNORECASE)),
    (("**/*.sql",), "OPEN-TO-ALL", Late(r"\bGRANT\s+ALL\b.{0,200}\bTO\s+PUBLIC\b|\bGRANT\s+ALL\b.{0,40}\bON\s+\*\.\*|\b(?:ALTER|CREATE)\s+(?:ROLE|USER)\b.{0,200}(?<!NO)\bSUPERUSER\b|\bBYPASSRLS\b|\bDISABLE\s+ROW\s+LEVEL\s+SECURITY\b|\bNO\s+FORCE\s+ROW\s+LEVEL\b|\bIDENTIFIED\s+BY\s+''", re.IGNORECASE)),
    (("**/application*.properties", "**/application*.y*ml", "**/bootstrap*.properties"), "OPEN-TO-ALL", Late(r"\bexposure\.include\s*[=:]\s*[\"']?\*|\bh2[.-]console\.enabled\s*[=:]\s*true\b|\bcsrf\.enabled\s*[=:]\s*false\b")),
    (("**/AndroidManifest.xml", "**/network_security_config.xml"), "DEFENCE-OFF", Late(r"\bandroid:(?:usesCleartextTraffic|debuggable)\s*=\s*\"true\"|\bcleartextTrafficPermitted\s*=\s*\"true\"|<certificates\s+src\s*=\s*\"user\"")),
    (("**/*.plist",), "DEFENCE-OFF", Late(r"<key>NSAllowsArbitraryLoads\w*</key>\s*<true\s*/>")),
    (("**/*.js", "**/*.ts"), "DEFENCE-OFF", Late(r"\bnodeIntegration\s*:\s*true\b|\bcontextIsolation\s*:\s*false\b|\bwebSecurity\s*:\s*false\b|\ballowRunningInsecureContent\s*:\s*true\b")),
    (("**/ansible.cfg",), "TLS-UNCHECKED", Late(r"^\s*host_key_checking\s*=\s*(?:false|no|0)\b", re.IGNORECASE)),
    (("**/nginx*.conf", "**/nginx/**"), "OPEN-TO-ALL", Late(r"^\s*autoindex\s+on\b")),
    (("**/*.csv", "**/*.tsv"), "SETTING-RUNS", Late(r"(?:^|[,;\t])[\"']?[=+@-](?:cmd\b[|]|DDE\(|HYPERLINK\(|WEBSERVICE\(|IMPORT(?:XML|DATA|FEED|HTML)\(|EXEC\()", re.IGNORECASE)),
    (("**/*.reg",), "SETTING-RUNS", Late(r"\\CurrentVersion\\Run(?:Once)?\b|\\Image File Execution Options\\|\\shell\\open\\command\b", re.IGNORECASE)),
    (("**/*.go",), "SETTING-RUNS", Late(r"^//go:generate\s.{0,200}(?:\b(?:ba)?sh\s+-c\b|\bcurl\b|\bwget\b|https?://)")),
    (("**/*.ps1", "**/*.psm1", "**/*.bat", "**/*.cmd"), "SETTING-RUNS", Late(r"\bcertutil\b.{0,80}-urlcache\b|\bbitsadmin\b.{0,80}/transfer\b|\bmshta\s+https?:|\bregsvr32\b.{0,80}https?:|\bpowershell\b.{0,120}\s-e(?:nc|ncodedcommand)?\s|\b(?:iex|Invoke-Expression)\b.{0,200}\b(?:iwr|irm|Invoke-WebRequest|Invoke-RestMethod|DownloadString)\b|\b(?:iwr|irm|Invoke-WebRequest|DownloadString)\b.{0,200}\|\s*(?:iex|Invoke-Expression)\b", re.IGNORECASE)),
)  # fmt: skip
_DOOR = Late(
    r"\b(?:ipv6_cidr_blocks|cidr_blocks|cidr_ipv[46]|source_ranges|source_address_prefix)\s*=\s*\[?[^\]\n]{0,200}\"(?:0\.0\.0\.0/0|::/0|\*)\""
)
_WAY = Late(r"\b(ingress|egress)\b")
_WEB = Late(r"\b(?:from_port|to_port|ports?)\s*=\s*\[?\s*\"?(?:80|443)\b")
_ANYBODY = Late(r"\bidentifiers\s*=\s*\[\s*\"\*\"")
_DENIES = Late(r"\beffect\s*=\s*\"Deny\"", re.IGNORECASE)
_EMPTY_RULE = Late(r"^\s*-\s*\{\s*\}\s*$|\b(?:ingress|egress)\s*:\s*\[\s*\{\s*\}\s*\]")
_NO_LOGIN = Late(r"^\s*[\"']?security[\"']?\s*:\s*\[\s*(?:\{\s*\}\s*)?\]\s*,?\s*$")
_API = Late(r"(?m)^\s*[\"']?(?:openapi|swagger)[\"']?\s*:")
_ALIAS = Late(r"\blocation\s+[^\s{=~]{1,200}[^/\s{]\s*\{[^}]{0,400}\balias\s+[^\s;]{1,200}/\s*;")
_NEAR = 12
_LINE_CHARACTERS = 4096


def server_hits(path: str, text: str) -> Iterator[Hit]:
    """Line numbers from 1."""
    rules = [(rule, pattern) for places, rule, pattern in _RULES if protects(places, path)]
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1) if rules else ():
        if line.lstrip()[:1] == "#":
            continue
        yield from (line_hit(rule, lines, number) for rule, pattern in rules if pattern.search(line[:_LINE_CHARACTERS]))
    suffix = suffix_of(path)
    if suffix in {".tf", ".hcl"}:
        yield from (line_hit("OPEN-TO-ALL", lines, number) for number in _doors(lines))
    elif suffix in {".yaml", ".yml", ".json"}:
        pattern = _EMPTY_RULE if "NetworkPolicy" in text else _NO_LOGIN if _API.search(text) else None
        yield from (
            line_hit("OPEN-TO-ALL", lines, n)
            for n, line in enumerate(lines, 1)
            if pattern and pattern.search(line[:_LINE_CHARACTERS])
        )
    elif protects(("**/nginx*.conf", "**/nginx/**"), path):
        yield from (
            line_hit("OPEN-TO-ALL", lines, text.count("\n", 0, found.start()) + 1) for found in _ALIAS.finditer(text)
        )


def _doors(lines: Sequence[str]) -> Iterator[int]:
    """Networks of everybody that may come in, but for the ports of the web; and whom anybody may be."""
    for number, line in enumerate(lines, start=1):
        before = lines[max(number - _NEAR, 0) : number]
        if _DOOR.search(line[:_LINE_CHARACTERS]):
            ways = [found[1] for near in before for found in _WAY.finditer(near[:_LINE_CHARACTERS])]
            web = any(_WEB.search(near[:_LINE_CHARACTERS]) for near in lines[max(number - 6, 0) : number + 6])
            if (ways or ["ingress"])[-1] == "ingress" and not web:
                yield number
        elif _ANYBODY.search(line[:_LINE_CHARACTERS]) and not any(
            _DENIES.search(near[:_LINE_CHARACTERS]) for near in before
        ):
            yield number
