"""Grouping findings into causes, and their order.

Each finding names candidates: the statements, trust entries or missing facts whose removal would end it. The candidate
that ends most gets all its findings, then the next one, and so on (a greedy set cover). A finding that only repeats a
graver one about the same subject goes where that one is. The smaller causes of one check then share one row, so that
the first level stays short for any account; expanded, no finding is missing.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from iamdesk.causes.attribution import AWS_POLICY, THROUGH, attribute
from iamdesk.causes.types import Attribution, Candidate, Cause, CausedFinding, CauseKind, Causes
from iamdesk.checks.finding import Finding, Severity, State
from iamdesk.checks.registry import check
from iamdesk.i18n import join_messages, join_names, nphrase, phrase

MAX_ROWS = 150
"""Rows of the first level, at most, unless more checks than that have findings: each has a row of its own."""
MIN_ROWS = 45
FINDINGS_PER_ROW = 7
"""The first level has a row for so many findings, between `MIN_ROWS` and `MAX_ROWS`."""

_EXPOSING = ("TRU-", "RES-", "FED-", "CHN-04", "CHN-05")
"""Checks of what external principals can do."""
_NOT_EXPOSING = frozenset({"TRU-07", "TRU-10", "TRU-12", "TRU-14", "FED-09", "FED-10", "FED-13"}) | frozenset(
    f"RES-{number:02}" for number in (4, 5, 6, 7, 8, 9, 12, 13)
)
"""Of these, checks of what principals inside can do, and of settings that give no access by themselves."""
_ADMINISTERING = frozenset(
    {"ADM-01", "ADM-03", "ADM-08", "ADM-10", "ADM-15", "CHN-01", "CHN-02", "CHN-03", "SVC-03", "GRD-05"}
)
"""Checks of principals that are administrators, or can become one."""

POINTS: Mapping[str, Mapping[Severity, int]] = {
    "exposure": {Severity.CRITICAL: 500, Severity.HIGH: 100, Severity.MEDIUM: 20, Severity.LOW: 1},
    "administration": {Severity.CRITICAL: 100, Severity.HIGH: 50, Severity.MEDIUM: 10},
    "others": {Severity.CRITICAL: 100, Severity.HIGH: 20},
}
"""What ending a cause takes away, for each subject: external access counts most, since no one inside has to err; then
administration, which includes all other access; then other grave findings. Only the gravest finding of a subject
counts. What cannot be determined counts nothing: ending it may take nothing away."""


class _Repeats(NamedTuple):
    graver: frozenset[str]
    by_same_statement: bool
    """Whether both have to name the same statement: another one may allow other principals."""


_ADMINISTRATORS = frozenset({"ADM-01", "ADM-03"})
REPEATS: Mapping[str, _Repeats] = {
    "ADM-10": _Repeats(_ADMINISTRATORS, False),
    "ADM-13": _Repeats(_ADMINISTRATORS, False),
    "CHN-07": _Repeats(_ADMINISTRATORS, False),
    "CHN-10": _Repeats(_ADMINISTRATORS, False),
    "SVC-03": _Repeats(_ADMINISTRATORS, False),
    "SVC-05": _Repeats(_ADMINISTRATORS | {"CHN-01"}, False),
    "ADM-06": _Repeats(frozenset({"ADM-04"}), True),
    "LNT-01": _Repeats(frozenset({"ADM-04"}), True),
    "TRU-08": _Repeats(frozenset({"CHN-04"}), True),
    "TRU-05": _Repeats(frozenset({"CHN-04", "CHN-05", "TRU-08", "TRU-03"}), True),
    "TRU-04": _Repeats(frozenset({"CHN-04", "CHN-05", "TRU-08", "TRU-03", "TRU-05"}), True),
}
"""By check, the graver checks that include what it says of the same subject."""

_NAMED = 3
"""Names in the effect of a cause, and of holders of a policy."""
_MAX_REMEDIATIONS = 3
"""Different remedies of a statement's checks that are listed."""
_OF_PATHS = frozenset({"CHN-01", "CHN-02"})
"""Checks whose remedies name the first step of each principal; the statement that they share gives the actions."""
_MAX_ACTIONS = 6
_OF_GROUPS = frozenset({"ADM-08"})
"""Checks of groups whose evidence names members: their cause is the group's statement that gives members most."""
_FACTS = (CauseKind.MISSING, "facts")
_MAX_FACTS = 10
"""Rows for facts that were not captured, those with most findings; the others share one row."""
_RANK = {severity: position for position, severity in enumerate(Severity)}


def causes_of(findings: Iterable[Finding]) -> Causes:
    """Group findings into causes; see `group`."""
    return group(map(attribute, findings))


def group(attributions: Iterable[Attribution]) -> Causes:
    """Group findings into causes, by severity and then effect; the order of the findings does not matter."""
    findings = sorted(
        attributions, key=lambda one: (_RANK[one.severity], one.check_id, one.subject_key, one.fingerprint)
    )
    folded = _folded(findings)
    groups = _covered([one for one in findings if one.fingerprint not in folded])
    where = {one.fingerprint: group for group in groups for one in group.findings}
    for one in findings:
        graver = folded.get(one.fingerprint)
        if graver is not None:
            where[graver].findings.append(one)
    limit = min(MAX_ROWS, max(MIN_ROWS, -(-len(findings) // FINDINGS_PER_ROW)))
    sole = {one.only_administrator for one in findings if one.only_administrator}
    rows = sorted((_cause(one, folded, sole) for one in _rolled_up(groups, limit)), key=_order)
    return Causes(tuple(rows), {one.fingerprint: row for row in rows for one in row.findings})


@dataclass(slots=True)
class _Group:
    kind: CauseKind
    key: str
    label: str
    findings: list[Attribution] = field(default_factory=list)
    merged: int = 0
    """Number of causes that share the row; 0 for one."""

    @property
    def points(self) -> int:
        return _effect_of_all(self.findings)


def _effect_of_all(findings: Iterable[Attribution]) -> int:
    """Return what ending findings counts: of each subject, only the gravest."""
    best: dict[str, int] = {}
    for one in findings:
        best[one.subject_key] = max(best.get(one.subject_key, 0), points_of(one))
    return sum(best.values())


def points_of(one: Attribution) -> int:
    """Return what ending a finding counts (`POINTS`)."""
    if one.state is State.INCONCLUSIVE:
        return 0
    return POINTS[_effect_of(one)].get(one.severity, 0)


def is_of_external_access(check_id: str) -> bool:
    """Return whether a check is of what external principals can do."""
    return check_id.startswith(_EXPOSING) and check_id not in _NOT_EXPOSING


def _effect_of(one: Attribution) -> str:
    if one.check_id in _ADMINISTERING:
        return "administration"
    return "exposure" if is_of_external_access(one.check_id) else "others"


def _folded(findings: Sequence[Attribution]) -> dict[str, str]:
    """Return the findings that repeat a graver one: its fingerprint by theirs."""
    by_subject: dict[tuple[str, str], list[Attribution]] = defaultdict(list)
    for one in findings:
        if one.state is State.FOUND:
            by_subject[one.subject_key, one.check_id].append(one)
    found: dict[str, str] = {}
    for one in findings:
        rule = REPEATS.get(one.check_id)
        if rule is None:
            continue
        graver = next(
            (
                other
                for check_id in sorted(rule.graver)
                for other in by_subject.get((one.subject_key, check_id), ())
                if _RANK[other.severity] <= _RANK[one.severity] and (not rule.by_same_statement or _shares(one, other))
            ),
            None,
        )
        if graver is not None:
            found[one.fingerprint] = graver.fingerprint
    return {one: _last(found, one) for one in found}


def _last(found: Mapping[str, str], fingerprint: str) -> str:
    """Return the finding that is repeated at last: a graver one may itself repeat another."""
    while fingerprint in found:
        fingerprint = found[fingerprint]
    return fingerprint


def _shares(one: Attribution, other: Attribution) -> bool:
    keys = {candidate.key for candidate in other.candidates}
    return any(candidate.key in keys for candidate in one.candidates)


def _covered(findings: Sequence[Attribution]) -> list[_Group]:
    """Assign each finding to one candidate, the one that ends most first."""
    groups: list[_Group] = []
    open_: dict[str, dict[str, Attribution]] = {}
    candidates: dict[str, Candidate] = {}
    labels: dict[str, dict[str, int]] = {}
    """By key and name, the most that a finding counts: a cause is named after the place that gives most."""
    owners: dict[str, _Group] = {}
    rest: list[Attribution] = []
    for one in findings:
        if one.origin:
            _own(groups, owners, CauseKind.AWS, f"origin {one.origin}", phrase(one.origin)).findings.append(one)
        elif one.candidates:
            for candidate in one.candidates:
                candidates.setdefault(candidate.key, candidate)
                places = labels.setdefault(candidate.key, {})
                places[candidate.label] = max(places.get(candidate.label, 0), points_of(one))
                open_.setdefault(candidate.key, {})[one.fingerprint] = one
        else:
            rest.append(one)
    by_owner: dict[str, _Group] = {}
    for key, taken in _greedy(open_):
        candidate = candidates[key]
        places = labels[key]
        label = min(places, key=lambda place: (-places[place], place))
        group = _Group(candidate.kind, key, label, taken)
        groups.append(group)
        for one in taken:
            for other in one.candidates:
                if other.key == key and other.owner:
                    by_owner.setdefault(other.owner, group)
    for one in rest:
        cause = by_owner.get(one.subject_key) if one.check_id in _OF_GROUPS else None
        if cause is None:
            kind = CauseKind.MISSING if one.check_id.startswith("CMP-") else CauseKind.SETTING
            cause = _own(groups, owners, kind, f"check {one.check_id} {one.title}", one.title)
        cause.findings.append(one)
    return groups


def _own(groups: list[_Group], known: dict[str, _Group], kind: CauseKind, key: str, label: str) -> _Group:
    found = known.get(key)
    if found is None:
        found = known[key] = _Group(kind, key, label)
        groups.append(found)
    return found


def _greedy(open_: dict[str, dict[str, Attribution]]) -> Iterator[tuple[str, list[Attribution]]]:
    """Yield candidates with the findings that they get; ``open_`` is used up."""
    assigned: set[str] = set()

    def gain(key: str) -> tuple[int, int]:
        remaining = open_[key] = {print_: one for print_, one in open_[key].items() if print_ not in assigned}
        return -_effect_of_all(remaining.values()), -len(remaining)

    heap = [(*gain(key), key) for key in open_]
    heapq.heapify(heap)
    while heap:
        points, count, key = heapq.heappop(heap)
        now = gain(key)
        if not now[1]:
            continue
        if now != (points, count):  # others got some of its findings meanwhile
            heapq.heappush(heap, (*now, key))
            continue
        taken = open_[key]
        assigned.update(taken)
        yield key, list(taken.values())


def _rolled_up(groups: Sequence[_Group], limit: int) -> Iterator[_Group]:
    """Yield at most ``limit`` groups if there are no more families than that; the smaller ones of a family as one."""
    ranked = sorted(groups, key=_group_order)
    families: dict[tuple[CauseKind, str], list[_Group]] = defaultdict(list)
    for one in ranked:
        families[_family(one)].append(one)
    facts = families.get(_FACTS, [])
    own = {one.key for one in facts[: min(_MAX_FACTS, max(1, limit // 10))]}
    free = max(0, limit - len(families) - len(own))
    for one in ranked:
        family = _family(one)
        if family != _FACTS and len(families[family]) > 1 and free:
            free -= 1
            own.add(one.key)
    for (kind, check_id), some in families.items():
        yield from (one for one in some if one.key in own)
        others = [one for one in some if one.key not in own]
        if len(others) < 2:
            yield from others
            continue
        label = nphrase("{count:,} further cause", "{count:,} further causes", len(others))
        findings = [finding for one in others for finding in one.findings]
        yield _Group(CauseKind.OTHERS, f"others {kind.name} {check_id}", label, findings, len(others))


def _family(group: _Group) -> tuple[CauseKind, str]:
    """Return what groups have to share to become one row: the check of the gravest finding."""
    if group.kind is CauseKind.AWS:
        return group.kind, group.key
    if group.kind is CauseKind.MISSING and group.key.startswith("fact "):
        return _FACTS
    kind = group.kind if group.kind in (CauseKind.SETTING, CauseKind.MISSING) else CauseKind.OTHERS
    return kind, _gravest(group.findings).check_id


def _gravest(findings: Sequence[Attribution]) -> Attribution:
    """Return the finding that says most: of equal severity, what makes administrators before what they can do."""
    return min(findings, key=lambda one: (_RANK[one.severity], -points_of(one), one.check_id))


def _group_order(group: _Group) -> tuple[int, int, int, str]:
    worst = min(_RANK[one.severity] for one in group.findings)
    return -group.points, worst, -len(group.findings), group.key


def _order(cause: Cause) -> tuple[int, bool, int, bool, int, str, str]:
    return (
        _RANK[cause.severity],
        cause.kind is CauseKind.AWS,
        -cause.points,
        cause.kind is CauseKind.OTHERS,
        -cause.subjects,
        cause.title,
        cause.id,
    )


def _cause(group: _Group, folded: Mapping[str, str], sole: Set[str]) -> Cause:
    # Of equal severity, what says most: the title of a statement that makes administrators is not that of its text.
    in_order = sorted(
        group.findings, key=lambda one: (_RANK[one.severity], one.fingerprint in folded, -points_of(one), one.check_id)
    )
    first = in_order[0]
    if group.merged:  # titled after the check that its causes share
        shared = group.key.rpartition(" ")[2]
        first = next((one for one in in_order if one.check_id == shared), first)
    best: dict[str, int] = {}
    for one in group.findings:
        best[one.subject_key] = max(best.get(one.subject_key, 0), points_of(one))
    certain = [one for one in group.findings if one.state is State.FOUND]
    exposed = {one.subject_key for one in certain if _effect_of(one) == "exposure"}
    administrators = {one.subject_key for one in certain if _effect_of(one) == "administration"}
    others = {one.subject_key for one in certain} - exposed - administrators
    unknown = {one.subject_key for one in group.findings} - exposed - administrators - others
    return Cause(
        id=sha256(f"{group.kind.name}\n{group.key}".encode(errors="surrogatepass")).hexdigest()[:12],
        kind=group.kind,
        title=first.title,
        label=_label(group),
        severity=in_order[0].severity,
        state=State.FOUND if certain else State.INCONCLUSIVE,
        exposed=len(exposed),
        administrators=len(administrators),
        effect=_effect(group, exposed, administrators, others, unknown),
        remediation=join_messages(
            " ", (_remediation(group, first, sole), *_not_enough(group), *_appointing(group, sole))
        ),
        check_ids=tuple(sorted({one.check_id for one in group.findings})),
        subjects=len(best),
        accounts=len({one.account for one in group.findings}),
        # Many small causes are not one large one.
        points=max(best.values()) if group.merged else sum(best.values()),
        findings=tuple(_in_order(group.findings, folded)),
    )


def _sole_in(group: _Group, sole: Set[str]) -> Mapping[str, str]:
    """Return whom a cause makes the only administrator of their account: name by ARN."""
    found = {one.subject_key: one for one in group.findings if one.check_id in _ADMINISTRATORS}
    return {key: one.subject_name for key, one in found.items() if key in sole and one.state is State.FOUND}


def _appointing(group: _Group, sole: Set[str]) -> Iterator[str]:
    """Yield whom to replace before a cause is ended."""
    for arn, name in sorted(_sole_in(group, sole).items()):
        yield phrase(
            "{name} is the only administrator of account {account}: appoint another one first.",
            name=name,
            account=arn.split(":", 5)[4],
        )


def _not_enough(group: _Group) -> Iterator[str]:
    """Yield whose findings go on without the cause, since other statements allow the same."""
    key = group.key
    left = {
        one.subject_key
        for one in group.findings
        if any(other.key == key and not other.is_enough for other in one.candidates)
    }
    if left:
        yield phrase(
            "This alone does not end every finding: other statements of {names} allow the same.",
            names=_named(left, _names(group)),
        )


def _remediation(group: _Group, first: Attribution, sole: Set[str]) -> str:
    """Return what ends a cause, or the remediation of all findings of a check: that of one may name its own subject."""
    if group.key.startswith(AWS_POLICY):
        detach = phrase(
            "Detach {policy} from {holders}, and attach customer managed policies with the permissions of each "
            "job instead: AWS managed policies cannot be edited.",
            policy=group.label,
            holders=_holders(group) or phrase("its holders"),
        )
        if not any(_effect_of(one) == "administration" for one in group.findings) or _sole_in(group, sole):
            return detach
        return join_messages(" ", (detach, phrase("Leave at least one administrator in the account.")))
    if group.key.startswith(THROUGH):
        return phrase(
            "Remove administrator access from {role}, or restrict who can pass it, assume it, and change what "
            "runs with it.",
            role=group.key.rpartition("/")[2],
        )
    of_checks = {first.check_id: _remediation_of_check(group, first)}
    if group.kind is CauseKind.STATEMENT:  # one text to change, for what each check says of it
        for one in sorted(group.findings, key=lambda one: (_RANK[one.severity], one.check_id)):
            if one.check_id not in of_checks:
                of_checks[one.check_id] = _remediation_of_check(group, one)
    texts = dict.fromkeys(of_checks.values())
    if len(texts) == 1:
        return of_checks[first.check_id]
    shown = list(texts)[:_MAX_REMEDIATIONS]
    lines = [
        phrase(
            "{checks}: {remedy}",
            checks=", ".join(check_id for check_id, text in of_checks.items() if text == remediation),
            remedy=remediation,
        )
        for remediation in shown
    ]
    if more := len(texts) - len(shown):
        lines.append(
            nphrase(
                "See also the findings of {count:,} other check.",
                "See also the findings of {count:,} other checks.",
                more,
            )
        )
    return join_messages(" ", lines)


def _remediation_of_check(group: _Group, first: Attribution) -> str:
    """Return the remediation of a check's findings; where they differ, each with its subjects, or what they share."""
    findings = [one for one in group.findings if one.check_id == first.check_id and one.title == first.title]
    by_remediation: dict[str, list[str]] = {}
    for one in findings:
        by_remediation.setdefault(one.remediation, []).append(one.subject_name)
    known = check(first.check_id)
    if len(by_remediation) == 1 or known is None:
        return first.remediation
    if first.check_id in _OF_PATHS and (actions := _actions(group, findings)):
        names = {"actions": join_names(actions, _MAX_ACTIONS)}
        if group.kind is CauseKind.STATEMENT:
            return phrase(
                "Remove {actions} from {statement}, or restrict the statement to the resources that the job "
                "needs. Each finding says what remains then.",
                **names,
                statement=group.label,
            )
        return phrase(
            "Remove {actions} from {names}, or restrict the permissions to the resources that the job needs. "
            "Each finding names a statement.",
            **names,
            names=join_names(list(dict.fromkeys(one.subject_name for one in findings)), _NAMED),
        )
    if len(by_remediation) > _MAX_REMEDIATIONS and first.check_id not in _OF_PATHS:
        return phrase(known.remediation)
    lines = [
        phrase("{names}: {remedy}", names=join_names(sorted(set(names)), _NAMED), remedy=remediation)
        for remediation, names in sorted(by_remediation.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    if len(lines) > _MAX_REMEDIATIONS:
        more = sum(len(names) for names in by_remediation.values()) - sum(
            len(names) for names in sorted(by_remediation.values(), key=len, reverse=True)[:_MAX_REMEDIATIONS]
        )
        see_also = nphrase("See also {count:,} other finding.", "See also {count:,} other findings.", more)
        lines = [*lines[:_MAX_REMEDIATIONS], see_also]
    return join_messages(" ", lines)


def _actions(group: _Group, findings: Iterable[Attribution]) -> Sequence[str]:
    """Return the actions that the cause gives to paths, or those of all causes that share its row."""
    candidates = (one for finding in findings for one in finding.candidates if group.merged or one.key == group.key)
    return list(dict.fromkeys(action for one in candidates for action in one.actions))


def _label(group: _Group) -> str:
    """Return the name of a cause: with the holders of an AWS managed policy, or how often its statement is found."""
    if group.key.startswith(AWS_POLICY):
        holders = _holders(group)
        return (
            phrase("{policy}, attached to {holders}", policy=group.label, holders=holders) if holders else group.label
        )
    if group.kind not in (CauseKind.STATEMENT, CauseKind.TRUST):
        return group.label
    places = {one.label for finding in group.findings for one in finding.candidates if one.key == group.key}
    others = len(places - {group.label})
    if not others:
        return group.label
    return nphrase(
        "{first}, and the same statement in {count:,} other policy",
        "{first}, and the same statement in {count:,} other policies",
        others,
        first=group.label,
    )


def _holders(group: _Group) -> str:
    """Return the names of those that an AWS managed policy is attached to; empty if no finding says."""
    owners = {one.owner for finding in group.findings for one in finding.candidates if one.key == group.key}
    return join_names(sorted({owner.rpartition("/")[2] for owner in owners if owner}), _NAMED)


def _effect(group: _Group, exposed: Set[str], administrators: Set[str], others: Set[str], unknown: Set[str]) -> str:
    """Return what a cause gives to which subjects (keys); each is counted where its gravest finding is."""
    names = _names(group)
    parts = []
    if exposed:
        parts.append(phrase("external access through {names}", names=_named(exposed, names)))
    if administrators:
        parts.append(phrase("administrator, or a path to it: {names}", names=_named(administrators, names)))
    if others:
        affected = _named(others, names)
        parts.append(
            phrase("other findings on {names}", names=affected)
            if parts
            else phrase("findings on {names}", names=affected)
        )
    if unknown:
        parts.append(phrase("cannot tell for {names}", names=_named(unknown, names)))
    return join_messages("; ", parts)


def _names(group: _Group) -> Mapping[str, tuple[int, str]]:
    """Return the names of subjects by key, each after what it counts; with the account if several share a name."""
    points: dict[str, int] = {}
    for one in group.findings:
        points[one.subject_key] = max(points.get(one.subject_key, 0), points_of(one))
    named = {one.subject_key: one for one in group.findings}
    shared = Counter(one.subject_name for one in named.values())
    return {
        key: (
            -points[key],
            one.subject_name
            if shared[one.subject_name] == 1
            else phrase("{name} ({account})", name=one.subject_name, account=one.account),
        )
        for key, one in named.items()
    }


def _named(keys: Set[str], names: Mapping[str, tuple[int, str]]) -> str:
    """Return the names of the subjects that count most, and how many more there are."""
    return join_names([names[key][1] for key in sorted(keys, key=lambda key: (*names[key], key))], _NAMED)


def _in_order(findings: Sequence[Attribution], folded: Mapping[str, str]) -> Iterator[CausedFinding]:
    repeats: dict[str, list[Attribution]] = defaultdict(list)
    for one in findings:
        if one.fingerprint in folded:
            repeats[folded[one.fingerprint]].append(one)
    leading = [one for one in findings if one.fingerprint not in folded]
    leading.sort(
        key=lambda one: (-points_of(one), _RANK[one.severity], one.check_id, one.subject_name.lower(), one.fingerprint)
    )
    for one in leading:
        yield _caused(one, "")
        for other in repeats[one.fingerprint]:
            yield _caused(other, one.fingerprint)


def _caused(one: Attribution, folded_into: str) -> CausedFinding:
    return CausedFinding(
        one.fingerprint, one.check_id, one.title, one.severity, one.subject_key, one.subject_name, folded_into
    )
