"""The public types of attack paths: frozen, each step with its evidence."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import nphrase, phrase, phrased
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.whatif.edits import Edit

__all__ = [
    "AttackPath",
    "AttackPaths",
    "BlockedPath",
    "Distance",
    "FirstSteps",
    "Goal",
    "GoalKind",
    "GraphEdge",
    "GraphNode",
    "NodeKind",
    "Plan",
    "PlannedChange",
    "PrincipalExposure",
    "Proof",
    "Remediation",
    "State",
    "Step",
]


class State(StrEnum):
    """How certain a step or path is."""

    PROVEN = "proven"
    """All required permissions are allowed, and all required facts are in the snapshot."""
    POSSIBLE = "possible"
    """It needs a fact that was not captured, listed in ``needs``."""
    REFUTED = "refuted"
    """Some policy allows it, but it is blocked."""


class GoalKind(StrEnum):
    """Kinds of goals of an attack path."""

    PRINCIPAL = "principal"
    ADMINISTRATION = "administration"
    """Administrator of one account."""
    DATA = "data"
    """Sensitive data."""


@dataclass(frozen=True, slots=True)
class Goal:
    """The goal of an attack path."""

    kind: GoalKind
    key: str
    """A principal's ARN, an account ID or the name of sensitive data."""
    name: str
    """As text: ``administrator of account 111122223333``."""


ADMINISTRATION = "admin"
"""The goal "administrator of any account"."""


def administration_of(account: str) -> Goal:
    """Return the goal "administrator of an account"."""
    return Goal(GoalKind.ADMINISTRATION, account, phrase("administrator of account {account}", account=account))


def principal_goal(arn: str) -> Goal:
    """Return the goal of becoming a principal."""
    return Goal(GoalKind.PRINCIPAL, arn, arn.rpartition(":")[2])


def data_goal(name: str) -> Goal:
    """Return the goal of reading sensitive data."""
    return Goal(GoalKind.DATA, name, phrase("reading {data}", data=phrased(name)))


@dataclass(frozen=True, slots=True)
class Proof:
    """One evaluated request that proves a step."""

    request_text: str
    """The request as text: ``iam:PutRolePolicy on role/deploy``."""
    decision: EvaluationResult
    is_after_change: bool = False
    """Whether it is decided as after the first technique of the step, which changes what is allowed."""
    is_given: bool = False
    """Whether it is allowed by any permission that this technique gives, in no policy of the snapshot."""


type StepKey = tuple[str, str, str]
"""Identifies a step: technique, ARN of the source, ARN of the target."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an attack path: a technique used by one principal on one target."""

    path_id: str
    """Id of the technique: ``iam-012``; several joined with ``+`` if one needs another."""
    how: str
    """What it does, to complete "by …": ``changing the role's trust policy``."""
    source: str
    """ARN of the principal that takes the step."""
    target: str
    """ARN of the user, role or group that it acts on; equal to ``source`` if it changes itself."""
    goal: Goal
    """What the source becomes."""
    state: State
    needs: tuple[str, ...]
    """Missing facts as text, for conditions their keys."""
    _prove: Callable[["Step"], tuple[Proof, ...]] = field(repr=False, compare=False)

    @property
    def key(self) -> StepKey:
        """Identifies it among the steps of a snapshot."""
        return self.path_id, self.source, self.target

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The requests that prove it, evaluated at first use."""
        return self._prove(self)


@dataclass(frozen=True, slots=True)
class AttackPath:
    """A sequence of steps from a principal to a goal; without steps if the principal is at the goal already."""

    start: str
    goal: Goal
    steps: tuple[Step, ...]

    @property
    def state(self) -> State:
        """Proven if all steps are."""
        return State.PROVEN if all(step.state is State.PROVEN for step in self.steps) else State.POSSIBLE

    @property
    def needs(self) -> tuple[str, ...]:
        """All missing facts, each once."""
        return tuple(dict.fromkeys(fact for step in self.steps for fact in step.needs))


@dataclass(frozen=True, slots=True)
class PrincipalExposure:
    """A summary of the attack paths of one principal."""

    principal: str
    account: str
    is_administrator: bool
    to_administration: int | None
    """Proven steps to administrator of any account; 0: it is one; None: no proven path."""
    maybe_to_administration: int | None
    """The same with possible steps; None if that is not shorter."""
    principals: int
    """Number of other principals that it can become by proven steps."""
    maybe_principals: int
    """Number of further principals with possible steps."""
    accounts: tuple[str, ...]
    """Other accounts of the snapshot that it can access by proven steps."""
    data: tuple[str, ...]
    """Sensitive data that it can read only as another principal, by proven steps."""
    reads: tuple[str, ...]
    """Sensitive data that it can read directly."""


@dataclass(frozen=True, slots=True)
class BlockedPath:
    """A technique that a principal's policies allow but that is blocked, with the reason."""

    path_id: str
    how: str
    target: str | None
    """ARN; None if there is no target."""
    by: str
    """What blocks it, as a sentence."""
    decision: EvaluationResult | None = None


@dataclass(frozen=True, slots=True)
class Remediation:
    """One change that ends attack paths: it was made to a copy of the snapshot, and the paths were searched again."""

    what: str
    """What to change, as an instruction."""
    edits: tuple[Edit, ...]
    """The same as data."""
    policy_key: str
    """The policy to open; for a new policy, the principal that gets it."""
    statement: str
    """The statement's name."""
    carriers: tuple[str, ...]
    """ARNs of other principals that lose the permission."""
    ended: tuple[AttackPath, ...]
    """The attack paths that it ends."""
    remaining: tuple[AttackPath, ...]
    """The attack paths that remain, or replace the ended ones; if one path was asked about, only proven ones in as few
    steps."""

    @property
    def stops(self) -> int:
        """Number of attack paths that it ends."""
        return len(self.ended)


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One change of a plan."""

    what: str
    """What to change, as an instruction."""
    edits: tuple[Edit, ...]
    """The same as data."""
    policy_key: str
    """The policy to open; for a new policy, the principal that gets it."""
    statement: str
    """The statement's name."""
    ends: tuple[str, ...]
    """ARNs of principals with attack paths that it ends."""
    proven: tuple[str, ...]
    """Of these, the principals with a proven path that it ends; the paths of the others are only possible."""
    affects: tuple[str, ...]
    """ARNs of principals without attack paths that it affects, too."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes that together end attack paths to administrator, in this order; chosen greedily, proven paths first."""

    changes: tuple[PlannedChange, ...]
    principals: int
    """Number of principals with an attack path before the changes."""
    remaining: tuple[str, ...]
    """ARNs of principals that still have one after all changes."""
    rounds: int
    """How often the changed copy was searched again."""


class NodeKind(StrEnum):
    """Kinds of nodes of the exported graph."""

    ACCOUNT = "account"
    USER = "user"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node of the exported graph."""

    kind: NodeKind
    key: str
    """ARN, or account ID."""
    name: str
    account: str
    is_administrator: bool


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """All steps from one principal to another, or to administrator of an account, that are equally certain."""

    source: str
    """ARN."""
    target: str
    """ARN, or account ID."""
    is_to_account: bool
    is_proven: bool
    techniques: tuple[str, ...]
    """Ids."""
    how: tuple[str, ...]
    """What each does."""


@dataclass(frozen=True, slots=True)
class Distance:
    """The distance of a principal to a goal."""

    steps: int
    is_proven: bool


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """The techniques by which a principal takes the first step of its shortest paths to administrator of any account.

    Ids; several joined with ``+`` where one needs another.
    """

    proven: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    """Of the shortest possible paths; empty if a proven path is as short."""
    is_administrator: bool = False
    """Whether it needs none."""


class AttackPaths(Protocol):
    """The attack paths of a snapshot. May be used from any thread, by one at a time.

    A goal is ``admin`` (administrator of any account), an account ID, a principal's ARN or the name of sensitive data.
    Methods that take a principal or goal raise `RequestError` if the snapshot does not have it.
    """

    @property
    def version(self) -> str:
        """The version of the technique catalog."""

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The goals besides principals: administrator of each account, and sensitive data."""

    def distances(self, goal: str = "admin") -> Mapping[str, Distance]:
        """Return the distance to a goal by ARN, for all principals with a proven or possible path, or at the goal."""

    def reached(self, principal: str) -> PrincipalExposure:
        """Return the exposure of one principal."""

    def is_administrators(self, group: str) -> bool:
        """Return whether the policies of a group, by its ARN, make a member an administrator."""

    def exposures(self) -> Iterator[PrincipalExposure]:
        """Yield the exposure of every user and role, in the snapshot's order."""

    def first_steps(self) -> Mapping[str, FirstSteps]:
        """Return the first steps to administrator by ARN, of all principals that have a path or are administrators."""

    def attack_path(self, principal: str, goal: str = "admin", *, maybe: bool = True) -> AttackPath | None:
        """Return a shortest path to a goal, a proven one if possible; None if there is none."""

    def attack_paths(self, principal: str, goal: str = "admin", most: int = 20) -> Iterator[AttackPath]:
        """Yield a shortest path for each first step towards the goal."""

    def escalations(self, principal: str, most: int = 200) -> Iterator[Step]:
        """Yield the single steps that gain the principal access."""

    def refusals(self, principal: str) -> Iterator[BlockedPath]:
        """Yield the techniques that its policies allow but that are blocked, with the reason."""

    def remediations(
        self, principal: str, goal: str = "admin", most: int = 20, most_remediations: int = 5
    ) -> tuple[Remediation, ...]:
        """Return changes that end the paths to a goal, the one that ends most first; each was tried on a copy."""

    def plan(self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled) -> Plan:
        """Return changes that together end the attack paths of all principals to administrator.

        Takes as long as building the graph several times.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """

    def count_attack_paths(self, principal: str, goal: str = "admin") -> int:
        """Return the number of attack paths that `attack_paths` yields without a maximum."""

    def graph_nodes(self) -> Iterator[GraphNode]:
        """Yield the accounts, users and roles, for an export."""

    def graph_edges(self) -> Iterator[GraphEdge]:
        """Yield the steps between them, for an export."""

    @property
    def preparations_left_out(self) -> int | None:
        """Number of preparations (`prepared`) after which no paths were searched; None: too many to list."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far paths after a change of one's own permissions, groups or tags are searched, in copies of the snapshot."""

    start: str = ""
    """ARN of a principal: those of it and of whom it can become, in any number of copies. Empty: those of all."""
    principals: int | None = None
    """Principals in all copies together; None: the usual limit."""


USUAL = Extent()


def not_searched(left_out: int | None) -> str:
    """Return a sentence on `AttackPaths.preparations_left_out`; empty if there are none."""
    if left_out is None:
        return phrase(
            "Attack paths that begin with changing one's own permissions within a boundary, joining a group or setting "
            "tags were not searched: the snapshot has too many users and roles."
        )
    if left_out == 0:
        return ""
    return nphrase(
        "Attack paths after {count:,} way of changing one's own permissions, groups or tags were not searched.",
        "Attack paths after {count:,} ways of changing one's own permissions, groups or tags were not searched.",
        left_out,
    )
