"""What a change does to the packages, as CycloneDX."""

import json
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource

from orchestrator.gates.kinds.sbom import difference
from orchestrator.testing.gate_suite import FileSpec, candidate_of

# The published schemas of CycloneDX 1.6 (Apache-2.0), without descriptions and examples.
SCHEMAS = json.loads((Path(__file__).parents[1] / "data/cyclonedx-1.6.json").read_text())
BOM = "http://cyclonedx.org/schema/bom-1.6.schema.json"


@pytest.fixture(scope="module")
def schema():
    named = {address.replace(".schema.", ".SNAPSHOT.schema."): s for address, s in SCHEMAS.items()}
    registry = Registry().with_resources((a, Resource.from_contents(s)) for a, s in (SCHEMAS | named).items())
    return jsonschema.Draft7Validator(SCHEMAS[BOM], registry=registry)


def made(*specs):
    return difference(candidate_of(specs))


def rows(document):
    told = [{p["name"]: p["value"] for p in c["properties"]} for c in document["components"]]
    return {c.get("purl", c["name"]): t["handrail:change"] for c, t in zip(document["components"], told, strict=True)}


REQUIREMENTS = FileSpec(
    "requirements.txt", b"flask==3.1.0\nrich==14.0.0\nclick>=8\n", b"flask==3.0.0\nclick>=8\nattrs==1\n"
)
PACKAGE = FileSpec("web/package.json", b'{"dependencies": {"@a/b": "1.0.0", "c": "git+https://host/c.git"}}')


def test_added_updated_and_removed_packages_are_told_apart(schema):
    document = made(REQUIREMENTS, PACKAGE)
    schema.validate(document)
    assert rows(document) == {
        "pkg:pypi/flask@3.1.0": "updated",
        "pkg:pypi/rich@14.0.0": "added",
        "pkg:npm/%40a/b@1.0.0": "added",
        "c": "added",
    }
    told = {p["name"]: p["value"] for p in document["metadata"]["properties"]}
    assert told["handrail:removed"] == "requirements.txt#pkg:pypi/attrs@1"


def test_the_same_change_gives_the_same_document_and_another_one_another():
    assert made(REQUIREMENTS) == made(REQUIREMENTS)
    assert made(REQUIREMENTS)["serialNumber"] != made(PACKAGE)["serialNumber"]


def test_a_change_without_manifests_lists_nothing(schema):
    document = made(FileSpec("a.py", b"x = 1\n"))
    schema.validate(document)
    assert document["components"] == []


@pytest.mark.parametrize(
    "spec",
    [
        FileSpec("package.json", b"{"),
        FileSpec("package.json", b"[" * 100_000),
        FileSpec("pyproject.toml", b"\xff"),
        FileSpec("uv.lock", b"package = 1\n[[package]]\n"),
    ],
)
def test_what_cannot_be_read_is_named(spec, schema):
    document = made(spec)
    schema.validate(document)
    assert {"name": "handrail:unread", "value": spec.path} in document["metadata"]["properties"]


def test_hostile_names_stay_names(schema):
    document = made(
        FileSpec("package.json", json.dumps({"dependencies": {"../x?y#z": "1.0.0", "\u202e": "*"}}).encode())
    )
    schema.validate(document)
    assert "pkg:npm/../x%3Fy%23z@1.0.0" in rows(document)


def test_the_schema_refuses_what_is_none(schema):
    document = made(REQUIREMENTS)
    document["components"][0]["type"] = "thing"
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(document)
