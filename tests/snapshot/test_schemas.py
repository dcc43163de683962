"""The shipped JSON Schemas are those of the models, and say of the samples what the reader says."""

import json
from pathlib import Path
from typing import Any

import pytest

from iamdesk.checks.check_settings import check_settings_schema
from iamdesk.export.evidence.schema import review_schema
from iamdesk.notes.model import notes_schema
from iamdesk.resource_files import resources
from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.layout import place_of
from iamdesk.snapshot.schemas import bundle_schemas

SCHEMAS = Path(str(resources())) / "schemas"
SAMPLE = Path(str(resources())) / "samples" / "acme-organization"


def test_shipped_schemas_are_those_of_the_models() -> None:
    shipped = {
        path.relative_to(SCHEMAS).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in SCHEMAS.rglob("*.json")
    }
    own = {"review.json": review_schema(), "check-settings.json": check_settings_schema(), "notes.json": notes_schema()}
    wanted = {**bundle_schemas(), **own}
    assert shipped == json.loads(json.dumps(wanted)), "run `make schemas`"


def test_every_command_has_a_schema() -> None:
    assert {f"{service}/{command}.json" for service, command in CALLS} == set(bundle_schemas()) - {"manifest.json"}


def missing(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> list[str]:
    """The keys that a schema requires and a value lacks: the part of JSON Schema that the models use to refuse."""
    if "$ref" in schema:
        return missing(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root)
    found = []
    if isinstance(value, dict):
        found += [key for key in schema.get("required", ()) if key not in value]
        for key, inner in schema.get("properties", {}).items():
            if key in value:
                found += [f"{key}.{lack}" for lack in missing(inner, value[key], root)]
    if isinstance(value, list) and "items" in schema:
        found += [lack for one in value for lack in missing(schema["items"], one, root)]
    return found


FILES = sorted(path for path in SAMPLE.rglob("*.json") if path.name != "manifest.json")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SAMPLE).as_posix())
def test_outputs_of_the_sample_are_as_their_schemas_say(path: Path) -> None:
    place = place_of(path.relative_to(SAMPLE).as_posix())
    assert place is not None
    schema = bundle_schemas()[f"{place.service}/{place.command}.json"]
    assert missing(schema, json.loads(path.read_text(encoding="utf-8")), schema) == []


def test_the_manifest_of_the_sample_is_as_its_schema_says() -> None:
    schema = bundle_schemas()["manifest.json"]
    assert missing(schema, json.loads((SAMPLE / "manifest.json").read_text(encoding="utf-8")), schema) == []
