"""JSON Schemas of a bundle's files, made from the models that read them. They ship in ``resources/schemas``."""

from typing import Any, override

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from iamdesk.snapshot.cli_commands import COMMANDS
from iamdesk.snapshot.manifest import Manifest

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _WithoutTitles(GenerateJsonSchema):
    """Omits the titles that pydantic derives from field names."""

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def bundle_schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of the manifest and of each command's output, by path below ``resources/schemas``."""
    schemas = {"manifest.json": _schema(Manifest, "manifest.json of a bundle")}
    for (service, name), command in COMMANDS.items():
        schemas[f"{service}/{name}.json"] = {
            **_schema(command.model, f"aws {service} {name}"),
            "description": f"What `{command.call.command_line}` prints; in a bundle `{command.call.path}`.",
        }
    return dict(sorted(schemas.items()))


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    return {"$schema": _DIALECT, **model.model_json_schema(schema_generator=_WithoutTitles), "title": title}
