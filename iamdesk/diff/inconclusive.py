"""Missing or malformed data that makes the comparison of a principal inconclusive."""

from iamdesk.diff.snapshot_view import SCP, PrincipalPolicies, SnapshotView
from iamdesk.i18n import join_messages, phrase
from iamdesk.snapshot.aws_managed import aws_managed_policies


def doubts_of(
    old: SnapshotView, new: SnapshotView, account: str, before: PrincipalPolicies, after: PrincipalPolicies
) -> tuple[str, ...]:
    """Return why the comparison of a principal is inconclusive for all requests."""
    found: list[str] = []
    if before.broken != after.broken:
        found.append(phrase("A malformed statement differs: how AWS evaluates it is not known."))
    found += [
        phrase(
            "The {policy} was not captured in {where}.",
            policy=name,
            where=_which(name in before.missing, name in after.missing),
        )
        for name in sorted(before.missing | after.missing)
    ]
    for arn in sorted(before.supplied | after.supplied):
        where = _which(arn in before.supplied, arn in after.supplied)
        name = arn.rpartition("/")[2]
        missing_text = phrase(
            "The text of the AWS managed policy {name} was not captured in {where}.", name=name, where=where
        )
        used = phrase(
            "The result holds if the version that AWS published by {as_of:%Y-%m-%d} was in force.",
            as_of=aws_managed_policies().as_of,
        )
        found.append(join_messages(" ", (missing_text, used)))
    if before.facts.canonical_id != after.facts.canonical_id:
        found.append(phrase("The S3 canonical user ID of the account differs, or only one snapshot contains it."))
    missing = [side.missing_levels(account, SCP) for side in (old, new)]
    for name in sorted(missing[0] | missing[1]):
        where = _which(name in missing[0], name in missing[1])
        found.append(phrase("The service control policy {name} was not captured in {where}.", name=name, where=where))
    known = [side.levels(account, SCP) is not None for side in (old, new)]
    if known[0] != known[1]:
        where = _which(not known[0], not known[1])
        found.append(phrase("The service control policies of the account were not captured in {where}.", where=where))
    return tuple(found)


def _which(in_old: bool, in_new: bool) -> str:
    if in_old and in_new:
        return phrase("either snapshot")
    return phrase("the old snapshot") if in_old else phrase("the new snapshot")
