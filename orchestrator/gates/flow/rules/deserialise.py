"""Objects made from bytes that can name any code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import Family, Heeds, Rule, Say
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import Value
from orchestrator.policy.late import Late

__all__ = ["FAMILY"]

OBJECTS = Rule(
    "HR301",
    502,
    "objects are loaded from a format that runs code",
    "Pickle and its relatives call any function that the bytes name, before anything can be checked.",
    "use json, or a format of plain arrays (numpy with allow_pickle=False, safetensors)",
    "import joblib\nmodel = joblib.load('model.bin')\n",
    "import json\nmodel = json.load(open('model.json'))\n",
)

_ALWAYS = frozenset(
    {
        "joblib.load",
        "jsonpickle.decode",
        "jsonpickle.loads",
        "pandas.read_pickle",
        "yaml.unsafe_load",
        "yaml.unsafe_load_all",
        "yaml.full_load",
        "yaml.full_load_all",
        "yaml.Loader",
        "yaml.CLoader",
        "yaml.UnsafeLoader",
        "yaml.FullLoader",
        "sklearn.externals.joblib.load",
        "torch.hub.load",
        "klepto.archives.file_archive",
        "numpy.lib.npyio.NpzFile",
        "shelve.open",
        "rpyc.classic.connect",
        "multiprocessing.connection.Listener().accept",
        "multiprocessing.connection.Client().recv",
        "shelve.DbfilenameShelf",
        "shelve.BsdDbShelf",
    }
)
_PICKLES = frozenset({"pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.load", "marshal.loads"})
_YAML = frozenset({"yaml.load", "yaml.load_all"})
_UNSAFE_LOADERS = frozenset({"Loader", "UnsafeLoader", "FullLoader", "CLoader"})
_UNSAFE_PARTS = frozenset({"UnsafeConstructor", "FullConstructor"})
_SERIALIZER = Late(r"(?:^|_)(?:serializer|accept_content)$", re.IGNORECASE)
_PICKLING = Late(r"(?:[\w.]*\.)?(?:pickle|dill|cloudpickle|\w*Pickle\w*Serializer)|application/x-python-serialize")
_SAFE_LOADERS = frozenset({"SafeLoader", "CSafeLoader", "BaseLoader"})


def _on_call(call: Call, say: Say) -> None:
    name = call.is_one_of(_ALWAYS)
    pickled = call.is_one_of(_PICKLES)
    # A class that stands on one is a call of it; what its parts are given is not known.
    if name or (pickled and not call.plain):
        say(OBJECTS, call.node, name or f"{pickled} under another name")
    if "numpy.load" in call.names and _true(call, 2, "allow_pickle"):
        say(OBJECTS, call.node, "numpy.load with allow_pickle")
    if call.names & {"keras.models.load_model", "tensorflow.keras.models.load_model"} and _false(call, 3, "safe_mode"):
        say(OBJECTS, call.node, "load_model without safe_mode")
    if "torch.load" in call.names and _false(call, 9, "weights_only"):
        say(OBJECTS, call.node, "torch.load without weights_only")
    yaml = call.is_one_of(_YAML)
    if yaml:
        loader = call.arg(1, "Loader")
        names = {last(r) for r in loader.refs} if loader is not None else {"Loader"}
        if names & _UNSAFE_LOADERS and not names & _SAFE_LOADERS:
            say(OBJECTS, call.node, f"{yaml} with a loader that makes objects")
    kind = call.arg(0, "typ") if "ruamel.yaml.YAML" in call.names or "yaml.YAML" in call.names else None
    if kind is not None and kind.text == "unsafe":
        say(OBJECTS, call.node, "YAML of the unsafe kind")


def _true(call: Call, position: int, keyword: str) -> bool:
    value = call.arg(position, keyword)
    return value is not None and value.const is True


def _false(call: Call, position: int, keyword: str) -> bool:
    value = call.arg(position, keyword)
    return value is not None and value.const is False


def _on_handed(node: ast.AST, value: Value, say: Say) -> None:
    made = next(
        (ref for ref in sorted(value.refs) if ref.startswith("yaml.") and _UNSAFE_PARTS & {*ref.split(".")}), ""
    )
    if made:
        say(OBJECTS, node, f"{made} is handed on")


def _on_tree(tree: ast.Module, say: Say) -> None:
    """Settings of queues, caches and sessions, by what they are called and by what they name."""
    if not any(isinstance(n.value, str) and _PICKLING.search(n.value) for n in kinds(tree, ast.Constant)):
        return
    for node in kinds(tree, ast.Assign, ast.keyword, ast.Dict):
        for name, value in _named_settings(node):
            if _SERIALIZER.search(name) and any(map(_pickling, _texts(value))):
                say(OBJECTS, value, f"{name} is pickle")


def _named_settings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.keyword) and node.arg:
        yield node.arg, node.value
    elif isinstance(node, ast.Assign):
        named = [
            t.id if isinstance(t, ast.Name) else t.attr if isinstance(t, ast.Attribute) else "" for t in node.targets
        ]
        yield from ((name, node.value) for name in named)
    elif isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        yield from ((key.value, v) for key, v in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str))


def _texts(value: ast.expr) -> Sequence[ast.expr]:
    return value.elts if isinstance(value, ast.List | ast.Tuple | ast.Set) else [value]


def _pickling(text: ast.expr) -> bool:
    return isinstance(text, ast.Constant) and isinstance(text.value, str) and bool(_PICKLING.fullmatch(text.value))


_HEEDS = Heeds(
    names=_ALWAYS
    | _PICKLES
    | _YAML
    | {"numpy.load", "keras.models.load_model", "tensorflow.keras.models.load_model", "torch.load"}
    | {"ruamel.yaml.YAML", "yaml.YAML"}
)
FAMILY = Family("deserialise", (OBJECTS,), _on_call, _on_handed, _on_tree, heeds=_HEEDS)
