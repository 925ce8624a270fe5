"""Moving references in the user's repository: objects first, then one transaction.

Codes: REPO020 a reference is not where it was · REPO021 the branch is checked
out in a worktree · REPO023 git would not move it · REPO024 the reference stands for another one.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.errors import RepositoryError
from orchestrator.models.ids import GitOid
from orchestrator.ports import RefUpdate
from orchestrator.vcs.objects import ObjectStore, receive
from orchestrator.vcs.repository import Repository, check_ref, read_ref
from orchestrator.vcs.worktree import checked_out_branches


def update_refs(repository: Repository, store: ObjectStore, updates: Sequence[RefUpdate], brought: set[GitOid]) -> None:
    """As :meth:`orchestrator.ports.Trees.update_refs`.

    ``brought`` are commits that the user's repository already got from here; new ones are added. Not
    prevented: a person who checks the branch out between our look and the move.
    """
    if not updates:
        return
    _refuse(repository, updates)
    have = brought.union(update.old for update in updates if update.old is not None)
    new = store.missing([update.new for update in updates], have)
    receive(repository.git, repository.object_format, new, loose=False)
    _move(repository, updates)
    brought.update(update.new for update in updates)


def _refuse(repository: Repository, updates: Sequence[RefUpdate]) -> None:
    taken = checked_out_branches(repository)
    for update in updates:
        if check_ref(update.ref) in taken:
            branch = update.ref.removeprefix("refs/heads/")
            message = f"{branch} is checked out in {taken[update.ref]}, so it is not moved."
            raise RepositoryError("REPO021", message, "merge there with `git merge --ff-only`")
    names = [update.ref for update in updates if update.old is not None]
    if not names:
        return
    for line in repository.git.run("for-each-ref", "--format=%(refname) %(symref)", *names).stdout.splitlines():
        name, _, other = line.decode(errors="replace").partition(" ")
        if other and name in names:
            raise RepositoryError("REPO024", f"{name} stands for {other}.", f"name {other} itself")


def _move(repository: Repository, updates: Sequence[RefUpdate]) -> None:
    commands = "".join(_command(update) for update in updates)
    done = repository.git.run(
        *("update-ref", "--no-deref", "-m", "handrail", "--stdin", "-z"), stdin=commands.encode(), ok=range(256)
    )
    if done.returncode == 0:
        return
    words = tuple(done.stderr.decode(errors="backslashreplace").splitlines()[:20])
    for update in updates:
        now = read_ref(repository, update.ref)
        if now != update.old:
            message = f"{update.ref} has moved: it is at {now or 'nothing'}, expected {update.old or 'nothing'}."
            raise RepositoryError("REPO020", message, "run `handrail resume` to rebuild on the new tip", words)
    hint = "look for a stale .lock file or a branch whose name is a folder of this one"
    raise RepositoryError("REPO023", "git would not move the reference.", hint, words)


def _command(update: RefUpdate) -> str:
    if update.old is None:
        return f"create {update.ref}\0{update.new}\0"
    return f"update {update.ref}\0{update.new}\0{update.old}\0"
