"""What is missing in a snapshot, or cannot be read, so that no comparison of a principal is proof."""

from iamdesk.compare.side import SCP, Own, Side


def doubts_of(old: Side, new: Side, account: str, before: Own, after: Own) -> tuple[str, ...]:
    """Return why it cannot be told whether a principal of an account changed, whatever is asked."""
    found: list[str] = []
    if before.broken != after.broken:
        found.append("A statement that cannot be read differs: what AWS makes of it is not known.")
    found += [
        f"What the {name} says is not in {_which(name in before.missing, name in after.missing)}."
        for name in sorted(before.missing | after.missing)
    ]
    for arn in sorted(before.supplied | after.supplied):
        where = _which(arn in before.supplied, arn in after.supplied)
        found.append(f"The text of the AWS managed policy {arn.rpartition('/')[2]} is not in {where}.")
    if before.facts.canonical_id != after.facts.canonical_id:
        found.append("The S3 canonical user id of the account differs, or only one snapshot holds it.")
    missing = [side.missing_levels(account, SCP) for side in (old, new)]
    for name in sorted(missing[0] | missing[1]):
        where = _which(name in missing[0], name in missing[1])
        found.append(f"What the service control policy {name} says is not in {where}.")
    known = [side.levels(account, SCP) is not None for side in (old, new)]
    if known[0] != known[1]:
        found.append(f"The service control policies of the account are not in {_which(not known[0], not known[1])}.")
    return tuple(found)


def _which(in_old: bool, in_new: bool) -> str:
    return "either snapshot" if in_old and in_new else "the old snapshot" if in_old else "the new snapshot"
