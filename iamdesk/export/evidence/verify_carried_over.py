"""Verification of carried-over decisions: whether they are those of the review that they are said to be from."""

from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from iamdesk.export.evidence.manifest import JOURNAL, hash_of, read_manifest
from iamdesk.export.evidence.package_files import opened_package
from iamdesk.export.evidence.read_json import pieces
from iamdesk.export.evidence.result import Outcome, Result, failed, listed, passed
from iamdesk.export.evidence.verify_content import entries_in
from iamdesk.i18n import mark, phrase
from iamdesk.review.decisions import CARRIED_OVER, FINDING_CHOICES, LINE_CHOICES, UNDECIDED
from iamdesk.review.journal import Entry
from iamdesk.review.state import ItemStates, Ledger, is_taken_over


def verify_carried_over(folder: Path, manifest: Mapping[str, Any], previous: Path | None) -> Iterator[Result]:
    """Yield whether the carried-over decisions of a package are those of ``previous``; None: it is not given."""
    name = phrase("carried over")
    decided = {one.line_id: one for one in entries_in(folder) if one.after.decided != one.before.decided}
    carried = [one for one in decided.values() if one.reviewer.startswith(CARRIED_OVER)]
    if not carried:
        return
    before = manifest.get("previous_review_id") or ""
    changes = takewhile(lambda one: one[0] <= "changes", pieces(folder / "review.json"))
    asked = {one["line_key"] for _, one, is_member in changes if is_member and one["change"] == "asked anew"}
    ledger = _decisions_of(previous) if previous is not None else None
    lies: dict[str, list[str]] = {}
    for one in carried:
        if why := _fault(one, before, one.line_id in asked, ledger):
            lies.setdefault(why, []).append(one.line_id)
    for why, items in lies.items():
        yield failed(name, listed(mark("Carried over, but {why}: {count:,} ({names})."), items, why=why))
    if ledger is None:
        sentence = phrase("{count:,} decisions carried over, not compared: give --previous.", count=len(carried))
        yield Result(name, Outcome.NOT_DONE, sentence)
    elif not lies:
        yield passed(name, phrase("{count:,} decisions are those of {before}.", count=len(carried), before=before))


def _fault(entry: Entry, before: str, is_asked: bool, ledger: Ledger | None) -> str:
    """Return why a decision cannot be carried over from the review ``before``; empty if it can."""
    if not before:
        return phrase("this is a first review")
    if entry.reviewer != f"{CARRIED_OVER}{before}":
        return phrase("not from the previous review, {before}", before=before)
    if is_asked:
        return phrase("the item needs a new decision")
    there = ledger.decision(entry.line_id) if ledger is not None else UNDECIDED
    if ledger is None or is_taken_over(entry.after, there, before, ledger.decided(entry.line_id)):
        return ""
    if there == UNDECIDED:
        return phrase("{before} has no such decision", before=before)
    return phrase("{before} has another decision ({choice})", before=before, choice=there.choice.value)


def _decisions_of(package: Path) -> Ledger:
    """Return the decisions of the previous package.

    Raises:
        ValueError: its journal was changed.
    """
    ledger = Ledger(ItemStates({}, LINE_CHOICES), ItemStates({}, FINDING_CHOICES))
    with opened_package(package) as other:
        if hash_of(other, other / JOURNAL).as_json() not in read_manifest(other)["files"]:
            raise ValueError(phrase("the journal of the previous package was changed"))
        for entry in entries_in(other):
            ledger.take(entry)
    return ledger
