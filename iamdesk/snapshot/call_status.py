"""What became of each call whose output a bundle was to hold: read, denied, or nothing there."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, SkipValidation

from iamdesk.snapshot.layout import Kind


class CaptureState(StrEnum):
    """What the bundle has of a call."""

    READ = "read"
    NOTHING_THERE = "nothing-there"
    """AWS reported that it does not exist (``NoSuchBucketPolicy``)."""
    DENIED = "denied"
    """The call failed when it was captured: denied, or another error."""
    UNREADABLE = "unreadable"
    """There is a file, but it is broken, empty, or lacks its last pages; what can be read of it is."""


class Capture(BaseModel):
    """One call."""

    model_config = ConfigDict(frozen=True)

    path: str
    """Of its file, below the bundle's top folder."""
    service: str
    command: str
    kind: Kind
    state: CaptureState
    account_id: str = ""
    """Empty for calls about the organization."""
    region: str = ""
    arguments: tuple[str, ...] = ()
    error: SkipValidation[str] = ""
    """AWS's error code and message, for what is not read; of what we found ourselves a phrase."""
