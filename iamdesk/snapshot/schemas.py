"""JSON Schemas of a bundle's files, made from the models that read them. They ship in ``resources/schemas``."""

from typing import Any, override

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from iamdesk.snapshot.aws_model import AwsModel
from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.manifest import Manifest
from iamdesk.snapshot.model import GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail
from iamdesk.snapshot.output_models import OUTPUT_MODELS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class GetAccountAuthorizationDetails(AwsModel):
    """``iam get-account-authorization-details``: at least one of the four lists."""

    user_detail_list: tuple[UserDetail, ...] = ()
    group_detail_list: tuple[GroupDetail, ...] = ()
    role_detail_list: tuple[RoleDetail, ...] = ()
    policies: tuple[ManagedPolicyDetail, ...] = ()
    is_truncated: bool = False
    marker: str | None = None


class _WithoutTitles(GenerateJsonSchema):
    """Omits the titles that pydantic derives from field names."""

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def bundle_schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of the manifest and of each command's output, by path below ``resources/schemas``."""
    schemas = {"manifest.json": _schema(Manifest, "manifest.json of a bundle")}
    models: dict[tuple[str, str], type[BaseModel]] = {
        **OUTPUT_MODELS,
        ("iam", "get-account-authorization-details"): GetAccountAuthorizationDetails,
    }
    for (service, command), model in models.items():
        call = CALLS[service, command]
        schemas[f"{service}/{command}.json"] = {
            **_schema(model, f"aws {service} {command}"),
            "description": f"What `{call.command_line}` prints; in a bundle `{call.path}`.",
        }
    return dict(sorted(schemas.items()))


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    return {"$schema": _DIALECT, **model.model_json_schema(schema_generator=_WithoutTitles), "title": title}
