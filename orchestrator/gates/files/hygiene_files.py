"""Hygiene of the entry itself: its name, kind, mode, encoding and whether it is text at all."""

from __future__ import annotations

import posixpath
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from orchestrator.errors import HandrailError
from orchestrator.gates.changes.differential import Hit
from orchestrator.gates.changes.sides import REGULAR, SIZE_LIMIT_BYTES, Side, suffix_of
from orchestrator.models.changed import ChangedFile
from orchestrator.models.found import Disposition
from orchestrator.policy.late import Late
from orchestrator.ports import Candidate

__all__ = ["binary_hits", "case_hits", "encoding_hits", "entry_hits", "is_binary", "name_hits", "shadow_hits"]

_SYMLINK, _GITLINK, _EXECUTABLE = "120000", "160000", "100755"
_COOKIE = re.compile(rb"\A[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_PYTHON = frozenset({".py", ".pyw", ".pyi", ".pyx", ".pxd", ".pxi", ".pth"})
_PLAIN_CODECS = Late(r"(?:us-?)?ascii|latin-?1|iso-?8859-?\d+|cp12\d\d|windows-?12\d\d|koi8-[ru]", re.IGNORECASE)
_BYTECODE = frozenset({".pyc", ".pyo"})
_NATIVE = frozenset({".so", ".pyd", ".dll", ".dylib", ".exe", ".node", ".a", ".o"})
_NATIVE_MAGIC = (
    b"\x7fELF",
    b"MZ\x90\x00",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\0asm",
)
_BYTECODE_MAGIC = re.compile(rb"\A..\r\n.{12}[\xe3\x63]", re.DOTALL)
_ENTRY_POINTS = Late(r"(?:.*/)?[^/]+\.(?:egg|dist)-info/entry_points\.txt", re.DOTALL)
_POINTER = re.compile(
    rb"\Aversion https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v\d|\A/?(?:\.git/)?annex/objects/"
)
_SHORT_GIT = Late(r"git~\d")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\..*)?", re.IGNORECASE | re.DOTALL)
_NO_NAME = frozenset('<>:"|?*\\')
_CONTROLS = bytes(range(1, 9)) + b"\x0b" + bytes(range(14, 27)) + bytes(range(28, 32)) + b"\x7f"
_PATH_BYTES, _NAME_BYTES = 1024, 240
_FEW = 20
"""No text has one in so many."""
_PTH_IMPORT = re.compile(rb"^import[ \t]", re.MULTILINE)


_STARTS = frozenset({"", "src", "lib", "bin", "scripts", "tools"})
_NO_SHADOWS = frozenset({"test", "__main__", "this", "antigravity"})


def _hit(rule: str, message: str, disposition: Disposition, text: str = "", hint: str = "") -> Hit:
    severity = "low" if disposition is Disposition.NOTE else "high"
    return Hit(rule=rule, message=message, disposition=disposition, text=text or message, severity=severity, hint=hint)


def name_hits(file: ChangedFile) -> Iterator[Hit]:
    """A path that does not show as what it is."""
    if file.new_mode is not None and any(_is_git(part) for part in file.path.split("/")):
        yield _hit("NAME", "some file systems take a part of the path for .git", Disposition.DENY)
    odd = next((c for c in file.path if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}), None)
    if odd is not None and file.new_mode is not None:
        yield _hit("NAME", f"the path holds the invisible character U+{ord(odd):04X}", Disposition.DENY)
    if file.new_mode is not None and (file.old_mode is None or file.old_path not in {None, file.path}):
        yield from _elsewhere(file.path)


def _elsewhere(path: str) -> Iterator[Hit]:
    """Names that another system cannot keep, or takes for something else."""
    part = next((p for p in path.split("/") if _DEVICE.fullmatch(p) or p[-1:] in {".", " "} or set(p) & _NO_NAME), "")
    if part:
        yield _hit("NAME", f"Windows takes {part!a} for another name, or for a device", Disposition.PERSON)
    if len(path.encode("utf-8", "surrogateescape")) > _PATH_BYTES or any(
        len(p.encode("utf-8", "surrogateescape")) > _NAME_BYTES for p in path.split("/")
    ):
        yield _hit("NAME", "the path is longer than other systems can keep", Disposition.PERSON)
    if unicodedata.normalize("NFC", path) != path:
        yield _hit("NAME", "the path is written with loose accents: another path looks the same", Disposition.PERSON)


def case_hits(candidate: Candidate) -> dict[str, Hit]:
    """By path: those of the change that some file systems take for another path, by themselves or a folder.

    Another path of the change, or one that a new path finds in the tree.
    """
    alike = "%s and %s are one and the same where case does not count"
    in_change = {path: _hit("NAME", alike % pair, Disposition.PERSON) for path, pair in _in_change(candidate).items()}
    return _in_tree(candidate, alike) | in_change


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _in_tree(candidate: Candidate, alike: str) -> dict[str, Hit]:
    """New paths whose name, or a folder's, stands in the tree in other letters: the folders on their way are read."""
    known: dict[str, Mapping[str, Sequence[str]]] = {}
    found: dict[str, Hit] = {}
    for file in candidate.files:
        if file.new_mode is None or (file.old_mode is not None and file.old_path in {None, file.path}):
            continue
        folder = ""
        for name in file.path.split("/"):
            try:
                inside = known[folder] = known[folder] if folder in known else _by_letters(candidate, folder)
            except HandrailError as error:
                message = f"whether another name is taken for it cannot be seen: {error}"
                found[file.path] = _hit("NAME", message, Disposition.PERSON)
                break
            other = next((n for n in inside.get(_folded(name), ()) if n != name), None)
            if other is not None:
                found[file.path] = _hit("NAME", alike % (folder + name, folder + other), Disposition.PERSON)
                break
            folder = f"{folder}{name}/"
    return found


def _by_letters(candidate: Candidate, folder: str) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for name in candidate.names(folder.rstrip("/")):
        found.setdefault(_folded(name), []).append(name)
    return found


def _in_change(candidate: Candidate) -> dict[str, tuple[str, str]]:
    spelled: dict[str, str] = {}
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(file.path for file in candidate.files if file.new_mode is not None):
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            here = "/".join(parts[:depth])
            same = spelled.setdefault(_folded(here), here)
            if same != here:
                found[path] = here, same
                break
    return found


def shadow_hits(file: ChangedFile) -> Iterator[Hit]:
    """A new module where programs start, with the name of one of Python's own."""
    folder, _, name = file.path.rpartition("/")
    stem = name.removesuffix(".py") if name.endswith(".py") else ""
    if name == "__init__.py":
        folder, _, stem = folder.rpartition("/")
    shadows = stem in sys.stdlib_module_names and stem not in _NO_SHADOWS and folder in _STARTS
    if shadows and file.old_mode is None and file.new_mode is not None:
        yield _hit("SHADOWS", f"{file.path} is imported instead of Python's own {stem}", Disposition.PERSON)


def _is_git(part: str) -> bool:
    """As Windows and macOS read names: without case, ignorable letters, dots and spaces at the end, and streams."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", part) if unicodedata.category(c) != "Cf")
    plain = plain.partition(":")[0].rstrip(". ").casefold()
    return plain == ".git" or bool(_SHORT_GIT.fullmatch(plain))


def entry_hits(candidate: Candidate, file: ChangedFile) -> Iterator[Hit]:
    """Kinds and modes: links, nested repositories, new executables."""
    old, new = file.old_mode, file.new_mode
    if new is None or (new in REGULAR and old == new):
        return
    if new == _GITLINK:
        yield _hit("GITLINK", "a nested repository: its content is not part of the change", Disposition.DENY)
    elif new == _SYMLINK:
        yield _symlink(candidate, file)
    elif new not in REGULAR:
        yield _hit("MODE", f"an entry of mode {new}", Disposition.DENY)
    elif new == _EXECUTABLE:
        person = old is not None
        how = Disposition.PERSON if person else Disposition.NOTE
        yield _hit("MODE", f"the file became executable ({old} to {new})" if person else "a new executable file", how)
    elif old is not None:
        person = old not in REGULAR
        how = Disposition.PERSON if person else Disposition.NOTE
        yield _hit("MODE", f"the mode changed from {old} to {new}", how)


def _symlink(candidate: Candidate, file: ChangedFile) -> Hit:
    target = candidate.blob(file.new_blob).decode("utf-8", "surrogateescape") if file.new_blob else ""
    landing = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), target))
    parts = landing.casefold().split("/")
    outside = not target or target.startswith("/") or "\0" in target or parts[0] == ".." or ".git" in parts
    if outside:
        return _hit("SYMLINK", f"a symbolic link that leaves the tree: {target}", Disposition.DENY)
    return _hit("SYMLINK", f"a symbolic link to {landing}", Disposition.PERSON)


def encoding_hits(head: Side, base: Side | None, *, code: bool) -> Iterator[Hit]:
    """Text that is read differently from how it is shown. A person decides when the base was the same."""
    cookie = _cookie(head)
    if cookie and cookie.casefold().replace("_", "-") not in {"utf-8", "utf8", "utf-8-sig"}:
        known = base is not None and _cookie(base) == cookie
        how = (
            (Disposition.PERSON if known else Disposition.AGENT)
            if _PLAIN_CODECS.fullmatch(cookie)
            else Disposition.DENY
        )
        message = f"a coding cookie other than utf-8: {cookie}"
        yield _hit("ENCODING-COOKIE", message, how, hint="save the file as UTF-8 without a cookie")
    if not _utf8(head.data) and (code or not is_binary(head.data)) and not _binary(head):
        known = base is not None and not _utf8(base.data)
        python = _is_python(head)
        how = Disposition.AGENT if python and not known else Disposition.PERSON
        yield _hit("ENCODING", "the text is not UTF-8", how, hint="save the file as UTF-8")


def binary_hits(head: Side, base: Side | None) -> Iterator[Hit]:
    """Bytecode and native code are denied, other binaries and large files are a person's, each time they change."""
    suffix = suffix_of(head.path)
    same = base is not None and base.data == head.data
    if suffix in _BYTECODE or _BYTECODE_MAGIC.match(head.data):
        yield _hit("BYTECODE", "compiled Python: nobody can read what it does", Disposition.DENY)
    elif suffix in _NATIVE or head.data.startswith(_NATIVE_MAGIC):
        yield _hit("NATIVE-CODE", "native code: nobody can read what it does", Disposition.DENY)
    elif suffix == ".pth" and _PTH_IMPORT.search(head.data):
        yield _hit("PTH", "a .pth file that runs code at every start of Python", Disposition.DENY)
    elif suffix == ".pth":
        yield _hit("PTH", "a .pth file changes what Python imports", Disposition.PERSON)
    elif suffix == ".egg-link":
        yield _hit("PTH", "an .egg-link file changes what Python imports", Disposition.PERSON)
    elif _ENTRY_POINTS.fullmatch(head.path.casefold()):
        yield _hit("ENTRY-POINTS", "entry points of an installed package", Disposition.PERSON)
    elif b"\0" in head.data and _is_python(head):
        yield _hit("NUL", "a NUL byte in Python source", Disposition.AGENT, hint="remove it")
    elif not same:
        yield from _unseen(head)
    if len(head.data) > SIZE_LIMIT_BYTES and not same:
        yield _hit("LARGE", f"a file of {len(head.data)} bytes", Disposition.PERSON)


def _unseen(head: Side) -> Iterator[Hit]:
    if _POINTER.match(head.data):
        message = "a pointer of Git LFS or git-annex: the file itself is not part of the change"
        yield _hit("POINTER", message, Disposition.PERSON)
    elif _binary(head):
        yield _hit("BINARY", "a binary file: its content cannot be reviewed as a diff", Disposition.PERSON)


def _cookie(side: Side) -> str:
    data = side.data.removeprefix(b"\xef\xbb\xbf")
    # Python reads the first two lines; a lone carriage return ends one as well.
    for line in re.split(rb"\r\n|\r|\n", data, maxsplit=2)[:2]:
        found = _COOKIE.match(line)
        if found:
            return found.group(1).decode("ascii", "replace")
    return ""


def _is_python(side: Side) -> bool:
    return suffix_of(side.path) in _PYTHON or side.data.startswith(b"#!")


def _binary(side: Side) -> bool:
    return is_binary(side.data) and not _is_python(side)


def is_binary(data: bytes) -> bool:
    """With a NUL byte, or no UTF-8 and full of control characters, as what is packed is."""
    if b"\0" in data:
        return True
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return controls * _FEW > len(data) and not _utf8(data)


def _utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
