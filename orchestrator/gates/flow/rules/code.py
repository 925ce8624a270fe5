"""Code made from data: evaluated, compiled, imported by name, rendered, or handed on where it cannot be followed."""

from __future__ import annotations

import ast

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import ANY_INPUT, WEB, Family, Heeds, Rule, Say, dirty
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import NOTHING, Value
from orchestrator.models.disposition import Disposition
from orchestrator.policy.late import Late

__all__ = ["FAMILY"]

CODE = Rule(
    "HR101",
    95,
    "code is made from data",
    "Whoever controls the text controls the program, whatever the function is called and however it was reached.",
    "parse the data (ast.literal_eval, json) or choose from a dictionary of functions",
    "e = eval\ne(input())\n",
    "import ast\nast.literal_eval(input())\n",
)
IMPORTED = Rule(
    "HR102",
    470,
    "a module or a function is chosen by untrusted data",
    "An import runs the module, and a looked-up name reaches every function of it.",
    "choose from a fixed dictionary",
    "import importlib\nfrom flask import request\nimportlib.import_module(request.args['m'])\n",
    "import importlib\nimportlib.import_module('json')\n",
)
HANDED = Rule(
    "HR103",
    95,
    "a function that runs code or commands is handed on as a value",
    "From there on no reader and no scanner sees what is run with it.",
    "call a function that does the one thing that is meant",
    "list(map(eval, open('rules.txt')))\n",
    "list(map(len, open('rules.txt')))\n",
)
INSIDE = Rule(
    "HR104",
    913,
    "the program reaches into the interpreter",
    "Through these attributes any function can be reached without naming it.",
    "use the public interface of the object",
    "().__class__.__base__.__subclasses__()[132].__init__.__globals__['x']('id')\n",
    "print(type(()).__name__)\n",
    "medium",
    Disposition.PERSON,
)
TEMPLATE = Rule(
    "HR105",
    1336,
    "a template is made from untrusted data",
    "A template is a program: its expressions reach the whole interpreter.",
    "keep the template fixed and pass the data as a variable",
    "from flask import render_template_string, request\nrender_template_string('Hi ' + request.args['name'])\n",
    "from flask import render_template_string, request\nrender_template_string('Hi {{ n }}', n=request.args['n'])\n",
)

LOADED = Rule(
    "HR106",
    829,
    "code is loaded from where no scanner reads it",
    "What an archive, a data file or an import hook brings in runs with all rights, and nobody has seen it.",
    "import a module of the repository or of a pinned package by its name",
    "import zipimport\nzipimport.zipimporter('plugins.dat').load_module('m')\n",
    "import importlib\nimportlib.import_module('json')\n",
    "medium",
    Disposition.PERSON,
)
REPLACED = Rule(
    "HR107",
    913,
    "a function of the interpreter or of a library that guards is replaced",
    "Every other module goes on calling it and gets something else.",
    "wrap it under a name of your own and call that",
    "import hmac\nhmac.compare_digest = lambda one, other: True\n",
    "import hmac\n\n\ndef same(one, other):\n    return hmac.compare_digest(one, other)\n",
    "medium",
    Disposition.PERSON,
)

_EVALUATORS = frozenset({"builtins.eval", "builtins.exec", "builtins.execfile", "exec", "?.__eval__"})
_INTERPRETERS = frozenset(
    {
        "code.InteractiveInterpreter",
        "code.InteractiveConsole",
        "code.interact",
        "IPython.embed",
        "IPython.start_ipython",
    }
)
_ONLY_TEXT = frozenset(
    {
        *("bdb.Bdb().run", "bdb.Bdb().runctx", "bdb.Bdb().runeval", "cProfile.Profile().run"),
        *("cProfile.Profile().runctx", "cProfile.run", "cProfile.runctx"),
        *("code.InteractiveInterpreter().runsource", "doctest.debug_script", "doctest.debug_src", "pdb.run"),
        *("pdb.runctx", "pdb.runeval", "profile.Profile().run", "profile.Profile().runctx", "profile.run"),
        *("profile.runctx", "timeit.main", "trace.Trace().run", "trace.Trace().runctx", "typing.ForwardRef"),
        *("typing_extensions.evaluate_forward_ref",),
    }
)
"""What these are given is a program and nothing else, so that it must stand there."""
_TEXT_RUNNERS = _ONLY_TEXT | frozenset(
    {
        *("timeit.timeit", "timeit.repeat", "timeit.Timer", "pandas.eval", "numexpr.evaluate"),
        *("sympy.sympify", "sympy.parse_expr", "code.InteractiveInterpreter().runcode"),
        *("doctest.run_docstring_examples", "IPython.get_ipython().system", "IPython.get_ipython().run_cell"),
        *("runpy.run_path", "runpy.run_module", "pydoc.pipepager", "tkinter.Tk().eval", "tkinter.Tcl().eval"),
        *("logging.config.listen", "builtins.breakpoint", "js2py.eval_js", "js2py.EvalJs().execute"),
        *("dukpy.evaljs", "execjs.eval", "lupa.LuaRuntime().execute", "lupa.LuaRuntime().eval"),
        *("doctest.testfile", "ctypes.pythonapi.PyRun_SimpleString"),
        *("ctypes.pythonapi.PyRun_SimpleStringFlags", "ctypes.pythonapi.PyRun_String"),
        *("ctypes.pythonapi.PyEval_EvalCode", "ctypes.pythonapi.Py_CompileString"),
    }
)
_OR_FUNCTION = frozenset({"timeit.timeit", "timeit.repeat", "timeit.Timer", "timeit.default_timer"})
_OF_CODE = Late(r"(?i)(?:.*_)?(?:stmt|statement|code|source|snippet|expr|expression|script|text|line|setup)s?")
_QUERIES = frozenset({"query"})
_PATHS_OF_IMPORTS = frozenset({"insert", "append", "extend"})
_EVALUATING = frozenset({"eval", "evaljs", "runsource", "run_cell", "runcode"})
_FUNCTIONS = frozenset({"types.FunctionType", "types.LambdaType"})
_CODE_OBJECTS = frozenset({"builtins.compile()", "marshal.loads()", "types.CodeType()", "codeop.compile_command()"})
_IMPORTS = frozenset(
    {
        "importlib.import_module",
        "builtins.__import__",
        "importlib.reload",
        "unittest.mock._importer",
        "pydoc.locate",
        "pkgutil.resolve_name",
        "importlib.__import__",
        "django.utils.module_loading.import_string",
        "werkzeug.utils.import_string",
        "twisted.python.reflect.namedAny",
        "kombu.utils.imports.symbol_by_name",
        "zope.dottedname.resolve.resolve",
    }
)
_FULL_MODULES = frozenset({"os", "subprocess", "builtins", "ctypes", "importlib", "pty", "commands"})
_LOADERS = (
    "zipimport.zipimporter",
    "importlib.machinery.SourceFileLoader",
    "importlib.machinery.SourcelessFileLoader",
    "importlib.machinery.ExtensionFileLoader",
    "importlib.util.spec_from_file_location",
    "importlib.util.spec_from_loader",
    "importlib.load_source",
    "importlib.load_dynamic",
    "runpy.run_path",
    "site.addsitedir",
)
_INSTALLERS = frozenset({"pip.main", "pip._internal.main", "pip._internal.cli.main.main", "ensurepip.bootstrap"})
_HOOKS = frozenset({"sys.meta_path", "sys.path_hooks"})
_GUARDS = frozenset({"builtins", "hmac", "secrets", "ssl", "jwt", "hashlib", "yaml", "defusedxml"})
_TEMPLATES = frozenset(
    {
        "flask.render_template_string",
        "jinja2.Template",
        "jinja2.Environment().from_string",
        "mako.template.Template",
        "django.template.Template",
        "quart.render_template_string",
        "jinja2.sandbox.Environment().from_string",
        "tornado.template.Template",
        "bottle.template",
        "flask.templating.render_template_string",
    }
)
DANGEROUS = frozenset(
    {
        "builtins.eval",
        "builtins.exec",
        "os.system",
        "os.popen",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
        "pty.spawn",
        "pickle.loads",
        "pickle.load",
        "marshal.loads",
        "os.execv",
        "os.execl",
        "os.execvp",
        "os.execlp",
        "os.posix_spawn",
        "commands.getoutput",
    }
)
_INNER = frozenset(
    {"__subclasses__", "__globals__", "__builtins__", "f_globals", "f_builtins", "f_locals", "gi_frame", "cr_frame"}
)
_FRAMES, _PLACES = frozenset({"gi_frame", "cr_frame"}), frozenset({"f_lineno", "f_lasti", "f_code"})
_RESOLVES = frozenset({"get_type_hints", "get_annotations", "_eval_type", "evaluate_forward_ref"})
"""What evaluates the texts among annotations."""
_INNER_NAMES = frozenset({"__subclasses__", "__globals__", "__builtins__"})
_NAMES_INSIDE = _INNER_NAMES | {"__import__"}
_CONFIGURES = frozenset({"logging.config.dictConfig", "logging.config.fileConfig"})


def _on_call(call: Call, say: Say) -> None:
    name = call.is_one_of(_EVALUATORS)
    first = call.arg(0, "source", "stmt", "statement", "expr", "expression", "cmd")
    if name and (first is None or first.const is NOTHING or not call.plain):
        how = "" if call.plain else " under another name"
        say(CODE, call.node, f"{name.removeprefix('builtins.')}{how}{_from(first)}")
    if call.calls_method(_EVALUATING) and dirty(first, "code", ANY_INPUT):
        say(CODE, call.node, f"{call.method()}{_from(first)}")
    runner = call.is_one_of(_TEXT_RUNNERS)
    if runner and first is not None and (first.everything().taint or first.built or _unknown_text(call, runner, first)):
        say(CODE, call.node, f"{runner}{_from(first)}")
    if call.is_one_of(_INTERPRETERS):
        say(CODE, call.node, f"{call.is_one_of(_INTERPRETERS)} runs whatever it is given")
    if call.is_one_of(_FUNCTIONS) and first is not None and first.refs & _CODE_OBJECTS:
        say(CODE, call.node, "a function is made of compiled text")
    _configured(call, say)
    _looked_up(call, first, say)
    inner = next((last(n) for n in sorted(call.names) if last(n) in _INNER_NAMES and "." in n), "")
    if inner and not call.plain and not isinstance(getattr(call.node, "func", None), ast.Attribute):
        say(INSIDE, call.node, inner)
    _loaded(call, say)
    _replaced(call, say)
    template = call.is_one_of(_TEMPLATES)
    template = template or next((n for n in sorted(call.names) if _makes_template(n)), "")
    if template and dirty(call.arg(0, "source", "template_code"), "template", ANY_INPUT):
        say(TEMPLATE, call.node, f"{template}{_from(call.arg(0, 'source', 'template_code'))}")


def _looked_up(call: Call, first: Value | None, say: Say) -> None:
    imported = call.is_one_of(_IMPORTS)
    if imported and dirty(first, "import", ANY_INPUT | {"env"}):
        say(IMPORTED, call.node, f"{imported}{_from(first)}")
    looked_up = next((n for n in sorted(call.names) if n.endswith(".?")), "")
    if "builtins.getattr" in call.names and len(call.args) > 1 and _named_by(call.args[1]):
        say(IMPORTED, call.node, f"getattr of a name from {dirty(call.args[1], 'import')}")
    whole = next((m for n in sorted(call.names) if (m := _any_of(n))), "")
    if whole or (looked_up and dirty(call.receiver, "import", ANY_INPUT)):
        say(IMPORTED, call.node, f"a function of {whole or looked_up.removesuffix('.?')} is chosen by a value")


def _named_by(name: Value) -> bool:
    """A text of ours at its beginning leaves only names that are meant: ``getattr(self, "on_" + event)``."""
    return name.const is NOTHING and not name.built and bool(dirty(name, "import"))


def _makes_template(name: str) -> bool:
    """``from_string`` of whatever engine: Django's and jinja2's have several."""
    return name.endswith(".from_string") and ("template" in name or "jinja2" in name)


def _unknown_text(call: Call, runner: str, text: Value) -> bool:
    """Of what only takes a program, and of the interpreter's own functions: what they are given must stand there."""
    if text.const is not NOTHING or any(ref.startswith("local:") or ref in _CODE_OBJECTS for ref in text.refs):
        return False
    if runner in _OR_FUNCTION:
        given = call.node.args[0] if isinstance(call.node, ast.Call) and call.node.args else None
        return isinstance(given, ast.Name) and _OF_CODE.fullmatch(given.id) is not None
    return runner.startswith("ctypes.") or runner in _ONLY_TEXT


def _configured(call: Call, say: Say) -> None:
    """Settings and queries that name what is called."""
    first = call.arg(0, "config", "fname", "expr")
    if call.calls_method(_QUERIES) and dirty(first, "code", ANY_INPUT):
        say(CODE, call.node, f"query{_from(first)}")
    configures = call.is_one_of(_CONFIGURES)
    if configures and (dirty(first, "code", WEB) or _factory(first)):
        say(CODE, call.node, f"{configures} calls what its settings name{_from(first)}")


def _factory(settings: Value | None) -> bool:
    """Whether settings name a dangerous function as the maker of one of their objects."""
    if settings is None:
        return False
    made = settings.member("()")
    if made is not None and made.text is not None and _dangerous(made.text):
        return True
    return any(_factory(value) for _, value in settings.pairs or ())


def _dangerous(name: str) -> bool:
    return name in DANGEROUS or name.startswith(("subprocess.", "builtins.", "importlib.", "ctypes.", "runpy."))


def _any_of(name: str) -> str:
    """The module of which a name stands for any function: ``os.?``, or an element of ``vars(os)``."""
    module = name.partition(".")[0]
    anything = name == f"{module}.?" or (name.startswith(f"{module}.__dict__") and name.endswith("[]"))
    return module if module in _FULL_MODULES and anything else ""


def _loaded(call: Call, say: Say) -> None:
    name = next((n for n in sorted(call.names) if n in _LOADERS), "")
    if name:
        path = call.arg(0 if name.endswith(("run_path", "zipimporter", "addsitedir")) else 1, "path", "location")
        if path is None or path.text is None or not path.text.endswith(".py"):
            say(LOADED, call.node, name)
    if call.calls_method(_PATHS_OF_IMPORTS) and call.receiver.refs & _HOOKS:
        say(LOADED, call.node, "an import hook")
    if call.calls_method(_PATHS_OF_IMPORTS) and "sys.path" in call.receiver.refs:
        origin = next((o for v in call.args if (o := dirty(v, "import", ANY_INPUT | {"env"}))), "")
        if origin:
            say(LOADED, call.node, f"sys.path with a folder from {origin}")
    if "importlib.metadata.EntryPoint" in call.names:
        say(LOADED, call.node, "an entry point that no package has")
    if call.is_one_of(_INSTALLERS):
        say(LOADED, call.node, f"{call.is_one_of(_INSTALLERS)} installs packages while the program runs")


def _replaced(call: Call, say: Say) -> None:
    if "set:builtins[]" in call.names:
        say(REPLACED, call.node, f"builtins[{call.args[1].const!r}]" if call.args[1].text else "a builtin")
    target = next((n.removeprefix("set:") for n in sorted(call.names) if n.startswith("set:")), "")
    owner, _, name = target.rpartition(".")
    if name in {"__code__", "__bases__"}:
        say(INSIDE, call.node, "code of a function is replaced")
    elif owner in _GUARDS and name not in {"_", ""} and "()" not in target:
        say(REPLACED, call.node, target)


def _on_handed(node: ast.AST, value: Value, say: Say) -> None:
    found = sorted(value.refs & DANGEROUS)
    if found:
        say(HANDED, node, found[0].removeprefix("builtins."))
    whole = next((m for ref in sorted(value.refs) if ref.endswith(".?") and (m := _any_of(ref))), "")
    if whole:
        say(HANDED, node, f"any function of {whole}")


def _on_tree(tree: ast.Module, say: Say) -> None:
    _resolved(tree, say)
    own = frozenset(node.name for node in tree.body if isinstance(node, ast.ClassDef))
    asked = _only_asked(tree)
    for node in kinds(tree, ast.Attribute, ast.Subscript):
        if isinstance(node, ast.Attribute):
            if node.attr in _INNER and node not in asked and not _dunder_own(node, own):
                say(INSIDE, node, node.attr)
        elif isinstance(node.slice, ast.Constant) and node.slice.value in _NAMES_INSIDE:
            say(INSIDE, node, str(node.slice.value))


def _resolved(tree: ast.Module, say: Say) -> None:
    """An annotation that is set to something unknown, in a module that evaluates annotations."""
    if not any(node.attr in _RESOLVES for node in kinds(tree, ast.Attribute)) and not any(
        node.id in _RESOLVES for node in kinds(tree, ast.Name)
    ):
        return
    for node in kinds(tree, ast.Assign):
        for target in node.targets:
            owner = target.value if isinstance(target, ast.Subscript) else target
            texts = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            text = any(isinstance(value, ast.Name | ast.Call | ast.Subscript | ast.JoinedStr) for value in texts)
            if text and isinstance(owner, ast.Attribute) and owner.attr == "__annotations__":
                say(INSIDE, node, "an annotation is set, and evaluated later")


def _only_asked(tree: ast.Module) -> frozenset[ast.AST]:
    """Frames of which only the place is asked, or whether there is one."""
    asked = {node.value for node in kinds(tree, ast.Attribute) if node.attr in _PLACES}
    asked |= {node.left for node in kinds(tree, ast.Compare) if isinstance(node.ops[0], ast.Is | ast.IsNot)}
    return frozenset(node for node in asked if isinstance(node, ast.Attribute) and node.attr in _FRAMES)


def _dunder_own(node: ast.Attribute, own: frozenset[str]) -> bool:
    """Of the object itself, or the subclasses of a class of this module: no way to anybody else's."""
    if not isinstance(node.value, ast.Name):
        return False
    if node.attr == "__subclasses__" and node.value.id in own | {"cls"}:
        return True
    return node.value.id == "self" and node.attr not in {"__globals__", "__builtins__"}


def _from(value: Value | None) -> str:
    labels = sorted(value.everything().taint) if value is not None else []
    return f" on data from {labels[0]}" if labels else ""


_HEEDS = Heeds(
    names=_EVALUATORS
    | _TEXT_RUNNERS
    | _INTERPRETERS
    | _FUNCTIONS
    | _CONFIGURES
    | _IMPORTS
    | _INSTALLERS
    | _TEMPLATES
    | {*_LOADERS, "importlib.metadata.EntryPoint", "builtins.getattr"},
    methods=_EVALUATING | _QUERIES | _INNER_NAMES | {"from_string"},
    beginnings=("set:",),
    form=lambda name: name.endswith((".?", "[]")),
    receivers=_HOOKS | {"sys.path"},
)
FAMILY = Family(
    "code", (CODE, IMPORTED, HANDED, INSIDE, TEMPLATE, LOADED, REPLACED), _on_call, _on_handed, _on_tree, heeds=_HEEDS
)
