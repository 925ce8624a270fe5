from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.ids import canonical, sha256
from orchestrator.models.policy import Policy, Principal, Role
from orchestrator.provenance import dsse
from orchestrator.provenance.roots import root
from orchestrator.provenance.signing.keys import generate_key

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("keys")
    return {n: generate_key(folder / n, n) for n in ("ana", "ben", "eve")}


@pytest.fixture
def first(keys) -> Policy:
    return root.create_policy("ana", keys["ana"].public_key, NOW)


def principal(keys, name: str) -> Principal:
    return Principal(name=name, keyid=keys[name].keyid, public_key=keys[name].public_key)


def with_two_roots(keys, first: Policy) -> Policy:
    both = Role(principals=("ana", "ben"), threshold=2)
    return first.model_copy(
        update={
            "version": 2,
            "principals": (*first.principals, principal(keys, "ben")),
            "roles": {**first.roles, "root": both},
        }
    )


def code(files, now=NOW) -> str:
    with pytest.raises(EvidenceInvalid) as caught:
        root.read_chain(files, now)
    assert caught.value.hint
    return caught.value.code


def test_the_first_policy_names_one_person_for_a_year(keys, first: Policy):
    files = root.sign_policy(first, [keys["ana"]])
    chain = root.read_chain(files, NOW)
    assert list(files) == [".handrail/policy/0001.json"]
    assert chain.root_digest == sha256(first.to_bytes())
    assert chain.current.holds(keys["ana"].keyid, "reviewer")
    assert code(files, NOW + timedelta(days=365)) == "EVID024"
    assert root.read_chain(files, None) == chain


def test_each_version_is_signed_by_the_threshold_before(keys, first: Policy):
    files = root.sign_policy(first, [keys["ana"]])
    files |= root.add_version(files, with_two_roots(keys, first), [keys["ana"]], NOW)
    third = with_two_roots(keys, first).model_copy(update={"version": 3})
    for too_few in ([keys["ana"]], [keys["ben"]]):
        assert code({**files, **root.sign_policy(third, too_few)}) == "EVID023"
    files |= root.add_version(files, third, [keys["ben"], keys["ana"]], NOW)
    chain = root.read_chain(files, NOW)
    assert [p.version for p in chain.policies] == [1, 2, 3]
    assert chain.root_digest == sha256(first.to_bytes())


def test_a_version_that_only_its_own_root_signed(keys, first: Policy):
    eve = principal(keys, "eve")
    taken = first.model_copy(
        update={"version": 2, "principals": (*first.principals, eve), "roles": {"root": Role(principals=("eve",))}}
    ).model_copy(update={"lift_roles": ("root",), "approve_roles": ("root",)})
    files = {**root.sign_policy(first, [keys["ana"]]), **root.sign_policy(taken, [keys["eve"]])}
    assert code(files) == "EVID023"


def test_versions_with_a_gap_or_another_name(keys, first: Policy):
    one = root.sign_policy(first, [keys["ana"]])
    second = root.sign_policy(with_two_roots(keys, first), [keys["ana"]])
    line = one[root.policy_path(1)]
    assert code({}) == "EVID020"
    assert code(second) == "EVID022"
    assert code({**one, root.policy_path(3): line}) == "EVID022"
    assert code({**one, root.policy_path(2): line}) == "EVID021"
    assert code({**one, ".handrail/policy/readme.md": b""}) == "EVID021"


@pytest.mark.parametrize(
    "change",
    [
        {"roles": {}},
        {"lift_roles": ("nobody",)},
        {"roles": {"root": Role(principals=("ana",), threshold=2), "reviewer": Role(principals=("ana",))}},
        {"roles": {"root": Role(principals=("ana", "ana"), threshold=2), "reviewer": Role(principals=("ana",))}},
        {"roles": {"root": Role(principals=("ghost",)), "reviewer": Role(principals=("ana",))}},
        {"separate_approval": True},
    ],
)
def test_a_policy_that_contradicts_itself(keys, first: Policy, change: dict):
    wrong = first.model_copy(update=change)
    line = dsse.seal(wrong.to_bytes(), [keys["ana"]], root.POLICY_TYPE)
    assert code({root.policy_path(1): line}) == "EVID021"
    with pytest.raises(EvidenceInvalid):
        root.sign_policy(wrong, [keys["ana"]])


def test_one_key_under_two_names_is_not_two_people(keys, first: Policy):
    twin = principal(keys, "ana").model_copy(update={"name": "ann"})
    wrong = first.model_copy(update={"principals": (*first.principals, twin)})
    line = dsse.seal(wrong.to_bytes(), [keys["ana"]], root.POLICY_TYPE)
    assert code({root.policy_path(1): line}) == "EVID021"


def test_a_key_id_that_is_not_its_keys_digest(keys, first: Policy):
    forged = principal(keys, "eve").model_copy(update={"keyid": "0" * 64})
    wrong = first.model_copy(update={"principals": (*first.principals, forged)})
    line = dsse.seal(wrong.to_bytes(), [keys["ana"]], root.POLICY_TYPE)
    assert code({root.policy_path(1): line}) == "EVID021"


def test_payloads_of_another_shape(keys, first: Policy):
    def signed(payload: bytes, kind: str = root.POLICY_TYPE) -> dict[str, bytes]:
        return {root.policy_path(1): dsse.seal(payload, [keys["ana"]], kind)}

    assert code(signed(b"{}")) == "EVID021"
    assert code(signed(first.to_bytes() + b" ")) == "EVID006"
    assert code(signed(canonical({**first.model_dump(mode="json"), "extra": 1}))) == "EVID021"
    assert code(signed(first.to_bytes(), "application/vnd.in-toto+json")) == "EVID007"
    assert code({root.policy_path(1): b"\x00"}) == "EVID006"
    assert code(root.sign_policy(first, [keys["eve"]])) == "EVID009"


def signed_as(keys, document: dict[str, object]) -> dict[str, bytes]:
    payload = canonical(document)
    signature = keys["ana"].sign(payload, root.POLICY_TYPE)
    return {root.policy_path(1): dsse.line_of(payload, root.POLICY_TYPE, [signature])}


def test_a_policy_that_was_signed_before_a_field_existed_stays_valid(keys, first: Policy):
    document = first.model_dump(mode="json")
    del document["accept_risk"]
    del document["ceiling"]["egress"]
    del document["ceiling"]["limits"]["tokens"]
    files = signed_as(keys, document)
    chain = root.read_chain(files, NOW)
    assert chain.root_digest == sha256(canonical(document))
    assert chain.current.ceiling.egress == ()
    assert (
        len(
            root.read_chain(
                files | root.add_version(files, with_two_roots(keys, first), [keys["ana"]], NOW), NOW
            ).policies
        )
        == 2
    )


@pytest.mark.parametrize("change", [{"unknown": 1}, {"version": "1"}, {"lift_roles": None}])
def test_what_the_model_does_not_say_the_same_way_is_refused(keys, first: Policy, change):
    files = signed_as(keys, {**first.model_dump(mode="json"), **change})
    assert code(files) in {"EVID006", "EVID021"}
