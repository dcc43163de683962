"""The result of verifying a package in three lines: failed or consistent, who signed, and what it does not show."""

from collections.abc import Sequence

from iamdesk.export.evidence.result import Outcome, Remark, Result, Signer
from iamdesk.i18n import join_messages, join_names, nphrase, phrase

_MAX_NAMES = 5


def closing_lines(results: Sequence[Result]) -> tuple[str, str, str]:
    """Return the last three lines: consistency, signers, and what the package does not show, with the reason."""
    return _state(results), _signed(results), _not_shown(results)


def _state(results: Sequence[Result]) -> str:
    """Say what failed; else what agrees with what. Before that, what must not be overlooked."""
    remarks = {one.remark for one in results}
    parts = []
    failures = [one.name for one in results if one.outcome is Outcome.FAILED]
    if failures:
        names = join_names(list(dict.fromkeys(failures)), _MAX_NAMES, last=",")
        parts.append(
            nphrase(
                "FAILED: {count:,} check ({names})", "FAILED: {count:,} checks ({names})", len(failures), names=names
            )
        )
    if Remark.DRAFT in remarks:
        parts.append(phrase("DRAFT: the review is not complete"))
    if Remark.RECOVERED in remarks:
        parts.append(phrase("RECOVERED from a damaged file: parts of the review may be lost"))
    if notes := [one.name for one in results if one.outcome is Outcome.NOTE]:
        parts.append(phrase("to be read: {names}", names=join_names(list(dict.fromkeys(notes)), _MAX_NAMES, last=",")))
    if not failures:
        parts.append(_consistent(results, remarks))
    return join_messages("; ", parts)


def _consistent(results: Sequence[Result], remarks: set[Remark | None]) -> str:
    if Remark.OWN_SNAPSHOT in remarks:
        agrees = phrase("consistent: all files follow from the journal and the snapshot in the package")
    elif Remark.GIVEN_SNAPSHOT in remarks:
        agrees = phrase("consistent: all files follow from the journal in the package and the snapshot that you gave")
    else:
        agrees = phrase("consistent: what was compared follows from the journal in the package, without a snapshot")
    parts = [agrees]
    left_out = sum(one.outcome is Outcome.NOT_DONE and not one.closing for one in results)
    if left_out:
        parts.append(nphrase("{count:,} check not done", "{count:,} checks not done", left_out))
    is_vouched_for = any(one.signer is not None and one.signer.principal for one in results)
    if not is_vouched_for and Remark.NOTED not in remarks:
        parts.append(phrase("the package may have been rewritten as a whole (see the next line)"))
    return join_messages("; ", parts)


def _not_shown(results: Sequence[Result]) -> str:
    names = [
        phrase("{name} ({why})", name=one.name, why=one.sentence.removesuffix("."))
        for one in results
        if one.outcome is Outcome.NOT_DONE and not one.is_of_signatures
    ]
    if all(one.name != "findings re-performed" for one in results):
        names.append(phrase("entitlements, population and findings"))
    # A program cannot verify these.
    names.append(phrase("that the people named made the decisions (iamdesk does not authenticate people)"))
    names.append(
        phrase(
            "that what the preparer states is true: times (to within a day), due days, why items are asked again, who "
            "captured the snapshot, the list of people"
        )
    )
    names += [one.closing for one in results if one.closing]
    return phrase("not shown by this package: {names}", names=join_messages("; ", list(dict.fromkeys(names))))


def _signed(results: Sequence[Result]) -> str:
    signers = [one.signer for one in results if one.signer is not None]
    if not signers:
        return phrase("unsigned: does not prove who made it")
    signed = phrase("signed by {people}", people=join_messages("; ", [_person(one) for one in signers]))
    lacking = sum(one.outcome is Outcome.FAILED and one.is_of_signatures for one in results)
    if not lacking:
        return signed
    proof = nphrase(
        "1 signature is missing or not by the person it names",
        "{count:,} signatures are missing or not by the people they name",
        lacking,
    )
    return join_messages("; ", [signed, proof])


def _person(one: Signer) -> str:
    if one.principal:
        who = phrase("{name} ({principal}) as {role}, {utc}, key {key}, a known key", **_values(one))
    else:
        who = phrase(
            "{name} as {role}, {utc}, key {key}, NOT COMPARED with a key that you know: anybody can make one in this "
            "name",
            **_values(one),
        )
    if one.stamped:
        time = phrase("stamped at {utc} by {authority}", utc=one.stamped, authority=one.authority)
    else:
        time = phrase("the time is as the signer stated it")
    return join_messages(", ", [who, time])


def _values(one: Signer) -> dict[str, str]:
    return {"name": one.name, "principal": one.principal, "role": one.role, "key": one.key, "utc": one.utc}
