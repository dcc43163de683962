"""A signed checkpoint of a review: a small file, kept elsewhere, that shows any rewriting of what was there before."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iamdesk.escaping import visible
from iamdesk.export.evidence.result import Result, failed, passed
from iamdesk.export.evidence.signing import SSH, Role, SignOff, sign_off_from_json, signed_with
from iamdesk.export.evidence.signoff_checks import check_signoff
from iamdesk.export.files.atomic_write import ExportError, write_atomic
from iamdesk.export.findings.report import utc_text
from iamdesk.i18n import phrase
from iamdesk.review.journal import GENESIS, canonical, digest
from iamdesk.review.parts import is_part
from iamdesk.review.review_file import ReviewFile, opened, path_of

_MAX_BYTES = 1 << 16
_BEFORE_NUMBER = ".checkpoint-"


def is_whole(path: Path) -> bool:
    """Return whether a review file, which is checked on opening, is no part of another review.

    Raises:
        ReviewError: the review cannot be read, or was changed.
    """
    with ReviewFile.open(path, writable=False) as review:
        return not is_part(review)


@dataclass(frozen=True, slots=True)
class CheckpointState:
    """How far checkpoints of a review reach."""

    entries: int
    """Decisions and second approvals that the review has now."""
    signed: int
    """Those that its last checkpoint has; 0: there is none."""
    files: tuple[Path, ...]
    """The checkpoints, the last first."""

    @property
    def since(self) -> int:
        """Decisions and second approvals since the last checkpoint."""
        return self.entries - self.signed


def checkpoint_state(review: Path | ReviewFile, folder: Path | None = None) -> CheckpointState:
    """Return how far the checkpoints of a review reach, by the names of their files: nothing is verified.

    Args:
        review: The review, open or not.
        folder: Where the checkpoints are; None: beside the review.

    Raises:
        ExportError: the folder cannot be read.
        ReviewError: the review cannot be read, or was changed.
    """
    path = path_of(review)
    with opened(review, writable=False) as file:
        entries = sum(1 for _ in file.journal())
    pattern = re.compile(rf"{re.escape(path.name)}{_BEFORE_NUMBER}(\d{{6,}})\.json")
    place = folder or path.absolute().parent
    try:
        found = {int(match[1]): one for one in place.iterdir() if (match := pattern.fullmatch(one.name)) is not None}
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ExportError(
            phrase("{name}: it cannot be read: {reason}", name=visible(str(place)), reason=reason)
        ) from error
    # A number of a longer journal is of another file, or of an earlier copy: it says nothing about this one.
    signed = max((one for one in found if one <= entries), default=0)
    return CheckpointState(entries, signed, tuple(found[one] for one in sorted(found, reverse=True)))


def is_checkpoint_due(review: Path | ReviewFile, every: int, folder: Path | None = None) -> bool:
    """Return whether a review, which is no part, has so many decisions more than its last checkpoint.

    Args:
        review: The review, open or not.
        every: Number of decisions and second approvals between two checkpoints, at least 1.
        folder: Where the checkpoints are; None: beside the review.

    Raises:
        ExportError: the folder cannot be read.
        ReviewError: the review cannot be read, or was changed.
    """
    with opened(review, writable=False) as file:
        state = checkpoint_state(file, folder)
        return not is_part(file) and state.entries > 0 and state.since >= every


def sign_checkpoint(
    review: Path | ReviewFile, name: str, *, title: str = "", key: Path, asks: bool = True, folder: Path | None = None
) -> tuple[Path, SignOff]:
    """Sign what a review holds now; return the file, which bears the number of decisions, and the sign-off.

    Args:
        review: The review, open or not.
        name: Who.
        title: Of the person.
        key: A private SSH key, or the public one of a key that an agent holds.
        asks: Whether ``ssh-keygen`` may ask for a passphrase in the terminal.
        folder: Where the file is written; None: beside the review.

    Raises:
        ExportError: the key cannot be used, or there is a checkpoint of this name.
        ReviewError: the review cannot be read.
    """
    if not name.strip():
        raise ExportError(phrase("a sign-off requires the name of the signer"))
    path = path_of(review)
    with opened(review, writable=False) as file:
        state = _state(file)
    into = (folder or path.parent) / f"{path.name}{_BEFORE_NUMBER}{state['journal_entries']:06d}.json"
    if into.exists():
        raise ExportError(phrase("{name} already exists; it was not changed", name=visible(into.name)))
    unsigned = SignOff(
        1,
        Role.REVIEWER.value,
        visible(name.strip()),
        visible(title.strip()),
        Role.REVIEWER.sentence,
        utc_text(datetime.now(UTC)),
        digest(state),
        SSH,
        "",
        "",
        GENESIS,
    )
    made = signed_with(unsigned, key, asks=asks)
    write_atomic(into, canonical({"state": state, "signoff": made.as_json()}))
    return into, made


def verify_checkpoint(review: Path | ReviewFile, checkpoint: Path, allowed: Path | None) -> Iterator[Result]:
    """Yield whether a checkpoint is signed as it says, and whether the review still holds all that was signed.

    Args:
        review: The review, open or not.
        checkpoint: The checkpoint.
        allowed: Known keys, an ``allowed_signers`` file of ``ssh-keygen``; None: no key is known.

    Raises:
        ExportError: the checkpoint, or the file of known keys, cannot be read.
        ReviewError: the review cannot be read, or was changed.
    """
    name = visible(checkpoint.name)
    state, one = _read(checkpoint)
    try:
        known = allowed.read_text(encoding="utf-8", errors="surrogateescape") if allowed is not None else None
    except OSError as error:
        raise ExportError(phrase("{name}: it cannot be read: {reason}", name=allowed, reason=error.strerror)) from error
    yield check_signoff(one, name, digest(state), known)
    with opened(review, writable=False) as file:
        differing = list(_differing(file, state))
    if differing:
        yield from (failed(name, sentence) for sentence in differing)
    else:
        sentence = phrase(
            "The review still contains what was signed (decisions: {entries:,}; events: {events:,}; packages: "
            "{packages:,}).",
            entries=state["journal_entries"],
            events=state["events"],
            packages=state["packages"],
        )
        yield passed(name, sentence)


def _state(review: ReviewFile) -> dict[str, Any]:
    entries = 0
    journal_sha256 = review.head.journal_start
    for one in review.journal():  # read once: a decision that is recorded meanwhile is in both or in none
        entries, journal_sha256 = entries + 1, one.sha256
    events, packages = review.events(), review.packages()
    return {
        "review_id": review.head.review_id,
        "reviewed_sha256": review.reviewed_sha256(),
        "journal_entries": entries,
        "journal_sha256": journal_sha256,
        "events": len(events),
        "events_sha256": events[-1].sha256 if events else "",
        "packages": len(packages),
        "packages_sha256": digest([asdict(one) for one in packages]),
    }


def _differing(review: ReviewFile, state: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each thing that was signed and is not there any more."""
    now = _state(review)
    if state["review_id"] != now["review_id"]:
        yield phrase("It is a checkpoint of review {review}.", review=visible(str(state["review_id"])))
        return
    if state["reviewed_sha256"] != now["reviewed_sha256"]:
        yield phrase("Head, population, entitlements or findings differ from those that were signed.")
    entry = review.entry(state["journal_entries"])
    if state["journal_sha256"] != (entry.sha256 if entry else review.head.journal_start):
        yield phrase("The decisions differ from those that were signed, or some of them are missing.")
    events = review.events()[: state["events"]]
    if (len(events), events[-1].sha256 if events else "") != (state["events"], state["events_sha256"]):
        yield phrase("The events differ from those that were signed, or some of them are missing.")
    packages = review.packages()[: state["packages"]]
    if digest([asdict(one) for one in packages]) != state["packages_sha256"]:
        yield phrase("The recorded packages differ from those that were signed, or some of them are missing.")


def _read(checkpoint: Path) -> tuple[Mapping[str, Any], SignOff]:
    try:
        with checkpoint.open("rb") as file:
            content = file.read(_MAX_BYTES)
        value = json.loads(content)
        state, one = value["state"], sign_off_from_json(value["signoff"])
        is_as_written = canonical({"state": state, "signoff": one.as_json()}) == content
        numbers = [state[each] for each in ("journal_entries", "events", "packages")]
        texts = [state[each] for each in ("review_id", "reviewed_sha256", "journal_sha256", "events_sha256")]
        if not is_as_written or not all(type(each) is int and each >= 0 for each in numbers):
            raise ValueError
        if not all(isinstance(each, str) for each in (*texts, state["packages_sha256"])):
            raise ValueError
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ExportError(
            phrase("{name}: it cannot be read: {reason}", name=visible(checkpoint.name), reason=reason)
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ExportError(phrase("{name}: it is not a checkpoint", name=visible(checkpoint.name))) from error
    return state, one


def read_checkpoint(checkpoint: Path) -> tuple[int, SignOff]:
    """Return the number of decisions that a checkpoint has, and its sign-off as written: nothing is verified.

    Raises:
        ExportError: it cannot be read, or is not a checkpoint.
    """
    state, one = _read(checkpoint)
    return int(state["journal_entries"]), one
