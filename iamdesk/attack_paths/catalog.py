"""The ways to more than was given, as data: ``resources/data/escalation-paths.json``.

Ids and required permissions of the published paths follow pathfinding.cloud (Apache-2.0, see NOTICE).
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from pydantic import BaseModel, ConfigDict

from iamdesk.resource_files import resources

PASSES = "iam:PassRole"
ASSUMES = "sts:AssumeRole"


class TargetType(StrEnum):
    """What an action of a path is done on."""

    ITSELF = "itself"
    OWN_GROUP = "own group"
    OWN_POLICY = "own policy"
    """A customer managed policy that the principal, or a group of its, carries."""
    TARGET = "target"
    TARGET_POLICY = "policy of target"
    TARGET_PROVIDER = "provider of target"
    """A SAML provider that the target's trust policy names."""
    PASSED_ROLE = "passed role"
    ANYTHING = "anything"
    """Any one resource: a new one, or one that policies name."""


class TargetConstraint(StrEnum):
    """Whom a path concerns."""

    ITSELF = "itself"
    USER = "user"
    ROLE = "role"
    FOREIGN_ROLE = "role of another account"
    OPEN_ROLE = "role that trusts everyone"
    GROUP = "group"
    PASSED_ROLE = "passed role"
    ROLE_IN_USE = "role in use"
    """Something that runs with the role: the snapshot does not tell which role."""
    PERMISSION_SET = "permission set"


class Gain(StrEnum):
    """What a path brings."""

    BECOMES = "becomes"
    """Acting as the target."""
    ANY_PERMISSION = "any permission"
    """All that boundary and organization leave to the target, or to itself."""
    MEMBERSHIP = "membership"
    WITHOUT_BOUNDARY = "without boundary"
    ANOTHER_BOUNDARY = "another boundary"
    OLDER_VERSION = "older version"
    WITHOUT_DENIAL = "without denial"
    PERMISSION_SET = "permission set"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Data):
    """Where a path is known from."""

    name: str
    url: str
    licence: str


class Required(_Data):
    """One action that a path needs."""

    action: str
    on: TargetType


class EscalationPath(_Data):
    """One way in which a principal makes more of itself than it was given."""

    id: str
    how: str
    """What it does, after ``by``: ``changing the role's trust policy``."""
    actions: tuple[Required, ...]
    target: TargetConstraint
    gain: Gain
    service: str | None = None
    """The service that the target has to trust, and to which the role is passed."""
    instance_profile: bool = False
    """Whether the target has to stand in an instance profile."""
    needs: tuple[str, ...] = ()
    """Facts that no policy tells (`Catalog.facts`)."""
    source: str


class Sensitive(_Data):
    """What counts as reading sensitive data: any of some actions on a resource that no policy names."""

    name: str
    actions: tuple[str, ...]


class Catalog(_Data):
    """The whole file."""

    format: str
    version: str
    about: str
    sources: Mapping[str, Source]
    facts: Mapping[str, str]
    """What a path can need besides permissions, in words, after ``needs``."""
    sensitive: tuple[Sensitive, ...]
    paths: tuple[EscalationPath, ...]

    def path(self, path_id: str) -> EscalationPath:
        """Return a path by its id.

        Raises:
            KeyError: there is none.
        """
        return _by_id()[path_id]


@cache
def catalog() -> Catalog:
    """Return the escalation paths that iamdesk knows."""
    return Catalog.model_validate_json((resources() / "data" / "escalation-paths.json").read_bytes())


@cache
def _by_id() -> dict[str, EscalationPath]:
    return {path.id: path for path in catalog().paths}
