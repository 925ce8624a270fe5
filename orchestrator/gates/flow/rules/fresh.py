"""What must be new or checked each time and is not: salts, nonces, claims of a token, the escaping of a page."""

from __future__ import annotations

import ast

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import Family, Heeds, Rule, Say
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import NOTHING, Value
from orchestrator.models.disposition import Disposition

__all__ = ["FAMILY"]

SALT = Rule(
    "HR712",
    760,
    "a password is hashed with a salt that is always the same",
    "One table of guesses then serves for every password, here and wherever the program runs.",
    "a salt of 16 bytes from secrets for each password, kept beside its hash",
    "import hashlib\nhashlib.scrypt(word, salt=b'salt', n=2**14, r=8, p=1)\n",
    "import hashlib, secrets\nhashlib.scrypt(word, salt=secrets.token_bytes(16), n=2**14, r=8, p=1)\n",
    "medium",
    Disposition.PERSON,
)
NONCE = Rule(
    "HR713",
    323,
    "a cipher is started the same way each time",
    "Two texts under one nonce tell each other's content, and with GCM the key that proves who wrote them.",
    "12 bytes from os.urandom for each text, kept in front of it",
    "from cryptography.hazmat.primitives.ciphers.aead import AESGCM\nAESGCM(key).encrypt(bytes(12), data, None)\n",
    "import os\nfrom cryptography.hazmat.primitives.ciphers.aead import AESGCM\n"
    "AESGCM(key).encrypt(os.urandom(12), data, None)\n",
)
BY_HAND = Rule(
    "HR714",
    347,
    "the claims of a token are read without its signature",
    "Anybody can write such a middle part: it says what its sender wants it to say.",
    "jwt.decode(token, key, algorithms=['RS256'])",
    "import base64, json\n\n\ndef user(token):\n"
    "    return json.loads(base64.urlsafe_b64decode(token.split('.')[1] + '=='))['sub']\n",
    "import jwt\n\n\ndef user(token, key):\n    return jwt.decode(token, key, algorithms=['RS256'])['sub']\n",
    "high",
    Disposition.PERSON,
)
UNESCAPED = Rule(
    "HR715",
    79,
    "templates are told to escape nothing",
    "What a visitor typed becomes part of the page, scripts too.",
    "autoescape=True, or select_autoescape() as it is",
    "import jinja2\njinja2.Environment(autoescape=jinja2.select_autoescape(enabled_extensions=(), default=False))\n",
    "import jinja2\njinja2.Environment(autoescape=jinja2.select_autoescape(default=True))\n",
)

_DERIVES = {
    "hashlib.scrypt": (9, "salt"),
    "hashlib.pbkdf2_hmac": (2, "salt"),
    "bcrypt.hashpw": (1, "salt"),
    "crypt.crypt": (1, "salt"),
    "cryptography.hazmat.primitives.kdf.scrypt.Scrypt": (0, "salt"),
    "cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC": (2, "salt"),
    "cryptography.hazmat.primitives.kdf.argon2.Argon2id": (9, "salt"),
    "argon2.low_level.hash_secret": (1, "salt"),
    "argon2.low_level.hash_secret_raw": (1, "salt"),
    "Crypto.Protocol.KDF.scrypt": (1, "salt"),
    "Crypto.Protocol.KDF.PBKDF2": (1, "salt"),
}
"""Function → where its salt stands, by position (9: nowhere) and by name."""
_SEALS = frozenset(
    f"cryptography.hazmat.primitives.ciphers.aead.{name}().encrypt"
    for name in ("AESGCM", "AESGCMSIV", "AESCCM", "AESOCB3", "ChaCha20Poly1305")
)
_MODES = frozenset(
    f"cryptography.hazmat.primitives.ciphers.modes.{name}" for name in ("CBC", "CTR", "GCM", "OFB", "CFB", "CFB8")
)
_SELECTS = frozenset({"jinja2.select_autoescape", "jinja2.utils.select_autoescape"})
_EMPTY = (False, None, "")
_CLAIMS = 1
"""Which of the three parts of a token says who somebody is."""


def _on_call(call: Call, say: Say) -> None:
    derives = call.is_one_of(frozenset(_DERIVES))
    if derives:
        salt = call.arg(*_DERIVES[derives])
        if salt is not None and _fixed(salt):
            say(SALT, call.node, f"{derives} with a constant salt")
    start = call.arg(0, "nonce", "initialization_vector") if call.is_one_of(_SEALS | _MODES) else None
    if start is not None and _fixed(start):
        say(NONCE, call.node, f"{call.method()} with a constant nonce")
    if call.is_one_of(_SELECTS) and _selects_nothing(call):
        say(UNESCAPED, call.node, "select_autoescape of no file")


def _fixed(value: Value) -> bool:
    return isinstance(value.const, str | bytes)


def _selects_nothing(call: Call) -> bool:
    enabled, default = call.arg(0, "enabled_extensions"), call.arg(3, "default")
    for_texts = call.arg(2, "default_for_string")
    off = default is None or (default.const is not NOTHING and not default.const)
    return (enabled is not None and enabled.items == () and off) or (
        for_texts is not None and for_texts.const is False and default is not None and default.const in _EMPTY
    )


def _on_tree(tree: ast.Module, say: Say) -> None:
    for node in kinds(tree, ast.Call):
        if _last(node.func) == "loads" and node.args and any(map(_claims, ast.walk(node.args[0]))):
            say(BY_HAND, node, "the middle part of a token")


def _claims(node: ast.AST) -> bool:
    """``b64decode`` of the second piece between dots."""
    decoded = isinstance(node, ast.Call) and _last(node.func).endswith("b64decode")
    return decoded and any(map(_second_piece, ast.walk(node)))


def _second_piece(node: ast.AST) -> bool:
    match node:
        case ast.Subscript(
            value=ast.Call(func=ast.Attribute(attr="split" | "rsplit"), args=[ast.Constant(value="." | b"."), *_]),
            slice=ast.Constant(value=at),
        ):
            return at == _CLAIMS
        case _:
            return False


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


_HEEDS = Heeds(names=frozenset(_DERIVES) | _SEALS | _MODES | _SELECTS, form=lambda name: last(name) == "hashpw")
FAMILY = Family("fresh", (SALT, NONCE, BY_HAND, UNESCAPED), _on_call, None, _on_tree, heeds=_HEEDS)
