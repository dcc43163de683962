"""Verification of what reviewers signed in their parts: whose decisions are signed, and which depart from that."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from iamdesk.escaping import visible
from iamdesk.export.evidence.result import MAX_NAMES, Outcome, Result, Signer, failed, listed, noted
from iamdesk.export.evidence.signing import Role, sign_off_from_json
from iamdesk.export.evidence.signoff_checks import check_signoff
from iamdesk.export.evidence.verify_content import entries_in, events_in
from iamdesk.i18n import join_messages, join_names, mark, phrase
from iamdesk.review.decisions import may_be_same_person, same_person
from iamdesk.review.journal import GENESIS
from iamdesk.review.parts import parts_of
from iamdesk.review.signed_parts import (
    SignedPart,
    altered_words,
    compare,
    departure_words,
    own_delegate_words,
    signed_parts,
)


def verify_signed_parts(
    folder: Path, manifest: Mapping[str, Any], allowed: Path | None, signers: Sequence[Signer]
) -> Iterator[Result]:
    """Yield whether each signed part is signed, how much of each reviewer is, and what departs from it.

    Args:
        folder: The package, with unchanged files.
        manifest: Its manifest.
        allowed: Known keys, an ``allowed_signers`` file of ``ssh-keygen``; None: no key is known.
        signers: Who signed the package itself, with a valid key.
    """
    known = allowed.read_text(encoding="utf-8", errors="surrogateescape") if allowed is not None else None
    events = [*events_in(folder)]
    sound: list[SignedPart] = []
    digests = {manifest.get("genesis_sha256") or GENESIS}
    digests.update(sha256 for one in entries_in(folder) for sha256 in (one.previous, one.sha256))
    for part in signed_parts(manifest["review_id"], events, digests):
        name = phrase("signed part {part}", part=visible(part.part_id))
        result = (
            failed(name, part.fault)
            if part.fault
            else check_signoff(sign_off_from_json(part.signoff), name, part.sha256, known)
        )
        # It signs a part, not the package: whoever made the package is another matter.
        yield replace(result, signer=None)
        if result.outcome is not Outcome.FAILED and result.signer is not None:
            sound.append(part)
    if sound and not manifest.get("genesis_sha256"):
        yield noted(phrase("signed parts"), phrase(_RECOVERED))
    found = compare(sound, events, entries_in(folder))
    own = [one.name for one in signers if one.role == Role.REVIEWER.value]
    yield from _signed(Role.REVIEWER, found.decided, found.signed, signers)
    yield from _signed(Role.SECOND_REVIEWER, found.approved, found.approved_signed, signers)
    name = phrase("signed decisions")
    if found.altered:
        yield failed(name, altered_words(found.altered))
    # Whoever signed the package signed what it says in their name.
    unsigned = [one for one in found.departures if one.is_in_name and not any(same_person(one.now_by, n) for n in own)]
    if unsigned:
        yield failed(name, departure_words(unsigned))
    if others := [one for one in found.departures if one not in unsigned]:
        yield noted(phrase("decisions other than signed"), departure_words(others))
    for (delegate, approver), count in sorted(found.own_delegate.items()):
        yield noted(phrase("own delegate"), own_delegate_words(delegate, approver, count))
    for event in events:
        if event.details.get("signed_by") and not event.details.get("signed"):
            sentence = phrase(
                "The merge of part {part} says that it was signed by {signer}: the signature is not in the package.",
                part=visible(event.details["part"]),
                signer=visible(event.details["signed_by"]),
            )
            yield noted(phrase("signature left out"), sentence)
    for part_id, deciders in sorted(found.not_merged.items()):
        sentence = phrase(
            "Part {part} was split and never merged; items of it that are decided: {count:,}, by {names}.",
            part=visible(part_id),
            count=deciders.total(),
            names=join_names(sorted(map(visible, deciders)), MAX_NAMES, last=","),
        )
        yield noted(phrase("part never merged"), sentence)
    people = {*found.decided, *found.approved}
    people.update(one for part in parts_of(events) for one in (part.reviewer, part.backup) if one)
    pairs = combinations(sorted(people), 2)
    if alike := [f"{visible(one)} - {visible(other)}" for one, other in pairs if may_be_same_person(one, other)]:
        yield noted(phrase("similar names"), listed(mark("They may be of one person: {names}."), alike))


_RECOVERED = mark(
    "The review says that it was recovered: its title, period, scope, rules and people list may be other ones than "
    "when its parts were split and signed."
)
_WORDS = {
    Role.REVIEWER: (
        mark("signed decisions"),
        mark("{name}: {signed:,} of {count:,} decisions signed."),
        mark("not signed by the decider: {names}"),
        mark("{name} signed as reviewer; no decision bears this name."),
    ),
    Role.SECOND_REVIEWER: (
        mark("signed approvals"),
        mark("{name}: {signed:,} of {count:,} second approvals signed."),
        mark("not signed by the approver: {names}"),
        mark("{name} signed as second_reviewer; no second approval bears this name."),
    ),
}


def _signed(role: Role, made: Counter[str], signed: Counter[str], signers: Iterable[Signer]) -> Iterator[Result]:
    """Yield how many decisions, or second approvals, in each name are signed: in a part, or with the package."""
    name, counted, lacking, nothing = _WORDS[role]
    own = [one.name for one in signers if one.role == role.value]
    of_own = {who: any(same_person(who, one) for one in own) for who in sorted(made)}
    counts = [(visible(who), made[who] if is_own else signed[who], made[who]) for who, is_own in of_own.items()]
    sentences = [phrase(counted, name=who, signed=here, count=count) for who, here, count in counts]
    rest = [phrase("{count:,} of {name}", count=count - here, name=who) for who, here, count in counts if here < count]
    closing = listed(lacking, rest) if rest else ""
    outcome = Outcome.NOT_DONE if rest else Outcome.PASSED
    if sentences:
        yield Result(phrase(name), outcome, join_messages(" ", sentences), is_of_signatures=True, closing=closing)
    for one in own:
        if not any(same_person(who, one) for who in made):
            yield noted(phrase(name), phrase(nothing, name=one))
