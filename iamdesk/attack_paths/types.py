"""What principals can become, as the outside sees it: frozen, each step with what proves it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from iamdesk.explain.decision import EvaluationResult
from iamdesk.whatif.edits import Edit

__all__ = [
    "AttackPath",
    "AttackPaths",
    "BlockedPath",
    "Distance",
    "Goal",
    "GoalKind",
    "PrincipalExposure",
    "Proof",
    "Remediation",
    "State",
    "Step",
]


class State(StrEnum):
    """How sure a step or a way is."""

    PROVEN = "proven"
    """Every permission that it needs is allowed, and every fact is in the snapshot."""
    POSSIBLE = "possible"
    """It needs a fact that the snapshot does not hold: ``needs`` names it."""
    REFUTED = "refuted"
    """Some policy speaks for it, but something stops it."""


class GoalKind(StrEnum):
    """Where a way leads."""

    PRINCIPAL = "principal"
    ADMINISTRATION = "administration"
    """Of one account."""
    DATA = "data"


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a way leads."""

    kind: GoalKind
    key: str
    """A principal's ARN, an account's id, the name of the data."""
    name: str
    """For people: ``administrator of account 111122223333``."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One question that a step rests on, with its whole answer."""

    says: str
    """What was asked: ``iam:PutRolePolicy on role/deploy``."""
    decision: EvaluationResult


@dataclass(frozen=True, slots=True)
class Step:
    """One way in which one principal makes more of itself."""

    path_id: str
    """``iam-012``; several joined with ``+`` where one path needs another."""
    how: str
    """What it does, after ``by``: ``changing the role's trust policy``."""
    source: str
    """ARN of who does it."""
    target: str
    """ARN of the user, role or group that it concerns; its own where it changes itself."""
    goal: Goal
    """What it becomes."""
    state: State
    needs: tuple[str, ...]
    """Facts that are missing, in words; for a condition the keys."""
    _prove: Callable[["Step"], tuple[Proof, ...]] = field(repr=False, compare=False)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The questions that it rests on, answered when asked for."""
        return self._prove(self)


@dataclass(frozen=True, slots=True)
class AttackPath:
    """Steps one after the other, from a principal to a goal. No steps: it is there already."""

    start: str
    goal: Goal
    steps: tuple[Step, ...]

    @property
    def state(self) -> State:
        """Proven where every step is."""
        return State.PROVEN if all(step.state is State.PROVEN for step in self.steps) else State.POSSIBLE

    @property
    def needs(self) -> tuple[str, ...]:
        """All facts that are missing, each once."""
        return tuple(dict.fromkeys(fact for step in self.steps for fact in step.needs))


@dataclass(frozen=True, slots=True)
class PrincipalExposure:
    """What one principal can become, summed up."""

    principal: str
    account: str
    is_administrator: bool
    to_administration: int | None
    """Steps to the administration of any account, all proven; 0: it is an administrator; None: no way."""
    maybe_to_administration: int | None
    """The same with steps that need a fact; None where no way is shorter than the proven one."""
    principals: int
    """How many other principals it can become, all steps proven."""
    maybe_principals: int
    """How many more with steps that need a fact."""
    accounts: tuple[str, ...]
    """Other accounts of the snapshot that it gets into, all steps proven."""
    data: tuple[str, ...]
    """Sensitive data that it can read only as somebody else, all steps proven."""
    reads: tuple[str, ...]
    """Sensitive data that it can read as it is."""


@dataclass(frozen=True, slots=True)
class BlockedPath:
    """A path for which some policy of a principal speaks, and what stops it."""

    path_id: str
    how: str
    target: str | None
    """ARN; None where nobody fits it."""
    by: str
    """What stops it, as a sentence."""
    decision: EvaluationResult | None = None


@dataclass(frozen=True, slots=True)
class Remediation:
    """One change that ends attack paths: it was made to a copy of the snapshot, and the paths were searched again."""

    what: str
    """What to change, as an instruction."""
    edits: tuple[Edit, ...]
    """The same as data."""
    policy_key: str
    """The policy to open; for one that is to be made the principal that gets it."""
    statement: str
    """The statement, as people point at it."""
    carriers: tuple[str, ...]
    """ARNs of the principals who lose it, too."""
    ended: tuple[AttackPath, ...]
    """The attack paths that it ends."""
    remaining: tuple[AttackPath, ...]
    """The attack paths that remain, or replace the ended ones; empty if only one path was asked about."""

    @property
    def stops(self) -> int:
        """How many of the ways that were asked about it stops."""
        return len(self.ended)


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a goal is."""

    steps: int
    is_proven: bool


class AttackPaths(Protocol):
    """What every principal of a snapshot can become. May be read from any thread, one at a time.

    A goal is ``admin`` (the administration of any account), an account's id, a principal's ARN or the name of sensitive
    data. Whatever takes a principal or a goal raises `RequestError` for one that the snapshot has not.
    """

    @property
    def version(self) -> str:
        """The version of the paths."""

    @property
    def goals(self) -> tuple[Goal, ...]:
        """What may be asked for besides principals: the administration of each account, and sensitive data."""

    def distances(self, goal: str = "admin") -> Mapping[str, Distance]:
        """Return by ARN how far it is to a goal, for all who get there or may; 0 steps for those who are there."""

    def reached(self, principal: str) -> PrincipalExposure:
        """Return what one principal can become, summed up."""

    def is_administrators(self, group: str) -> bool:
        """Return whether the policies of a group, by its ARN, make a member an administrator."""

    def everybody(self) -> Iterator[PrincipalExposure]:
        """Yield the same for every user and role, in the snapshot's order."""

    def way(self, principal: str, goal: str = "admin", *, maybe: bool = True) -> AttackPath | None:
        """Return a shortest way: proven where there is one, then one that needs a fact; None where there is none."""

    def ways(self, principal: str, goal: str = "admin", most: int = 20) -> Iterator[AttackPath]:
        """Yield a shortest way for each first step that leads to the goal."""

    def escalations(self, principal: str, most: int = 200) -> Iterator[Step]:
        """Yield the single steps that gain the principal something."""

    def refusals(self, principal: str) -> Iterator[BlockedPath]:
        """Yield the paths for which its policies speak and that it cannot take, with what stops each."""

    def cuts(self, principal: str, goal: str = "admin", most: int = 20, most_cuts: int = 5) -> tuple[Remediation, ...]:
        """Return changes that stop the ways to a goal, the one that stops most first; each is tried on a copy."""
