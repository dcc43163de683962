"""What became of the access that a revoked entitlement gave: what is still possible otherwise, what was gained."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from iamdesk.access.access_change import ActionBits
from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.evaluator import Evaluator
from iamdesk.diff.result import Comparison, Kind, Status
from iamdesk.i18n import join_messages, join_names, nphrase, phrase
from iamdesk.progress import Cancelled, never_cancelled
from iamdesk.review.effects import EffectFinder, action_names, count_actions
from iamdesk.review.effects_of_entry import EntryEffects
from iamdesk.review.items import EntitlementType, ReviewItem, account_of, covers

OF_HOLDERS = frozenset({EntitlementType.GROUP, EntitlementType.MANAGED_POLICY, EntitlementType.INLINE_POLICY})
"""Entitlements that grant permissions to their holder."""
_NOT_POSSIBLE = (AccessExtent.NONE, AccessExtent.DENIED)
_MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Access of the holder of a revoked entitlement on the new snapshot."""

    still_possible: int | None
    """Of the actions that it gave: how many the holder can still perform, on some resource, perhaps under conditions.

    None: not evaluated.
    """
    gained: int | None
    """Actions that the holder gained between the two snapshots; None: inconclusive, or not evaluated."""
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrustNow:
    """Who can assume the role of a revoked trust policy."""

    before: Sequence[str]
    """Who could when it was revoked; whom it named where no one could."""
    still: Sequence[str]
    """Of them, who still can, or whom a policy still names where no one can."""
    now: Sequence[str]
    doubts: Sequence[str]


class AfterRevocation:
    """Evaluates the holders of revoked entitlements on the new snapshot. For one thread."""

    def __init__(self, old: Evaluator, new: Evaluator, found: Comparison, now: Iterable[ReviewItem]) -> None:
        """Prepare.

        Args:
            old: Evaluator over the snapshot of the review that revoked.
            new: Evaluator over the new snapshot.
            found: Comparison of the two.
            now: Entitlements of the new snapshot.
        """
        self._old, self._new = EffectFinder(old), EffectFinder(new)
        self._found = found
        self._by_holder: dict[str, list[ReviewItem]] = {}
        self._assignments: dict[tuple[str, str], list[ReviewItem]] = {}
        for item in now:
            if item.type in OF_HOLDERS:
                self._by_holder.setdefault(item.holder_arn, []).append(item)
            elif item.type is EntitlementType.PERMISSION_SET:
                self._assignments.setdefault((item.account_id, item.entitlement_id), []).append(item)

    def trust(self, item: ReviewItem, cancelled: Cancelled = never_cancelled) -> TrustNow:
        """Return who of a revoked trust policy can still assume the role.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        was, now = (EntryEffects(finder, ()).effect(item, cancelled) for finder in (self._old, self._new))
        before, after = was.losing or tuple(item.evidence.get("trusts", ())), now.losing or now.deleted
        still = [
            min(one, other, key=lambda name: name == "*" or name.endswith(":root"))  # the narrower of the two
            for other in after
            for one in before
            if one == other or ((account_of(one) or one == "*") and account_of(other) and _overlap(one, other))
        ]
        return TrustNow(before, tuple(dict.fromkeys(still)), after, now.doubts)

    def of(
        self, item: ReviewItem, before: Container[str] | None = None, cancelled: Cancelled = never_cancelled
    ) -> Otherwise:
        """Return what became of the access of a revoked entitlement that is gone.

        ``before`` are the IDs of the entitlements of the previous review: others were granted since; None: not known.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        if item.type is EntitlementType.PERMISSION_SET:
            return self._of_assignment(item)
        if item.type is EntitlementType.TRUST:
            return Otherwise(0, None, (phrase("The role no longer exists."),))
        if item.type not in OF_HOLDERS:
            return Otherwise(
                None, None, (phrase("Whether the access is still possible in another way was not evaluated."),)
            )
        gained, reasons = self._gained(item.holder_arn)
        principals = self._new.evaluator.population()
        place = principals.position(item.holder_arn)
        place = principals.group_position(item.holder_arn) if place is None else place
        if place is None:
            return Otherwise(0, gained, (phrase("Its holder no longer exists."),))
        given = self._old.effect(item, cancelled).alone
        if not given:
            return Otherwise(0, gained, (phrase("It granted no action by itself."), *reasons))
        still = _both(given, self._possible(place))
        return Otherwise(count_actions(still), gained, (*self._still(item, given, still, before, cancelled), *reasons))

    def _possible(self, place: int) -> ActionBits:
        found: dict[str, int] = {}
        for service, access in self._new.evaluator.reaches_of(place).items():
            bits = 0
            for extent, of_extent in access.actions.items():
                bits |= 0 if extent in _NOT_POSSIBLE else of_extent
            if bits:
                found[service] = bits
        return found

    def _still(
        self,
        item: ReviewItem,
        given: ActionBits,
        still: ActionBits,
        before: Container[str] | None,
        cancelled: Cancelled,
    ) -> Iterator[str]:
        total, left = count_actions(given), count_actions(still)
        if not left:
            yield nphrase(
                "The action that it granted is no longer possible.",
                "None of the {count:,} actions that it granted is still possible.",
                total,
            )
            return
        by: list[str] = []
        again: list[str] = []
        for other in self._by_holder.get(item.holder_arn, ()):
            count = count_actions(_both(self._new.effect(other, cancelled).alone, still))
            if count:
                by.append(phrase("{name} ({count:,})", name=other.name, count=count))
                again += [other.name] if before is not None and other.line_id not in before else []
        yield nphrase(
            "Of the actions that it granted ({total:,}), {count:,} is still possible on some resource: {names}{by}.",
            "Of the actions that it granted ({total:,}), {count:,} are still possible on some resource: {names}{by}.",
            left,
            total=total,
            names=join_names(sorted(action_names(still)), _MAX_NAMED, last=","),
            by=phrase("; by {entitlements}", entitlements=join_messages(", ", by)) if by else "",
        )
        if again:
            names = join_names(again, _MAX_NAMED, last=",")
            yield phrase("Granted again since the previous review, by {entitlements}.", entitlements=names)

    def _gained(self, holder: str) -> tuple[int | None, tuple[str, ...]]:
        diff = self._found.principals.get(holder)
        if diff is None:
            return None, (phrase("The comparison does not contain its holder: what it gained is not known."),)
        bits = 0
        causes: dict[str, None] = {}
        for effect in diff.effects:
            if effect.kind is Kind.GAINED:
                bits |= effect.actions
                causes |= dict.fromkeys(cause.sentence for cause in effect.causes)
        doubts = diff.doubts[:1]
        if bits:
            sentence = nphrase(
                "Its holder gained {count:,} action since: {causes}",
                "Its holder gained {count:,} actions since: {causes}",
                bits.bit_count(),
                causes=join_messages(" ", list(causes)[:_MAX_NAMED]),
            )
            more = [phrase("Whether its holder gained more is inconclusive: {doubt}", doubt=doubt) for doubt in doubts]
            return bits.bit_count(), (sentence, *more)
        if doubts:
            return None, tuple(phrase("What its holder gained is inconclusive: {doubt}", doubt=one) for one in doubts)
        if diff.status is Status.INCONCLUSIVE:
            return None, (phrase("What its holder gained is inconclusive."),)
        return 0, (phrase("Its holder gained nothing since."),)

    def _of_assignment(self, item: ReviewItem) -> Otherwise:
        """An assignment of the same permission set to a group of the person gives the same."""
        name = str(item.evidence.get("display", item.holder_arn))
        others = [
            str(one.evidence.get("display", one.holder_arn))
            for one in self._assignments.get((item.account_id, item.entitlement_id), ())
            if one.holder_arn != item.holder_arn and name in one.evidence.get("members", ())
        ]
        if not others:
            sentence = phrase("No group that is known to contain {name} has the same permission set.", name=name)
            return Otherwise(None, None, (sentence,))
        sentence = phrase(
            "{name} still has the same permission set through {groups}.",
            name=name,
            groups=join_names(others, _MAX_NAMED, last=","),
        )
        power: Mapping[str, int] = item.evidence.get("holder") or {}
        return Otherwise(int(power.get("actions", 0)), None, (sentence,))


def _overlap(one: str, other: str) -> bool:
    return covers(one, other) or covers(other, one)


def _both(one: ActionBits, other: ActionBits) -> ActionBits:
    return {service: both for service, bits in one.items() if (both := bits & other.get(service, 0))}
