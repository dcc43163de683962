"""What a comparison and a follow-up review say of a change, held against what the change does.

python -m tests.diff.seeded_changes.measure [--surroundings 1] [--only TEXT]
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from iamdesk import Evaluator, Snapshot
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Cause, ChangeKind, Comparison, Kind, Status
from iamdesk.review.carry_over import carry_forward
from iamdesk.review.decisions import UNDECIDED, ItemDecision, ReviewDecision
from iamdesk.review.entitlements import review_scope
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.review_file import Decided
from iamdesk.review.schema import Head

from ...access.worlds import NOON
from ..seeds import World
from . import CHANGES
from .worlds import ROOT, ROOT_B, ROOT_Z, A, Change, Gives, label, pair, snapshot

AROUND = "those around"


@dataclass(slots=True)
class Result:
    """What was found of one change, in one direction. An access change is of one principal and one action."""

    name: str
    expected: int = 0
    found: int = 0
    """Expected access changes that are reported."""
    reported: int = 0
    right: int = 0
    """Reported access changes that are expected."""
    caused: int = 0
    """Reported access changes whose causes are those expected."""
    items: int = 0
    """Review items that are asked again and should be, or the other way round."""
    faults: list[str] = field(default_factory=list)
    item_faults: list[str] = field(default_factory=list)


def reversed_change(change: Change) -> Change:
    """Return what a change does from the new snapshot to the old one."""
    kinds = {ChangeKind.CREATED: ChangeKind.DELETED}
    causes = tuple((kinds.get(kind, kind), subject) for kind, subject in change.causes)
    return replace(
        change, gained=change.lost, lost=change.gained, new=change.gone, gone=change.new, causes=causes, when=()
    )


def _principals(of: World, name: str, listed: Gives) -> list[str]:
    """Return the principals of a name in the tables."""
    users, roles = ([one["Arn"] for one in found] for found in (of["users"][A], of["roles"]))
    if name.startswith("all of A"):
        but = name.partition(" but ")[2]
        return [one for one in (*users, *roles) if one not in listed and one.rpartition("/")[2] != but]
    if name == "users of A":
        return [one for one in users if one not in listed]
    if name == AROUND:
        return [one for one in (*users, *roles) if one.rpartition("/")[2].startswith("around")]
    return [name]


def _expected(of: World, change: Change) -> dict[tuple[str, Kind], dict[str, set[str] | None] | None]:
    found: dict[tuple[str, Kind], dict[str, set[str] | None] | None] = {}
    for kind, listed in ((Kind.GAINED, change.gained), (Kind.LOST, change.lost)):
        for name, actions in listed.items():
            for principal in _principals(of, name, listed):
                found[principal, kind] = (
                    None
                    if actions is None
                    else {
                        action: None if where is None else {where} if isinstance(where, str) else set(where)
                        for action, where in actions.items()
                    }
                )
    return found


def _reported(found: Comparison) -> dict[tuple[str, Kind], dict[str, tuple[set[str], set[Cause]]]]:
    told: dict[tuple[str, Kind], dict[str, tuple[set[str], set[Cause]]]] = {}
    for effect in found.effects():
        of_principal = told.setdefault((effect.principal, effect.kind), {})
        for action in found.names(effect.actions):
            where, causes = of_principal.setdefault(action, (set(), set()))
            where.add(effect.where)
            causes.update(effect.causes)
    return told


def compared(change: Change, of: World, found: Comparison) -> Result:
    """Hold a comparison against what a change does; ``of``: one of its snapshots."""
    result = Result(change.name)
    expected, told = _expected(of, change), _reported(found)
    causes = set(change.causes)
    for at in expected.keys() | told.keys():
        wanted, got = expected.get(at, {}), told.get(at, {})
        who = f"{at[0]} {at[1]}"
        if wanted is None:
            result.expected += 1
            result.found += bool(got)
            result.reported += bool(got)
            result.right += bool(got)
            result.caused += bool(got) and {(one.kind, one.subject) for _, by in got.values() for one in by} <= causes
            if not got:
                result.faults.append(f"missing: {who} something")
        else:
            result.expected += len(wanted)
            result.reported += len(got)
            for action in wanted.keys() | got.keys():
                where = wanted.get(action, set())
                if action not in got:
                    result.faults.append(f"missing: {who} {action} on {where}")
                elif action not in wanted:
                    result.faults.append(f"not expected: {who} {action} on {got[action][0]}")
                elif where is not None and where != got[action][0]:
                    result.found += 1
                    result.faults.append(f"where: {who} {action} on {got[action][0]}, not {where}")
                else:
                    result.found += 1
                    result.right += 1
        for action, (_, by) in got.items():
            if wanted is None:
                continue
            of_action = {(cause.kind, cause.subject) for cause in by}
            is_right = of_action <= causes and bool(of_action)
            result.caused += is_right and action in wanted
            if not is_right:
                result.faults.append(f"cause: {who} {action} by {of_action}, not {causes}")
    result.faults += _statuses(found, {at[0] for at in expected}, change.left_open)
    for key, value in change.when:
        when = key.lower(), value
        shown = [(name.lower(), said) for effect in found.effects() for name, said in effect.witness.context]
        if when not in shown:
            result.faults.append(f"when: no request with {when}, but {shown[:3]}")
    if bool(found.texts) is not change.is_listed:
        result.faults.append(f"changes of the configuration: {found.texts}")
    if not expected and any(one.has_effect for one in found.texts):
        result.faults.append("a change of the configuration is said to have an effect")
    return result


def _statuses(found: Comparison, changed: set[str], left_open: tuple[str, ...]) -> Iterator[str]:
    for arn, one in (*found.principals.items(), *found.resources.items()):
        if one.doubts and arn not in left_open:
            yield f"doubt: {arn}: {one.doubts}"
    for arn, one in found.principals.items():
        if arn not in changed and arn not in left_open and ":group/" not in arn and one.status is not Status.UNCHANGED:
            yield f"status: {arn} is {one.status}"


# ── the follow-up review ─────────────────────────────────────────────────────────────────────────────────────────────


class KeptReview:
    """A review in which every item was kept."""

    def __init__(self, of: Snapshot, lines: tuple[ReviewItem, ...]) -> None:
        self.head = Head("r-1", "Q3", of.sha256, "old", datetime(2026, 10, 1, tzinfo=UTC))
        self.lines = lines
        self._ids = {line.line_id for line in self.lines}

    def decision(self, line_id: str) -> ItemDecision:
        return ItemDecision(ReviewDecision.KEEP, "needed for work") if line_id in self._ids else UNDECIDED

    def decided(self, line_id: str) -> Decided | None:
        return Decided("Ana", "ana", "2026-07-01T09:00:00.000+00:00") if line_id in self._ids else None

    def events(self) -> tuple[()]:
        return ()


def items_of(of: Snapshot) -> tuple[ReviewItem, ...]:
    return review_scope(Evaluator(of, now=lambda: NOON)).lines


def named(item: ReviewItem) -> str:
    if item.type is EntitlementType.BOUNDARY:
        return f"{item.holder_arn.rpartition('/')[2]} | {item.name.rpartition('/')[2]}"
    return label(item.holder_arn, item.entitlement_id)


def reviewed(
    change: Change, review: KeptReview, lines: tuple[ReviewItem, ...], new: Snapshot, found: Comparison, result: Result
) -> None:
    """Hold a follow-up review with the items ``lines`` against what a change does."""
    over = carry_forward(review, lines, found, new, date(2026, 10, 1))
    by_id = {line.line_id: named(line) for line in lines}
    asked = {by_id[one] for one in over.asked}
    # Less access alone asks nothing, but for a name that now means another user.
    is_other = any(kind is ChangeKind.RECREATED for kind, _ in change.causes)
    is_more = bool(change.gained or change.left_open or not change.lost or is_other)
    expected = {*(change.asked if is_more else ()), *change.new}
    # Whoever assumes a role can do what the role gained.
    trusts = {f"{arn.rpartition('/')[2]} trust" for arn in change.gained if ":role/" in arn}
    expected |= trusts & set(by_id.values())
    # Whatever a root user gains, the root user's credentials give.
    expected |= {
        f"{named_root} access"
        for arn, named_root in ((ROOT, "root"), (ROOT_B, "root of B"), (ROOT_Z, "root of Z"))
        if arn in change.gained or arn in change.left_open
    }
    if AROUND in expected:
        expected.remove(AROUND)
        around = {one for one in asked if one.startswith("around")}
        if not around:
            result.item_faults.append("nothing of those around is asked")
        asked -= around
    result.items += len(expected)
    for name in expected - asked:
        result.item_faults.append(f"not asked: {name}" + ("" if name in by_id.values() else " (no such item)"))
    for one, why in over.asked.items():
        if by_id[one] in asked - expected:
            result.item_faults.append(f"asked: {by_id[one]}: {why}")
    gone = {named(one) for one in over.gone}
    if gone != set(change.gone):
        result.item_faults.append(f"gone: {gone}, not {set(change.gone)}")


def measured(change: Change, surroundings: int = 0, *, reviews: bool = True) -> list[Result]:
    """Compare a change in both directions, and review after it; ``reviews`` take ten times as long."""
    worlds = pair(change, surroundings)
    old, new = snapshot(worlds[0], "old"), snapshot(worlds[1], "new")
    items = (items_of(old), items_of(new)) if reviews else ((), ())
    results = []
    for way, sides, (before, after) in (
        (change, (old, new), items),
        (reversed_change(change), (new, old), (items[1], items[0])),
    ):
        found = compare_snapshots(*sides, NOON)
        result = compared(way, worlds[1], found)
        if reviews:
            reviewed(way, KeptReview(sides[0], before), after, sides[1], found, result)
        results.append(result)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--surroundings", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--no-reviews", action="store_true")
    options = parser.parse_args()
    total = Result("all")
    clean = items_clean = count = 0
    for change in CHANGES:
        if options.only not in change.name:
            continue
        for number in range(options.surroundings):
            try:
                results = measured(change, number, reviews=not options.no_reviews)
            except Exception as error:  # noqa: BLE001 (told, with the change)
                print(f"RAISED {change.name}: {error!r}")
                total.faults.append("raised")
                continue
            for back, result in enumerate(results):
                count += 1
                clean += not result.faults
                items_clean += not result.item_faults
                for name in ("expected", "found", "reported", "right", "caused", "items"):
                    setattr(total, name, getattr(total, name) + getattr(result, name))
                total.faults += [*result.faults, *result.item_faults]
                if result.faults or result.item_faults:
                    print(f"{'<-' if back else '->'} {result.name}")
                    for fault in (*result.faults, *(f"REVIEW {one}" for one in result.item_faults)):
                        print(f"      {fault}")
    print(
        f"{len(CHANGES)} changes, {count} comparisons, {clean} as expected, reviews {items_clean}; recall "
        f"{total.found}/{total.expected}, precision {total.right}/{total.reported}, "
        f"cause {total.caused}/{total.reported}"
    )
    sys.exit(1 if total.faults else 0)


if __name__ == "__main__":
    main()
