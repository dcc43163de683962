"""What a comparison of two snapshots comes to. Frozen; read from any thread."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark
from iamdesk.snapshot.model import Snapshot
from iamdesk.whatif.commands import CliCommand

ANYONE = "anyone"
"""Name of a role that stands for whoever an outside account lets ask."""
ANYONE_ANYWHERE = "anyone-anywhere"
"""Name of a role, in an account of nobody, that stands for whoever signs in at all."""
ANY_SERVICE = "any-service.amazonaws.com"
"""A service principal that stands for the AWS services that no policy tells from others."""


class Kind(StrEnum):
    """Which way access changed."""

    GAINED = "gained"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ExampleRequest:
    """A request that is decided otherwise under the new snapshot than under the old one. Anybody can ask it again."""

    principal: str
    action: str
    resource: str
    context: tuple[tuple[str, str | tuple[str, ...] | None], ...]
    """Keys and values; None: the key is absent."""
    old: EvalDecision | None
    """None: the snapshot does not hold the principal."""
    new: EvalDecision | None
    resource_account: str | None = None
    """Whose the resource is taken to be, where its ARN does not tell and no snapshot knows it."""


class Status(StrEnum):
    """What is known of a principal's or resource's access."""

    UNCHANGED = "unchanged"
    """Proved: everything that bears on it says the same."""
    CHANGED = "changed"
    """Something was gained or lost, shown by a request."""
    CREATED = "created"
    DELETED = "deleted"
    CANNOT_TELL = "cannot tell"
    """No change was found, but that there is none is not proved."""


class ChangeKind(StrEnum):
    """The kinds of changes between two snapshots."""

    CREATED = mark("created")
    DELETED = mark("deleted")
    RECREATED = mark("deleted and made anew")
    MEMBERSHIP = mark("group membership")
    ATTACHMENT = mark("policy attachment")
    INLINE_POLICY = mark("inline policy")
    MANAGED_POLICY = mark("managed policy text")
    AWS_POLICY = mark("AWS managed policy update")
    BOUNDARY = mark("permissions boundary")
    TAGS = mark("tags")
    TRUST = mark("trust policy")
    SCP = mark("service control policy text")
    RCP = mark("resource control policy text")
    SCP_ATTACHMENT = mark("service control policy attachment")
    RCP_ATTACHMENT = mark("resource control policy attachment")
    MOVE = mark("move in the organization")
    RESOURCE_POLICY = mark("resource policy")
    RESOURCE_TAGS = mark("resource tags")
    GRANTS = mark("grants on a resource")
    PUBLIC_ACCESS = mark("Block Public Access")
    RESOURCE = mark("resource")
    ENDPOINT = mark("VPC endpoint")
    PASSWORD_POLICY = mark("password policy")
    ASSIGNMENT = mark("permission set assignment")
    CAPTURE = mark("what was captured")


@dataclass(frozen=True, slots=True)
class Cause:
    """One change in what is written, by which access can change. Equal ones are the same change."""

    kind: ChangeKind
    subject: str
    """ARN or key of what changed: the policy, the principal, the resource, the node of the organization."""
    detail: str = ""
    """What else tells the change from others of the same subject: the policy attached, the group joined."""
    sentence: str = field(default="", compare=False)
    """The change in words."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Access that one principal gained or lost."""

    principal: str
    kind: Kind
    actions: int = field(repr=False)
    """As bits of the comparison's actions (`Comparison.names`)."""
    where: str
    """Resources, as policies name them: ``arn:aws:s3:::payroll/*``, or ``*``."""
    witness: ExampleRequest
    """A request that shows it."""
    causes: tuple[Cause, ...]
    carriers: tuple[tuple[str, str], ...] = ()
    """Policies of which an Allow speaks of the witness in either snapshot, as (ARN of who or what has it, its key)."""
    allowing: tuple[tuple[str, str], ...] = ()
    """Policies of the principal that may allow anything of it, in either snapshot, in the same form."""


@dataclass(frozen=True, slots=True)
class PrincipalDiff:
    """What became of one principal, or of access to one resource."""

    arn: str
    status: Status
    effects: tuple[Effect, ...] = ()
    doubts: tuple[str, ...] = ()
    """Why it cannot be told whether (more) changed."""


@dataclass(frozen=True, slots=True)
class TextChange:
    """One change in what is written."""

    cause: Cause
    has_effect: bool
    """Whether some effect comes from it."""
    is_doubtful: bool
    """Whether it bears on somebody of whom it cannot be told."""
    gives: bool | None = None
    """For assignments of IAM Identity Center, which change access by themselves: whether it was given or taken."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """How the comparison was made."""

    principals: int
    compared: int
    """Principals whose inputs differ, or of whom one side holds nothing."""
    groups: int
    """Groups of these with equal inputs, each of which was compared once."""
    questions: int
    """Questions put to the evaluator under both snapshots."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two snapshots, compared."""

    old_name: str
    new_name: str
    old_sha256: str
    new_sha256: str
    actions_as_of: str
    """Date of the list of actions: what is proved is proved for these, and for those that policies name beyond."""
    principals: Mapping[str, PrincipalDiff]
    """By ARN: users, roles, root users and groups of both snapshots."""
    resources: Mapping[str, PrincipalDiff]
    """By ARN, those of which something differs: access to them, also of outsiders. A role stands for entering it."""
    texts: tuple[TextChange, ...]
    limits: tuple[str, ...]
    """What neither snapshot holds, so that nothing can be said of it."""
    figures: Statistics
    action_names: Mapping[int, tuple[str, ...]] = field(repr=False)
    """Names of the actions of every effect, by its bits."""

    def names(self, actions: int) -> tuple[str, ...]:
        """Return the names of actions: all of a service as ``s3:*``, all of all as ``*``."""
        return self.action_names[actions]

    def effects(self) -> tuple[Effect, ...]:
        """Return everything gained and lost, each once: first by principal, then on resources by others."""
        found = [effect for one in self.principals.values() for effect in one.effects]
        seen = set(found)
        found += [effect for one in self.resources.values() for effect in one.effects if effect not in seen]
        return tuple(found)


@dataclass(frozen=True, slots=True)
class WhatIfResult:
    """What changes come to."""

    snapshot: Snapshot
    """A copy with the changes made."""
    comparison: Comparison
    """Of the snapshot as it is with the copy."""
    commands: tuple[CliCommand, ...]
    """In the order of the changes."""
