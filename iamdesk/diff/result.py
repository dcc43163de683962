"""The result of a comparison of two snapshots. Frozen; can be used from any thread."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from iamdesk.attack_paths.types import AttackPath
from iamdesk.checks.finding import Finding
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark
from iamdesk.snapshot.model import Snapshot
from iamdesk.whatif.commands import CliCommand

ANYONE = "anyone"
"""Name of a placeholder role for all principals of an external account."""
ANYONE_ANYWHERE = "anyone-anywhere"
"""Name of a placeholder role, in an unrelated account, for anyone with an AWS account."""
ANY_SERVICE = "any-service.amazonaws.com"
"""A placeholder service principal for all AWS services that no policy distinguishes."""


class Kind(StrEnum):
    """The direction of a change."""

    GAINED = "gained"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ExampleRequest:
    """A request with different decisions under the old and the new snapshot, which can be evaluated again."""

    principal: str
    action: str
    resource: str
    context: tuple[tuple[str, str | tuple[str, ...] | None], ...]
    """Keys and values; None: the key is absent."""
    old: EvalDecision | None
    """None: the snapshot does not contain the principal."""
    new: EvalDecision | None
    resource_account: str | None = None
    """The assumed owner of the resource, if neither its ARN nor a snapshot shows it."""


class Status(StrEnum):
    """The status of a principal's or resource's access."""

    UNCHANGED = "unchanged"
    """Proved: all policies and facts that apply are equivalent."""
    CHANGED = "changed"
    """Access was gained or lost, as a request shows."""
    CREATED = "created"
    DELETED = "deleted"
    INCONCLUSIVE = "cannot tell"
    """Inconclusive: no change was found, but it is not proved that there is none."""


class ChangeKind(StrEnum):
    """The kinds of changes between two snapshots."""

    CREATED = mark("created")
    DELETED = mark("deleted")
    RECREATED = mark("deleted and recreated")
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
    """One change of the configuration by which access can change. Equal ones are the same change."""

    kind: ChangeKind
    subject: str
    """ARN or key of what changed: the policy, the principal, the resource, the node of the organization."""
    detail: str = ""
    """Distinguishes changes of the same subject: the attached policy, the joined group."""
    sentence: str = field(default="", compare=False)
    """The change as a sentence."""
    takes_away: bool = field(default=False, compare=False)
    """Whether identity policies of a principal went away: an attachment, an inline policy, a group membership."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Access that one principal gained or lost."""

    principal: str
    kind: Kind
    actions: int = field(repr=False)
    """As bits of the comparison's actions (`Comparison.names`)."""
    where: str
    """The resources, as policies name them: ``arn:aws:s3:::payroll/*``, or ``*``."""
    witness: ExampleRequest
    """A request that shows it."""
    causes: tuple[Cause, ...]
    carriers: tuple[tuple[str, str], ...] = ()
    """Policies with an Allow that matches the example request in either snapshot, as (ARN of the owner, key)."""
    allowing: tuple[tuple[str, str], ...] = ()
    """Policies of the principal that may allow some of it in either snapshot, in the same form."""

    @property
    def is_by_lost_deny(self) -> bool:
        """Whether access was gained although identity policies only went away: these denied it."""
        return self.kind is Kind.GAINED and bool(self.causes) and all(cause.takes_away for cause in self.causes)

    @property
    def change(self) -> Hashable:
        """What changed, and by which causes: without the request that shows it."""
        return self.principal, self.kind, self.actions, self.where, self.causes, self.witness.context


@dataclass(frozen=True, slots=True)
class PrincipalDiff:
    """The access changes of one principal, or of one resource."""

    arn: str
    status: Status
    effects: tuple[Effect, ...] = ()
    doubts: tuple[str, ...] = ()
    """Why it is inconclusive whether (more) access changed."""


@dataclass(frozen=True, slots=True)
class TextChange:
    """One change of the configuration, with or without effect."""

    cause: Cause
    has_effect: bool
    """Whether it causes an access change."""
    is_doubtful: bool
    """Whether it applies to a principal or resource with an inconclusive comparison."""
    gives: bool | None = None
    """For assignments of IAM Identity Center, which change access directly: whether access was added or removed."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Statistics of the comparison."""

    principals: int
    compared: int
    """Principals whose inputs differ, or that only one snapshot contains."""
    groups: int
    """Groups of these with equal inputs, each compared once."""
    requests: int
    """Requests that were evaluated under both snapshots."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of two snapshots."""

    old_name: str
    new_name: str
    old_sha256: str
    new_sha256: str
    actions_as_of: str
    """Date of the AWS action data: results cover these actions, and unlisted ones that policies name."""
    principals: Mapping[str, PrincipalDiff]
    """By ARN: users, roles, root users and groups of both snapshots."""
    resources: Mapping[str, PrincipalDiff]
    """By ARN, resources that differ: access to them, including external access. For a role, assuming it."""
    texts: tuple[TextChange, ...]
    limits: tuple[str, ...]
    """Data that neither snapshot contains, so that it was not compared."""
    figures: Statistics
    action_names: Mapping[int, tuple[str, ...]] = field(repr=False)
    """Names of the actions of every effect, by its bits."""

    def names(self, actions: int) -> tuple[str, ...]:
        """Return the names of actions, with ``s3:*`` for all actions of a service and ``*`` for all actions."""
        return self.action_names[actions]

    def effects(self) -> tuple[Effect, ...]:
        """Return all access changes, each once: first those of principals, then those of others on resources."""
        found = [effect for one in self.principals.values() for effect in one.effects]
        # Both sides may find the same change, by requests with an explicit and with an implicit deny.
        seen = {effect.change for effect in found}
        found += [effect for one in self.resources.values() for effect in one.effects if effect.change not in seen]
        return tuple(found)


@dataclass(frozen=True, slots=True)
class WhatIfResult:
    """The result of changes that were tried on a copy."""

    snapshot: Snapshot
    """The changed copy."""
    comparison: Comparison
    """The original snapshot compared with the copy."""
    commands: tuple[CliCommand, ...]
    """AWS CLI commands that make the changes, in order."""


@dataclass(frozen=True, slots=True)
class RiskChanges:
    """Attack paths and findings that changes make appear or vanish (`risk_changes`)."""

    paths_gained: tuple[AttackPath, ...]
    paths_lost: tuple[AttackPath, ...]
    administrators_gained: tuple[str, ...]
    """ARNs."""
    administrators_lost: tuple[str, ...]
    findings_gained: tuple[Finding, ...]
    findings_lost: tuple[Finding, ...]
    findings_remaining: tuple[Finding, ...] = ()
    """Attack paths that come to light because the one that was reported ended. They are no new risk."""
