"""The result of verifying a package in three lines: intact or not, who signed, what was not re-performed and why."""

from collections.abc import Sequence

from iamdesk.export.evidence.result import Outcome, Result, Signer
from iamdesk.i18n import join_messages, nphrase, phrase


def closing_lines(results: Sequence[Result]) -> tuple[str, str, str]:
    """Return the last three lines: integrity, signers, and checks that were not re-performed, with the reason."""
    return _intact(results), _signed(results), _not_performed(results)


def _intact(results: Sequence[Result]) -> str:
    failures = sum(one.outcome is Outcome.FAILED and not one.is_of_signatures for one in results)
    if failures:
        return nphrase("not intact: 1 check failed", "not intact: {count:,} checks failed", failures)
    return phrase("intact: no change since the package was written, as far as it was checked")


def _not_performed(results: Sequence[Result]) -> str:
    names = [
        phrase("{name} ({why})", name=one.name, why=one.sentence.removesuffix("."))
        for one in results
        if one.outcome is Outcome.NOT_DONE and not one.is_of_signatures
    ]
    if all(one.name != "findings performed again" for one in results):
        names.append(phrase("entitlements, population and findings"))
    # A program cannot verify this.
    names.append(phrase("that decisions were made by the people named (iamdesk does not authenticate people)"))
    return phrase("not re-performed: {names}", names=join_messages("; ", list(dict.fromkeys(names))))


def _signed(results: Sequence[Result]) -> str:
    signers = [one.signer for one in results if one.signer is not None]
    if not signers:
        return phrase("unsigned: proves nothing about who")
    people = join_messages("; ", [_person(one) for one in signers])
    signed = phrase("signed by {people}", people=people)
    if not all(one.stamped for one in signers):
        signed = phrase("signed by {people}; the time is the signer's word", people=people)
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
        told = phrase("{name} ({principal}) as {role}, {utc}, key {key}, a known key", **_values(one))
    else:
        told = phrase("{name} as {role}, {utc}, key {key}, known only from the package itself", **_values(one))
    if not one.stamped:
        return told
    stamp = phrase("stamped at {utc} by {authority}", utc=one.stamped, authority=one.authority)
    return join_messages(", ", [told, stamp])


def _values(one: Signer) -> dict[str, str]:
    return {"name": one.name, "principal": one.principal, "role": one.role, "key": one.key, "utc": one.utc}
