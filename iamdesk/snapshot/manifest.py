"""The manifest of a bundle: when, by whom and with which commands its files were captured, and what was denied.

A bundle that was assembled by hand has none and can be opened too.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from iamdesk.snapshot.aws_model import Moment

FORMAT: Literal["iamdesk-bundle"] = "iamdesk-bundle"
VERSION = 1
"""Goes up when a reader of an older version would misread a bundle."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class CallerIdentity(_Part):
    """Who captured: what ``aws sts get-caller-identity`` prints, in this file's own spelling."""

    account: str
    arn: str
    user_id: str = ""


class CallError(_Part):
    """Why a call gave nothing."""

    code: str
    """AWS's error code: ``AccessDenied``, ``NoSuchBucketPolicy``."""
    message: str = ""


class ManifestFile(_Part):
    """One call: the file with its output, or its error."""

    path: str
    """Relative to the bundle's top folder, with ``/``; after an error, where the output would be."""
    command: tuple[str, ...] = ()
    """The command that prints the same, word by word: ``["aws", "kms", "list-keys", "--region", "eu-west-1"]``."""
    arguments: tuple[str, ...] = ()
    """The arguments in the path in full: needed if a name was too long for a path."""
    captured_at: Moment | None = None
    size: Annotated[int, Field(ge=0)] | None = None
    """In bytes; None after an error."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    error: CallError | None = None


class Manifest(_Part):
    """``manifest.json``."""

    format: Literal["iamdesk-bundle"]
    version: Annotated[int, Field(ge=1)]
    tool: str = ""
    """What wrote it: ``iamdesk 0.2.0``."""
    started_at: Moment | None = None
    """When the first call was made: "captured at" of the whole bundle."""
    finished_at: Moment | None = None
    """None: the capture was interrupted, or is still going on."""
    caller: CallerIdentity | None = None
    accounts: tuple[str, ...] = ()
    """The accounts that were to be captured."""
    regions: tuple[str, ...] = ()
    """The Regions that were looked into."""
    files: tuple[ManifestFile, ...] = ()
