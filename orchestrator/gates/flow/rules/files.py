"""Files: which one is opened, and what is uploaded."""

from __future__ import annotations

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import Family, Rule, Say, dirty
from orchestrator.gates.flow.values import Value
from orchestrator.models.disposition import Disposition

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
    {"shutil.unpack_archive", "tarfile.open().extract", "tarfile.TarFile().extract", "tarfile.TarFile.open().extract"}
)
_SAVES = frozenset({"save"})
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
    "/proc/self/environ",
    "/.azure/",
)


def _on_call(call: Call, say: Say) -> None:
    name = call.is_one_of(_FILES)
    if name:
        _opened(call, name, say)
    _unpacked(call, say)
    method = call.is_one_of(_PATH_METHODS)
    if method and (dirty(call.receiver, "path")):
        say(PATH, call.node, f"{last(method)} of a path from {dirty(call.receiver, 'path')}")
    if method and (found := _credentials(call.receiver)):
        say(CREDENTIALS, call.node, found)
    if call.calls_method(_SAVES) and "web" in call.receiver.taint and dirty(call.arg(0, "dst"), "path"):
        say(UPLOAD, call.node, "save under a name from web")


def _opened(call: Call, name: str, say: Say) -> None:
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
    if call.is_one_of(_UNPACKS) and trusts:
        say(MEMBERS, call.node, call.is_one_of(_UNPACKS))
    hook = call.names & {"set:tarfile.TarFile.extraction_filter", "set:tarfile.open().extraction_filter"}
    if hook and any("fully_trusted" in ref for ref in call.args[0].everything().refs):
        say(MEMBERS, call.node, "extraction_filter")


def _secret(text: str) -> bool:
    return any(part in f"/{text}" for part in _SECRET_FILES)


FAMILY = Family("files", (PATH, UPLOAD, CREDENTIALS, MEMBERS), _on_call)
