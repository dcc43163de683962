"""Tables of what AWS has are compared with lists that were written apart from them, entry by entry.

A name that is spelled wrong in a table is silently no member of it: no question of a test would notice.
"""

from collections.abc import Iterator
from types import ModuleType

from iamdesk.aws.condition_keys import is_provider_key
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate import derived_keys
from iamdesk.evaluate.principal import CallerKind, parse_caller
from iamdesk.evaluate.resource_sharing import shared_by
from iamdesk.evaluate.service_rules import GLOBAL_SERVICES

from ..each_case import each_case
from ..rules import rule

# RAM User Guide, "Shareable AWS resources"; the resource types are spelled as the service authorization reference does.
BY_RAM = """
acm-pca certificate-authority|appmesh mesh|bedrock custom-model|codebuild project|codebuild report-group
codeconnections connection|codestar-connections connection|datazone domain|ec2 capacity-reservation|ec2 coip-pool
ec2 dedicated-host|ec2 ipam-pool|ec2 ipam-resource-discovery|ec2 local-gateway-route-table|ec2 placement-group
ec2 prefix-list|ec2 security-group|ec2 subnet|ec2 traffic-mirror-target|ec2 transit-gateway
ec2 transit-gateway-multicast-domain|ec2 verified-access-group|glue catalog|glue database|glue table
imagebuilder component|imagebuilder image|imagebuilder imageRecipe|imagebuilder containerRecipe
license-manager license-configuration|network-firewall FirewallPolicy|network-firewall StatefulRuleGroup
network-firewall StatelessRuleGroup|networkmanager core-network|outposts outpost|outposts site|rds cluster
refactor-spaces environment|resource-groups group|route53profiles profile|route53resolver resolver-rule
route53resolver firewall-rule-group|route53resolver resolver-query-log-config|sagemaker feature-group
sagemaker model-package-group|sagemaker lineage-group|sagemaker pipeline|sagemaker hub|servicecatalog Application
servicecatalog AttributeGroup|ssm parameter|ssm-contacts contact|ssm-incidents response-plan|vpc-lattice Service
vpc-lattice ServiceNetwork
"""
# The services' own guides: images, snapshots and backups that are shared by an attribute of theirs.
BY_ATTRIBUTE = """
appstream image|cloudhsm backup|ec2 image|ec2 snapshot|ec2 fpga-image|rds snapshot|rds cluster-snapshot
redshift snapshot
redshift datashare|workspaces workspaceimage
"""


def _tables(module: ModuleType) -> Iterator[frozenset[str]]:
    """The sets of names that a module keeps."""
    for found in vars(module).values():
        if isinstance(found, frozenset) and all(type(name) is str for name in found):
            yield found


def pairs(listed: str) -> list[tuple[str, str]]:
    entries = (entry.split() for entry in listed.replace("\n", "|").split("|") if entry)
    return [(service, kind) for service, kind in entries]


@rule("D7", "I13")
@each_case(("service", "kind"), pairs(BY_RAM))
def test_what_resource_access_manager_shares(service: str, kind: str) -> None:
    assert shared_by(service, [kind]) == "AWS Resource Access Manager"


@rule("D7", "I13")
@each_case(("service", "kind"), pairs(BY_ATTRIBUTE))
def test_what_is_shared_by_an_attribute_of_its_own(service: str, kind: str) -> None:
    assert shared_by(service, [kind]) == "a sharing setting of its service"


@rule("D7", "I13")
@each_case(("service", "kind"), [("s3", "bucket"), ("ec2", "instance"), ("iam", "role"), ("none", "x")])
def test_what_nobody_shares(service: str, kind: str) -> None:
    assert shared_by(service, [kind]) is None


@rule("J2")
def test_services_of_one_region_are_these() -> None:
    names = "iam organizations cloudfront route53 account"
    assert {**dict.fromkeys(names.split(), "us-east-1"), "globalaccelerator": "us-west-2"} == GLOBAL_SERVICES


@rule("E9")
@each_case(
    ("host", "kind"),
    [
        ("accounts.google.com", CallerKind.OIDC),
        ("www.amazon.com", CallerKind.OIDC),
        ("graph.facebook.com", CallerKind.OIDC),
    ],
)
def test_providers_that_are_named_by_host(host: str, kind: CallerKind) -> None:
    assert parse_caller(host).kind is kind


@rule("E9")
@each_case("provider", ["saml-provider/Okta", "oidc-provider/token.example.com/a"])
def test_providers_belong_to_an_account(provider: str) -> None:
    caller = parse_caller(f"arn:aws:iam::111122223333:{provider}")
    assert (caller.account, caller.name) == ("111122223333", provider.partition("/")[2])


@rule("J2")
@each_case("key", sorted({key for table in _tables(derived_keys) for key in table}))
def test_keys_that_a_request_tells_are_keys_of_aws_in_lower_case(key: str) -> None:
    assert key == key.lower()
    assert reference().is_global_key(key) or is_provider_key(key) or key.partition(":")[0] in reference().services()
