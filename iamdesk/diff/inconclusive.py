"""What is missing in a snapshot, or cannot be read, so that no comparison of a principal is proof."""

from iamdesk.diff.snapshot_view import SCP, PrincipalPolicies, SnapshotView
from iamdesk.i18n import phrase


def doubts_of(
    old: SnapshotView, new: SnapshotView, account: str, before: PrincipalPolicies, after: PrincipalPolicies
) -> tuple[str, ...]:
    """Return why it cannot be told whether a principal of an account changed, whatever is asked."""
    found: list[str] = []
    if before.broken != after.broken:
        found.append(phrase("A statement that cannot be read differs: what AWS makes of it is not known."))
    found += [
        phrase(
            "What the {policy} says is not in {where}.",
            policy=name,
            where=_which(name in before.missing, name in after.missing),
        )
        for name in sorted(before.missing | after.missing)
    ]
    for arn in sorted(before.supplied | after.supplied):
        where = _which(arn in before.supplied, arn in after.supplied)
        name = arn.rpartition("/")[2]
        found.append(phrase("The text of the AWS managed policy {name} is not in {where}.", name=name, where=where))
    if before.facts.canonical_id != after.facts.canonical_id:
        found.append(phrase("The S3 canonical user id of the account differs, or only one snapshot holds it."))
    missing = [side.missing_levels(account, SCP) for side in (old, new)]
    for name in sorted(missing[0] | missing[1]):
        where = _which(name in missing[0], name in missing[1])
        found.append(phrase("What the service control policy {name} says is not in {where}.", name=name, where=where))
    known = [side.levels(account, SCP) is not None for side in (old, new)]
    if known[0] != known[1]:
        where = _which(not known[0], not known[1])
        found.append(phrase("The service control policies of the account are not in {where}.", where=where))
    return tuple(found)


def _which(in_old: bool, in_new: bool) -> str:
    if in_old and in_new:
        return phrase("either snapshot")
    return phrase("the old snapshot") if in_old else phrase("the new snapshot")
