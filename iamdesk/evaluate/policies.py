"""The policies that a request meets, layer by layer: what the engine works on. Comes from a snapshot or from a case."""

from dataclasses import dataclass
from enum import StrEnum

from iamdesk.evaluate.request import Layer
from iamdesk.policy.document import Document
from iamdesk.policy.resources import ShortArns


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


SHORT_ARNS: dict[Layer, ShortArns] = {
    Layer.IDENTITY: ShortArns.FILLED,
    Layer.PERMISSIONS_BOUNDARY: ShortArns.FILLED,
    Layer.RESOURCE: ShortArns.FILLED_IF_WILDCARD,
    Layer.TRUST: ShortArns.FILLED_IF_WILDCARD,
    Layer.ENDPOINT: ShortArns.FILLED_IF_WILDCARD,
    Layer.ACL: ShortArns.NEVER,
    Layer.SCP: ShortArns.FILLED_IF_TRAILING,
    Layer.RCP: ShortArns.NEVER,
    Layer.SESSION: ShortArns.NEVER,
}
"""What a short ARN means in each layer (SEMANTICS F7)."""


@dataclass(frozen=True, slots=True, eq=False)
class AttachedPolicy:
    """One policy in one layer, and where it comes from."""

    layer: Layer
    source_type: SourceType
    source_id: str
    """A managed policy's ARN, an inline policy's name, the case's own name."""
    key: str
    """What the rest of the house knows it by (``index.keys``)."""
    name: str
    owner: str
    """ARN of what carries it: the user, the group it comes through, the role, the resource."""
    document: Document
    level: int | None = None
    """For SCPs and RCPs: 0 is the root, the last one the account."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that the policies of a request should hold and do not: it becomes an assumption of the answer."""

    code: str
    message: str
    layer: Layer


@dataclass(frozen=True, slots=True, eq=False)
class PolicySet:
    """All policies that one request meets. A layer that is None does not apply (SEMANTICS A5)."""

    identity: tuple[AttachedPolicy, ...] = ()
    boundary: tuple[AttachedPolicy, ...] | None = None
    session: tuple[AttachedPolicy, ...] | None = None
    scps: tuple[tuple[AttachedPolicy, ...], ...] | None = None
    """Levels from the root down; an empty level allows nothing (SEMANTICS B1)."""
    rcps: tuple[tuple[AttachedPolicy, ...], ...] | None = None
    """Levels from the root down; the default full-access policy is implied (SEMANTICS B5)."""
    resource: AttachedPolicy | None = None
    """The resource's policy; for sts actions on a role its trust policy (SEMANTICS I2)."""
    grants: tuple[AttachedPolicy, ...] = ()
    """Grants on the resource beside its policy: S3 ACLs (layer ``acl``, SEMANTICS I6), KMS grants (I1)."""
    endpoint: AttachedPolicy | None = None
    restrict_public_buckets: bool = False
    """Whether Block Public Access restricts public buckets (SEMANTICS I7)."""
    gaps: tuple[Gap, ...] = ()
