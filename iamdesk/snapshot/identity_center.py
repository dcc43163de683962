"""IAM Identity Center as captured: its permission sets, its people and groups, and who is assigned what where.

Fields are what ``aws sso-admin`` and ``aws identitystore`` print, in snake case; each class names the command.
A list that is None was not captured.
Source of the shapes: the API references of IAM Identity Center and of the Identity Store.
"""

from pydantic import BaseModel, ConfigDict

from iamdesk.snapshot.aws_model import AwsModel, Moment, PolicyDocument


class IdentityCenterInstance(AwsModel):
    """One instance (``sso-admin list-instances``)."""

    instance_arn: str
    """``arn:aws:sso:::instance/ssoins-…``."""
    identity_store_id: str = ""
    """``d-…``: the directory with its users and groups."""
    owner_account_id: str | None = None
    name: str | None = None
    created_date: Moment | None = None
    status: str | None = None


class PermissionSetManagedPolicy(AwsModel):
    """An AWS managed policy of a permission set (``sso-admin list-managed-policies-in-permission-set``)."""

    name: str = ""
    arn: str


class CustomerManagedPolicyReference(AwsModel):
    """A policy that each account must hold by this name.

    (``sso-admin list-customer-managed-policy-references-in-permission-set``.)
    """

    name: str
    path: str = "/"


class PermissionSetBoundary(AwsModel):
    """The boundary of a permission set (``sso-admin get-permissions-boundary-for-permission-set``): one of the two."""

    customer_managed_policy_reference: CustomerManagedPolicyReference | None = None
    managed_policy_arn: str | None = None


class PermissionSet(AwsModel):
    """One permission set (``describe-permission-set``), with its policies."""

    permission_set_arn: str
    """``arn:aws:sso:::permissionSet/ssoins-…/ps-…``: it names no account, for a set may serve many."""
    name: str = ""
    description: str | None = None
    created_date: Moment | None = None
    session_duration: str | None = None
    """ISO 8601, such as ``PT8H``."""
    relay_state: str | None = None
    inline_policy: PolicyDocument = None
    """``sso-admin get-inline-policy-for-permission-set``; None or an empty string: it has none, or not captured."""
    attached_managed_policies: tuple[PermissionSetManagedPolicy, ...] | None = None
    customer_managed_policy_references: tuple[CustomerManagedPolicyReference, ...] | None = None
    permissions_boundary: PermissionSetBoundary | None = None


class AccountAssignment(AwsModel):
    """A person or group that may use a permission set in an account (``sso-admin list-account-assignments``)."""

    account_id: str
    permission_set_arn: str
    principal_type: str
    """``USER`` or ``GROUP``."""
    principal_id: str
    """The ``UserId`` or ``GroupId`` in the identity store."""


class PersonName(AwsModel):
    """The parts of a person's name (``Name`` of an identity store user)."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class PersonEmail(AwsModel):
    """One e-mail address of a person (``Emails`` of an identity store user)."""

    value: str = ""
    type: str | None = None
    primary: bool = False


class IdentityStoreUser(AwsModel):
    """A person (``identitystore list-users``)."""

    user_id: str
    identity_store_id: str = ""
    user_name: str = ""
    display_name: str | None = None
    name: PersonName | None = None
    emails: tuple[PersonEmail, ...] = ()
    title: str | None = None
    user_status: str | None = None
    """``ENABLED`` or ``DISABLED``, where the store prints it."""


class IdentityStoreGroup(AwsModel):
    """A group of people (``identitystore list-groups``)."""

    group_id: str
    identity_store_id: str = ""
    display_name: str = ""
    description: str | None = None


class MemberId(AwsModel):
    """Who a membership is of; AWS knows people alone as members."""

    user_id: str | None = None


class GroupMembership(AwsModel):
    """One person in one group (``identitystore list-group-memberships``)."""

    group_id: str
    member_id: MemberId
    membership_id: str = ""
    identity_store_id: str = ""


class IdentityCenter(BaseModel):
    """Everything captured of one instance."""

    model_config = ConfigDict(frozen=True)

    instance: IdentityCenterInstance
    permission_sets: tuple[PermissionSet, ...] | None = None
    account_assignments: tuple[AccountAssignment, ...] | None = None
    users: tuple[IdentityStoreUser, ...] | None = None
    groups: tuple[IdentityStoreGroup, ...] | None = None
    group_memberships: tuple[GroupMembership, ...] | None = None
