"""What a server sends on, sends back, or fetches for somebody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import WEB, Family, Heeds, Rule, Say, dirty
from orchestrator.gates.flow.values import NOTHING, Value
from orchestrator.policy.late import Late

__all__ = ["FAMILY"]

REQUEST = Rule(
    "HR501",
    918,
    "untrusted data chooses which address is called",
    "The server reaches what the sender cannot: the cloud's metadata, databases, its own neighbours.",
    "keep the host fixed, or check it against a list",
    "import httpx\nfrom flask import request\nhttpx.get(request.args['url'])\n",
    "import httpx\nfrom flask import request\nhttpx.get('https://api.example.com/items/' + request.args['id'])\n",
)
REDIRECT = Rule(
    "HR502",
    601,
    "untrusted data chooses where a browser is sent",
    "A link to this site leads to another one that looks like it.",
    "redirect to fixed paths, or check the host",
    "from flask import redirect, request\nredirect(request.args['next'])\n",
    "from flask import redirect, request\nredirect('/users/' + request.args['id'])\n",
)
MARKUP = Rule(
    "HR503",
    79,
    "untrusted data is sent as markup",
    "A script in the data runs in the reader's browser, with the reader's rights.",
    "render a template that escapes, or escape with markupsafe.escape",
    "from flask import Flask, request\napp = Flask(__name__)\n\n\n@app.route('/')\ndef hello():\n"
    "    return '<h1>' + request.args['name'] + '</h1>'\n",
    "from flask import Flask, request\nfrom markupsafe import escape\napp = Flask(__name__)\n\n\n"
    "@app.route('/')\ndef hello():\n"
    "    return '<h1>' + escape(request.args['name']) + '</h1>'\n",
)
HEADER = Rule(
    "HR504",
    113,
    "untrusted data becomes a header",
    "A line break in it adds headers or a second answer.",
    "remove line breaks, or quote with urllib.parse.quote",
    "from flask import Response, request\nr = Response()\nr.headers['X-Name'] = request.args['name']\n",
    "from flask import Response\nr = Response()\nr.headers['X-Name'] = 'fixed'\n",
    "medium",
)
ERROR = Rule(
    "HR505",
    209,
    "an answer tells the inside of a failure",
    "Paths, versions and values help whoever tries the next thing.",
    "log it, and answer with a plain sentence",
    "import traceback\nfrom flask import Flask\napp = Flask(__name__)\n\n\n@app.route('/')\ndef index():\n"
    "    return traceback.format_exc()\n",
    "from flask import Flask\napp = Flask(__name__)\n\n\n@app.route('/')\ndef index():\n    return 'sorry'\n",
    "medium",
)

_VERBS = ["get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "send"]
_CLIENTS = frozenset(
    {f"{m}.{v}" for m in ("requests", "httpx", "aiohttp", "requests.api") for v in _VERBS}
    | {
        f"{m}.{v}"
        for m in (
            "requests.Session()",
            "requests.session()",
            "httpx.Client()",
            "httpx.AsyncClient()",
            "aiohttp.ClientSession()",
            "urllib3.PoolManager()",
        )
        for v in _VERBS
    }
    | {
        "urllib.request.urlopen",
        "urllib.request.Request",
        "urllib.request.urlretrieve",
        "urllib2.urlopen",
        "urllib.urlopen",
        "http.client.HTTPConnection",
        "http.client.HTTPSConnection",
        "urllib3.request",
        "pandas.read_html",
        "wget.download",
    }
)
_SOCKETS = frozenset(
    {
        "socket.create_connection",
        "socket.socket().connect",
        "socket.socket().connect_ex",
        "asyncio.open_connection",
        "ftplib.FTP",
        "ftplib.FTP_TLS",
        "smtplib.SMTP",
        "smtplib.SMTP_SSL",
        "imaplib.IMAP4_SSL",
        "poplib.POP3_SSL",
        "xmlrpc.client.ServerProxy",
        "telnetlib.Telnet",
    }
)
"""What connects to whomever its first argument names, alone or as the first of a pair."""
_REDIRECTS = frozenset(
    {
        "flask.redirect",
        "django.shortcuts.redirect",
        "django.http.HttpResponseRedirect",
        "fastapi.responses.RedirectResponse",
        "starlette.responses.RedirectResponse",
        "werkzeug.utils.redirect",
        "bottle.redirect",
        "quart.redirect",
        "django.http.HttpResponsePermanentRedirect",
        "aiohttp.web.HTTPFound",
        "sanic.response.redirect",
        "web.HTTPFound",
        "tornado.web.RequestHandler().redirect",
        "pyramid.httpexceptions.HTTPFound",
        "web.seeother",
    }
)
_RAW = frozenset(
    {
        "django.utils.html.format_html",
        "markupsafe.Markup",
        "django.utils.safestring.mark_safe",
        "flask.Markup",
        "jinja2.Markup",
    }
)
_ANSWERS = frozenset(
    {
        "flask.make_response",
        "flask.Response",
        "django.http.HttpResponse",
        "fastapi.responses.HTMLResponse",
        "aiohttp.web.Response",
        "starlette.responses.HTMLResponse",
        "quart.Response",
        "http.handler.wfile.write",
        "bottle.HTTPResponse",
    }
)
_HEADERS = frozenset({"send_header", "add_header", "set_header"})
_MAILS = frozenset({"sendmail"})
_WITH_HOST = Late(r"[a-z][a-z0-9+.-]*://[^/\s]+/", re.IGNORECASE)
_MESSAGE = 2
_MAIL = Late(r"(?:^|\n)(?:Subject|From|To|Cc|Bcc|Reply-To)\s*:", re.IGNORECASE)
_TAG = Late(r"<[a-zA-Z!/]")


def _on_call(call: Call, say: Say) -> None:
    client = call.is_one_of(_CLIENTS)
    if client:
        url = (
            call.arg(1, "url")
            if last(client) in {"request", "stream"} and len(call.args) > 1
            else call.arg(0, "url", "host")
        )
        if dirty(url, "host") and not _host_is_fixed(url):
            say(REQUEST, call.node, f"{client} of an address from {dirty(url, 'host')}")
    socket = call.is_one_of(_SOCKETS)
    if socket:
        address = call.arg(0, "address", "host", "uri")
        host = address.items[0] if address is not None and address.items else address
        if dirty(host, "host") and not _host_is_fixed(host):
            say(REQUEST, call.node, f"{socket} to a host from {dirty(host, 'host')}")
    _answered(call, say)
    _returned(call, say)
    _header(call, say)


def _answered(call: Call, say: Say) -> None:
    redirect = call.is_one_of(_REDIRECTS)
    if redirect:
        to = call.arg(0, "location", "url", "to", "redirect_to")
        if dirty(to, "host") and not _host_is_fixed(to):
            say(REDIRECT, call.node, f"{redirect} to an address from {dirty(to, 'host')}")
    for key, to in _headers(call):
        if str(key).casefold() == "location" and dirty(to, "host") and not _host_is_fixed(to):
            say(REDIRECT, call.node, f"Location is an address from {dirty(to, 'host')}")
    raw = call.is_one_of(_RAW)
    if raw and dirty(call.arg(0), "html"):
        say(MARKUP, call.node, f"{raw} of data from {dirty(call.arg(0), 'html')}")
    answer = call.is_one_of(_ANSWERS)
    if answer and _markup(call.arg(0, "response", "content", "text", "body")) and not _not_html(call):
        say(MARKUP, call.node, f"{answer} of data from the request")
    if call.names and any(last(n).endswith("Response") and "." in n for n in call.names):
        told = call.arg(0, "content", "response", "body", "text", "data")
        if told is not None and "failure" in told.everything().taint:
            say(ERROR, call.node, f"{call.method()} with a traceback")


def _headers(call: Call) -> Iterator[tuple[object, Value]]:
    """Of an answer: set one by one, or as it is made."""
    if len(call.args) > 1 and any(
        n.startswith("set:") and n.endswith(("Response()[]", ".headers[]")) for n in call.names
    ):
        yield call.args[1].const, call.args[0]
    given = call.keywords.get("headers") if any(last(n).endswith("Response") for n in call.names) else None
    yield from given.pairs or () if given is not None else ()


def _host_is_fixed(value: Value | None) -> bool:
    """Whether the address begins with a constant that already names the host, or a path of this one."""
    first = value.texts[0] if value is not None and value.texts and value.built else ""
    if value is not None and "url" in value.safe and first:
        return True
    return bool(_WITH_HOST.match(first)) or (len(first) > 1 and first[0] == "/" and first[1] not in "/\\")


def _markup(value: Value | None) -> bool:
    return (
        value is not None
        and bool(dirty(value, "html", frozenset({"web"})))
        and any(_TAG.search(t) for t in value.texts)
    )


def _not_html(call: Call) -> bool:
    kind = call.keywords.get("content_type") or call.keywords.get("mimetype") or call.keywords.get("media_type")
    return kind is not None and kind.text is not None and "html" not in kind.text


def _returned(call: Call, say: Say) -> None:
    handler = call.keywords.get("handler")
    if handler is None or "handler" not in handler.taint or not any(n.startswith("return:") for n in call.names):
        return
    value = call.args[0]
    # The page alone, before its status in a tuple, or as the pieces that a server of WSGI sends.
    page = value.items[0] if value.items else value
    if _markup(page) and not page.refs:
        say(MARKUP, call.node, "the answer holds data of the request")
    if "failure" in value.everything().taint:
        say(ERROR, call.node, "the answer is a traceback")


def _header(call: Call, say: Say) -> None:
    stored = next((n for n in sorted(call.names) if n.startswith("set:") and n.endswith(".headers[]")), "")
    if (
        stored
        and call.args
        and dirty(call.args[0], "url", WEB)
        and call.args[0].const is NOTHING
        and "log" not in call.args[0].safe
    ):
        say(HEADER, call.node, "a header from the request")
    if call.calls_method(_MAILS) and len(call.args) > _MESSAGE and _mail(call.args[_MESSAGE]):
        say(HEADER, call.node, "headers of a mail that are put together")
    if call.calls_method(_HEADERS) and any(dirty(a, "url") and "log" not in a.safe for a in call.args[:2]):
        say(HEADER, call.node, "a header from the request")


def _mail(message: Value) -> bool:
    cleaned = "log" in message.everything().safe
    return message.built and not cleaned and bool(dirty(message, "url")) and any(_MAIL.search(t) for t in message.texts)


_HEEDS = Heeds(
    names=_CLIENTS | _SOCKETS | _REDIRECTS | _RAW | _ANSWERS,
    methods=_HEADERS | _MAILS,
    form=lambda name: name.endswith((".headers[]", "Response", "Response()[]")),
    keywords=frozenset({"handler"}),
)
FAMILY = Family("web", (REQUEST, REDIRECT, MARKUP, HEADER, ERROR), _on_call, heeds=_HEEDS)
