"""What to do about each rule that bandit (B) and ruff (S) share, by its number; one imperative sentence each."""

from __future__ import annotations

__all__ = ["REMEDIES"]

_XML = "parse XML from outside with defusedxml"
_HASH = "use SHA-256, or say usedforsecurity=False where it is no protection"
_CIPHER = "use AES-GCM or ChaCha20-Poly1305 from cryptography"
_VERIFY = "leave certificate checks on; name your own CA file where one is needed"
_LIST = "pass a list of arguments and no shell"
_DATA = "read the data as JSON, or sign it and check the signature first"
_MARKUP = "let the template escape it, or build the markup from escaped parts"
_SQL = "pass the values as parameters of the query"

REMEDIES: dict[str, str] = {
    "101": "raise an exception where the check must hold: -O removes assert",
    "102": "call the function that is meant, or look it up in a fixed table",
    "103": "give the narrowest mode that works, such as 0o600",
    "104": "bind 127.0.0.1, or take the address from configuration",
    "105": "read the secret from the environment or a secret store",
    "106": "read the secret from the environment or a secret store",
    "107": "make the parameter required, with no secret as its default",
    "108": "use tempfile.TemporaryDirectory or NamedTemporaryFile",
    "109": "read the secret from the environment or a secret store",
    "110": "catch the exception that is expected, and log or handle it",
    "112": "catch the exception that is expected, and log or handle it",
    "113": "pass timeout= with a number of seconds",
    "201": "never run with debug on: take it from configuration that is off in production",
    "202": "extract with filter='data' (tarfile), and check each name",
    **dict.fromkeys(("301", "302", "307", "506"), _DATA),
    "303": _HASH,
    "304": _CIPHER,
    "305": _CIPHER,
    "306": "use tempfile.mkstemp",
    "308": _MARKUP,
    "309": "use https, with certificate checks on",
    "310": "check that the address begins with https: before opening it",
    "311": "use the module secrets where the number protects something",
    "312": "use SSH instead of telnet",
    **dict.fromkeys([str(n) for n in range(313, 321)], _XML),
    "321": "use SFTP or FTPS",
    "323": _VERIFY,
    "324": _HASH,
    "325": "use tempfile.mkstemp",
    **dict.fromkeys(("401", "402"), "use SSH or SFTP instead"),
    "403": "read data as JSON where it comes from outside",
    "404": "see that each call passes a list and no shell",
    **dict.fromkeys([str(n) for n in range(405, 411)], _XML),
    "411": "guard it with defusedxml.xmlrpc",
    "412": "use WSGI or ASGI",
    "413": "use cryptography",
    "415": "use TLS around the protocol",
    "501": _VERIFY,
    "502": "ask for TLS 1.2 or newer",
    "503": "ask for TLS 1.2 or newer",
    "504": "name the TLS version: 1.2 or newer",
    "505": "use RSA of 2048 bits or more, or an elliptic curve of 224 bits or more",
    "507": "load the known host keys and reject strangers (RejectPolicy)",
    "508": "use SNMPv3",
    "509": "use SNMPv3 with authentication and privacy",
    "601": "quote each argument with shlex.quote",
    **dict.fromkeys(("602", "604", "605", "609"), _LIST),
    "603": "see that no argument comes from outside unchecked",
    "606": "see that no argument comes from outside unchecked",
    "607": "name the program by its full path",
    "608": _SQL,
    "610": _SQL,
    "611": _SQL,
    "612": "do not let the network send logging configuration",
    "613": "remove the characters, or write them as escapes",
    "614": "load weights with weights_only=True",
    "615": "pin the revision by its commit id",
    "701": "make the environment with autoescape=True or select_autoescape()",
    **dict.fromkeys(("702", "703", "704"), _MARKUP),
}
"""Rule number → what to do."""
