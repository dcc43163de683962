"""What ``aws organizations`` prints, command by command.

Source of the shapes: the Organizations API reference.
"""

from iamdesk.snapshot.aws_model import AwsModel, PolicyDocument


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
