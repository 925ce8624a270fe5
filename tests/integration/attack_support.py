"""A repository under attack: published evidence, and means to write what git itself would refuse."""

import zlib
from dataclasses import dataclass
from pathlib import Path

from provenance_support import MAIN, NOW, World

from orchestrator.provenance.logs import log
from orchestrator.provenance.roots import root
from orchestrator.provenance.verification.verify import Request, verify
from orchestrator.vcs.trees import GitTrees


@dataclass
class Desk:
    """A world with published evidence, and where a command that git was made to run would leave its mark."""

    world: World
    mark: Path

    @property
    def git_dir(self) -> Path:
        return self.world.repo.path

    def git(self, *argv: str, stdin: bytes = b"") -> str:
        return self.world.repo.git(*argv, stdin=stdin).decode().strip()

    def by_hand(self, text: bytes = b"import backdoor\n", parent: str = "") -> str:
        """A commit that nobody attested."""
        files = {**self.world.files, "app.py": text}
        return self.world.repo.make_commit(self.world.repo.make_tree(files), (parent or self.world.base,), "by hand")

    def write_commit(self, header: bytes, message: bytes = b"change\n") -> str:
        """Any bytes as a commit object, whatever ``git fsck`` would say."""
        return self.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=header + b"\n" + message)

    def header(self, tree: str, *parents: str) -> bytes:
        lines = [
            f"tree {tree}",
            *(f"parent {p}" for p in parents),
            "author a <a@b> 1 +0000",
            "committer a <a@b> 1 +0000",
        ]
        return "".join(f"{line}\n" for line in lines).encode()

    def forge(self, oid: str, kind: str, data: bytes) -> None:
        """A loose object whose bytes are not those that its id names."""
        path = self.git_dir / "objects" / oid[:2] / oid[2:]
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(zlib.compress(f"{kind} {len(data)}\0".encode() + data))

    def evidence(self, rows: str, *, ref: str = "") -> None:
        """The evidence branch with further rows, as ``ls-tree`` writes them."""
        branch = log.branch(self.world.keys["runner"].keyid)
        here = self.git("ls-tree", "-r", branch) + "\n"
        index = {"GIT_INDEX_FILE": str(self.git_dir / "attack-index")}
        self.world.repo.git("read-tree", "--empty", env=index)
        listed = [line.split() for line in (here + rows).splitlines()]
        lines = "".join(f"{r[0]} {r[2]}\t{r[3]}\n" for r in listed)
        self.world.repo.git("update-index", "--index-info", stdin=lines.encode(), env=index)
        tree = self.world.repo.git("write-tree", env=index).decode().strip()
        self.git("update-ref", ref or branch, self.world.repo.make_commit(tree, ()))

    def judge(self, head: str = "", **asked):
        """As a stranger with the root's digest from elsewhere, through the product's own git."""
        world = self.world
        known = root.read_chain({root.policy_path(1): world.files[root.policy_path(1)]}, None).root_digest
        request = {"base": world.base, "ref": MAIN, "repository": "r1", "now": NOW, "root_digest": known, **asked}
        with GitTrees.open(self.git_dir, self.mark.parent / "private") as trees:
            return verify(trees, Request(head=head or world.head, **request))


def hidden_by_a_graft(desk: Desk, *, twin: bool) -> str:
    """The tree is the approved one; the commit below it is not, and a graft takes it out of sight."""
    head = desk.world.repo.make_commit(desk.world.tree, (desk.world.base if twin else desk.by_hand(),), "again")
    (desk.git_dir / "info").mkdir(exist_ok=True)
    (desk.git_dir / "info" / "grafts").write_text(f"{head} {desk.world.base}\n")
    return head


def forged_tree_object(desk: Desk, *, twin: bool) -> str:
    good = desk.world.repo.git("cat-file", "tree", desk.world.tree)
    other = desk.world.repo.git(
        "cat-file", "tree", desk.world.repo.make_tree({**desk.world.files, "app.py": b"evil\n"})
    )
    desk.forge(desk.world.tree, "tree", good if twin else other)
    return ""
