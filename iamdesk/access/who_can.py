"""Rows of who-can: one principal, or one group of external callers, with one decision or all on a resource.

`Sweeps` are the evaluators that make them, for all principals at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, TypedDict, Unpack

from iamdesk.evaluate.request import ContextValues, EvalDecision, MissingContextMode, Request, read_missing_context_mode
from iamdesk.explain.decision import EvaluationResult, StatementExplanation, StatementRole
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.snapshot.resources import Resource

ANY_SERVICE = "*.amazonaws.com"
"""Principal of the row for AWS services that no policy names."""


class PrincipalKind(StrEnum):
    """What a row of who-can is."""

    ANYONE = "anyone"
    ACCOUNT = "account"
    """An account that the snapshot does not hold: it can grant its principals this access."""
    ROOT_USER = "root-user"
    USER = "user"
    ROLE = "role"
    ROLE_SESSION = "role-session"
    FEDERATED_USER = "federated-user"
    SERVICE = "service"
    PROVIDER = "identity-provider"


class Signing(StrEnum):
    """Which requests of anyone a row covers."""

    EITHER = "unsigned-or-signed"
    UNSIGNED = "unsigned"
    SIGNED = "signed"
    """With credentials of any AWS account."""


@dataclass(frozen=True, slots=True)
class Who:
    """The caller, or group of callers, of a row."""

    principal: str
    """ARN; ``arn:aws:iam::ID:root`` for an external account; the name of a service; the ARN or host of an identity
    provider; ``*`` for anyone. External principals that a condition describes by a pattern have the pattern, those that
    it names by unique ID have the ID (``AROA…``)."""
    kind: PrincipalKind
    is_external: bool = False
    """Whether it is no user, role, session or root user of an account of the snapshot."""
    in_organization: bool | None = None
    """Of an external account or its principals: whether it belongs to the snapshot's organization; None: not known."""
    signing: Signing | None = None
    """Only of anyone."""

    @property
    def order(self) -> tuple[bool, int, int, str]:
        """Sort key: external callers first, by kind; unsigned requests before signed ones."""
        signing = 0 if self.signing is None else _SIGNINGS.index(self.signing)
        return not self.is_external, _ORDER.index(self.kind), signing, self.principal


_ORDER = tuple(PrincipalKind)
_SIGNINGS = tuple(Signing)
_KINDS = {
    "root": PrincipalKind.ROOT_USER,
    "user": PrincipalKind.USER,
    "role": PrincipalKind.ROLE,
    "federated-user": PrincipalKind.FEDERATED_USER,
}


def who_is(principal: str) -> Who:
    """Return the caller that the ARN of a principal of the snapshot names."""
    name = principal.split(":", 5)[-1].partition("/")[0]
    return Who(principal, _KINDS.get(name, PrincipalKind.USER))


@dataclass(frozen=True, slots=True)
class Access:
    """One row of who-can; `explanation` is the full result of `request`."""

    principal: str
    """As `Who.principal`."""
    decision: EvalDecision
    _request: Request
    """As any principal makes it."""
    _can: Callable[[Request], EvaluationResult]
    _who: Who | None = None
    _asked_as: str | None = None

    @property
    def who(self) -> Who:
        """The caller of the row."""
        return who_is(self.principal) if self._who is None else self._who

    @property
    def kind(self) -> PrincipalKind:
        """The kind of principal."""
        return self.who.kind

    @property
    def is_external(self) -> bool:
        """Whether it is no principal of an account of the snapshot."""
        return self._who is not None and self._who.is_external

    @property
    def request(self) -> Request:
        """The request that was evaluated.

        The principal is the row's; for an account or anyone, one of the principals that the row covers, with a name
        that no policy contains.
        """
        return replace(self._request, principal=self._asked_as or self.principal)

    @property
    def explanation(self) -> EvaluationResult:
        """The full result for this principal, evaluated when read."""
        return self._can(self.request)

    @property
    def how(self) -> tuple[StatementExplanation, ...]:
        """The deciding statements, and those that the decision depends on, each with the policy that it comes
        through."""
        return self.explanation.statements_that(StatementRole.DECIDES, StatementRole.DEPENDS)


class FittingAction(NamedTuple):
    """An action that acts on a resource."""

    action: str
    """As AWS spells it: ``s3:GetObject``."""
    resource: str
    """The ARN to evaluate it on: log groups have two."""
    level: str
    """Its access level."""


@dataclass(frozen=True, slots=True)
class ResourceAccess:
    """What one principal, or one group of external callers, can do on a resource."""

    who: Who
    allowed: tuple[FittingAction, ...]
    conditional: tuple[FittingAction, ...]
    _row: Callable[[FittingAction, EvalDecision], Access]

    def row(self, action: FittingAction, decision: EvalDecision) -> Access:
        """Return the row of one of the actions, which gives the full result."""
        return self._row(action, decision)

    def rows(self) -> Iterator[Access]:
        """Yield a row for each action, by service and name."""
        open_to = [(action, EvalDecision.ALLOWED) for action in self.allowed]
        open_to += [(action, EvalDecision.CONDITIONAL) for action in self.conditional]
        for action, decision in sorted(open_to):
            yield self._row(action, decision)


type Entries = tuple[str, ...]
"""Resource entries of which each matches: one, or several that match the same ARNs in part."""


class Share(NamedTuple):
    """A part of a resource: what resource entries match."""

    entries: Entries
    exceptions: tuple[Entries, ...]
    """Parts of it that are left out."""


class KnownAccess(NamedTuple):
    """What a principal can do on a resource as a whole: names of actions."""

    allowed: frozenset[str] = frozenset()
    conditional: frozenset[str] = frozenset()

    def has(self, action: str, decision: EvalDecision) -> bool:
        """Return whether a decision on a part adds nothing."""
        return action in self.allowed or (decision is EvalDecision.CONDITIONAL and action in self.conditional)


class PrincipalPart(NamedTuple):
    """What one principal can do on parts of a resource, beyond what it can do on the whole."""

    principal: str
    decision: EvalDecision
    shares: tuple[Share, ...]
    """The parts; none: all parts on which the actions act."""
    actions: tuple[FittingAction, ...]


class PartsFound(NamedTuple):
    """What principals can do on parts of a resource."""

    rows: tuple[PrincipalPart, ...]
    is_complete: bool
    """Whether all parts were evaluated that policies distinguish."""


class SweepOptions(TypedDict, total=False):
    """Options of an evaluation for all principals."""

    unknown_context: MissingContextMode
    """What a key without value means."""
    external: bool
    """Whether external callers are listed."""
    progress: Progress
    """Called with the number of principals done, and of all."""
    cancelled: Cancelled
    """Returns whether the work was cancelled."""


class Sweeps(ABC):
    """Decisions for all principals at once: of one snapshot, or of an organization account by account."""

    @abstractmethod
    def stated(self, request: Request) -> Request:
        """Return the request that is evaluated where a user states one; see `simulate.stated_request`."""

    @abstractmethod
    def rows(
        self,
        request: Request,
        *,
        external: bool = True,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> Iterator[Access]:
        """Yield the rows of `who_can` for a request; its principal is ignored."""

    @abstractmethod
    def access_to_resource(
        self, resource: str, context: ContextValues | None = None, **options: Unpack[SweepOptions]
    ) -> tuple[ResourceAccess, ...]:
        """Return what each principal can do on a resource, external callers first; see `access.resource_access`.

        Raises:
            RequestError: the resource is not an ARN, or no action fits it.
            SnapshotError: an account of an organization cannot be read any more.
            WorkCancelled: ``cancelled`` returned True.
        """

    @abstractmethod
    def access_to_parts(
        self, resource: Resource, whole: Mapping[str, KnownAccess], cancelled: Cancelled = never_cancelled
    ) -> PartsFound:
        """Return what each principal can do on parts of a resource alone; see `access.part_access`.

        ``whole`` is, by principal, what it can do on the resource and on everything in it: this is left out.

        Raises:
            SnapshotError: an account of an organization cannot be read any more.
            WorkCancelled: ``cancelled`` returned True.
        """

    def who_can(
        self,
        *,
        action: str | None = None,
        resource: str = "*",
        context: ContextValues | None = None,
        unknown_context: MissingContextMode = MissingContextMode.UNKNOWN,
        external: bool = True,
        unknown_action: bool = False,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
    ) -> Iterator[Access]:
        """Yield a row for each principal for whom the decision is allowed or conditional.

        External callers come first (anyone, accounts and their principals, services, identity providers: `Who`), then
        users, roles and root users in the order of the snapshot.

        Args:
            action: Without one, a row for each principal and each action that fits the resource.
            resource: An ARN, or ``*`` for actions that take none; ``*`` in an ARN matches any text.
            context: Values of condition keys; None: the key is absent.
            unknown_context: What a key without value means.
            external: Whether external callers are listed.
            unknown_action: As of `Request`.
            progress: Called with the number of principals done, and of all.
            cancelled: Returns whether the work was cancelled.

        Raises:
            RequestError: no such request can be made, or no action fits the resource.
            SnapshotError: an account of an organization cannot be read any more.
            WorkCancelled: ``cancelled`` returned True.
        """
        mode = read_missing_context_mode(unknown_context)
        options = SweepOptions(unknown_context=mode, external=external, progress=progress, cancelled=cancelled)
        if action is None:
            for one in self.access_to_resource(resource, context, **options):
                yield from one.rows()
            return
        request = Request("", action, resource, context or {}, unknown_context=mode, unknown_action=unknown_action)
        request = self.stated(request)
        yield from self.rows(request, external=external, progress=progress, cancelled=cancelled)
