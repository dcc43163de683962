"""The policies of a request by policy type: the engine's input, made from a snapshot or from a test case."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from iamdesk.evaluate.request import PolicyType
from iamdesk.policy.document import Document
from iamdesk.policy.resource_patterns import ShortArns
from iamdesk.records import record


class SourceType(StrEnum):
    """The kind of policy that a statement comes from (CONTRACT 3, ``SourcePolicyType``)."""

    USER = "user"
    GROUP = "group"
    ROLE = "role"
    AWS_MANAGED = "aws-managed"
    USER_MANAGED = "user-managed"
    RESOURCE = "resource"
    TRUST = "trust"
    PERMISSIONS_BOUNDARY = "permissions-boundary"
    SCP = "scp"
    RCP = "rcp"
    SESSION = "session"
    ACL = "acl"
    ENDPOINT = "endpoint"


SHORT_ARNS: dict[PolicyType, ShortArns] = {
    PolicyType.IDENTITY: ShortArns.FILLED,
    PolicyType.PERMISSIONS_BOUNDARY: ShortArns.FILLED,
    PolicyType.RESOURCE: ShortArns.FILLED_IF_WILDCARD,
    PolicyType.TRUST: ShortArns.FILLED_IF_WILDCARD,
    PolicyType.ENDPOINT: ShortArns.FILLED_IF_WILDCARD,
    PolicyType.ACL: ShortArns.NEVER,
    PolicyType.SCP: ShortArns.FILLED_IF_TRAILING,
    PolicyType.RCP: ShortArns.NEVER,
    PolicyType.SESSION: ShortArns.NEVER,
}
"""The meaning of a short ARN by policy type (rule F7)."""


@record(frozen=True, slots=True, eq=False)
class AttachedPolicy:
    """One policy of one policy type, and where it comes from."""

    policy_type: PolicyType
    source_type: SourceType
    source_id: str
    """A managed policy's ARN, an inline policy's name, or the test case's own name."""
    key: str
    """Its key in other packages (``inventory.keys``)."""
    name: str
    owner: str
    """ARN that it is attached to: the user, the group it comes through, the role, the resource."""
    document: Document
    level: int | None = None
    """For SCPs and RCPs: 0 is the root, the last one the account."""
    sub_request: int = 0
    """Index of the sub-request to which it applies: 0 is the one on the requested resource."""
    is_of_gateway: bool = False
    """Whether it is the policy of a gateway endpoint, in which only everyone and root users are principals (B9)."""
    is_assumed: bool = False
    """Whether it represents policies that are not captured and assumed to allow; never shown as a policy."""


@dataclass(frozen=True, slots=True)
class MissingData:
    """Missing data about a request's policies: becomes an assumption of the result."""

    code: str
    message: str
    policy_type: PolicyType
    sub_request: int = 0
    """Index of the sub-request in which it is missing."""
    level: int | None = None
    """For SCPs and RCPs: the level."""
    is_nonexistent: bool = False
    """Whether nothing is there in a captured account that could have the policy, such as no such role."""


class PossibleEndpoint(NamedTuple):
    """A VPC endpoint that a request may come through."""

    policy: AttachedPolicy
    vpc_id: str | None
    """None: not known."""


@record(frozen=True, slots=True, eq=False)
class PolicySet:
    """All policies of one request. A policy type that is None does not apply (rule A5)."""

    identity: tuple[AttachedPolicy, ...] = ()
    boundary: tuple[AttachedPolicy, ...] | None = None
    session: tuple[AttachedPolicy, ...] | None = None
    scps: tuple[tuple[AttachedPolicy, ...], ...] | None = None
    """Levels from the root down; an empty level allows nothing (rule B1)."""
    scp_places: tuple[str, ...] = ()
    """Names of these levels; empty where not known."""
    rcps: tuple[tuple[AttachedPolicy, ...], ...] | None = None
    """Levels from the root down; the default full-access policy is implied (rule B5)."""
    resource: AttachedPolicy | None = None
    """The resource's policy; for sts actions on a role its trust policy (rule I2)."""
    grants: tuple[AttachedPolicy, ...] = ()
    """Grants on the resource besides its policy: S3 ACLs (type ``acl``, rule I6), KMS grants (I1)."""
    endpoint: AttachedPolicy | None = None
    """The policy of the VPC endpoint that the request comes through (rule B9)."""
    possible_endpoints: "tuple[PossibleEndpoint, ...]" = ()
    """Endpoints that it may come through if the request does not say: none of them limits it."""
    restrict_public_buckets: bool = False
    """Whether Block Public Access restricts public buckets (rule I7)."""
    missing_data: tuple[MissingData, ...] = ()
    uncaptured: frozenset[PolicyType] = frozenset()
    """Policy types that can apply and of which nothing was captured: unlike others without a policy, they may limit."""

    @property
    def is_identity_assumed(self) -> bool:
        """Whether the caller's own policies are not captured: then the only one is assumed to allow everything."""
        return len(self.identity) == 1 and self.identity[0].is_assumed

    def on_sub_request(self, sub_request: int) -> "PolicySet":
        """Return the same policies as they apply in another sub-request."""

        def moved(policies: tuple[AttachedPolicy, ...]) -> tuple[AttachedPolicy, ...]:
            return tuple([replace(policy, sub_request=sub_request) for policy in policies])

        return replace(
            self,
            identity=moved(self.identity),
            boundary=None if self.boundary is None else moved(self.boundary),
            session=None if self.session is None else moved(self.session),
            scps=None if self.scps is None else tuple(map(moved, self.scps)),
            rcps=None if self.rcps is None else tuple(map(moved, self.rcps)),
            resource=None if self.resource is None else replace(self.resource, sub_request=sub_request),
            grants=moved(self.grants),
            endpoint=None if self.endpoint is None else replace(self.endpoint, sub_request=sub_request),
            missing_data=tuple([replace(missing, sub_request=sub_request) for missing in self.missing_data]),
        )
