"""Checks around a definition: what counts as one, and when one is lost."""

import pytest

from orchestrator.gates.guards import lost
from orchestrator.gates.test_integrity.outline import outline

HEAD = "from shop import *\n\n\n"


def losses(before, after):
    return [(name, check) for name, check, _ in lost(*(outline((HEAD + text).encode()) for text in (before, after)))]


LOST = {
    "a decorator": ("@login_required\ndef pay(): pass\n", "def pay(): pass\n", "pay", "login_required"),
    "one that is called": (
        "@roles_required('a')\ndef pay(): pass\n",
        "@cached\ndef pay(): pass\n",
        "pay",
        "roles_required",
    ),
    "a method's": (
        "class A:\n @jwt_required()\n def get(self): pass\n",
        "class A:\n def get(self): pass\n",
        "A.get",
        "jwt_required",
    ),
    "a dependency": ("def pay(u=Depends(current_user)): pass\n", "def pay(u=None): pass\n", "pay", "current_user"),
    "an annotated one": (
        "def pay(u: Annotated[User, Security(get_user)]): pass\n",
        "def pay(u: User): pass\n",
        "pay",
        "get_user",
    ),
    "a base": ("class A(LoginRequiredMixin, V): pass\n", "class A(V): pass\n", "A", "LoginRequiredMixin"),
    "permissions of a class": (
        "class A:\n permission_classes = [IsAdminUser]\n",
        "class A:\n permission_classes = [AllowAny]\n",
        "A",
        "IsAdminUser",
    ),
    "under another name": (
        "@app.post('/pay')\n@login_required\ndef pay(): pass\n",
        "@app.post('/pay')\ndef pay_now(): pass\n",
        "pay_now",
        "login_required",
    ),
    "a refusal": (
        "def pay(u):\n if u.poor:\n  raise PermissionDenied\n",
        "def pay(u):\n if u.poor:\n  log.info('poor')\n",
        "pay",
        "PermissionDenied",
    ),
    "an answer that refuses": (
        "def pay(u):\n if u.poor:\n  abort(403)\n return 1\n",
        "def pay(u):\n return 1\n",
        "pay",
        "abort",
    ),
    "a status that refuses": (
        "def pay(u):\n if u.poor:\n  raise HTTPException(status_code=status.HTTP_403_FORBIDDEN)\n",
        "def pay(u):\n if u.poor:\n  raise HTTPException(status_code=status.HTTP_404_NOT_FOUND)\n",
        "pay",
        "HTTPException",
    ),
    "a check that anybody passes": (
        "@jwt_required()\ndef pay(): pass\n",
        "@jwt_required(optional=True)\ndef pay(): pass\n",
        "pay",
        "jwt_required",
    ),
    "a scope": (
        "def pay(u=Security(who, scopes=['a', 'b'])): pass\n",
        "def pay(u=Security(who, scopes=['a'])): pass\n",
        "pay",
        "b",
    ),
    "a limit of calls": (
        "@app.post('/a')\n@limiter.limit('5/minute')\ndef pay(): pass\n",
        "@app.post('/a')\ndef pay(): pass\n",
        "pay",
        "limit",
    ),
}
KEPT = {
    "a refusal is moved to a helper": (
        "def pay(u):\n if u.poor:\n  raise PermissionDenied\n",
        "def rich(u):\n if u.poor:\n  raise PermissionDenied\n\n\ndef pay(u):\n rich(u)\n",
    ),
    "a decorator takes a refusal over": (
        "def pay(u):\n if u.poor:\n  raise PermissionDenied\n",
        "@user_passes_test(rich)\ndef pay(u):\n pass\n",
    ),
    "a refusal says more": (
        "def pay(u):\n if u.poor:\n  raise PermissionDenied\n",
        "def pay(u):\n if u.poor:\n  raise PermissionDenied('poor')\n",
    ),
    "another error is no refusal": ("def pay(u):\n raise ValueError\n", "def pay(u):\n return 1\n"),
    "another check in its place": (
        "@login_required\ndef pay(): pass\n",
        "@permission_required('x')\ndef pay(): pass\n",
    ),
    "the definition is gone": ("@login_required\ndef pay(): pass\n", "def other(): pass\n"),
    "another decorator is gone": ("@cached\n@login_required\ndef pay(): pass\n", "@login_required\ndef pay(): pass\n"),
    "a dependency that asks nobody": ("def pay(db=Depends(database)): pass\n", "def pay(): pass\n"),
    "a check is new": ("def pay(): pass\n", "@login_required\ndef pay(): pass\n"),
}


@pytest.mark.parametrize("how", LOST)
def test_a_check_that_goes_is_named(how):
    before, after, name, check = LOST[how]
    assert losses(before, after) == [(name, check)]


@pytest.mark.parametrize("how", KEPT)
def test_nothing_is_lost(how):
    assert losses(*KEPT[how]) == []
