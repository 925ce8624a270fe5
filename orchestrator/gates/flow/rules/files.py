"""Files: which one is opened, and what is uploaded."""

from __future__ import annotations

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import Family, Rule, Say, dirty
from orchestrator.models.gate import Disposition

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
    method = call.is_one_of(_PATH_METHODS)
    if method and (dirty(call.receiver, "path")):
        say(PATH, call.node, f"{last(method)} of a path from {dirty(call.receiver, 'path')}")
    if method and any(_secret(t) for t in call.receiver.texts):
        say(CREDENTIALS, call.node, next(t for t in call.receiver.texts if _secret(t)))
    if call.calls_method(_SAVES) and "web" in call.receiver.taint and dirty(call.arg(0, "dst"), "path"):
        say(UPLOAD, call.node, "save under a name from web")


def _opened(call: Call, name: str, say: Say) -> None:
    for value in call.args[:2] if name.startswith(("shutil.", "os.re")) else call.args[:1]:
        origin = dirty(value, "path")
        if origin:
            say(PATH, call.node, f"{name.removeprefix('builtins.')} of a path from {origin}")
        text = next((t for t in value.everything().texts if _secret(t)), "")
        if text:
            say(CREDENTIALS, call.node, text)


def _secret(text: str) -> bool:
    return any(part in f"/{text}" for part in _SECRET_FILES)


FAMILY = Family("files", (PATH, UPLOAD, CREDENTIALS), _on_call)
