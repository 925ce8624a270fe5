"""Where data comes from that nobody may trust."""

from __future__ import annotations

import ast

__all__ = ["HANDLER_DECORATORS", "REQUESTS", "handler_parameters", "is_wsgi", "source_of_attribute", "source_of_call"]

REQUESTS = frozenset(
    {
        "flask.request",
        "quart.request",
        "bottle.request",
        "sanic.request",
        "cherrypy.request",
        "web.request",
        "pyramid.request",
        "request.request",
    }
)
"""Names of request objects; ``web.request`` stands for a parameter that is called ``request``."""

_REQUEST_DATA = frozenset(
    [
        "args",
        "form",
        "values",
        "json",
        "data",
        "files",
        "cookies",
        "headers",
        "GET",
        "POST",
        "FILES",
        "COOKIES",
        "META",
        "body",
        "query",
        "query_params",
        "path_params",
        "params",
        "forms",
        "stream",
        "url",
        "full_path",
        "path",
        "query_string",
        "get_json",
        "get_data",
        "rel_url",
        "match_info",
        "post",
        "text",
        "content_type",
        "referrer",
        "user_agent",
        "REQUEST",
        "raw_post_data",
        "DATA",
        "QUERY_PARAMS",
        "view_args",
        "remote_addr",
        "host",
        "base_url",
        "url_root",
        "get_full_path",
        "build_absolute_uri",
        "authorization",
    ]
)
HANDLER_DECORATORS = frozenset(
    {"route", "get", "post", "put", "delete", "patch", "websocket", "api_route", "api_view", "view_config"}
    | {"head", "options", "errorhandler", "app_errorhandler", "exception_handler"}
)
_HANDLER_OBJECTS = frozenset({"path", "rfile", "headers", "requestline"})
_CALLS = {
    "builtins.input": "stdin",
    "builtins.raw_input": "stdin",
    "os.getenv": "env",
    "os.environ.get": "env",
    "cgi.FieldStorage": "web",
    "sys.stdin.read": "stdin",
    "sys.stdin.readline": "stdin",
    "sys.stdin.buffer.read": "stdin",
    "argparse.ArgumentParser().parse_args": "argv",
    "requests.get": "net",
    "requests.post": "net",
    "requests.request": "net",
    "httpx.get": "net",
    "httpx.post": "net",
    "urllib.request.urlopen": "net",
    "zipfile.ZipFile().namelist": "archive",
    "zipfile.ZipFile().infolist": "archive",
    "tarfile.open().getnames": "archive",
    "tarfile.open().getmembers": "archive",
    **dict.fromkeys(("traceback.format_exc", "traceback.format_exception", "traceback.format_tb"), "failure"),
    **dict.fromkeys(("traceback.format_stack", "traceback.format_exception_only"), "failure"),
    "socket.socket().recv": "net",
    "socket.socket().recvfrom": "net",
}
_METHODS = {
    "get_argument": "web",
    "get_filename": "net",
    "get_query_argument": "web",
    "get_body_argument": "web",
    "get_arguments": "web",
    "recv": "net",
    "receive_text": "web",
    "receive_json": "web",
}
_ATTRIBUTES = {"sys.argv": "argv", "sys.stdin": "stdin", "os.environ": "environ", "os.environb": "environ"}
_TOOLS = frozenset({"tool", "resource", "prompt"})
_HARMLESS_TYPES = frozenset({"int", "float", "bool", "UUID", "datetime", "date", "Decimal", "Session", "Request"})


def source_of_attribute(name: str) -> str:
    """The label of what an attribute of this dotted name holds, or ''."""
    if name in _ATTRIBUTES:
        return _ATTRIBUTES[name]
    owner, _, attribute = name.rpartition(".")
    if owner in REQUESTS and attribute in _REQUEST_DATA:
        return "web"
    return "web" if owner == "http.handler" and attribute in _HANDLER_OBJECTS else ""


def source_of_call(name: str) -> str:
    """The label of what a call of this dotted name returns, or ''."""
    if name in _CALLS:
        return _CALLS[name]
    owner, _, method = name.rpartition(".")
    return _METHODS.get(method, "") if owner else ""


def handler_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Parameters that a web framework fills from the request: of a routed function, and of a cloud function."""
    if is_wsgi(function):
        return frozenset({"environ"})
    if any(_of_tools(d) for d in function.decorator_list):
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        return frozenset(
            a.arg for a in arguments if a.arg not in {"self", "cls", "ctx", "context"} and not _harmless(a)
        )
    if function.name in {"lambda_handler", "cloud_handler"}:
        return frozenset(a.arg for a in function.args.args[:1])
    if not any(_routes(d) for d in function.decorator_list) or any(_of_errors(d) for d in function.decorator_list):
        return frozenset()
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return frozenset(a.arg for a in arguments if a.arg not in {"self", "cls", "request"} and not _harmless(a))


def is_wsgi(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """``application(environ, start_response)``, also as a method."""
    names = [a.arg for a in function.args.args]
    return names[-2:] == ["environ", "start_response"]


def _routes(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(decorator, ast.Call) and isinstance(called, ast.Attribute) and called.attr in HANDLER_DECORATORS


def _of_tools(decorator: ast.expr) -> bool:
    """``@mcp.tool()``: a model fills the parameters in, and whoever wrote what the model read."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    owner = called.value if isinstance(called, ast.Attribute) else None
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return isinstance(called, ast.Attribute) and called.attr in _TOOLS and "mcp" in name.casefold()


def _of_errors(decorator: ast.expr) -> bool:
    """What answers a failure is given the failure."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in {
        "errorhandler",
        "app_errorhandler",
        "exception_handler",
    }


def _harmless(argument: ast.arg) -> bool:
    note = argument.annotation
    name = note.id if isinstance(note, ast.Name) else note.attr if isinstance(note, ast.Attribute) else ""
    return name in _HARMLESS_TYPES
