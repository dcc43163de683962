"""``aws organizations``: the commands, and what they print.

Sources: the Organizations API reference and the AWS CLI command reference.
"""

from iamdesk.snapshot.aws_model import AwsModel, PolicyDocument
from iamdesk.snapshot.layout import Call, Kind, Scope
from iamdesk.snapshot.resource_service import Collect, Command


class OrganizationDetail(AwsModel):
    """The organization."""

    id: str
    arn: str = ""
    master_account_id: str
    """The management account."""
    feature_set: str | None = None
    """``ALL``, or ``CONSOLIDATED_BILLING``, with which there are no policies."""


class DescribeOrganization(AwsModel):
    """``organizations describe-organization``; ``{}`` where the account is in none."""

    organization: OrganizationDetail | None = None


class PolicyTypeSummary(AwsModel):
    """Whether a type of policy is enabled."""

    type: str
    status: str = ""
    """``ENABLED``, ``PENDING_ENABLE`` or ``PENDING_DISABLE``."""


class RootDetail(AwsModel):
    """A root."""

    id: str
    arn: str = ""
    name: str = ""
    policy_types: tuple[PolicyTypeSummary, ...] = ()


class ListRoots(AwsModel):
    """``organizations list-roots``."""

    roots: tuple[RootDetail, ...]


class OrganizationalUnitDetail(AwsModel):
    """An organizational unit."""

    id: str
    arn: str = ""
    name: str = ""


class ListOrganizationalUnitsForParent(AwsModel):
    """``organizations list-organizational-units-for-parent``."""

    organizational_units: tuple[OrganizationalUnitDetail, ...]


class MemberAccount(AwsModel):
    """An account of the organization."""

    id: str
    arn: str = ""
    name: str = ""
    email: str = ""
    status: str = ""


class ListAccounts(AwsModel):
    """``organizations list-accounts`` and ``list-accounts-for-parent``."""

    accounts: tuple[MemberAccount, ...]
    next_token: str | None = None
    """There are more."""


class PolicySummary(AwsModel):
    """A policy, without its content."""

    id: str
    arn: str = ""
    name: str = ""
    type: str = ""
    aws_managed: bool = False


class ListPolicies(AwsModel):
    """``organizations list-policies`` and ``list-policies-for-target``."""

    policies: tuple[PolicySummary, ...]


class PolicyWithContent(AwsModel):
    """A policy."""

    policy_summary: PolicySummary
    content: PolicyDocument = None


class DescribePolicy(AwsModel):
    """``organizations describe-policy``."""

    policy: PolicyWithContent


class PolicyTarget(AwsModel):
    """A root, organizational unit or account that a policy is attached to."""

    target_id: str
    name: str = ""
    type: str = ""
    """``ROOT``, ``ORGANIZATIONAL_UNIT`` or ``ACCOUNT``."""


class ListTargetsForPolicy(AwsModel):
    """``organizations list-targets-for-policy``."""

    targets: tuple[PolicyTarget, ...]


class DelegatedAdministrator(AwsModel):
    """An account that administers an AWS service for the organization."""

    id: str


class ListDelegatedAdministrators(AwsModel):
    """``organizations list-delegated-administrators``."""

    delegated_administrators: tuple[DelegatedAdministrator, ...]


class DelegatedService(AwsModel):
    """A service that an account administers."""

    service_principal: str


class ListDelegatedServicesForAccount(AwsModel):
    """``organizations list-delegated-services-for-account``."""

    delegated_services: tuple[DelegatedService, ...]


class ResourcePolicySummary(AwsModel):
    """The delegation policy, without its content."""

    arn: str


class ResourcePolicyWithContent(AwsModel):
    """The policy by which the management account delegates Organizations actions to member accounts."""

    resource_policy_summary: ResourcePolicySummary
    content: PolicyDocument = None


class DescribeResourcePolicy(AwsModel):
    """``organizations describe-resource-policy``; ``{}`` where there is none."""

    resource_policy: ResourcePolicyWithContent | None = None


_NONE = "AWSOrganizationsNotInUseException"
_ADMINISTRATORS = "'{DelegatedAdministrators: DelegatedAdministrators[].{Id: Id}}'"
_OF_ROOTS = Collect(
    "list-roots",
    'Roots[].{ParentId: Id, "@parent-id": Id}',
    also=(Collect("list-organizational-units-for-parent", 'OrganizationalUnits[].{ParentId: Id, "@parent-id": Id}'),),
)
_IF_THERE = Collect("describe-organization", "Organization && `[{}]`")
_OF_POLICIES = Collect("list-policies", 'Policies[].{PolicyId: Id, "@policy-id": Id}')


def _call(
    command: str,
    arguments: tuple[str, ...] = (),
    options: str = "",
    absent: tuple[str, ...] = (),
    *,
    kind: Kind = Kind.ORGANIZATION,
    lists: bool = False,
) -> Call:
    return Call("organizations", command, Scope.ORGANIZATION, kind, arguments, options, absent, lists)


def _policies_of(kind: str, *also: Collect) -> Collect:
    return Collect("describe-organization", f"[Organization.{{Filter: '{kind}', \"@filter\": '{kind}'}}]", also=also)


_POLICIES = Kind.ORGANIZATION_POLICIES

COMMANDS = (
    Command(
        _call("describe-organization", absent=(_NONE,)), DescribeOrganization, Collect(), loose_keys="Organization"
    ),
    Command(_call("list-roots"), ListRoots, _IF_THERE, loose_keys="Roots"),
    Command(_call("list-accounts"), ListAccounts, _IF_THERE, loose_keys="Accounts"),
    Command(
        _call("list-organizational-units-for-parent", ("parent-id",), "--parent-id PARENT-ID"),
        ListOrganizationalUnitsForParent,
        _OF_ROOTS,
    ),
    Command(_call("list-accounts-for-parent", ("parent-id",), "--parent-id PARENT-ID"), ListAccounts, _OF_ROOTS),
    # Without --query it prints the accounts' names and addresses, which no review needs.
    Command(
        _call("list-delegated-administrators", options=f"--query {_ADMINISTRATORS}"),
        ListDelegatedAdministrators,
        _IF_THERE,
    ),
    Command(
        _call("list-delegated-services-for-account", ("account-id",), "--account-id ACCOUNT-ID"),
        ListDelegatedServicesForAccount,
        Collect("list-delegated-administrators", 'DelegatedAdministrators[].{AccountId: Id, "@account-id": Id}'),
    ),
    Command(
        _call("describe-resource-policy", absent=("ResourcePolicyNotFoundException", _NONE)),
        DescribeResourcePolicy,
        _IF_THERE,
    ),
    Command(
        _call("list-policies", ("filter",), "--filter FILTER", kind=_POLICIES, lists=True),
        ListPolicies,
        _policies_of("SERVICE_CONTROL_POLICY", _policies_of("RESOURCE_CONTROL_POLICY")),
    ),
    Command(
        _call("describe-policy", ("policy-id",), "--policy-id POLICY-ID", kind=_POLICIES), DescribePolicy, _OF_POLICIES
    ),
    Command(
        _call("list-targets-for-policy", ("policy-id",), "--policy-id POLICY-ID", kind=_POLICIES),
        ListTargetsForPolicy,
        _OF_POLICIES,
    ),
    Command(
        _call(
            "list-policies-for-target", ("target-id", "filter"), "--target-id TARGET-ID --filter FILTER", kind=_POLICIES
        ),
        ListPolicies,
    ),
)
