"""The page of a resource: who can do what on it, external callers and AWS services, and its encryption key."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.external.by_part import PartAccess
from iamdesk.access.resource_access import fitting_or_none
from iamdesk.access.who_can import (
    FittingAction,
    KnownAccess,
    PrincipalKind,
    ResourceAccess,
    Share,
    Sweeps,
    Who,
    who_is,
)
from iamdesk.aws.action_sets import ACCESS_LEVELS
from iamdesk.evaluate.request import EvalDecision
from iamdesk.export.access.who_can import actions_by_level, who_words
from iamdesk.export.text.decision import short_arn
from iamdesk.i18n import join_messages, join_names, mark, nphrase, phrase
from iamdesk.inventory.resource_index import part_prefixes
from iamdesk.pages.principal_page import caller_mark, caller_name
from iamdesk.policy.arn import is_arn, parse_arn
from iamdesk.policy.overlap import common_patterns
from iamdesk.progress import Cancelled, never_cancelled
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import Resource
from iamdesk.viewmodel.pages import OpenTable, PageLine, PageSection, Part, Table, section
from iamdesk.viewmodel.tree import NodeKind

_KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
_ELSEWHERE = mark("The other accounts of the organization are not evaluated here: Who can does that.")
_MANY_PARTS = mark("Policies name more parts of it than are evaluated: more principals may have access to parts.")
_ABILITIES = {
    "Permissions management": mark("change its permissions"),
    "Write": mark("write to it"),
    "Read": mark("read it"),
}
"""What a number of principals can do, by access level, the gravest first."""
_MAX_PARTS = 3
"""Number of parts of a resource that a sentence names."""


class ResourcePages:
    """Makes the pages of the resources of a snapshot."""

    def __init__(self, snapshot: Snapshot, sweeps: Sweeps, external: Evaluator, *, is_part: bool = False) -> None:
        """Make the pages.

        Args:
            snapshot: The snapshot.
            sweeps: Evaluates the principals of the snapshot.
            external: Evaluates external callers.
            is_part: Whether other accounts of an organization are not evaluated, as a page says.
        """
        self._snapshot = snapshot
        self._sweeps = sweeps
        self._evaluator = external
        self._elsewhere = phrase(_ELSEWHERE) if is_part else ""

    def sections(self, arn: str, cancelled: Cancelled = never_cancelled) -> Iterator[PageSection]:
        """Yield the sections of a resource's page; nothing for any other key.

        A bucket is evaluated together with its objects; external callers on each part that policies distinguish.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        resource = next((one for one in self._snapshot.resources if one.arn == arn), None)
        if resource is None:
            return
        table = OpenTable(Table.WHO_CAN, "", arn)
        evaluated = [one for one in (arn, objects_of(arn)) if fitting_or_none(one)]
        if not evaluated and is_arn(arn):  # an API: all actions are on its methods
            evaluated = [f"{one}*" for one in part_prefixes(parse_arn(arn)) if fitting_or_none(f"{one}*")]
        if not evaluated:
            note = phrase("AWS lists no action on this type of resource.")
            yield from (PageSection(part, note=note) for part in (Part.SENTENCE, Part.PRINCIPALS))
            yield from (PageSection(part, note=note) for part in (Part.EXTERNAL, Part.SERVICES))
        else:
            inside, unevaluated = self._rows(resource, evaluated, cancelled)
            note = "" if inside else phrase("No user, role or root user of the snapshot has access.")
            if self._elsewhere:
                own = "" if inside else phrase("No user, role or root user of its account has access.")
                note = join_messages(" ", [*filter(None, (own, self._elsewhere))])
            note = join_messages(" ", [*filter(None, (note, unevaluated))])
            names_account = len(self._snapshot.accounts) > 1
            yield section(Part.PRINCIPALS, _lines(inside, names_account=names_account), note, table, _callers(inside))
            rows = _external_rows(self._evaluator.external_access_by_part(resource, cancelled), resource.arn)
            services = [one for one in rows if one.who.kind is PrincipalKind.SERVICE]
            external = [one for one in rows if one.who.kind is not PrincipalKind.SERVICE]
            unknown = _missing(resource)
            note = "" if external or unknown else phrase("No external principal has access.")
            note = join_messages(" ", [*filter(None, (note, unknown))])
            yield section(Part.EXTERNAL, _lines(external), note, table, _callers(external))
            note = "" if services else phrase("No policy gives an AWS service access.")
            yield section(Part.SERVICES, _lines(services), note, table, _callers(services))
            yield PageSection(Part.SENTENCE, note=_sentence(inside, external, unknown, (unevaluated, self._elsewhere)))
        yield self._encryption(resource, cancelled)

    def _rows(self, resource: Resource, evaluated: Iterable[str], cancelled: Cancelled) -> "tuple[list[_Row], str]":
        """Return what each principal can do on the whole and on parts alone, and what is not evaluated, in words."""
        found: dict[tuple[Who, str], _Row] = {}
        for one in evaluated:
            for access in self._sweeps.access_to_resource(one, None, external=False, cancelled=cancelled):
                found.setdefault((access.who, ""), _Row(access.who)).add(access)
        whole = {who.principal: row.known for (who, _), row in found.items()}
        parts = self._sweeps.access_to_parts(resource, whole, cancelled)
        for alone in parts.rows:
            part = part_words(alone.shares, resource.arn, _MAX_PARTS)
            who = who_is(alone.principal)
            row = found.setdefault((who, part), _Row(who, part))
            (row.conditional if alone.decision is EvalDecision.CONDITIONAL else row.allowed).extend(alone.actions)
        unevaluated = "" if parts.is_complete else phrase(_MANY_PARTS)
        return sorted(found.values(), key=lambda row: (*row.order, row.part)), unevaluated

    def _encryption(self, resource: Resource, cancelled: Cancelled) -> PageSection:
        key = resource.encryption_key_arn
        if key is None:
            if ":kms:" in resource.arn:
                encrypted = [one for one in self._snapshot.resources if one.encryption_key_arn == resource.arn]
                lines = [PageLine(short_arn(one.arn), "", one.arn, NodeKind.RESOURCE) for one in encrypted]
                note = (
                    phrase("It encrypts these resources.")
                    if lines
                    else phrase("It encrypts no resource of the snapshot.")
                )
                return section(Part.ENCRYPTION, lines, note)
            return PageSection(Part.ENCRYPTION, note=phrase("No key of AWS KMS was captured for it."))
        held = next((one for one in self._snapshot.resources if one.arn == key), None)
        table = OpenTable(Table.WHO_CAN, _KEY_ACTIONS[0], key)
        head = PageLine(short_arn(key), phrase("the key"), key if held is not None else "", NodeKind.RESOURCE)
        if held is None or not held.is_policy_captured:
            note = phrase("The policy of the key was not captured: who may use it is not known.")
            return section(Part.ENCRYPTION, [head], note, table, count=0)
        able: dict[str, list[str]] = {}
        marks: dict[str, PageLine] = {}
        for action in _KEY_ACTIONS:
            for row in self._sweeps.who_can(action=action, resource=key, context=None, cancelled=cancelled):
                verb = phrase("decrypt") if action == _KEY_ACTIONS[0] else phrase("encrypt")
                name = caller_name(row.who)
                if row.decision is EvalDecision.CONDITIONAL:
                    verb = phrase("{action} under conditions", action=verb)
                able.setdefault(name, []).append(verb)
                target = "" if row.is_external else row.principal
                marks.setdefault(name, PageLine(name, "", target, caller_mark(row.who)))
        lines = [marks[name]._replace(detail=join_names(verbs)) for name, verbs in able.items()]
        note = nphrase("{count:,} caller may use it.", "{count:,} callers may use it.", len(lines))
        if self._elsewhere:
            note = join_messages(" ", [note, self._elsewhere])
        return section(Part.ENCRYPTION, [head, *lines], note, table, count=0)


class _Row:
    """What one caller can do on a resource and on what is in it, or on a part."""

    def __init__(self, who: Who, part: str = "") -> None:
        self.who = who
        self.part = part
        """In words; empty for the whole."""
        self.allowed: list[FittingAction] = []
        self.conditional: list[FittingAction] = []

    def add(self, access: ResourceAccess) -> None:
        """Add what it can do on one ARN."""
        self.allowed += access.allowed
        self.conditional += access.conditional

    @property
    def known(self) -> KnownAccess:
        """The actions by name."""
        allowed, conditional = (frozenset(one.action for one in of) for of in (self.allowed, self.conditional))
        return KnownAccess(allowed, conditional)

    @property
    def levels(self) -> frozenset[str]:
        """The access levels of what it can do, also under conditions."""
        return frozenset(one.level for one in (*self.allowed, *self.conditional))

    @property
    def order(self) -> tuple[int, int, tuple[bool, int, int, str]]:
        """Sort key: those who can do the gravest first."""
        ranks = [place for place, level in enumerate(_ABILITIES) if level in self.levels]
        return min(ranks, default=len(_ABILITIES)), -len(self.allowed), self.who.order


def _external_rows(found: Iterable[PartAccess], resource: str) -> list[_Row]:
    """Return a row for each external caller and part of a resource on which it has access."""
    by_part: dict[tuple[Who, str], _Row] = {}
    for one in found:
        part = part_words(one.shares, resource, _MAX_PARTS)
        row = by_part.setdefault((one.who, part), _Row(one.who, part))
        actions = [action for action, _ in one.rows]
        (row.conditional if one.decision is EvalDecision.CONDITIONAL else row.allowed).extend(actions)
    return sorted(by_part.values(), key=lambda row: row.order)


def _callers(rows: Iterable[_Row]) -> int:
    return len({row.who for row in rows})


def part_words(shares: Sequence[Share], resource: str, most: int | None = None) -> str:
    """Return in words the parts of a resource that access is limited to; empty for the whole resource.

    ``payroll/public/*``, ``payroll/* except payroll/private/*``; of more than ``most`` parts the first ones.
    """
    if not shares or all(one == Share((resource,), ()) for one in shares):
        return ""
    names = []
    for one in shares:
        part = _entries_words(one.entries)
        if one.exceptions:
            others = join_names([_entries_words(each) for each in one.exceptions])
            part = phrase("{part} except {others}", part=part, others=others)
        names.append(part)
    return join_names(names, most)


def _entries_words(entries: Sequence[str]) -> str:
    if len(entries) == 2 and 0 < len(both := common_patterns(*entries)) <= _MAX_PARTS:
        return join_names([short_arn(one) for one in both])
    names = [short_arn(one) for one in entries]
    return names[0] if len(names) == 1 else phrase("what is in both {names}", names=join_names(names))


def objects_of(arn: str) -> str:
    """Return the ARN of all objects of a bucket or of an access point; empty for any other resource."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "s3":
        return ""
    if parts[3:5] == ["", ""]:
        return f"{arn}/*" if "/" not in parts[5] else ""
    return f"{arn}/object/*" if parts[5].startswith("accesspoint/") and parts[5].count("/") == 1 else ""


def _missing(resource: Resource) -> str:
    if not resource.is_policy_captured and not resource.is_only_tagged:
        return phrase("Its policy was not captured: external access is not known.")
    if ":execute-api:" not in resource.arn or resource.policy is not None:
        return ""
    # API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow": without a policy,
    # methods without authorization are open.
    if resource.authorization_types is None:
        return phrase("Anyone can call methods and routes of the authorization type NONE: the types were not captured.")
    return ""


def _lines(rows: Sequence[_Row], *, names_account: bool = False) -> list[PageLine]:
    lines = []
    for row in rows:
        allowed, conditional = _level_words(row.allowed), _level_words(row.conditional)
        if conditional:
            conditional = phrase("under conditions: {levels}", levels=conditional)
        name, kind = caller_name(row.who), who_words(row.who)
        account = row.who.principal.split(":", 5)[4] if names_account else ""
        about = ("" if kind == name else kind, account, phrase("only {part}", part=row.part) if row.part else "")
        detail = join_messages(" · ", [*filter(None, (allowed, conditional, *about))])
        target = "" if row.who.is_external else row.who.principal
        lines.append(PageLine(name, detail, target, caller_mark(row.who)))
    return lines


def _level_words(actions: Iterable[FittingAction]) -> str:
    """Return the number of actions by access level: ``Read 12, Write 30``."""
    counts: Mapping[str, Sequence[str]] = actions_by_level(actions)
    words = [
        phrase("{level} {count:,}", level=phrase(level), count=len(counts[level]))
        for level in ACCESS_LEVELS
        if level in counts
    ]
    return join_messages(", ", words)


def _sentence(inside: Sequence[_Row], external: Sequence[_Row], unknown: str, beside: Sequence[str]) -> str:
    parts = []
    anyone = [row for row in external if row.who.kind is PrincipalKind.ANYONE]
    if anyone:
        levels = frozenset[str]().union(*(row.levels for row in anyone))
        able = [phrase(words) for level, words in _ABILITIES.items() if level in levels]
        does = join_names(able or [phrase("list it")])
        sure = any(row.allowed for row in anyone)
        if all(row.part for row in anyone):
            where = join_names(list(dict.fromkeys(row.part for row in anyone)), _MAX_PARTS)
            parts.append(
                phrase("Public in part: anyone can {does}, only {part}.", does=does, part=where)
                if sure
                else phrase("Anyone can {does} under conditions, only {part}.", does=does, part=where)
            )
        else:
            parts.append(
                phrase("Public: anyone can {does}.", does=does)
                if sure
                else phrase("Anyone can {does} under conditions.", does=does)
            )
    others = _callers(external) - _callers(anyone)
    if others:
        parts.append(
            nphrase("{count:,} external principal has access.", "{count:,} external principals have access.", others)
        )
    if unknown:
        parts.append(unknown)
    elif not external:
        parts.append(phrase("No external access."))
    able = [
        phrase("{count:,} can {does}", count=count, does=phrase(words))
        for level, words in _ABILITIES.items()
        if (count := _callers(row for row in inside if level in row.levels))
    ]
    _, elsewhere = beside
    who = (_of_account if elsewhere else _of_snapshot)(_callers(inside))
    parts.append(
        phrase("{principals}: {able}.", principals=who, able=join_names(able))
        if able
        else phrase("{principals}.", principals=who)
    )
    return join_messages(" ", [*parts, *filter(None, beside)])


def _of_snapshot(count: int) -> str:
    if not count:
        return phrase("No principal of the snapshot has access")
    return nphrase(
        "{count:,} principal of the snapshot has access", "{count:,} principals of the snapshot have access", count
    )


def _of_account(count: int) -> str:
    if not count:
        return phrase("No principal of its account has access")
    return nphrase(
        "{count:,} principal of its account has access", "{count:,} principals of its account have access", count
    )
