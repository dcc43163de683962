"""The attack-path steps of one account as plain data, from which paths across an organization are built.

Only assuming a role (``sts-002``) crosses accounts here. Every other step is decided by the policies of its own account
(rules D1 and I2), except changing a Lambda function whose policy allows another account to: that step is found only
where all accounts are in memory.
"""

import pickle
import re
import zlib
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.administrators import ADMINISTRATION
from iamdesk.attack_paths.assume_role import Assumable, assuming, trusted_by
from iamdesk.attack_paths.catalog import ASSUMES, preference
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible, SourceFinder, tags_asked
from iamdesk.attack_paths.edge_targets import EdgeTargets
from iamdesk.attack_paths.edges import Edge, Edges
from iamdesk.attack_paths.evaluation_session import EvaluationSession
from iamdesk.attack_paths.graph import StepGraph
from iamdesk.attack_paths.request_tags import may_require
from iamdesk.attack_paths.session_needs import SessionNeeds, passing
from iamdesk.attack_paths.types import StepKey
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.derived_keys import ResourceDependence, variation
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.policy.document import Document
from iamdesk.policy.resource_patterns import Match, ResourcePattern, ShortArns, unresolved
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, RoleDetail
from iamdesk.snapshot.organization import OrganizationPolicyType


@dataclass(frozen=True, slots=True)
class PlainEdge:
    """Principals of an account who can use one technique."""

    path_id: str
    target: str
    """ARN of the user, role or group that it acts on."""
    members: ConfirmedAndPossible


class Techniques(NamedTuple):
    """By which techniques the principals of an account become others, and its administrators."""

    into: Mapping[int, tuple[PlainEdge, ...]]
    """By position: the techniques by which principals of the account become it."""
    promotions: tuple[PlainEdge, ...]
    """The steps into the account's administration."""


class PlainPromotion(NamedTuple):
    """How a principal becomes an administrator by another one that it can become (`promoters.IndirectPromotion`)."""

    steps: int
    promoter: int
    changed: int
    edge: PlainEdge


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
    unconditional: int
    """The administrators without ``sessions``."""
    named: int
    """The roles in whose sessions a caller has to set a source identity (`Edges.named`)."""
    sessions: Mapping[int, SessionNeeds]
    """By position of a role that is an administrator only in some sessions: what these need."""
    entering: Mapping[int, tuple[PlainEdge, ...]]
    """By position of such a role: how principals of the account become an administrator by becoming it."""
    into: Mapping[int, ConfirmedAndPossible]
    """By position: the other principals of the account that become it by some technique."""
    promoted: ConfirmedAndPossible
    """The principals that become an administrator in one of the steps into the account's administration."""
    packed: bytes
    """The `Techniques`, compressed: a tenth of their size, and most questions are about a few accounts."""
    indirect: tuple[Mapping[int, PlainPromotion], Mapping[int, PlainPromotion]]
    """By position: how a principal becomes an administrator by another one (`StepGraph.indirect_promotions`), by proven
    steps, and with possible ones."""
    promoters: Mapping[int, PlainEdge]
    """By position: the first other principal that it can make an administrator."""
    readers: Mapping[str, ConfirmedAndPossible]
    """By name of sensitive data: who can read it directly."""
    assuming: Mapping[str, ConfirmedAndPossible]
    """By ARN of a role of the account: its principals that can assume it."""
    abroad: Mapping[ConfirmedAndPossible, int]
    """By who can assume them: roles of other accounts, as bits by their number in `Directory.open_roles`."""
    shared_functions: tuple[str, ...]
    """ARNs of Lambda functions whose policy lets others change them: steps of other accounts that are not searched."""
    administrations: Mapping[Hashable, object]
    """What is known of who is an administrator (`administrators.Administration`), by ARN."""
    abroad_in_sessions: Mapping[ConfirmedAndPossible, int] = field(default_factory=dict)
    """As ``abroad``, of roles with ``sessions``: who becomes an administrator by assuming them (`in_sessions`)."""
    proofs: Mapping[StepKey, bytes] = field(default_factory=dict)
    """The evidence of some steps, compressed (`organization_paths.with_proofs`)."""

    def techniques(self) -> Techniques:
        """Unpack the techniques."""
        found: Techniques = pickle.loads(zlib.decompress(self.packed))  # noqa: S301 - made by this run
        return found


def find_account_steps(steps: Edges, graph: StepGraph, account: str) -> AccountSteps:
    """Return the steps of an account's principals.

    Args:
        steps: The steps of the part of the snapshot with this account only.
        graph: Their graph.
        account: Its ID.

    Raises:
        WorkCancelled: The work was cancelled.
    """
    plain = _Plain(steps)
    into = dict(plain.into())
    promotions = sorted(graph.unprepared_promotions.get(account, ()), key=lambda one: preference(one.path_id))
    techniques = Techniques(into, tuple(map(plain.edge, promotions)))
    return AccountSteps(
        account=account,
        subjects=steps.population.index.subjects[: steps.population.index.principals],
        regular=steps.population.regular,
        places=sum(1 << position for position in steps.places),
        administrators=steps.administrators,
        unconditional=steps.unconditional_administrators,
        named=steps.named,
        sessions=steps.sessions,
        entering={position: tuple(map(plain.edge, steps.entering(position))) for position in steps.sessions},
        into={position: plain.open(_by_any(edges).within(~(1 << position))) for position, edges in into.items()},
        promoted=_by_any(techniques.promotions),
        packed=zlib.compress(pickle.dumps(techniques), 1),
        indirect=(plain.promotions(graph, maybe=False), plain.promotions(graph, maybe=True)),
        promoters={position: plain.edge(edge) for position, edge in graph.promoters.first.items()},
        readers={name: plain.open(members) for name, members in graph.readers.items()},
        assuming={
            steps.targets.arns[place]: plain.open(members)
            for place in indexes_of(steps.targets.roles)
            if (members := steps.assuming(place)).principals
        },
        abroad=_abroad(steps, plain, account),
        shared_functions=tuple(steps.shared_functions.get(account, ())),
        administrations=dict(steps.inquiry.known(ADMINISTRATION)),
    )


def _by_any(edges: Iterable[PlainEdge]) -> ConfirmedAndPossible:
    return reduce(ConfirmedAndPossible.either, (edge.members for edge in edges), NO_PRINCIPALS)


class _Plain:
    """Converts edges to plain data; equal values become one object."""

    def __init__(self, steps: Edges) -> None:
        self._steps = steps
        self._opens: dict[ConfirmedAndPossible, ConfirmedAndPossible] = {}

    def open(self, members: ConfirmedAndPossible) -> ConfirmedAndPossible:
        return self._opens.setdefault(members, members)

    def edge(self, edge: Edge) -> PlainEdge:
        return PlainEdge(edge.path_id, self._steps.targets.arns[edge.target], self.open(edge.members))

    def promotions(self, graph: StepGraph, *, maybe: bool) -> dict[int, PlainPromotion]:
        return {
            position: PlainPromotion(found[0].steps, found[0].promoter, found[0].changed, self.edge(found[0].edge))
            for position, found in graph.indirect_promotions(maybe).items()
        }

    def into(self) -> Iterator[tuple[int, tuple[PlainEdge, ...]]]:
        for position, place in self._steps.places.items():
            self._steps.inquiry.check_cancelled()
            others = ~(1 << position)
            found = tuple([self.edge(edge) for edge in self._steps.into(place) if edge.members.principals & others])
            if found:
                yield position, found


def _abroad(steps: Edges, plain: _Plain, account: str) -> Mapping[ConfirmedAndPossible, int]:
    """Return who can assume roles of other accounts; of roles that differ in nothing that counts, one is evaluated."""
    alike: dict[Hashable, dict[Hashable, tuple[RoleDetail, int]]] = {}
    key_of_role = _AlikeRoles(steps)
    for number, role in steps.inquiry.evaluator.index.open_elsewhere():
        of_role, of_callers = key_of_role(role)
        same = alike.setdefault(of_role, {})
        first, bits = same.get(of_callers, (role, 0))
        same[of_callers] = first, bits | 1 << number
    evaluated = {role.arn: role for same in alike.values() for role, _ in same.values()}
    # As if they were one account's: what differs between their accounts is in the keys of the groups.
    listed = Account.model_construct(
        account_id=account, users=(), groups=(), roles=tuple(evaluated.values()), policies=()
    )
    targets = EdgeTargets([listed], steps.population.index)
    finder, settled = (
        SourceFinder(steps.inquiry, targets, steps.inquiry.evaluator.bulk(), can_arrange=one) for one in (True, False)
    )
    trust = steps.inquiry.evaluator.index.trust
    found: dict[ConfirmedAndPossible, int] = {}
    with steps.inquiry.evaluator.index.lent_roles(evaluated.values()):
        for same in alike.values():
            places = {targets.places[role.arn]: bits for role, bits in same.values()}
            # Whatever a trust policy says, callers of other accounts need an Allow of their own (rule D1).
            named, trusted, _ = trusted_by(trust(next(iter(same.values()))[0]), finder)
            who = Assumable(assuming(finder, sum(1 << place for place in places), named, trusted, only_own=True))
            for place, bits in places.items():
                members = plain.open(steps.carrying(targets.arns[place], who.of(place), settled))
                if members.principals:
                    found[members] = found.get(members, 0) | bits
    return found


def in_sessions(
    inquiry: EvaluationSession, wanted: Iterable[tuple[int, RoleDetail, SessionNeeds, ConfirmedAndPossible]]
) -> Mapping[ConfirmedAndPossible, int]:
    """Return `AccountSteps.abroad_in_sessions` of an account.

    Args:
        inquiry: Evaluates requests over the part of the snapshot with the account.
        wanted: Roles of other accounts: number, role, what its sessions need, and who can assume it.
    """
    evaluator = inquiry.evaluator
    finder = SourceFinder(inquiry, inquiry.targets, evaluator.bulk())
    found: dict[ConfirmedAndPossible, int] = {}
    for number, role, needs, assuming_it in wanted:
        with evaluator.index.lent_roles([role]):
            members = assuming_it.both(passing(finder, role.arn, needs, assuming_it.principals))
        if members.principals:
            found[members] = found.get(members, 0) | 1 << number
    return found


class _AlikeRoles:
    """Finds which roles of other accounts the principals of an account can assume alike.

    A decision about assuming a role depends on it by its trust policy, by the RCPs of its account, by whether
    statements match its ARN, and by condition keys about it.
    """

    def __init__(self, steps: Edges) -> None:
        evaluator = steps.inquiry.evaluator
        self._trust = evaluator.index.trust
        self._organization = evaluator.organization
        self._names = [tuple(one.lower().split(":")) for one in may_require(ASSUMES)]
        covering = [steps.population.index.covering(service, name).statements for service, name in self._names]
        own = [one for by_document in covering for statements in by_document.values() for one in statements]
        for account in steps.inquiry.snapshot.accounts:
            for document in self._policies(account.account_id, OrganizationPolicyType.SERVICE_CONTROL_POLICY):
                own += self._covering(document)
        self._own = _AskedOfRoles.of(own)
        self._rcps: dict[str, tuple[Document, ...]] = {}
        self._asked: dict[Hashable, _AskedOfRoles] = {}

    def __call__(self, role: RoleDetail) -> tuple[Hashable, Hashable]:
        """Return two keys, which together are equal for roles that are assumed alike.

        The second is about ARN and tags in statements of the callers' account, which `SourceFinder` tells apart.
        """
        owner, trust = role.arn.split(":", 5)[4], self._trust(role)
        rcps = self._rcps.get(owner)
        if rcps is None:
            rcps = tuple(self._policies(owner, OrganizationPolicyType.RESOURCE_CONTROL_POLICY))
            self._rcps[owner] = rcps
        asked = self._asked.get((trust, rcps))
        if asked is None:
            besides = (one for document in (trust, *rcps) for one in self._covering(document))
            asked = self._asked[trust, rcps] = _AskedOfRoles.of(besides)
        account = owner if asked.is_account_asked or self._own.is_account_asked else ""
        about = (trust, rcps, role.arn.split(":", 2)[1], account, asked.tags_of(role), asked.matches(role.arn))
        return about, (self._own.tags_of(role), self._own.matches(role.arn))

    def _policies(self, account: str, kind: OrganizationPolicyType) -> Iterator[Document]:
        levels = None if self._organization is None else self._organization.levels(account, kind)
        for level in levels or ():
            yield from (one.document for one in level)

    def _covering(self, document: Document) -> Iterator[Statement]:
        for one in document.statements:
            if one.broken is None and any(one.covers_action(*name) for name in self._names):
                yield one


class _AskedOfRoles(NamedTuple):
    """What some statements ask about a role that is assumed."""

    named: frozenset[str]
    """The entries of ``Resource`` and ``NotResource`` that name one role (`_normalized`)."""
    patterns: tuple[tuple[str, ResourcePattern], ...]
    """The other entries that may match a role, each text once, with how ARNs begin that they match (`_beginning`)."""
    tags: frozenset[str]
    """Keys of tags, in lower case."""
    is_account_asked: bool

    @classmethod
    def of(cls, statements: Iterable[Statement]) -> "_AskedOfRoles":
        named: set[str] = set()
        patterns: dict[tuple[str, tuple[str, ...]], ResourcePattern] = {}
        keys: set[str] = set()
        for statement in statements:
            for entry in statement.resources or ():
                if _names_one(entry.text):
                    named.add(_normalized(entry.text))
                elif not entry.is_everything and _may_be_of_iam(entry.text):
                    patterns[entry.text, entry.keys] = entry
            keys.update(statement.context_keys())
        return cls(
            frozenset(named),
            tuple((_beginning(entry), entry) for entry in patterns.values()),
            frozenset(tags_asked(keys)),
            any(variation(key, reference()) is ResourceDependence.RESOURCE for key in keys - {_REGION}),
        )

    def tags_of(self, role: RoleDetail) -> Hashable:
        """Return the tags of a role that conditions test."""
        return tuple(sorted((name, tag.value) for tag in role.tags if (name := tag.key.lower()) in self.tags))

    def matches(self, role: str) -> Hashable:
        """Return which entries match a role, by its ARN."""
        text = _normalized(role)
        found: list[Hashable] = [text] if text in self.named else []
        if not self.patterns:
            return tuple(found)
        try:
            arn = parse_arn(role)
        except ArnError:
            return role
        lower = role.lower()
        for number, (beginning, entry) in enumerate(self.patterns):
            if not lower.startswith(beginning):  # as almost all: it names another account or service
                continue
            match = entry.matches(arn, unresolved, ShortArns.FILLED_IF_WILDCARD)
            if match is not Match.NO:
                found.append((number, role if entry.keys and match not in _NEVER else match))
        return tuple(found)


def _names_one(entry: str) -> bool:
    return entry.count(":") >= _COLONS and not any(sign in entry for sign in "*?$")


def _beginning(entry: ResourcePattern) -> str:
    """Return how each ARN begins that an entry matches, in lower case; empty where it depends on variables."""
    text = entry.text.lower()
    return "" if entry.keys or not text.startswith("arn:") else re.split(r"[*?$]", text, maxsplit=1)[0]


def _normalized(arn: str) -> str:
    """Return an ARN as entries are compared: letter case counts in the part about the resource only."""
    *head, last = arn.split(":", _COLONS)
    return ":".join((*map(str.lower, head), last))


def _may_be_of_iam(entry: str) -> bool:
    """Return whether a pattern may match an ARN of IAM, also as a mistake that AWS may read otherwise.

    Wider than that of `edge_targets`: to take roles for alike that are not would be a wrong result.
    """
    head = entry.split(":", _COLONS)[:_COLONS]
    return len(head) < _COLONS or head[2].lower() == "iam" or any(sign in part for part in head for sign in "*?")


_NEVER = (Match.NO, Match.NO_OR_UNRESOLVED)
"""Whatever the values of variables."""
_REGION = "aws:requestedregion"
"""Does not depend on the role: roles are in all Regions."""


_COLONS = 5
"""Before the part of an ARN that names the resource."""
