"""Parts of ARNs as snapshots write them: files can hold anything there, and an odd one has empty parts."""

from iamdesk.policy.arn import ArnError, parse_arn


def is_arn(text: str) -> bool:
    """Return whether a text is an ARN, so that a request can name it."""
    try:
        parse_arn(text)
    except ArnError:
        return False
    return True


def account_of(arn: str) -> str:
    """Return the account of an ARN; empty where it names none."""
    return _part(arn, 4)


def service_of(arn: str) -> str:
    """Return the service of an ARN, in lower case; empty where it names none."""
    return _part(arn, 2).lower()


def partition_of(arn: str) -> str:
    """Return the partition of an ARN; ``aws`` where it names none."""
    return _part(arn, 1) or "aws"


def _part(arn: str, place: int) -> str:
    parts = arn.split(":", 5)
    return parts[place] if len(parts) == 6 else ""
