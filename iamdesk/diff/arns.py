"""Parts of ARNs in snapshots; malformed ARNs have empty parts."""

from iamdesk.policy.arn import ArnError, parse_arn


def is_arn(text: str) -> bool:
    """Return whether a text is a well-formed ARN."""
    try:
        parse_arn(text)
    except ArnError:
        return False
    return True


def account_of(arn: str) -> str:
    """Return the account ID of an ARN; empty if it has none."""
    return _part(arn, 4)


def service_of(arn: str) -> str:
    """Return the service of an ARN, in lower case; empty if it has none."""
    return _part(arn, 2).lower()


def partition_of(arn: str) -> str:
    """Return the partition of an ARN; ``aws`` if it has none."""
    return _part(arn, 1) or "aws"


def _part(arn: str, place: int) -> str:
    parts = arn.split(":", 5)
    return parts[place] if len(parts) == 6 else ""
