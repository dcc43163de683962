"""What changed in access to one resource by the resource's own side: its policy, grants, tags, trust, limits."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from iamdesk.compare.answers import Compared, compare
from iamdesk.compare.causes import allowing, carriers_of, causes_of
from iamdesk.compare.cells import Cell, sorts
from iamdesk.compare.clauses import ANYWHERE, Clause
from iamdesk.compare.deltas import ChangedKeys
from iamdesk.compare.matching import speaks_of
from iamdesk.compare.principals import PrincipalComparer
from iamdesk.compare.resource_forms import Entry, Granting, may_name
from iamdesk.compare.shapes import ANYONE, ANYONE_ANYWHERE, ChangeKind, Effect, Standing, Status
from iamdesk.compare.side import RCP, SCP, Side
from iamdesk.evaluate.request import RequestError
from iamdesk.evaluate.verdict import Verdict
from iamdesk.index.action_bits import service_actions
from iamdesk.index.actions import reference
from iamdesk.index.resource_index import tags_without_case
from iamdesk.language import phrase
from iamdesk.snapshot.progress import Cancelled, WorkCancelled, never_cancelled

_TAG_KEYS = ("aws:resourcetag/", "iam:resourcetag/", "s3:buckettag/", "s3:accesspointtag/")
_MOST_CONDITIONAL = 300
"""Principals whose answers hang on conditions in both snapshots, of which so many are compared for one question."""
_OF_RESOURCES = frozenset(
    {
        ChangeKind.TRUST,
        ChangeKind.RCP,
        ChangeKind.RCP_ATTACHMENT,
        ChangeKind.RESOURCE_POLICY,
        ChangeKind.RESOURCE_TAGS,
        ChangeKind.GRANTS,
        ChangeKind.PUBLIC_ACCESS,
        ChangeKind.RESOURCE,
        ChangeKind.MOVE,
        ChangeKind.CAPTURE,
    }
)
"""Causes on the resource's side: what comes from others is told of the principals."""


@dataclass(slots=True)
class ResourceComparer:
    """Compares access to resources whose own side differs."""

    old: Side
    new: Side
    granting: Granting
    principals: PrincipalComparer
    cancelled: Cancelled = never_cancelled
    questions: int = 0
    _tag_clauses: Mapping[Clause, int] | None = None
    _outsider: str = field(default="", init=False)

    def __post_init__(self) -> None:
        number = next(
            number
            for number in ("999999999999", "888888888888", "777777777777", "666666666666")
            if all(number not in side.index.accounts for side in (self.old, self.new))
        )
        self._outsider = f"arn:aws:iam::{number}:role/{ANYONE_ANYWHERE}"

    def compare(self, entry: Entry) -> Standing | None:
        """Return what became of access to a resource; None where nothing on its side differs."""
        differing, keys, is_other = self._differences(entry)
        if not differing and not keys and not is_other:
            return None
        doubts: dict[str, None] = {}
        effects: list[Effect] = []
        cells = dict.fromkeys(self._cells(entry, differing, keys, is_other))
        for cell in cells:
            if self.cancelled():
                raise WorkCancelled
            effects += self._of_cell(entry, cell, doubts)
        status = Status.CHANGED if effects else Status.UNCHANGED
        was, now = self._holds(self.old, entry.arn), self._holds(self.new, entry.arn)
        if was != now:
            status = Status.CREATED if now else Status.DELETED
            if entry.service == "sts":
                doubts.clear()  # the list of roles is whole: it was not there
        elif doubts and not effects:
            status = Status.CANNOT_TELL
        return Standing(entry.arn, status, tuple(_merged(effects)), tuple(doubts))

    @staticmethod
    def _holds(side: Side, arn: str) -> bool:
        return arn in side.resources or arn in side.index.roles

    def _differences(self, entry: Entry) -> tuple[int, ChangedKeys, bool]:
        """Return the actions of which its policies differ, changed tag keys, and whether anything else differs."""
        bits = 0
        for clause in entry.clauses:
            bits |= entry.old.get(clause, 0) ^ entry.new.get(clause, 0)
        if entry.service in reference().rcp_services:
            forms = [side.levels(entry.account, RCP) for side in (self.old, self.new)]
            denies = [levels.denies if levels is not None else {} for levels in forms]
            for clause in dict.fromkeys((*denies[0], *denies[1])):
                bits |= denies[0].get(clause, 0) ^ denies[1].get(clause, 0)
        before, after = (self._tags(side, entry.arn) for side in (self.old, self.new))
        keys = ChangedKeys(frozenset())
        if before is not None and after is not None and before != after:
            tags = {tag for tag in before.keys() | after.keys() if before.get(tag) != after.get(tag)}
            keys = ChangedKeys(frozenset(f"{prefix}{tag}" for prefix in _TAG_KEYS for tag in tags))
        elif (before is None) != (after is None) and self._holds(self.old, entry.arn) == self._holds(
            self.new, entry.arn
        ):
            keys = ChangedKeys(frozenset(), _TAG_KEYS)
        return bits, keys, self._rest(self.old, entry) != self._rest(self.new, entry)

    @staticmethod
    def _tags(side: Side, arn: str) -> Mapping[str, str | None] | None:
        entity = side.index.users.get(arn) or side.index.roles.get(arn)
        if entity is not None:
            return tags_without_case((tag.key, tag.value) for tag in entity.tags)
        resource = side.resources.get(arn)
        return None if resource is None or resource.tags is None else tags_without_case(resource.tags)

    @staticmethod
    def _rest(side: Side, entry: Entry) -> Hashable:
        resource = side.resources.get(entry.arn)
        if resource is None:
            return entry.arn in side.index.roles
        restricts = side.evaluator.resources.restricts_public_buckets(resource, entry.account)
        return resource.account_id, restricts, resource.abac_enabled, resource.access_point, resource.is_policy_captured

    # ── what to ask ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _cells(self, entry: Entry, differing: int, keys: ChangedKeys, is_other: bool) -> Iterator[Cell]:
        allowed = 0
        for said in (entry.old, entry.new):
            for clause, bits in said.items():
                allowed |= bits if clause.is_allow or differing else 0
        if is_other and self._holds(self.old, entry.arn) == self._holds(self.new, entry.arn):
            # Whose it is, or where it leads, decides requests that its policies say nothing of.
            differing |= self.new.space.of_service(entry.service, service_actions(entry.service).every)
        elif is_other:
            differing |= allowed
        if differing:
            yield from self.granting.cells_on(entry, differing, ())
        if keys:
            yield from self.tag_cells(entry.arn, keys)

    def tag_cells(self, arn: str, keys: ChangedKeys) -> Iterator[Cell]:
        """Yield the questions on a resource whose tags changed: for every action of which a clause asks for them."""
        bits = 0
        touched: list[Clause] = []
        for clause, actions in self._asking_for_tags().items():
            if keys.touches(clause):
                bits |= actions
                touched.append(clause)
        if not bits:
            return
        services = frozenset(service for service, _ in self.new.space.by_service(bits))
        for sort in sorts(self.new.space, bits, touched, services):
            for resource in (arn, f"{arn}/x"):
                if any(reference().is_of_type(sort.service, name, resource) for name in sort.types):
                    yield Cell(sort.action, resource, sort.bits)
                    break

    def _asking_for_tags(self) -> Mapping[Clause, int]:
        """Return every clause, of whatever policy, that hangs on a resource's tags."""
        if self._tag_clauses is None:
            found: dict[Clause, int] = {}
            seen: dict[int, Mapping[Clause, int]] = {}  # holds them: an id is one's own while it lives
            for side in (self.old, self.new):
                for said in self._everything_said(side):
                    if id(said) in seen:
                        continue
                    seen[id(said)] = said
                    for clause, bits in said.items():
                        if any(key.startswith(_TAG_KEYS) for key in clause.keys):
                            found[clause] = found.get(clause, 0) | bits
            self._tag_clauses = found
        return self._tag_clauses

    def _everything_said(self, side: Side) -> Iterator[Mapping[Clause, int]]:
        for arn in side.principals:
            own = side.own(arn)
            if own is not None:
                yield own.identity
                yield own.boundary or {}
        for account in side.index.accounts:
            for kind in (SCP, RCP):
                levels = side.levels(account, kind)
                if levels is not None:
                    yield levels.denies
                    yield from levels.allows
        for entry in self.granting.entries.values():
            yield entry.old
            yield entry.new

    # ── asking everybody ─────────────────────────────────────────────────────────────────────────────────────────────

    def _of_cell(self, entry: Entry, cell: Cell, doubts: dict[str, None]) -> Iterator[Effect]:
        known: dict[Hashable, Compared] = {}
        conditional = 0
        for principal, was, now in self._answers(cell):
            if was is now and now is Verdict.CONDITIONAL:
                conditional += 1
            key = self._alike(entry, principal)
            compared = known.get(key)
            if compared is None:
                if len(known) >= _MOST_CONDITIONAL and was is now:
                    doubts[phrase("More principals than are compared may do it under conditions.")] = None
                    continue
                self.questions += 1
                compared = known[key] = compare(self.old, self.new, principal, cell.action, cell.resource)
            doubts |= dict.fromkeys(compared.doubts)
            yield from self._effects(entry, principal, cell, compared)
        for outsider in self._outsiders(entry):
            self.questions += 1
            compared = compare(self.old, self.new, outsider, cell.action, cell.resource)
            doubts |= dict.fromkeys(compared.doubts)
            yield from self._effects(entry, outsider, cell, compared)

    def _answers(self, cell: Cell) -> Iterator[tuple[str, Verdict | None, Verdict | None]]:
        """Yield (principal, answer in the old snapshot, in the new one) where they differ or hang on conditions.

        Of principals that only one snapshot holds everything is told of themselves.
        """
        found: list[dict[str, Verdict]] = []
        for side in (self.old, self.new):
            try:
                rows = side.evaluator.who_can(action=cell.action, resource=cell.resource, cancelled=self.cancelled)
                found.append({row.principal: row.decision for row in rows})
            except RequestError:
                found.append({})
        for principal in dict.fromkeys((*found[0], *found[1])):
            if principal not in self.old.principals or principal not in self.new.principals:
                continue
            was, now = found[0].get(principal), found[1].get(principal)
            if was is not now or now is Verdict.CONDITIONAL:
                yield principal, was, now

    def _alike(self, entry: Entry, principal: str) -> Hashable:
        """Return what principals share whom the comparison treats alike."""
        account = principal.split(":", 5)[4]
        named = tuple(may_name(clause.principal, principal, account) for clause in entry.clauses)
        return self.principals.key(principal), named

    def _effects(self, entry: Entry, principal: str, cell: Cell, compared: Compared) -> Iterator[Effect]:
        for kind, witness in compared.changes:
            own = witness if witness.principal == principal else replace(witness, principal=principal)
            causes = causes_of(own, self.old, self.new)
            if any(cause.kind in _OF_RESOURCES for cause in causes):
                carriers, where = carriers_of(own, self.old, self.new), _where(entry, cell)
                allowed = allowing(principal, cell.stands_for, where, self.old, self.new)
                yield Effect(principal, kind, cell.stands_for, where, own, causes, carriers, allowed)

    def _outsiders(self, entry: Entry) -> Iterator[str]:
        """Yield everybody outside of the snapshots whom the resource's policies name; for all, two who are nobody's."""
        found: dict[str, None] = {}
        for clause in entry.clauses:
            if not isinstance(clause.principal, tuple):
                continue
            kind, text = clause.principal
            if kind == "not" or (kind == "AWS" and text == "*"):
                found |= {"anonymous": None, self._outsider: None}
            elif kind in ("Service", "Federated"):
                found[str(text)] = None
            elif kind == "AWS":
                # A root user cannot take roles: an account is spoken for by a role of it.
                arn = f"arn:aws:iam::{text}:role/{ANYONE}" if str(text).isdigit() else str(text)
                account = arn.split(":", 5)[4] if arn.count(":") >= 5 else ""
                if account and account not in self.old.index.accounts and account not in self.new.index.accounts:
                    found[arn] = None
        yield from found


def _where(entry: Entry, cell: Cell) -> str:
    """Return how the resource's policies that differ name what a cell stands for; else the resource, or all in it."""
    differing = (clause.where for clause in entry.clauses if entry.old.get(clause, 0) != entry.new.get(clause, 0))
    texts = [where.text for where in differing if where not in (None, ANYWHERE) and speaks_of(where, cell.resource)]
    whole = cell.resource if cell.resource == entry.arn else f"{entry.arn}{cell.resource[len(entry.arn)]}*"
    return min((text for text in texts if text), key=lambda text: (len(text), text), default=whole)


def _merged(effects: list[Effect]) -> Iterator[Effect]:
    """Put effects together that differ by the action alone."""
    found: dict[Hashable, Effect] = {}
    for one in effects:
        key = one.principal, one.kind, one.where, one.causes, one.witness.context
        known = found.get(key)
        found[key] = one if known is None else _joined(known, one)
    yield from found.values()


def _joined(known: Effect, one: Effect) -> Effect:
    return replace(
        known,
        actions=known.actions | one.actions,
        carriers=tuple(dict.fromkeys((*known.carriers, *one.carriers))),
        allowing=tuple(dict.fromkeys((*known.allowing, *one.allowing))),
    )
