"""Files: which one is opened, and what is uploaded."""

from __future__ import annotations

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import Family, Heeds, Rule, Say, dirty
from orchestrator.gates.flow.values import Value, constant
from orchestrator.models.disposition import Disposition
from orchestrator.policy.late import Late

__all__ = ["FAMILY"]

PATH = Rule(
    "HR401",
    22,
    "untrusted data chooses a path",
    "With .. or an absolute path any file of the server is read, written or removed.",
    "take the base name, or resolve the path and check that it is below the folder",
    "from flask import request\n\n\ndef show():\n    return open('/data/' + request.args['name']).read()\n",
    "import os\nfrom flask import request\n\n\ndef show():\n"
    "    path = os.path.realpath(os.path.join('/data', request.args['name']))\n"
    "    if not path.startswith('/data/'):\n        raise ValueError(path)\n    return open(path).read()\n",
)
UPLOAD = Rule(
    "HR402",
    434,
    "an upload is kept under the name that came with it",
    "The sender chooses folder and kind of the file, a program among them.",
    "make the name yourself; check the kind against a list",
    "from flask import request\nf = request.files['f']\nf.save('/uploads/' + f.filename)\n",
    "import uuid\nfrom flask import request\nf = request.files['f']\nf.save(f'/uploads/{uuid.uuid4()}.png')\n",
)
CREDENTIALS = Rule(
    "HR403",
    522,
    "a file with somebody's credentials is opened",
    "Keys and passwords of the user or of the machine are read.",
    "let the caller pass what is needed",
    "import os\nopen(os.path.expanduser('~/.ssh/id_rsa'))\n",
    "open('settings.json')\n",
    "high",
    Disposition.PERSON,
)

MEMBERS = Rule(
    "HR404",
    22,
    "an archive is unpacked to wherever its members say",
    "A member called ../../x, or a link, writes outside the folder.",
    "pass filter='data', or check each name against the folder",
    "import tarfile\nt = tarfile.open('a.tar')\nt.extract(t.next(), 'out')\n",
    "import tarfile\nt = tarfile.open('a.tar')\nt.extract(t.next(), 'out', filter='data')\n",
    "medium",
)

STARTED = Rule(
    "HR406",
    506,
    "a file is written that other programs run by themselves",
    "It runs with the user's rights from then on, at every start, and nobody looks there.",
    "let the person who installs it write it",
    "import pathlib\n(pathlib.Path.home() / '.bashrc').write_text('x')\n",
    "import pathlib\n(pathlib.Path.home() / '.bashrc').read_text()\n",
    "high",
    Disposition.PERSON,
)

_FILES = frozenset(
    {
        "builtins.open",
        "io.open",
        "os.open",
        "codecs.open",
        "flask.send_file",
        "os.remove",
        "os.unlink",
        "os.rmdir",
        "os.listdir",
        "os.scandir",
        "shutil.rmtree",
        "shutil.copy",
        "shutil.copyfile",
        "shutil.move",
        "os.rename",
        "os.replace",
        "os.makedirs",
        "os.mkdir",
        "aiofiles.open",
        "fastapi.responses.FileResponse",
        "starlette.responses.FileResponse",
        "os.walk",
        "shutil.copy2",
        "tarfile.open",
        "zipfile.ZipFile",
        "gzip.open",
        "bottle.static_file",
        "web.FileResponse",
        "aiohttp.web.FileResponse",
        "sanic.response.file",
        "litestar.response.File",
        "os.chmod",
        "shutil.copytree",
        "shutil.unpack_archive",
        "linecache.getlines",
        "numpy.load",
        "pandas.read_csv",
        "quart.send_file",
    }
)
_PATH_METHODS = frozenset(
    f"pathlib.Path().{m}"
    for m in [
        "open",
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "unlink",
        "rmdir",
        "mkdir",
        "iterdir",
        "rename",
        "touch",
        "glob",
    ]
)
_UNPACKS = frozenset(
    {"shutil.unpack_archive"}
    | {
        f"tarfile.{made}.{method}"
        for made in ("open()", "TarFile()", "TarFile.open()", "TarFile")
        for method in ("extract", "extractall")
    }
)
_SAVES = frozenset({"save"})
_HOOKS = frozenset({"set:tarfile.TarFile.extraction_filter", "set:tarfile.open().extraction_filter"})
_OPENS = frozenset({"builtins.open", "io.open", "codecs.open"})
_RUN_BY_ITSELF = Late(
    r"/\.(?:bashrc|bash_profile|bash_login|profile|zshrc|zshenv|zprofile|xinitrc|xprofile)$|/[^/]*\.pth$"
    r"|/(?:sitecustomize|usercustomize)\.py$|/authorized_keys2?$|/\.git/hooks/[^/]+$|/etc/(?:cron|profile|init|rc)[^/]*(?:/.*)?$"
    r"|/\.config/autostart/[^/]+$|/systemd/(?:user|system)/[^/]+$|/LaunchAgents/[^/]+$|/spool/cron/.+$"
)
_SECRET_FILES = (
    "/.ssh/",
    "/.aws/credentials",
    "/.netrc",
    "/.git-credentials",
    "/etc/shadow",
    "/.docker/config.json",
    "/.kube/config",
    "/.gnupg/",
    "/.npmrc",
    "/.pypirc",
    "/.config/gcloud",
    "/login.keychain",
    "/.bash_history",
    "/.azure/",
    "/.pgpass",
    "/.vault-token",
    "/.config/gh/hosts",
    "/.cargo/credentials",
    "/.gem/credentials",
    "/.terraform.d/credentials",
)
_ENVIRONMENT = Late(r"/proc/[^/]+/environ")


def _on_call(call: Call, say: Say) -> None:
    name = call.is_one_of(_FILES)
    if name:
        _opened(call, name, say)
    if name in _OPENS and call.args:
        _started(call, call.args[0], call.arg(1, "mode") or constant("r"), say)
    _unpacked(call, say)
    method = call.is_one_of(_PATH_METHODS)
    if method and (dirty(call.receiver, "path")):
        say(PATH, call.node, f"{last(method)} of a path from {dirty(call.receiver, 'path')}")
    if method and last(method) in {"write_text", "write_bytes", "open"}:
        _started(call, call.receiver, (call.arg(0, "mode") or constant("r")) if last(method) == "open" else None, say)
    if method and (found := _credentials(call.receiver)):
        say(CREDENTIALS, call.node, found)
    if call.calls_method(_SAVES) and "web" in call.receiver.taint and dirty(call.arg(0, "dst"), "path"):
        say(UPLOAD, call.node, "save under a name from web")


def _started(call: Call, path: Value, mode: Value | None, say: Say) -> None:
    writes = mode is None or mode.text is None or bool(set(mode.text) & set("wax+"))
    name = "/".join(t.strip("/") for t in path.everything().texts)
    if writes and (found := _RUN_BY_ITSELF.search(f"/{name}")):
        say(STARTED, call.node, found[0].strip("/"))


def _opened(call: Call, name: str, say: Say) -> None:
    if (
        call.args
        and "archive" in call.args[0].everything().taint
        and dirty(call.args[0], "path", frozenset({"archive"}))
    ):
        say(MEMBERS, call.node, f"{last(name)} of a path that a member names")
    for value in call.args[:2] if name.startswith(("shutil.", "os.re")) else call.args[:1]:
        origin = dirty(value, "path")
        if origin:
            say(PATH, call.node, f"{name.removeprefix('builtins.')} of a path from {origin}")
        if found := _credentials(value.everything()):
            say(CREDENTIALS, call.node, found)


def _credentials(value: Value) -> str:
    """Also of a path that is put together: ``home / ".ssh" / "id_rsa"``."""
    joined = "/".join(t.strip("/") for t in value.texts)
    return next((t for t in (*value.texts, joined) if _secret(t)), "")


def _unpacked(call: Call, say: Say) -> None:
    chosen = call.arg(3, "filter") if "shutil.unpack_archive" in call.names else call.keywords.get("filter")
    trusts = chosen is None or chosen.text == "fully_trusted" or "tarfile.fully_trusted_filter" in chosen.refs
    # One that is called as everybody does goes to the scanners, which know no other.
    seen = (
        call.calls_method(frozenset({"extractall"}))
        and getattr(getattr(call.node, "func", None), "attr", "") == "extractall"
    )
    if call.is_one_of(_UNPACKS) and trusts and not seen:
        say(MEMBERS, call.node, call.is_one_of(_UNPACKS))
    hook = call.names & _HOOKS
    if hook and any("fully_trusted" in ref for ref in call.args[0].everything().refs):
        say(MEMBERS, call.node, "extraction_filter")


def _secret(text: str) -> bool:
    path = f"/{text}"
    return any(part in path for part in _SECRET_FILES) or _ENVIRONMENT.search(path) is not None


_HEEDS = Heeds(names=_FILES | _PATH_METHODS | _UNPACKS | _HOOKS, methods=_SAVES)
FAMILY = Family("files", (PATH, UPLOAD, CREDENTIALS, MEMBERS, STARTED), _on_call, heeds=_HEEDS)
