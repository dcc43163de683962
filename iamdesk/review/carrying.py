"""Next quarter: decisions of the review before are taken over where the effect is proved to be the same.

A line is asked again for a reason that is told: it is new, what it allows changed, that cannot be told, its exception
ran out, or what was decided was not done. Every earlier revoke is tested on the new snapshot.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from iamdesk.compare.shapes import Cause, ChangeKind, Comparison, Effect, Kind, Status
from iamdesk.language import phrase
from iamdesk.review.decisions import Choice, LineDecision
from iamdesk.review.lines import EntitlementType, Line
from iamdesk.review.retests import OF_HOLDERS, Outcome, Previous, Retest, retests_of
from iamdesk.review.taking_over import taken_over
from iamdesk.snapshot.model import Snapshot

SINCE_LAST = "since_last"
"""Under this name a line's evidence tells what became of it since the review before: ``asked``, and ``reasons``."""

_POLICIES = frozenset({ChangeKind.MANAGED_POLICY, ChangeKind.AWS_POLICY, ChangeKind.INLINE_POLICY})
_OF_RESOURCES = frozenset({ChangeKind.RESOURCE_POLICY, ChangeKind.GRANTS, ChangeKind.PUBLIC_ACCESS})


@dataclass(frozen=True, slots=True)
class Carried:
    """What a new review starts with."""

    decisions: Mapping[str, LineDecision]
    """By line: taken over, with a comment that says from where."""
    asked: Mapping[str, tuple[str, ...]]
    """By line: why it is asked. Every line is here or among the decisions."""
    gone: tuple[Line, ...]
    """Lines of the review before that are no more."""
    retests: tuple[Retest, ...]


def carry_forward(
    previous: Previous,
    lines: Iterable[Line],
    found: Comparison,
    new: Snapshot,
    today: date,
    everywhere: Iterable[Line] | None = None,
) -> Carried:
    """Return which decisions of a review hold on for the lines of a new one, and which lines are asked.

    Args:
        previous: The review before; ``found`` is the comparison of its snapshot with the new one.
        lines: Of the new review.
        found: What changed.
        new: The new snapshot: what it does not hold cannot be said to be gone.
        today: Exceptions whose last day is before it have run out.
        everywhere: All lines of the new snapshot, where the new review leaves some out: those are not gone.

    Raises:
        ValueError: the comparison is of other snapshots than the review.
    """
    if previous.head.snapshot_sha256 != found.old_sha256 or new.sha256 != found.new_sha256:
        raise ValueError("the comparison is not between the snapshot of the review before and the new one")
    before = {line.line_id: line for line in previous.lines}
    now = {line.line_id: line for line in lines}
    changed = _Changes(found, now)
    there = now if everywhere is None else {line.line_id: line for line in everywhere}
    retests = {one.line_id: one for one in retests_of(previous, before, there, found, new)}
    decisions: dict[str, LineDecision] = {}
    asked: dict[str, tuple[str, ...]] = {}
    for line_id, line in now.items():
        earlier = before.get(line_id)
        decision = previous.decision(line_id) if earlier is not None else LineDecision()
        reasons = [*_reasons_of_decision(decision, earlier is None, today, retests.get(line_id))]
        if earlier is not None:
            reasons += changed.reasons(line, earlier)
        if reasons:
            asked[line_id] = tuple(dict.fromkeys(reasons))
        else:
            decisions[line_id] = taken_over(
                decision, previous.head.review_id, previous.decided(line_id), "the effect is the same"
            )
    gone = tuple(line for line_id, line in before.items() if line_id not in there)
    return Carried(decisions, asked, gone, tuple(retests.values()))


def _reasons_of_decision(decision: LineDecision, is_new: bool, today: date, retest: Retest | None) -> Iterator[str]:
    if is_new:
        back = retest is not None and retest.outcome is Outcome.CAME_BACK
        yield (
            phrase("It was revoked and gone, and is there again.")
            if back
            else phrase("It is new since the last review.")
        )
    elif decision.choice is Choice.UNDECIDED:
        yield phrase("The last review left it undecided.")
    elif decision.choice is Choice.REVOKE:
        yield phrase("It was to be revoked, and is still there.")
    elif decision.choice is Choice.MODIFY:
        yield phrase("It was to be modified.")
    elif decision.has_run_out(today):
        yield phrase("Its exception ran out on {expiry}.", expiry=decision.expiry)


# ── what changed for a line ──────────────────────────────────────────────────────────────────────────────────────────


class _Changes:
    """Finds what a comparison says of lines."""

    def __init__(self, found: Comparison, now: Mapping[str, Line]) -> None:
        self._found = found
        self._groups_with: dict[str, set[str]] = {}
        """By policy key, the groups that carry it."""
        for line in now.values():
            if line.holder_kind == "group":
                self._groups_with.setdefault(line.entitlement_id, set()).add(line.holder_arn)
        self._gives: dict[str, set[str]] = {}
        """By holder, what gives it permissions."""
        for line in now.values():
            if line.type in OF_HOLDERS:
                self._gives.setdefault(line.holder_arn, set()).add(line.entitlement_id)
        self._written: dict[str, str] = {}
        """By policy key, that its text changed."""
        self._anew: dict[str, str] = {}
        for text in found.texts:
            if text.cause.kind in _POLICIES:
                self._written[text.cause.subject] = text.cause.sentence
            if text.cause.kind is ChangeKind.RECREATED:
                self._anew[text.cause.subject] = text.cause.sentence
        self._on_resources: dict[str, list[Effect]] = {}
        """By resource (or trust policy's key), the effects that come from its own side."""
        for effect in found.effects():
            for cause in effect.causes:
                if cause.kind in _OF_RESOURCES or cause.kind is ChangeKind.TRUST:
                    self._on_resources.setdefault(cause.subject, []).append(effect)

    def reasons(self, line: Line, earlier: Line) -> Iterator[str]:
        """Yield why a line that was there before is to be decided anew; nothing where its effect is the same."""
        if line.holder_arn in self._anew:
            yield self._anew[line.holder_arn]
        match line.type:
            case EntitlementType.TRUST:
                yield from self._of_trust(line)
            case EntitlementType.RESOURCE_GRANT:
                yield from self._of_resource(line)
            case EntitlementType.PERMISSION_SET:
                yield from self._of_permission_set(line, earlier)
            case EntitlementType.ACCESS_KEY:
                if line.evidence.get("rotated") != earlier.evidence.get("rotated"):
                    yield phrase("The key is another one than before.")
                yield from self._of_holder(line, every_effect=True)
            case _ if line.holder_kind == "group":
                yield from self._of_group(line)
            case _:
                yield from self._of_holder(line, every_effect=False)
        before, now = (one.evidence.get("administration", {}).get("reaches") for one in (earlier, line))
        if line.holder_kind == "group" and "is" not in (before, now):
            return  # the rest is said of its members, who have lines of their own
        if before != now and None not in (before, now):
            yield phrase(
                "Whether its holder becomes an administrator changed: {before} before, {now} now.",
                before=before,
                now=now,
            )

    def _of_holder(self, line: Line, *, every_effect: bool) -> Iterator[str]:
        standing = self._found.principals.get(line.holder_arn)
        if standing is None:
            yield phrase("The comparison does not know its holder.")
            return
        yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in standing.doubts)
        for effect in standing.effects:
            for cause in effect.causes:
                if every_effect or self._is_of(line, effect, cause):
                    yield cause.sentence

    def _is_of(self, line: Line, effect: Effect, cause: Cause) -> bool:
        """Return whether an effect that a cause has on the holder is one of what the line gives."""
        if cause.kind in _OF_RESOURCES or (
            cause.kind is ChangeKind.TRUST and cause.subject != f"{line.holder_arn}#trust"
        ):
            return False  # asked where the resource, or the role, lets people in
        given = self._gives.get(line.holder_arn, set())
        if cause.kind is ChangeKind.ATTACHMENT and cause.subject != line.holder_arn:
            return line.entitlement_id == cause.subject  # what the group gives is other than before
        subject = cause.subject if cause.kind in _POLICIES else cause.detail
        givers = {one for one in given if one == subject or one in self._groups_with.get(subject, ())}
        if givers and cause.kind in (*_POLICIES, ChangeKind.ATTACHMENT, ChangeKind.MEMBERSHIP):
            return line.entitlement_id in givers
        if cause.kind in (ChangeKind.ATTACHMENT, ChangeKind.MEMBERSHIP) and effect.kind is Kind.LOST:
            return False  # it went with what gave it
        # What limits the holder, or is known of it, changed: that is asked of whatever allows such requests.
        return any(self._carries(line, owner, key) for owner, key in effect.carriers)

    @staticmethod
    def _carries(line: Line, owner: str, key: str) -> bool:
        if line.type is EntitlementType.GROUP:
            return line.entitlement_id == owner
        return owner == line.holder_arn and line.entitlement_id == key

    def _of_group(self, line: Line) -> Iterator[str]:
        standing = self._found.principals.get(line.holder_arn)
        if standing is None:
            yield phrase("The comparison does not know the group.")
            return
        yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in standing.doubts)
        if standing.status is not Status.UNCHANGED and line.entitlement_id in self._written:
            yield self._written[line.entitlement_id]

    def _of_trust(self, line: Line) -> Iterator[str]:
        standing = self._found.resources.get(line.holder_arn)
        if standing is not None:
            yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in standing.doubts)
        for effect in self._on_resources.get(line.entitlement_id, ()):
            yield from (cause.sentence for cause in effect.causes if cause.subject == line.entitlement_id)

    def _of_resource(self, line: Line) -> Iterator[str]:
        standing = self._found.resources.get(line.entitlement_id)
        if standing is None:
            return
        yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in standing.doubts)
        for effect in standing.effects:
            if _names(line.holder_arn, effect.principal):
                yield from (cause.sentence for cause in effect.causes)

    def _of_permission_set(self, line: Line, earlier: Line) -> Iterator[str]:
        if line.evidence.get("members") != earlier.evidence.get("members"):
            yield phrase("The members of the group changed.")
        role = line.evidence.get("role")
        if role != earlier.evidence.get("role"):
            yield phrase("It stands for another role than before.")
        standing = self._found.principals.get(str(role))
        if standing is None:
            if role is None:
                yield phrase("Cannot tell: The role of the permission set is not in the snapshot.")
            return
        yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in standing.doubts)
        yield from (cause.sentence for effect in standing.effects for cause in effect.causes)


def _names(holder: str, principal: str) -> bool:
    """Return whether what a resource's policy names covers a principal."""
    account = principal.split(":", 5)[4] if principal.count(":") >= 5 else ""
    if holder in ("*", principal) or (account and holder == account):
        return True
    return bool(account) and holder.endswith(":root") and f":{account}:" in holder
