"""Verification of what reviewers signed in their parts: whose decisions are signed, and which depart from that."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from iamdesk.escaping import visible
from iamdesk.export.evidence.result import Outcome, Result, Signer, failed, noted, passed
from iamdesk.export.evidence.signing import Role, sign_off_from_json
from iamdesk.export.evidence.signoff_checks import check_signoff
from iamdesk.export.evidence.verify_content import entries_in, events_in
from iamdesk.i18n import join_messages, phrase
from iamdesk.review.decisions import same_person
from iamdesk.review.signed_parts import (
    SignedPart,
    altered_words,
    compare,
    departure_words,
    own_delegate_words,
    signed_parts,
)


def verify_signed_parts(
    folder: Path, manifest: Mapping[str, Any], allowed: Path | None, signers: Iterable[Signer]
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
    for part in signed_parts(manifest["review_id"], events):
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
    found = compare(sound, events, entries_in(folder))
    own = [one.name for one in signers if one.role == Role.REVIEWER.value]
    name = phrase("signed decisions")
    counts = []
    for who, count in sorted(found.decided.items()):
        of_package = any(same_person(who, one) for one in own)
        counts.append(
            phrase(
                "{name}: {signed:,} of {count:,} decisions signed.",
                name=visible(who),
                signed=count if of_package else found.signed[who],
                count=count,
            )
        )
    if counts:
        yield passed(name, join_messages(" ", counts))
    if found.altered:
        yield failed(name, altered_words(found.altered))
    # Whoever signed the package signed what it says in their name.
    unsigned = [one for one in found.departures if one.is_in_name and not any(same_person(one.now_by, n) for n in own)]
    if unsigned:
        yield failed(name, departure_words(unsigned))
    if others := [one for one in found.departures if one not in unsigned]:
        yield noted(phrase("decisions other than signed"), departure_words(others))
    for (delegate, approver), count in sorted(found.own_delegate.items()):
        yield noted(
            phrase("own delegate"),
            own_delegate_words(delegate, approver, count),
        )
