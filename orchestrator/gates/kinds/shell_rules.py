r"""What shell scripts and Dockerfiles do that their linters do not mind: downloads that run, back doors, open rights.

Lines are joined at a trailing backslash first, and looked at without their
quotes and escapes, so that ``cu\\rl`` and ``'c'url`` are ``curl``. Not checked:
names that are put together at run time, which are reported as such.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import PurePosixPath

from orchestrator.errors import GateBroken
from orchestrator.gates.changes.differential import Hit, line_text
from orchestrator.gates.kinds.rule import KindRule
from orchestrator.models.found import Disposition
from orchestrator.policy.late import Late

__all__ = ["RULES", "dockerfile_hits", "is_dockerfile", "is_foreign_shell", "is_shell", "shell_hits"]

_SHELLS = frozenset({".sh", ".bash", ".dash", ".ksh", ".zsh", ".bats", ".command", ".bashrc", ".profile", ".envrc"}) | {
    ".csh",
    ".tcsh",
    ".fish",
}
_NAMES = frozenset(
    {
        ".bashrc",
        ".bash_profile",
        ".profile",
        ".zshrc",
        ".zshenv",
        ".envrc",
        ".bash_login",
        ".kshrc",
        ".cshrc",
        ".tcshrc",
    }
)
_SHEBANG = re.compile(rb"\A(?:\xef\xbb\xbf)?#![^\r\n]*\b(?:ba|da|k|z|a|mk|pdk|yas|c|tc|fi)?sh\b")
_FOREIGN = re.compile(rb"\A(?:\xef\xbb\xbf)?#![^\r\n]*\b(?:z|a|pdk|yas|c|tc|fi)sh\b")
_FOREIGN_SUFFIXES = frozenset({".zsh", ".csh", ".tcsh", ".fish"})
_FOREIGN_NAMES = frozenset({".zshrc", ".zshenv", ".cshrc", ".tcshrc"})
_DOCKERFILE = Late(r"(?:.*[._-])?(?:dockerfile|containerfile)(?:[._-].*)?", re.IGNORECASE | re.DOTALL)

PIPED = KindRule(
    "SHELL-DOWNLOAD",
    "a downloaded program is run unseen",
    "Whoever answers under the address decides what runs here.",
    "download to a file, compare its SHA-256 with one that stands in the script, then run it",
    disposition=Disposition.AGENT,
    cwe=494,
)
REVERSE = KindRule(
    "SHELL-REVERSE",
    "a shell that is steered from elsewhere",
    "The standard forms of a back door.",
    "remove it",
    disposition=Disposition.DENY,
    cwe=506,
)
DECODED = KindRule(
    "SHELL-DECODED",
    "hidden text is decoded and run",
    "Nobody who reads the script sees what it does.",
    "write the commands as they are",
    disposition=Disposition.AGENT,
    cwe=506,
)
DYNAMIC = KindRule(
    "SHELL-EVAL",
    "text that is put together is run as a command",
    "What the variable holds decides what runs.",
    "call the command with quoted arguments instead",
    cwe=78,
)
RIGHTS = KindRule(
    "SHELL-RIGHTS",
    "rights for everybody, or of the super-user",
    "Any program on the machine can then change or use the file.",
    "give the one user the right that is needed",
    cwe=732,
)
INSECURE = KindRule(
    "SHELL-TLS",
    "certificates are not checked",
    "Whoever is on the way can answer instead.",
    "remove the option",
    disposition=Disposition.AGENT,
    cwe=295,
)
LOADS = KindRule(
    "SHELL-LOADS",
    "every later program is made to load something",
    "Such a variable or setting of git runs code in programs that know nothing of it.",
    "call the one program that needs it with what it needs",
    cwe=426,
)
LETS_IN = KindRule(
    "SHELL-LETS-IN",
    "a key is let in, or the traces of who was there are removed",
    "Whoever has the key comes in later, and nobody sees that he did.",
    "let whoever runs the machine keep its keys and logs",
    cwe=506,
)
DEFENCE = KindRule(
    "SHELL-DEFENCE",
    "what protects the machine is switched off",
    "Firewall, rights of programs and records of what happens are for everything that runs there.",
    "open the one port, or allow the one program",
    cwe=693,
)
INSTALLS = KindRule(
    "SHELL-INSTALLS",
    "a package is installed from an address",
    "Nobody but the address's owner says what is there tomorrow, and no index or digest is asked.",
    "take a published version from the index, by its digest",
    cwe=829,
)
COPIED = KindRule(
    "DOCKER-COPIES",
    "credentials are copied into an image",
    "Whoever has the image has them, also when a later step removes them.",
    "RUN --mount=type=secret, or --mount=type=ssh",
    disposition=Disposition.AGENT,
    cwe=522,
)
UNBOUND = KindRule(
    "DOCKER-UNBOUND",
    "a step of a build leaves its sandbox",
    "With it the step reaches the machine that builds, or its network.",
    "do without, or prepare what is needed outside of the build",
    cwe=250,
)
FOREIGN = KindRule(
    "DOCKER-FOREIGN",
    "a file is taken out of another image without a digest",
    "Whoever publishes that image decides what is in this one tomorrow.",
    "name it with its digest: --from=image@sha256:…",
    cwe=829,
)
REMOTE_ADD = KindRule(
    "DOCKER-ADD",
    "a file is taken from an address without a checksum",
    "Whoever answers under the address decides what is in the image.",
    "ADD --checksum=sha256:…, or copy a file of the repository",
    disposition=Disposition.AGENT,
    cwe=494,
)
SECRET_ARG = KindRule(
    "DOCKER-SECRET",
    "a secret stays in the image",
    "ARG and ENV are kept in the image's history.",
    "RUN --mount=type=secret",
    disposition=Disposition.AGENT,
    cwe=522,
)
LONG = KindRule(
    "SHELL-LONG",
    "a command too long to be searched",
    "What stands behind its beginning was not looked at.",
    "write it on lines of their own",
)
LEAK = KindRule(
    "SHELL-LEAK",
    "the environment or credentials leave the machine",
    "Variables and files of whoever runs the script hold keys; who gets them acts in his name.",
    "send only what is needed, by name",
    disposition=Disposition.AGENT,
    cwe=200,
)
FRONTEND = KindRule(
    "DOCKER-FRONTEND",
    "an image is built by a program of somebody else",
    "The first line names an image that reads the whole file and decides what is built.",
    "remove the line, or name docker/dockerfile",
    cwe=829,
)
GRAVE = frozenset({"SHELL-DOWNLOAD", "SHELL-REVERSE", "SHELL-DECODED", "SHELL-LEAK"})
"""Of these rules nothing harmless has the look, in whatever file a command stands."""
RULES = (
    LONG,
    PIPED,
    REVERSE,
    DECODED,
    DYNAMIC,
    RIGHTS,
    INSECURE,
    LOADS,
    LETS_IN,
    REMOTE_ADD,
    SECRET_ARG,
    LEAK,
    FRONTEND,
    DEFENCE,
    INSTALLS,
    COPIED,
    UNBOUND,
    FOREIGN,
)

_FETCH = r"\b(?:curl|wget|fetch|aria2c|http|https|lynx|lwp-download)\b"
_RUN = r"(?:[\w./-]{0,60}/)?(?:(?:ba|da|k|z|a)?sh|python[0-9.]*|perl|ruby|node|php|deno|bun|source|eval|tclsh|xargs)\b"
_PREFIX = r"(?:(?:sudo|env|nohup|exec|command|time|doas|busybox)(?:\s+-\S+|\s+\w+=\S*){0,4}\s+){0,4}"
_SENDS = r"(?:curl|wget|nc|ncat|netcat|dig|nslookup|telnet|sendmail|scp|sftp)\b"
_KEYS = r"(?:/\.ssh/(?!known_hosts|authorized_keys|config\b|[\w.-]*\.pub\b)|/\.aws/credentials|/\.netrc\b|/\.git-credentials|/etc/shadow|/proc/(?:self|\d+)/environ|/\.docker/config\.json|/\.kube/config|/\.pypirc|/\.npmrc)"
_PATTERNS: tuple[tuple[KindRule, Late], ...] = (
    (PIPED, Late(rf"{_FETCH}[^;&\n]{{0,200}}\|\s*{_PREFIX}{_RUN}")),
    (PIPED, Late(rf"(?:{_RUN}|(?:^|[\s;&|])\.)\s[^;&|\n]{{0,200}}(?:<\s*\(|\$\(|`)\s*{_FETCH}")),
    (PIPED, Late(r"\b(?:iex|Invoke-Expression)\b.{0,200}\b(?:iwr|irm|Invoke-WebRequest|DownloadString)\b", re.IGNORECASE)),
    (REVERSE, Late(r"/dev/(?:tcp|udp)/|\b(?:nc|ncat|netcat)\b[^\n]{0,200}\s-[a-z]*[ec]\b|\bsocat\b[^\n]{0,200}\bexec:", re.IGNORECASE)),
    (REVERSE, Late(r"\bmkfifo\b[^\n]{0,200}\|\s*(?:nc|ncat|netcat|telnet|openssl)\b")),
    (DECODED, Late(rf"\b(?:base64|base32|xxd|openssl|uudecode|rev|tr|gunzip|zcat)\b[^;&\n]{{0,200}}\|\s*{_PREFIX}{_RUN}")),
    (DECODED, Late(rf"(?:{_RUN})\s[^;&|\n]{{0,200}}(?:<\s*\(|\$\(|`)[^\n]{{0,200}}\b(?:base64|base32|xxd|uudecode)\b")),
    (DECODED, Late(rf"\b(?:printf|echo)\b[^;&\n]{{0,400}}(?:\\x[0-9a-fA-F]{{2}}|\\0?[0-7]{{3}}){{4}}[^;&\n]{{0,1200}}\|\s*{_PREFIX}{_RUN}")),
    (LOADS, Late(r"\bcredential\.helper\s+[\"']?!")),
    (RIGHTS, Late(r"\b(?:docker|podman|nerdctl)\b[^;&|\n]{0,300}\s(?:--privileged\b|--(?:pid|ipc|userns)[= ]host\b|--cap-add[= ](?:ALL|SYS_ADMIN)\b|(?:-v|--volume)[= ]/:/)")),
    (DYNAMIC, Late(r"(?:^|[\s;&|(])eval\s[^\n]{0,200}[$`]|(?:ba|da|z|k)?sh\s+-c\s[^\n]{0,200}\$[{(]?(?!\d?[\"']?\s*$)\w")),
    (DYNAMIC, Late(r"\s-exec(?:dir)?\s+(?:[\w./-]{0,40}/)?(?:ba|da|z|k)?sh\s+-\w*c\s+(?:'[^'\n]{0,200}|\"[^\"\n]{0,200})\{\}")),
    (LEAK, Late(rf"(?:\b(?:env|printenv)|\bset)\s*\|[^\n]{{0,200}}\b{_SENDS}|\b{_SENDS}\b[^\n]{{0,200}}(?:\$\(|`|<\()\s*(?:env|printenv)\s*[|)`]")),
    (LEAK, Late(rf"\b{_SENDS}\b(?![^;&|\n]{{0,200}}\s(?:-o|-i|--output|--cert|--key)\s)[^;&|\n]{{0,200}}{_KEYS}|\bcat\s[^\n;&|]{{0,80}}{_KEYS}[^\n]{{0,120}}\|[^\n]{{0,200}}\b{_SENDS}")),
    (LEAK, Late(r"\b(?:for|while)\b[^\n;]{0,80}(?:\$\(|`)\s*(?:env|printenv)\s*\|\s*(?:base64|base32|xxd|od|hexdump)\b")),
    (RIGHTS, Late(r"\bchmod\s+(?:-\S+\s+){0,4}(?:0?[0-7]?[0-7]{2}[2367]|[0-7]*[4-7][0-7]{3}|[augo]*[+=][rwxXt]*s\S*|(?:a|o|ugo)\+\S*w)")),
    (RIGHTS, Late(r"NOPASSWD|\bsetcap\b|\bvisudo\b|/etc/sudoers")),
    (INSECURE, Late(r"\bcurl\b[^;&|\n]{0,200}\s(?:-[a-zA-Z]*k[a-zA-Z]*|--insecure|--proxy-insecure)(?:\s|$)")),
    (INSECURE, Late(r"--no-check-certificate|--trusted-host|\bstrict-ssl\s*=?\s*false|sslVerify\s*=?\s*false|(?:NODE_TLS_REJECT_UNAUTHORIZED|PYTHONHTTPSVERIFY)[= ]0|GIT_SSL_NO_VERIFY=|StrictHostKeyChecking[= ]no")),
    (LOADS, Late(r"\b(?:LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES)[= ](?!/usr/lib/[\w./-]{0,80}(?:jemalloc|tcmalloc|mimalloc)[\w.-]{0,40}(?:\s|$))[^\s;]|/etc/ld\.so\.preload")),
    (LOADS, Late(r"\b(?:PYTHONSTARTUP|BASH_ENV|PERL5OPT|RUBYOPT|PROMPT_COMMAND|GIT_SSH_COMMAND|GIT_EXTERNAL_DIFF)[= ][^\s;]|\bNODE_OPTIONS[= ][^\n]{0,80}--(?:require|import|loader)\b")),
    (LOADS, Late(r"\bgit\b[^;&|\n]{0,80}\bconfig\b[^;&|\n]{0,80}\bcore\.(?:hookspath|fsmonitor|sshcommand|pager|editor|gitproxy)\b", re.IGNORECASE)),
    (LETS_IN, Late(r"(?:>\s{0,4}[^\s;&|<>]{0,120}|\btee\b[^;&|\n]{0,120})\bauthorized_keys2?\b|\bssh-copy-id\b")),
    (LETS_IN, Late(r"\bhistory\s+-c\b|\bHISTFILE=(?:/dev/null)?(?:[\s;&]|$)|\b(?:rm|shred|truncate)\b[^;&|\n]{0,80}\.(?:bash|zsh)_history\b|>\s*/var/log/(?:wtmp|btmp|lastlog|auth\.log|secure)\b")),
    (DYNAMIC, Late(r"\b[gmn]?awk\b[^\n]{0,400}(?:\bsystem\s*\(|\|\s*getline\b|\|\s*\"(?:ba|da|z)?sh\b)")),
    (DEFENCE, Late(r"\b(?:iptables|ip6tables)\s+(?:-\w+\s+\w+\s+)?(?:-F|--flush|-X)\b(?!\s+[A-Z]*(?:DOCKER|HANDRAIL))|\b(?:iptables|ip6tables)\s+-P\s+(?:INPUT|FORWARD)\s+ACCEPT|\bnft\s+flush\s+ruleset|\bufw\s+(?:--force\s+)?(?:disable|reset)\b|\bsetenforce\s+(?:0|[Pp]ermissive)|\bSELINUX=(?:disabled|permissive)|\bspctl\s+--(?:master|global)-disable|\bcsrutil\s+disable")),
    (DEFENCE, Late(r"\b(?:systemctl|service|rc-service)\b[^;&|\n]{0,80}\b(?:stop|disable|mask)\b[^;&|\n]{0,80}\b(?:auditd|firewalld|ufw|apparmor|nftables|iptables|falco|osqueryd|fail2ban|rsyslog|syslog)\b|\bservice\s+(?:auditd|firewalld|ufw|apparmor|rsyslog)\s+stop\b|\bauditctl\s+-(?:e\s*0|D)\b|\bkernel\.randomize_va_space\s*=\s*0|\bSet-MpPreference\b.{0,80}-Disable\w+\s+\$?true|\bnetsh\s+advfirewall\b.{0,80}\boff\b", re.IGNORECASE)),
    (INSTALLS, Late(r"\b(?:pip[0-9.]*|pipx|uv|npm|yarn|pnpm)\b[^;&|\n]{0,80}\b(?:install|add|i)\b[^;&|\n]{0,200}[\s@](?:git\+(?:https?|ssh|git)://|git@|https?://[^\s]{1,200}\.(?:whl|tar\.gz|tgz|zip|git)\b)")),
    (INSECURE, Late(r"--allow-unauthenticated|--force-yes|--allow-insecure-repositories|\[[^\]]{0,80}trusted=yes|--nogpgcheck|--no-gpg-check|--allow-untrusted|\bgpgcheck=0")),
)  # fmt: skip
_DOCKER: tuple[tuple[KindRule, Late], ...] = (
    (REMOTE_ADD, Late(r"^\s*ADD\s+(?!.*--checksum=)[^\n]*\b(?:https?|git|ftp)(?:://|@)", re.IGNORECASE)),
    (COPIED, Late(r"^\s*(?:COPY|ADD)\s+(?:--\S+\s+){0,6}[^\n]{0,200}?(?:\.ssh/|\bid_(?:rsa|ed25519|ecdsa|dsa)\b(?!\.pub)|\.aws/|\.netrc\b|\.pypirc\b|\.git-credentials\b|\.kube/|\.docker/config\.json|(?<![\w.])\.env(?!\.(?:example|sample|template|dist)\b)(?:\.\w+)?(?=[\s\"',]))", re.IGNORECASE)),
    (FOREIGN, Late(r"^\s*(?:COPY|ADD)\s+(?:--\S+\s+){0,6}--from=(?![^\s]{1,200}@sha256:)[^\s$]{0,200}[/:][^\s]", re.IGNORECASE)),
    (UNBOUND, Late(r"^\s*RUN\s+[^\n]{0,200}--(?:security=insecure|network=host)\b", re.IGNORECASE)),
    (SECRET_ARG, Late(r"^\s*(?:ARG|ENV)\s+[^\n]*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY)(?!\w*_?(?:FILE|PATH|DIR|NAME|URL|HEADER|TTL|LIFETIME)[= ])\w*[= ]\s*[^\s$=]", re.IGNORECASE)),
)  # fmt: skip
_QUOTES = Late(r"['\"\\]|\$\{IFS\}|\$IFS|\$@|\$\{@\}")
_SAVED = Late(rf"{_FETCH}[^;&|\n]{{0,200}}?(?:\s-[oO]\s?|>\s?)([\w./$-]{{1,80}})")
_COMMAND = Late(rf"\s*{_PREFIX}(?:{_RUN}\s+(?:-\w+\s+){{0,4}}|\.\s+)?(?:\./)?([\w./$-]{{1,80}})(?:[\s;&|]|$)")
_PROVES = Late(
    r"\b(?:sha(?:1|224|256|384|512)?sum|shasum|b2sum|md5sum|gpg|gpgv|cosign|minisign|openssl\s+dgst|sha256)\b"
)
_SYNTAX = Late(r"#\s*syntax\s*=\s*(\S+)", re.IGNORECASE)
_USUAL_SYNTAX = Late(r"(?:docker\.io/)?docker/dockerfile(?:[:@]\S+)?")
_SAVED_LIMIT = 64
_LINE_LIMIT = 2048
_LONG_LIMIT = 4 * _LINE_LIMIT
_SECONDS = 5.0


def is_shell(path: str, data: bytes) -> bool:
    """By suffix, by a well-known name, or by the first line."""
    name = PurePosixPath(path)
    return name.suffix.casefold() in _SHELLS or name.name in _NAMES or bool(_SHEBANG.match(data))


def is_foreign_shell(path: str, data: bytes) -> bool:
    """A shell whose language shellcheck does not read: zsh, csh, fish and others."""
    name = PurePosixPath(path)
    named = name.suffix.casefold() in _FOREIGN_SUFFIXES or name.name in _FOREIGN_NAMES
    return named or bool(_FOREIGN.match(data))


def is_dockerfile(path: str) -> bool:
    """By name: Dockerfile, x.Dockerfile, Dockerfile.x, Containerfile."""
    return bool(_DOCKERFILE.fullmatch(PurePosixPath(path).name)) and PurePosixPath(path).suffix.casefold() not in {
        ".md",
        ".py",
    }


def shell_hits(text: str) -> Sequence[Hit]:
    """Of a whole script."""
    return [*_found(text, _PATTERNS), *_saved_and_run(text)]


def dockerfile_hits(text: str) -> Sequence[Hit]:
    """Of a whole Dockerfile: its own rules, and those of the shell lines in it."""
    return [*_found(text, (*_PATTERNS, *_DOCKER)), *_frontend(text)]


def _frontend(text: str) -> Iterator[Hit]:
    """The first lines may be directives to whoever builds; they look like comments."""
    for number, line in enumerate(text.split("\n", 16)[:16], start=1):
        if not line.startswith("#"):
            return
        named = _SYNTAX.match(line)
        if named and not _USUAL_SYNTAX.fullmatch(named[1]):
            yield FRONTEND.at((), number, named[1], key=line_text([line], 1, 1))


def _saved_and_run(text: str) -> Iterator[Hit]:
    """A file that one line fetches and a later one runs, with nothing between them that could tell it is the right one."""
    saved: dict[str, int] = {}
    for number, line in _joined(text.split("\n")):
        plain = _QUOTES.sub("", line[:_LINE_LIMIT])
        if _PROVES.search(plain):
            saved.clear()
        run = _COMMAND.match(plain)
        if run and run[1] in saved:
            yield PIPED.at((), number, f"{run[1]}, fetched in line {saved.pop(run[1])}", key=line_text([line], 1, 1))
        if len(saved) < _SAVED_LIMIT:
            places = [found[1] for found in islice(_SAVED.finditer(plain), 8)]
            # What lies in a folder of programs is called by its name alone.
            saved.update(
                (place, number) for place in (*places, *(p.rpartition("/")[2] for p in places if "/bin/" in p))
            )


def _found(text: str, patterns: Sequence[tuple[KindRule, Late]]) -> Iterator[Hit]:
    # Of its own processor time: a busy machine breaks no gate.
    deadline = time.thread_time() + _SECONDS
    for number, line in _joined(text.split("\n")):
        if time.thread_time() > deadline:
            raise GateBroken(
                "GATE021", f"the commands were not searched within {_SECONDS:g} s", "make the file simpler"
            )
        key = line_text([line], 1, 1)
        rules = {rule.code: rule for piece in _pieces(line[:_LONG_LIMIT]) for rule in _broken(piece, patterns)}
        yield from (rule.at((), number, key=key) for rule in rules.values())
        if len(line) > _LONG_LIMIT:
            yield LONG.at((), number, key=key)


def _broken(line: str, patterns: Sequence[tuple[KindRule, Late]]) -> Iterator[KindRule]:
    plain = _QUOTES.sub(lambda m: " " if "IFS" in m.group() else "", line)
    for text in {line, plain}:
        yield from (rule for rule, pattern in patterns if pattern.search(text))
        if _runs_what_it_saved(text):
            yield PIPED


def _runs_what_it_saved(line: str) -> bool:
    """Whether a file that is fetched in a line is named as a command, or after a shell, later in it."""
    for saved in islice(_SAVED.finditer(line), 8):
        name = re.escape(saved[1])
        if re.search(rf"[;&]\s*{_PREFIX}(?:{_RUN}\s+|\./)?{name}(?:[\s;&|]|$)", line[saved.end() :]):
            return True
    return False


def _pieces(line: str) -> list[str]:
    return [line[at : at + _LINE_LIMIT] for at in range(0, max(len(line), 1), _LINE_LIMIT - 512)]


def _joined(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Lines without comments, joined at a trailing backslash, with the number of their first."""
    kept, first = list[str](), 0
    for number, line in enumerate(lines, start=1):
        if not kept and line.lstrip().startswith("#"):
            continue
        first = first if kept else number
        if line.endswith("\\"):
            # The shell puts nothing in the place of the two.
            kept.append(line[:-1])
            continue
        yield first, "".join(kept) + line
        kept = []
    if kept:
        yield first, "".join(kept)
