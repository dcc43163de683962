"""The catalog of privilege-escalation techniques (``resources/data/escalation-paths.json``).

Ids and required permissions of published techniques follow pathfinding.cloud (Apache-2.0, see NOTICE).
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from pydantic import BaseModel, ConfigDict

from iamdesk.resource_files import resources

PASSES = "iam:PassRole"
ASSUMES = "sts:AssumeRole"


class TargetType(StrEnum):
    """The resource of an action."""

    ITSELF = "itself"
    OWN_GROUP = "own group"
    OWN_POLICY = "own policy"
    """A customer managed policy attached to the principal or to a group of it."""
    TARGET = "target"
    TARGET_POLICY = "policy of target"
    TARGET_PROVIDER = "provider of target"
    """A SAML provider that the target's trust policy names."""
    PASSED_ROLE = "passed role"
    ANYTHING = "anything"
    """Any resource, new or existing."""


class TargetConstraint(StrEnum):
    """Which targets a technique has."""

    ITSELF = "itself"
    USER = "user"
    ROLE = "role"
    FOREIGN_ROLE = "role of another account"
    OPEN_ROLE = "role that trusts everyone"
    GROUP = "group"
    PASSED_ROLE = "passed role"
    ROLE_IN_USE = "role in use"
    """A resource that runs with the role; the snapshot does not contain which role that is."""
    PERMISSION_SET = "permission set"


class Gain(StrEnum):
    """What a technique gains."""

    BECOMES = "becomes"
    """Acting as the target."""
    ANY_PERMISSION = "any permission"
    """All permissions that boundary and organization policies allow to the target, or to itself."""
    MEMBERSHIP = "membership"
    WITHOUT_BOUNDARY = "without boundary"
    ANOTHER_BOUNDARY = "another boundary"
    OLDER_VERSION = "older version"
    WITHOUT_DENIAL = "without denial"
    PERMISSION_SET = "permission set"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Data):
    """Where a technique is published."""

    name: str
    url: str
    licence: str


class Required(_Data):
    """One action that a technique needs."""

    action: str
    on: TargetType


class EscalationPath(_Data):
    """One privilege-escalation technique."""

    id: str
    how: str
    """What it does, to complete "by …": ``changing the role's trust policy``."""
    actions: tuple[Required, ...]
    target: TargetConstraint
    gain: Gain
    service: str | None = None
    """The service that the target must trust, and to which the role is passed."""
    instance_profile: bool = False
    """Whether the target must be in an instance profile."""
    needs: tuple[str, ...] = ()
    """Required facts that are not in policies (keys of `Catalog.facts`)."""
    source: str


class Sensitive(_Data):
    """Sensitive data, read by any of some actions on an arbitrary resource."""

    name: str
    actions: tuple[str, ...]


class Catalog(_Data):
    """The whole file."""

    format: str
    version: str
    about: str
    sources: Mapping[str, Source]
    facts: Mapping[str, str]
    """Facts that techniques need besides permissions, as text to complete "requires …"."""
    sensitive: tuple[Sensitive, ...]
    paths: tuple[EscalationPath, ...]

    def path(self, path_id: str) -> EscalationPath:
        """Return a technique by its id.

        Raises:
            KeyError: There is none.
        """
        return _by_id()[path_id]


@cache
def catalog() -> Catalog:
    """Return the catalog, read once."""
    return Catalog.model_validate_json((resources() / "data" / "escalation-paths.json").read_bytes())


@cache
def _by_id() -> dict[str, EscalationPath]:
    return {path.id: path for path in catalog().paths}
