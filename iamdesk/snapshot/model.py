"""The output of AWS about an account, as pydantic models with AWS's names.

Fields are AWS's, in snake case (``UserName`` is ``user_name``); keys that AWS may add later are kept (``model_extra``).
Policy documents stay the JSON value that was captured: an object, or a string where it is not JSON.
Source of the shapes: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.aws_model import AwsModel, Moment, PolicyDocument, Tag
from iamdesk.snapshot.call_status import Capture
from iamdesk.snapshot.identity_center import IdentityCenter
from iamdesk.snapshot.manifest import Manifest
from iamdesk.snapshot.organization import Organization
from iamdesk.snapshot.problems import Problem
from iamdesk.snapshot.resource_shares import ResourceShares
from iamdesk.snapshot.resources import AccountSettings, Resource, VpcEndpoint
from iamdesk.snapshot.workloads import AccountWorkloads


class AttachedPolicy(AwsModel):
    """A managed policy attached to a principal."""

    policy_name: str
    policy_arn: str


class AttachedPermissionsBoundary(AwsModel):
    """The managed policy that bounds what a user or role may do."""

    permissions_boundary_type: str | None = None
    permissions_boundary_arn: str


class PolicyDetail(AwsModel):
    """An inline policy."""

    policy_name: str
    policy_document: PolicyDocument = None


class RoleLastUsed(AwsModel):
    """When and where a role was last used; both absent when AWS saw no use within its tracking period."""

    last_used_date: Moment | None = None
    region: str | None = None


class UserDetail(AwsModel):
    """An IAM user."""

    arn: str
    user_name: str
    user_id: str = ""
    path: str = "/"
    create_date: Moment | None = None
    user_policy_list: tuple[PolicyDetail, ...] = ()
    group_list: tuple[str, ...] = ()
    attached_managed_policies: tuple[AttachedPolicy, ...] = ()
    permissions_boundary: AttachedPermissionsBoundary | None = None
    tags: tuple[Tag, ...] = ()


class GroupDetail(AwsModel):
    """An IAM group."""

    arn: str
    group_name: str
    group_id: str = ""
    path: str = "/"
    create_date: Moment | None = None
    group_policy_list: tuple[PolicyDetail, ...] = ()
    attached_managed_policies: tuple[AttachedPolicy, ...] = ()


class InstanceProfile(AwsModel):
    """An instance profile: what hands a role to EC2 instances."""

    arn: str
    instance_profile_name: str = ""
    instance_profile_id: str = ""
    path: str = "/"
    create_date: Moment | None = None


class RoleDetail(AwsModel):
    """An IAM role."""

    arn: str
    role_name: str
    role_id: str = ""
    path: str = "/"
    create_date: Moment | None = None
    assume_role_policy_document: PolicyDocument = None
    instance_profile_list: tuple[InstanceProfile, ...] = ()
    role_policy_list: tuple[PolicyDetail, ...] = ()
    attached_managed_policies: tuple[AttachedPolicy, ...] = ()
    permissions_boundary: AttachedPermissionsBoundary | None = None
    tags: tuple[Tag, ...] = ()
    role_last_used: RoleLastUsed | None = None


class PolicyVersion(AwsModel):
    """One version of a managed policy."""

    version_id: str
    is_default_version: bool = False
    document: PolicyDocument = None
    create_date: Moment | None = None


class ManagedPolicyDetail(AwsModel):
    """A managed policy, AWS's own (``arn:aws:iam::aws:policy/…``) or the customer's."""

    arn: str
    policy_name: str
    policy_id: str = ""
    path: str = "/"
    default_version_id: str | None = None
    attachment_count: int | None = None
    permissions_boundary_usage_count: int | None = None
    is_attachable: bool | None = None
    description: str | None = None
    create_date: Moment | None = None
    update_date: Moment | None = None
    policy_version_list: tuple[PolicyVersion, ...] = ()

    @property
    def is_aws_managed(self) -> bool:
        """Whether AWS owns and maintains the policy (its ARN's account is ``aws``)."""
        return self.arn.split(":", 5)[4:5] == ["aws"]

    @property
    def default_version(self) -> PolicyVersion | None:
        """The version in force (rule L3), or None where the snapshot does not hold it."""
        for version in self.policy_version_list:
            if version.version_id == self.default_version_id:
                return version
        return next((version for version in self.policy_version_list if version.is_default_version), None)


class BrokenEntry(BaseModel):
    """A malformed entry of a known list. It is shown, never dropped."""

    model_config = ConfigDict(frozen=True)

    list_name: str
    """The list it is in: ``UserDetailList``, ``GroupDetailList``, ``RoleDetailList`` or ``Policies``."""
    name: str
    """Its name if known, else its position (``entry 12``)."""
    arn: str | None
    problems: tuple[Problem, ...]


class Account(BaseModel):
    """What one snapshot knows of one account."""

    model_config = ConfigDict(frozen=True)

    account_id: str
    partition: str = "aws"
    alias: str | None = None
    users: tuple[UserDetail, ...] = ()
    groups: tuple[GroupDetail, ...] = ()
    roles: tuple[RoleDetail, ...] = ()
    policies: tuple[ManagedPolicyDetail, ...] = ()
    broken: tuple[BrokenEntry, ...] = ()
    is_truncated: bool = False
    """Whether pages are missing: more follow the last page that was read."""


class SourceFile(BaseModel):
    """A file that a snapshot was read from."""

    model_config = ConfigDict(frozen=True)

    path: Path
    size: int
    sha256: str
    """Of the file's bytes on disk (compressed, if it is), in lower-case hexadecimal."""


class Snapshot(BaseModel):
    """Everything captured of one or more accounts at one moment. Nothing in it ever changes."""

    model_config = ConfigDict(frozen=True)

    path: Path
    files: tuple[SourceFile, ...]
    """The files that were read; other files of a folder are listed in ``problems``."""
    sha256: str
    """The file's own digest for one file; for several, the digest of the sorted ``digest  name`` lines."""
    accounts: tuple[Account, ...]
    organization: Organization | None = None
    """The organization that the accounts belong to; None: not captured."""
    resources: tuple[Resource, ...] = ()
    account_settings: tuple[AccountSettings, ...] = ()
    vpc_endpoints: tuple[VpcEndpoint, ...] = ()
    identity_centers: tuple[IdentityCenter, ...] = ()
    account_facts: tuple[AccountFacts, ...] = ()
    """Data of each account from other ``aws iam`` commands: reports, last use, identity providers."""
    resource_shares: tuple[ResourceShares, ...] = ()
    workloads: Mapping[str, AccountWorkloads] = {}
    """By account: the resources that can run with a role."""
    manifest: Manifest | None = None
    """Of a bundle, without its list of files: ``captures`` has them."""
    captures: tuple[Capture, ...] = ()
    """What became of each call of a bundle; empty where the snapshot is authorization details alone."""
    problems: tuple[Problem, ...] = ()
    """All problems, including those of broken entries."""
    latest: datetime | None = None
    """The latest time in the snapshot: ages are relative to it, never to now."""

    @property
    def principal_count(self) -> int:
        """Number of users and roles in all accounts."""
        return sum(len(account.users) + len(account.roles) for account in self.accounts)
