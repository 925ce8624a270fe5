"""The published test tree of RFC 6962 implementations: eight leaves and the root after each."""

import pytest

from orchestrator.provenance.logs import merkle

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:count]]


@pytest.mark.parametrize("count", range(1, 9))
def test_roots_are_the_published_ones(count: int):
    assert merkle.root(hashes(count)).hex() == ROOTS[count - 1]


def test_the_empty_tree():
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_every_proof_in_every_tree_up_to_seventy():
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(70)]
    for size in range(1, 71):
        tree = leaves[:size]
        root = merkle.root(tree)
        for index in range(size):
            proof = merkle.inclusion_proof(index, tree)
            assert merkle.includes(tree[index], index, size, proof, root)
            assert not merkle.includes(tree[index], (index + 1) % size, size, proof, root) or size == 1
            assert not merkle.includes(tree[index], index, size + 70, proof, root)
            assert not merkle.includes(tree[index], index, size, [*proof, root], root)
            old = index + 1
            path = merkle.consistency_proof(old, tree)
            assert merkle.continues(old, size, path, merkle.root(tree[:old]), root)
            assert not merkle.continues(old, size, path[:-1], merkle.root(tree[:old]), root) or not path


def test_proofs_of_what_is_not_there():
    tree = hashes(3)
    for call in (lambda: merkle.inclusion_proof(3, tree), lambda: merkle.consistency_proof(0, tree),
                 lambda: merkle.consistency_proof(4, tree)):  # fmt: skip
        with pytest.raises(ValueError, match="no such"):
            call()
    assert not merkle.continues(2, 1, [], tree[0], tree[0])
    assert not merkle.continues(1, 1, [], tree[0], tree[1])
    assert not merkle.continues(2, 3, [], tree[0], tree[1])
