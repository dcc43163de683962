"""Amazon Resource Names: ``arn:partition:service:region:account:resource``."""

from typing import NamedTuple

from iamdesk.i18n import phrase


class ArnError(ValueError):
    """Text that is not an ARN. Its text is one sentence."""


class Arn(NamedTuple):
    """The six parts of an ARN; the sixth keeps its colons and slashes."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def parse_arn(text: str) -> Arn:
    """Split a concrete ARN.

    Raises:
        ArnError: the text does not begin with ``arn:``, has fewer than six parts, or an empty partition, service or
            resource.
    """
    parts = text.split(":", 5)
    if parts[0] != "arn":
        raise ArnError(phrase("`{text}` is not an ARN: it does not begin with `arn:`", text=text))
    if len(parts) < 6:
        raise ArnError(
            phrase(
                "`{text}` is not an ARN: it has {count} of the six parts arn:partition:service:region:account:resource",
                text=text,
                count=len(parts),
            )
        )
    for name, value in zip(("partition", "service", "resource"), (parts[1], parts[2], parts[5]), strict=True):
        if not value:
            raise ArnError(phrase("`{text}` is not an ARN: its {name} is empty", text=text, name=name))
    return Arn(*parts[1:])


def is_arn(text: str) -> bool:
    """Return whether a text is a concrete ARN, by `parse_arn`."""
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
