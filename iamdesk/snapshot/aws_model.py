"""What all models of AWS's own output have in common: its key names, its dates, its policy documents."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel, to_pascal

from iamdesk.snapshot.policy_decoding import decode_document

type PolicyDocument = Annotated[Any, BeforeValidator(decode_document)]
"""A policy document: objects, JSON strings and URL-encoded JSON strings all become the object."""


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the date lies outside of the years 1 to 9999") from None


type Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""A date and time, in UTC: AWS prints an offset always, and tools that leave it out mean UTC."""


class AwsModel(BaseModel):
    """Base of everything that AWS prints: frozen, AWS's own key names, unknown keys kept."""

    model_config = ConfigDict(frozen=True, extra="allow", alias_generator=to_pascal, validate_by_name=True)


class AwsCamelModel(AwsModel):
    """The same for the services whose key names begin with a small letter (API Gateway, ECR, RAM …)."""

    model_config = ConfigDict(alias_generator=to_camel)


class Tag(AwsModel):
    """One tag."""

    key: str
    value: str
