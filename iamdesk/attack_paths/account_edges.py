"""The attack-path steps of one account as plain data, from which paths across an organization are built.

Only assuming a role (``sts-002``) crosses accounts here. Every other step is decided by the policies of its own account
(rules D1 and I2), except changing a Lambda function whose policy allows another account to: that step is found only
where all accounts are in memory.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import indexes_of, names_in
from iamdesk.attack_paths.assume_role import WHOLE_ACCOUNT, Assumable, TrustPolicies
from iamdesk.attack_paths.catalog import preference
from iamdesk.attack_paths.edge_sources import ConfirmedAndPossible, SourceFinder
from iamdesk.attack_paths.edge_targets import EdgeTargets
from iamdesk.attack_paths.edges import Edge, Edges
from iamdesk.attack_paths.graph import StepGraph
from iamdesk.attack_paths.types import Step
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalType
from iamdesk.snapshot.model import Account, RoleDetail


@dataclass(frozen=True, slots=True)
class OpenRole:
    """A role whose trust policy may allow principals of other accounts."""

    role: RoleDetail
    """Only its ARN, id, name, path, tags and trust policy."""
    accounts: frozenset[str] | None
    """IDs of accounts whose principals it may trust; None: all accounts."""
    ids: frozenset[str]
    """Unique IDs of principals that it names."""


type StepKey = tuple[str, str, str]
"""A step: technique, ARN of the source, ARN of the target."""


def key_of(step: Step) -> StepKey:
    """Return the key of a step."""
    return step.path_id, step.source, step.target


@dataclass(frozen=True, slots=True)
class PlainEdge:
    """Principals of an account who can use one technique."""

    path_id: str
    target: str
    """ARN of the user, role or group that it acts on."""
    members: ConfirmedAndPossible


@dataclass(frozen=True, slots=True)
class AccountSteps:
    """The steps of an account's principals; bits are positions in the account."""

    account: str
    subjects: tuple[str, ...]
    """ARNs by position, in the snapshot's order."""
    regular: int
    """All principals whose ARN matches their account and type."""
    places: int
    """The users and roles among them."""
    administrators: int
    into: Mapping[int, tuple[PlainEdge, ...]]
    """By position: the techniques by which principals of the account become it."""
    promotions: tuple[PlainEdge, ...]
    """The steps into the account's administration."""
    indirect: tuple[Mapping[int, int], Mapping[int, int]]
    """By number of steps: who becomes an administrator by another principal (`StepGraph.indirect_promotions`), by
    proven steps, and with possible ones."""
    promoters: Mapping[int, PlainEdge]
    """By position: the first other principal that it can make an administrator."""
    readers: Mapping[str, ConfirmedAndPossible]
    """By name of sensitive data: who can read it directly."""
    assuming: Mapping[str, ConfirmedAndPossible]
    """By ARN of a role of the account: its principals that can assume it."""
    abroad: Mapping[str, ConfirmedAndPossible]
    """By ARN of a role of another account: principals of this account that can assume it."""
    proofs: Mapping[StepKey, bytes] = field(default_factory=dict)
    """The evidence of some steps, compressed (`organization_paths.with_proofs`)."""


def open_roles(account: Account, parse: "ParseTrust") -> Iterator[OpenRole]:
    """Yield the roles of an account that may trust principals of other accounts."""
    for role in account.roles:
        accounts, ids = _trusted(parse(role))
        if accounts is None or accounts - {account.account_id} or ids:
            stripped = RoleDetail(
                arn=role.arn,
                role_name=role.role_name,
                role_id=role.role_id,
                path=role.path,
                assume_role_policy_document=role.assume_role_policy_document,
                tags=role.tags,
            )
            yield OpenRole(stripped, None if accounts is None else frozenset(accounts), frozenset(ids))


class ParseTrust:
    """Parses trust policies of one part of a snapshot."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._index = evaluator.index

    def __call__(self, role: RoleDetail) -> Document:
        """Return a role's trust policy."""
        return self._index.trust(role)


def _trusted(document: Document) -> tuple[set[str] | None, set[str]]:
    """Return the account IDs (None: all) and unique IDs that a trust policy names, consistent with `TrustPolicies`."""
    accounts: set[str] = set()
    ids: set[str] = set()
    for statement in document.statements:
        if not statement.is_allow or statement.broken is not None or not statement.covers_action("sts", "assumerole"):
            continue
        if statement.not_principal:
            return None, ids
        for entry in statement.principals or ():
            if entry.type is not PrincipalType.AWS:
                continue
            if entry.is_everyone:
                return None, ids
            whole = WHOLE_ACCOUNT.fullmatch(entry.text)
            if whole:
                accounts.add(whole[1])
            for kind, name in names_in(entry.text):
                if kind == "id":
                    ids.add(name)
                elif kind == "arn":
                    accounts.add(name.split(":", 5)[4])
    return accounts, ids


def find_account_steps(steps: Edges, graph: StepGraph, account: str, foreign: Iterable[RoleDetail]) -> AccountSteps:
    """Return the steps of an account's principals.

    Args:
        steps: The steps of the part of the snapshot with this account only.
        graph: Their graph.
        account: Its ID.
        foreign: Roles of other accounts that may trust principals of this one.

    Raises:
        WorkCancelled: The work was cancelled.
    """
    plain = _Plain(steps)
    return AccountSteps(
        account=account,
        subjects=steps.population.index.subjects[: steps.population.index.principals],
        regular=steps.population.regular,
        places=sum(1 << position for position in steps.places),
        administrators=steps.administrators,
        into=dict(plain.into()),
        promotions=tuple(
            map(
                plain.edge,
                sorted(graph.unprepared_promotions.get(account, ()), key=lambda one: preference(one.path_id)),
            )
        ),
        indirect=(graph.indirect_levels(), graph.indirect_levels(maybe=True)),
        promoters={position: plain.edge(edge) for position, edge in graph.promoters.first.items()},
        readers={name: plain.open(members) for name, members in graph.readers.items()},
        assuming={
            steps.targets.arns[place]: plain.open(members)
            for place in indexes_of(steps.targets.roles)
            if (members := steps.assumable.of(place)).principals
        },
        abroad=dict(_abroad(steps, plain, tuple(foreign))),
    )


class _Plain:
    """Converts edges to plain data; equal values become one object."""

    def __init__(self, steps: Edges) -> None:
        self._steps = steps
        self._opens: dict[ConfirmedAndPossible, ConfirmedAndPossible] = {}

    def open(self, members: ConfirmedAndPossible) -> ConfirmedAndPossible:
        return self._opens.setdefault(members, members)

    def edge(self, edge: Edge) -> PlainEdge:
        return PlainEdge(edge.path_id, self._steps.targets.arns[edge.target], self.open(edge.members))

    def into(self) -> Iterator[tuple[int, tuple[PlainEdge, ...]]]:
        for position, place in self._steps.places.items():
            self._steps.inquiry.check_cancelled()
            others = ~(1 << position)
            found = tuple([self.edge(edge) for edge in self._steps.into(place) if edge.members.principals & others])
            if found:
                yield position, found


def _abroad(steps: Edges, plain: _Plain, foreign: tuple[RoleDetail, ...]) -> Iterator[tuple[str, ConfirmedAndPossible]]:
    """Yield (role ARN, who can assume it) for roles of other accounts."""
    by_account: dict[str, list[RoleDetail]] = {}
    for role in foreign:
        by_account.setdefault(role.arn.split(":", 5)[4], []).append(role)
    accounts = tuple(
        Account.model_construct(account_id=one, users=(), groups=(), roles=tuple(roles), policies=())
        for one, roles in by_account.items()
    )
    targets = EdgeTargets(accounts, steps.population.index)
    finder = SourceFinder(steps.inquiry, targets, steps.inquiry.evaluator.bulk())
    trusts = TrustPolicies(steps.inquiry, targets, steps.population, {role.arn: role for role in foreign})
    with steps.inquiry.evaluator.index.lent_roles(foreign):
        assumable = Assumable(trusts.assuming(finder))
    for place in indexes_of(targets.roles):
        members = assumable.of(place)
        if members.principals:
            yield targets.arns[place], plain.open(members)
