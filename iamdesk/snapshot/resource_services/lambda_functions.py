"""AWS Lambda: policies of functions and layers; functions with their execution roles, and their URLs."""

from typing import override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import NOT_OFFERED, Collect, Command, ResourceService, RunsWith, regional
from iamdesk.snapshot.resources import FunctionUrl
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

# Without --query it prints the functions' environment variables, where secrets lie: a bundle holds none.
_FUNCTIONS = "'{Functions: Functions[].{FunctionName: FunctionName, FunctionArn: FunctionArn, Role: Role}}'"


class ListedFunction(AwsModel):
    """One of them."""

    function_arn: str
    role: str | None = None
    """ARN of its execution role."""


class ListFunctions(HasResourceList):
    """``lambda list-functions``."""

    functions: tuple[ListedFunction, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.function_arn for one in self.functions)


class ListedAlias(AwsModel):
    """An alias: another name of a version of a function."""

    alias_arn: str
    function_version: str = ""


class ListAliases(HasResourceList):
    """``lambda list-aliases``."""

    aliases: tuple[ListedAlias, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.alias_arn for one in self.aliases)


class ListFunctionUrlConfigs(AwsModel):
    """``lambda list-function-url-configs``."""

    function_url_configs: tuple[FunctionUrl, ...]


class LayerVersion(AwsModel):
    """The newest version of a layer."""

    layer_version_arn: str


class ListedLayer(AwsModel):
    """A layer."""

    latest_matching_version: LayerVersion


class ListLayers(HasResourceList):
    """``lambda list-layers``."""

    layers: tuple[ListedLayer, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(layer.latest_matching_version.layer_version_arn for layer in self.layers)


SERVICE = ResourceService(
    prefix="lambda",
    title="Lambda",
    policy_title=mark("function policy"),
    commands=(
        Command(
            regional("lambda", "list-functions", (), f"--query {_FUNCTIONS}", (NOT_OFFERED,), lists=True),
            ListFunctions,
            Collect(),
            runs=(RunsWith(WorkloadKind.LAMBDA_FUNCTION, "Functions[]", "{FunctionArn}", (("Role", RoleUsage.RUNS),)),),
        ),
        Command(
            regional("lambda", "get-policy", ("function",), "--function-name FUNCTION", ("ResourceNotFoundException",)),
            PolicyOutput,
            Collect(
                after="list-functions",
                each='Functions[].{FunctionName: FunctionName, "@function": FunctionName}',
                also=(
                    # An alias has a policy of its own; its name is `FUNCTION:ALIAS`.
                    Collect(
                        after="list-aliases",
                        each="Aliases[].{FunctionName: after(AliasArn, ':function:'),"
                        " \"@function\": after(AliasArn, ':function:')}",
                    ),
                ),
            ),
            arn="lambda:{region}:{account}:function:{}",
        ),
        Command(
            regional("lambda", "list-aliases", ("function",), "--function-name FUNCTION"),
            ListAliases,
            Collect(after="list-functions", each='Functions[].{FunctionName: FunctionName, "@function": FunctionName}'),
        ),
        Command(
            regional("lambda", "list-function-url-configs", ("function",), "--function-name FUNCTION"),
            ListFunctionUrlConfigs,
            Collect(after="list-functions", each='Functions[].{FunctionName: FunctionName, "@function": FunctionName}'),
        ),
        Command(regional("lambda", "list-layers", lists=True), ListLayers, Collect()),
        Command(
            regional(
                "lambda",
                "get-layer-version-policy",
                ("layer", "version"),
                "--layer-name LAYER --version-number VERSION",
                ("ResourceNotFoundException",),
            ),
            PolicyOutput,
            Collect(
                after="list-layers",
                each=(
                    "Layers[].{LayerName: LayerName, VersionNumber: LatestMatchingVersion.Version,"
                    ' "@layer": LayerName, "@version": to_string(LatestMatchingVersion.Version)}'
                ),
            ),
            arn="lambda:{region}:{account}:layer:{}:{}",
        ),
    ),
)
