"""Safety catches that are taken off by a word: switches of libraries, bounds, tags, doors of a cloud."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import ANY_INPUT, Family, Heeds, Rule, Say, dirty
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import NOTHING, Value
from orchestrator.models.disposition import Disposition
from orchestrator.policy.late import Late

__all__ = ["FAMILY"]

DANGEROUS = Rule(
    "HR109",
    94,
    "a library is told to do what it calls dangerous itself",
    "Its authors put a switch before it because a file or an answer of a model then runs as a program.",
    "leave the switch alone, and load data that is none (JSON, safetensors)",
    "from langchain_community.vectorstores import FAISS\n\n\ndef index(folder, model):\n"
    "    return FAISS.load_local(folder, model, allow_dangerous_deserialization=True)\n",
    "from langchain_community.vectorstores import FAISS\n\n\ndef index(folder, model):\n"
    "    return FAISS.load_local(folder, model)\n",
)
CONTAINER = Rule(
    "HR208",
    250,
    "a container is started with rights over its host",
    "Privileged, or with the host's root or its engine, it is the host.",
    "give it the one capability or folder that it needs",
    "import docker\ndocker.from_env().containers.run('shop', privileged=True)\n",
    "import docker\ndocker.from_env().containers.run('shop', mem_limit='200m')\n",
    "high",
    Disposition.PERSON,
)
TASK = Rule(
    "HR110",
    470,
    "a request names the task that is started",
    "Every task that a worker knows can be started by whoever asks, with what he likes.",
    "choose the name from a dictionary of those that may be asked for",
    "from flask import request\n\n\ndef start(celery):\n    celery.send_task(request.json['task'])\n",
    "from flask import request\n\n\ndef start(celery):\n    celery.send_task('shop.ship', [request.json['order']])\n",
)
BLIND = Rule(
    "HR718",
    295,
    "a program is told to take any certificate or key of a host",
    "Anybody on the way can answer in the place of whom is asked.",
    "leave the option out, and give it the authority's certificate",
    "import subprocess\n\n\ndef fetch(address):\n    subprocess.run(['curl', '-k', '--', address], check=True)\n",
    "import subprocess\n\n\ndef fetch(address):\n    subprocess.run(['curl', '-s', '--', address], check=True)\n",
)
CHANNEL = Rule(
    "HR719",
    319,
    "a channel to another machine is not encrypted",
    "Everybody on the way reads and changes what is called and what is answered.",
    "grpc.secure_channel with grpc.ssl_channel_credentials()",
    "import grpc\n\n\ndef channel(host):\n    return grpc.insecure_channel(host)\n",
    "import grpc\n\n\ndef channel():\n    return grpc.insecure_channel('localhost:50051')\n",
    "medium",
    Disposition.PERSON,
)
UNLOCKED = Rule(
    "HR720",
    311,
    "a private key is written without a passphrase",
    "Whoever gets the file, a copy or a backup of it has the key.",
    "serialization.BestAvailableEncryption(passphrase), or a store of keys",
    "from cryptography.hazmat.primitives import serialization as s\n\n\ndef pem(key):\n"
    "    return key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())\n",
    "from cryptography.hazmat.primitives import serialization as s\n\n\ndef pem(key, word):\n"
    "    return key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(word))\n",
    "medium",
    Disposition.PERSON,
)
TAG = Rule(
    "HR721",
    354,
    "so short a proof of origin is taken that it can be guessed",
    "Of a tag of four bytes one in four thousand million is right by chance, and each try tells more about the key.",
    "leave the length of the tag at 16 bytes",
    "from cryptography.hazmat.primitives.ciphers import modes\n\n\ndef mode(nonce, tag):\n"
    "    return modes.GCM(nonce, tag, min_tag_length=4)\n",
    "from cryptography.hazmat.primitives.ciphers import modes\n\n\ndef mode(nonce, tag):\n"
    "    return modes.GCM(nonce, tag, min_tag_length=16)\n",
)
PUBLIC = Rule(
    "HR409",
    732,
    "what is stored or listens in a cloud is opened to everybody",
    "Public buckets and open ports are found within hours.",
    "name who may read it, and which network may come in",
    "import boto3\n\n\ndef put(name, data):\n"
    "    boto3.client('s3').put_object(Bucket='shop', Key=name, Body=data, ACL='public-read')\n",
    "import boto3\n\n\ndef put(name, data):\n"
    "    boto3.client('s3').put_object(Bucket='shop', Key=name, Body=data, ACL='private')\n",
    "medium",
    Disposition.PERSON,
)
BOUND = Rule(
    "HR410",
    770,
    "a bound on what somebody else sends is taken away",
    "One request fills the memory, and everybody else waits.",
    "set it to the most that is needed",
    "from PIL import Image\nImage.MAX_IMAGE_PIXELS = None\n",
    "from PIL import Image\nImage.MAX_IMAGE_PIXELS = 50_000_000\n",
    "medium",
    Disposition.PERSON,
)
SHOWN = Rule(
    "HR608",
    549,
    "a password is shown while it is typed",
    "Whoever looks on reads it, and so does whoever reads the terminal's record later.",
    "getpass.getpass, or hide_input=True",
    "import click\npassword = click.prompt('Password')\n",
    "import click\npassword = click.prompt('Password', hide_input=True)\n",
    "medium",
)
TOLD = Rule(
    "HR609",
    532,
    "a client prints all that it sends, with its credentials",
    "Headers and logins go to the terminal or the log of whoever runs the program.",
    "switch it on by hand while looking for a fault",
    "import http.client\nhttp.client.HTTPConnection.debuglevel = 1\n",
    "import http.client\nhttp.client.HTTPConnection.debuglevel = 0\n",
    "medium",
)
WHO = Rule(
    "HR610",
    359,
    "reports of errors say who somebody is",
    "Addresses, names and cookies of users go to whoever keeps the reports.",
    "send_default_pii=False, and set what is needed by hand",
    "import sentry_sdk\nsentry_sdk.init(dsn=address, send_default_pii=True)\n",
    "import sentry_sdk\nsentry_sdk.init(dsn=address, send_default_pii=False)\n",
    "medium",
    Disposition.PERSON,
)
UNESCAPED = Rule(
    "HR506",
    79,
    "a template engine's escaping is switched off after it was made",
    "Every value of every page is printed as it is, scripts too.",
    "leave autoescape on, and mark the one value that is markup",
    "import jinja2\npages = jinja2.Environment(autoescape=True)\npages.autoescape = False\n",
    "import jinja2\npages = jinja2.Environment(autoescape=True)\npages.trim_blocks = True\n",
)
STORED = Rule(
    "HR722",
    256,
    "passwords are kept as they are, or by a hash without a salt",
    "Whoever reads the table once has them all, on other sites too.",
    "argon2, bcrypt or scrypt",
    "from passlib.context import CryptContext\npasswords = CryptContext(schemes=['plaintext'])\n",
    "from passlib.context import CryptContext\npasswords = CryptContext(schemes=['argon2'])\n",
)
FRAMED = Rule(
    "HR814",
    1021,
    "a page may be shown inside of another site's",
    "That site puts its own picture over it, and the reader's click lands on a button that he does not see.",
    "xframe_options_sameorigin, or frame-ancestors with the sites that may",
    "from django.views.decorators.clickjacking import xframe_options_exempt\n\n\n"
    "@xframe_options_exempt\ndef pay(request):\n    return None\n",
    "from django.views.decorators.clickjacking import xframe_options_deny\n\n\n"
    "@xframe_options_deny\ndef pay(request):\n    return None\n",
    "medium",
    Disposition.PERSON,
)

_SWITCHES = frozenset({"allow_dangerous_deserialization", "allow_dangerous_code", "allow_dangerous_requests"})
_OPTIONS = {
    "curl": Late(r"-[a-zA-Z]*k[a-zA-Z]*|--insecure|--proxy-insecure"),
    "wget": Late(r"--no-check-certificate"),
    "git": Late(r"http\.sslVerify=(?:false|0)", re.IGNORECASE),
    "ssh": Late(r"(?:-o)?StrictHostKeyChecking=(?:no|off)", re.IGNORECASE),
    "scp": Late(r"(?:-o)?StrictHostKeyChecking=(?:no|off)", re.IGNORECASE),
    "openssl": Late(r"-noverify"),
    "helm": Late(r"--insecure-skip-tls-verify"),
    "kubectl": Late(r"--insecure-skip-tls-verify(?:=true)?"),
    "npm": Late(r"--strict-ssl=false"),
    "pip": Late(r"--trusted-host(?:=.*)?"),
}
_STARTS = frozenset(
    {f"subprocess.{n}" for n in ("run", "call", "Popen", "check_call", "check_output")}
    | {"asyncio.create_subprocess_exec"}
)
_ROOT = Late(r"/(?::/.*)?|/(?:var|run|etc|root|home)(?:/[\w.-]+)*\.sock(?::.*)?|/(?:etc|root|proc|sys)(?::/.*)?")
_HERE = Late(r"(?:ipv[46]:)?(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)(?::\d+)?|unix:.*")
_ACLS = frozenset({"public-read", "public-read-write", "publicRead", "publicReadWrite"})
_ACL_KEYS = ("ACL", "acl", "predefined_acl", "CannedACL")
_ANYBODY = frozenset({"0.0.0.0/0", "::/0"})
_CIDR_KEYS = frozenset({"CidrIp", "CidrIpv6"})
_BOUNDS = frozenset(
    {"MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS", "MAX_IMAGE_PIXELS"}
    | {"DATA_UPLOAD_MAX_MEMORY_SIZE", "DATA_UPLOAD_MAX_NUMBER_FIELDS", "DATA_UPLOAD_MAX_NUMBER_FILES"}
)
_PROMPTS = frozenset({"click.prompt", "typer.prompt", "builtins.input", "rich.prompt.Prompt.ask"})
_PASSWORD = Late(r"\bpass(?:word|phrase)\b", re.IGNORECASE)
_HIDES = ("hide_input", "password")
_PLAIN = frozenset({"plaintext", "ldap_plaintext", "hex_md5", "hex_sha1", "roundup_plaintext", "lmhash", "nthash"})
_HASHERS = Late(r".*\.(?:Unsalted\w+|MD5|SHA1|Crypt)PasswordHasher")
_SHORT = 12
_SET = _BOUNDS | {"debuglevel", "autoescape"}
_FORMATS = frozenset({"PEM", "DER", "OpenSSH"})


def _on_call(call: Call, say: Say) -> None:
    for name, value in call.keywords.items():
        if value.const is True and name in _SWITCHES:
            say(DANGEROUS, call.node, name)
    if call.calls_method(frozenset({"send_task"})) and call.args and _chosen(call.args[0]):
        say(TASK, call.node, f"data from {dirty(call.args[0], 'import', ANY_INPUT)}")
    _programs(call, say)
    _container(call, say)
    _secrets(call, say)
    _cloud(call, say)
    _settings(call, say)


def _chosen(name: Value) -> bool:
    return name.const is NOTHING and not name.built and bool(dirty(name, "import", ANY_INPUT))


def _programs(call: Call, say: Say) -> None:
    started = call.is_one_of(_STARTS)
    if started:
        command = call.arg(0, "args", "program")
        parts: Sequence[Value] = command.items if command is not None and command.items is not None else call.args
        words = [part.text or "" for part in parts]
        options = _OPTIONS.get(words[0].rpartition("/")[2]) if words else None
        found = next((word for word in words[1:] if options is not None and options.fullmatch(word)), "")
        if found:
            say(BLIND, call.node, f"{words[0]} {found}")
    host = (
        call.arg(0, "target")
        if "grpc.insecure_channel" in call.names or "grpc.aio.insecure_channel" in call.names
        else None
    )
    if host is not None and not (host.text is not None and _HERE.fullmatch(host.text)):
        say(CHANNEL, call.node, "grpc.insecure_channel")


def _container(call: Call, say: Say) -> None:
    if not any(n.startswith(("docker.", "podman.", "testcontainers.")) for n in call.names):
        return
    privileged, volumes = call.keywords.get("privileged"), call.keywords.get("volumes")
    if privileged is not None and privileged.const is True:
        say(CONTAINER, call.node, "privileged")
    shared = [*(volumes.items or ()), *(volumes.pairs or ())] if volumes is not None else []
    names = [part.text if isinstance(part, Value) else part[0] for part in shared]
    whole = next((name for name in names if isinstance(name, str) and _ROOT.fullmatch(name)), "")
    if whole:
        say(CONTAINER, call.node, f"the host's {whole}")


def _secrets(call: Call, say: Say) -> None:
    if call.calls_method(frozenset({"private_bytes"})):
        given = {last(ref).removesuffix("()") for value in call.every() for ref in value.refs}
        if "NoEncryption" in given and given & _FORMATS:
            say(UNLOCKED, call.node, "NoEncryption")
    length = (
        call.arg(2, "min_tag_length", "mac_len")
        if call.calls_method(frozenset({"GCM"}))
        else call.keywords.get("mac_len")
    )
    if length is not None and isinstance(length.const, int) and length.const < _SHORT:
        say(TAG, call.node, f"{length.const} bytes")
    if call.is_one_of(_PROMPTS):
        hides = any(call.keywords[name].const is not False for name in _HIDES if name in call.keywords)
        shown = next((v.text for v in call.every() if v.text and _PASSWORD.search(v.text)), "")
        if shown and not hides:
            say(SHOWN, call.node, call.method())
    schemes = call.arg(0, "schemes") if call.calls_method(frozenset({"CryptContext"})) else None
    plain = (
        next((item.text for item in (schemes.items or ()) if item.text in _PLAIN), "") if schemes is not None else ""
    )
    if plain:
        say(STORED, call.node, plain)


def _cloud(call: Call, say: Say) -> None:
    for name in _ACL_KEYS:
        value = call.keywords.get(name)
        if value is not None and value.text in _ACLS:
            say(PUBLIC, call.node, f"{name}={value.text}")
    for name in sorted(_CIDR_KEYS & call.keywords.keys()):
        if call.keywords[name].text in _ANYBODY:
            say(PUBLIC, call.node, f"{name}={call.keywords[name].text}")


def _settings(call: Call, say: Say) -> None:
    stored = next((n for n in sorted(call.names) if n.startswith("set:")), "")
    if stored and call.args:
        value, name = call.args[0], last(stored)
        key = call.args[1].text if stored.endswith("[]") and call.args[1:] else name
        if key in _BOUNDS and value.const is None:
            say(BOUND, call.node, f"{key} is None")
        if name == "debuglevel" and isinstance(value.const, int) and value.const:
            say(TOLD, call.node, "debuglevel")
        if name == "autoescape" and value.const is False:
            say(UNESCAPED, call.node, "autoescape = False")
    verbose = call.arg(0, "level", "debuglevel") if call.calls_method(frozenset({"set_debuglevel"})) else None
    if verbose is not None and isinstance(verbose.const, int) and verbose.const:
        say(TOLD, call.node, "set_debuglevel")
    personal = call.keywords.get("send_default_pii")
    if personal is not None and personal.const is True:
        say(WHO, call.node, "send_default_pii")
    if any(n.endswith("clickjacking.xframe_options_exempt") for n in call.names):
        say(FRAMED, call.node, "xframe_options_exempt")


def _on_tree(tree: ast.Module, say: Say) -> None:
    for node in kinds(tree, ast.Dict):
        plain = {k.value: v for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant)}
        if _text(plain.get("Effect")) == "Allow" and "*" in _names(plain.get("Principal")):
            say(PUBLIC, node, "Principal is *")
        for key in sorted(_CIDR_KEYS & {k for k in plain if isinstance(k, str)}):
            if _text(plain[key]) in _ANYBODY:
                say(PUBLIC, node, f"{key}: {_text(plain[key])}")
    for assigned in tree.body:
        if not isinstance(assigned, ast.Assign):
            continue
        names = {target.id for target in assigned.targets if isinstance(target, ast.Name)}
        value = assigned.value
        if names & _BOUNDS and isinstance(value, ast.Constant) and value.value is None:
            say(BOUND, assigned, f"{min(names)} is None")
        if "PASSWORD_HASHERS" in names and isinstance(value, ast.List | ast.Tuple) and value.elts:
            first = _text(value.elts[0])
            if _HASHERS.fullmatch(first):
                say(STORED, assigned, first.rpartition(".")[2])


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _names(principal: ast.expr | None) -> Iterator[str]:
    """``"*"`` and ``{"AWS": "*"}`` and ``{"AWS": ["*"]}``."""
    parts = principal.values if isinstance(principal, ast.Dict) else [principal]
    for part in parts:
        yield from map(_text, part.elts if isinstance(part, ast.List) else [part])


_HEEDS = Heeds(
    names=_STARTS | _PROMPTS | {"grpc.insecure_channel", "grpc.aio.insecure_channel"},
    methods=frozenset({"send_task", "private_bytes", "GCM", "CryptContext", "set_debuglevel", "xframe_options_exempt"}),
    beginnings=("docker.", "podman."),
    form=lambda name: name.startswith("set:") and (last(name) in _SET or name.endswith(".config[]")),
    keywords=_SWITCHES | _CIDR_KEYS | {*_ACL_KEYS, "send_default_pii", "mac_len"},
)
_RULES = (DANGEROUS, CONTAINER, TASK, BLIND, CHANNEL, UNLOCKED, TAG, PUBLIC, BOUND, SHOWN, TOLD, WHO, UNESCAPED, STORED)
FAMILY = Family("lenient", (*_RULES, FRAMED), _on_call, None, _on_tree, heeds=_HEEDS)
