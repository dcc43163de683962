"""An organization: its tree, its policies, and where each is attached.

Source of the terms: AWS Organizations API reference (Root, OrganizationalUnit, Account, Policy, PolicyTargetSummary).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict

from iamdesk.i18n import mark
from iamdesk.snapshot.policy_decoding import decode_document


class OrganizationPolicyType(StrEnum):
    """The kinds of organization policies that decide requests; no other kind authorizes requests (rule B10)."""

    SERVICE_CONTROL_POLICY = "SERVICE_CONTROL_POLICY"
    RESOURCE_CONTROL_POLICY = "RESOURCE_CONTROL_POLICY"


FULL_ACCESS: Final[Mapping[str, tuple[OrganizationPolicyType, Any]]] = {
    "p-FullAWSAccess": (
        OrganizationPolicyType.SERVICE_CONTROL_POLICY,
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    ),
    "p-RCPFullAWSAccess": (
        OrganizationPolicyType.RESOURCE_CONTROL_POLICY,
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
        },
    ),
}
"""The two policies that AWS itself keeps, by id, as the Organizations user guide prints them."""


class OrganizationPolicy(BaseModel):
    """A service control policy or resource control policy."""

    model_config = ConfigDict(frozen=True)

    id: str
    """``p-…``."""
    name: str
    type: OrganizationPolicyType
    arn: str = ""
    aws_managed: bool = False
    content: Annotated[Any, BeforeValidator(decode_document)] = None


class OrganizationNode(BaseModel):
    """A root, an organizational unit or an account, and the policies attached to it."""

    model_config = ConfigDict(frozen=True)

    id: str
    """``r-…``, ``ou-…`` or an account's twelve digits."""
    name: str = ""
    parent_id: str | None = None
    """None for the root."""
    policy_ids: tuple[str, ...] | None = None
    """None: which policies are attached was not captured."""


NOT_KNOWN: Final = ""
"""The parent of nodes without a known place: no node has this id, so no path leads to the root."""
IN_A_CIRCLE: Final = mark("the parents of {nodes} form a loop: their position is unknown")


def without_circles(nodes: Mapping[str, OrganizationNode]) -> tuple[tuple[OrganizationNode, ...], tuple[str, ...]]:
    """Return the nodes of a tree, and the ids of those in a loop of parents, whose position is unknown."""
    is_sound: dict[str, bool] = {}
    for start in nodes:
        path: dict[str, None] = {}
        at = start
        while at in nodes and at not in is_sound and at not in path:
            path[at] = None
            at = nodes[at].parent_id or NOT_KNOWN
        circle = list(path)[list(path).index(at) :] if at in path else []
        is_sound.update(dict.fromkeys(path, True) | dict.fromkeys(circle, False))
    placed = (
        node if is_sound[key] else node.model_copy(update={"parent_id": NOT_KNOWN}) for key, node in nodes.items()
    )
    return tuple(placed), tuple(key for key, sound in is_sound.items() if not sound)


class Organization(BaseModel):
    """One organization, as far as it was captured."""

    model_config = ConfigDict(frozen=True)

    id: str
    """``o-…``."""
    management_account_id: str
    nodes: tuple[OrganizationNode, ...] = ()
    policies: tuple[OrganizationPolicy, ...] = ()
    has_rcps: bool = True
    """Whether resource control policies were captured (or are not enabled: then there are none)."""
    lists_every_account: bool = False
    """Whether an account that is none of ``nodes`` is known not to belong to the organization."""
    scps_enabled: bool = True
    """Whether service control policies are enabled in the root; False: none binds (rule B6)."""
    delegated_services: Mapping[str, tuple[str, ...]] | None = None
    """By delegated administrator: the services (``sso.amazonaws.com``) that it administers; None: not captured."""
