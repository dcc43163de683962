"""The policies that a request meets, layer by layer: what the engine works on. Comes from a snapshot or from a case."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from iamdesk.evaluate.request import PolicyType
from iamdesk.policy.document import Document
from iamdesk.policy.resource_patterns import ShortArns


class SourceType(StrEnum):
    """What kind of policy a statement comes from (CONTRACT 3, ``SourcePolicyType``)."""

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
"""What a short ARN means in each layer (rule F7)."""


@dataclass(frozen=True, slots=True, eq=False)
class AttachedPolicy:
    """One policy in one layer, and where it comes from."""

    layer: PolicyType
    source_type: SourceType
    source_id: str
    """A managed policy's ARN, an inline policy's name, the case's own name."""
    key: str
    """The key by which other packages know it (``inventory.keys``)."""
    name: str
    owner: str
    """ARN of what carries it: the user, the group it comes through, the role, the resource."""
    document: Document
    level: int | None = None
    """For SCPs and RCPs: 0 is the root, the last one the account."""
    sub_request: int = 0
    """In which of a request's decisions it speaks: 0 the one on the resource asked about, from 1 the others."""
    is_of_gateway: bool = False
    """Whether it is the policy of a gateway endpoint, which knows no principals but everyone and root users (B9)."""
    is_assumed: bool = False
    """Whether it stands for policies that are not captured and assumed to allow: it is never shown as a policy."""


@dataclass(frozen=True, slots=True)
class MissingData:
    """Something that the policies of a request should hold and do not: it becomes an assumption of the answer."""

    code: str
    message: str
    layer: PolicyType
    sub_request: int = 0
    """Of which of the request's decisions something is missing."""
    level: int | None = None
    """For SCPs and RCPs: at which level."""


class PossibleEndpoint(NamedTuple):
    """A VPC endpoint that a request may come through."""

    policy: AttachedPolicy
    vpc_id: str | None
    """None: not known."""


@dataclass(frozen=True, slots=True, eq=False)
class PolicySet:
    """All policies that one request meets. A layer that is None does not apply (rule A5)."""

    identity: tuple[AttachedPolicy, ...] = ()
    boundary: tuple[AttachedPolicy, ...] | None = None
    session: tuple[AttachedPolicy, ...] | None = None
    scps: tuple[tuple[AttachedPolicy, ...], ...] | None = None
    """Levels from the root down; an empty level allows nothing (rule B1)."""
    scp_places: tuple[str, ...] = ()
    """What each of these levels is, by name; empty where nobody says."""
    rcps: tuple[tuple[AttachedPolicy, ...], ...] | None = None
    """Levels from the root down; the default full-access policy is implied (rule B5)."""
    resource: AttachedPolicy | None = None
    """The resource's policy; for sts actions on a role its trust policy (rule I2)."""
    grants: tuple[AttachedPolicy, ...] = ()
    """Grants on the resource beside its policy: S3 ACLs (layer ``acl``, rule I6), KMS grants (I1)."""
    endpoint: AttachedPolicy | None = None
    """The policy of the VPC endpoint that the request comes through (rule B9)."""
    possible_endpoints: "tuple[PossibleEndpoint, ...]" = ()
    """Endpoints that it may come through if the request does not say: none of them limits it."""
    restrict_public_buckets: bool = False
    """Whether Block Public Access restricts public buckets (rule I7)."""
    gaps: tuple[MissingData, ...] = ()

    @property
    def is_identity_assumed(self) -> bool:
        """Whether the caller's own policies are not in the snapshot and assumed to allow."""
        return any(policy.is_assumed for policy in self.identity)

    def on_leg(self, sub_request: int) -> "PolicySet":
        """Return the same policies as they speak in another decision of the request."""

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
            gaps=tuple([replace(gap, sub_request=sub_request) for gap in self.gaps]),
        )
