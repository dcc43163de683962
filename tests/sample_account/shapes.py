"""The shapes in which the sample account is written down: plain data, no AWS client, no moto."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ACCOUNT_ID = "111122223333"
"""An account id that AWS's own documentation uses for examples; so are all others in the sample."""

type Document = dict[str, Any]


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> Document:
    return {"Version": version, "Statement": list(statements)}


def arn(resource: str, account: str = ACCOUNT_ID) -> str:
    return f"arn:aws:iam::{account}:{resource}"


def aws_managed(name: str) -> str:
    return f"arn:aws:iam::aws:policy/{name}"


@dataclass(frozen=True, slots=True)
class SamplePolicy:
    """A customer managed policy; ``versions`` are v1, v2 … with the day each was made."""

    name: str
    versions: tuple[tuple[str, Document], ...]
    path: str = "/"
    default: int = 1
    description: str = ""

    @property
    def arn(self) -> str:
        return arn(f"policy{self.path}{self.name}")


@dataclass(frozen=True, slots=True)
class SampleGroup:
    name: str
    created: str
    path: str = "/"
    attached: tuple[str, ...] = ()
    inline: Mapping[str, Document] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arn(f"group{self.path}{self.name}")


@dataclass(frozen=True, slots=True)
class SampleUser:
    name: str
    created: str
    path: str = "/"
    groups: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()
    inline: Mapping[str, Document] = field(default_factory=dict)
    boundary: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arn(f"user{self.path}{self.name}")


@dataclass(frozen=True, slots=True)
class SampleRole:
    name: str
    created: str
    trust: Document
    path: str = "/"
    attached: tuple[str, ...] = ()
    inline: Mapping[str, Document] = field(default_factory=dict)
    boundary: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    last_used: tuple[str, str] | None = None
    """Time (ISO 8601) and Region of the last use; None: never used."""
    instance_profile: bool = False
    """Whether an instance profile of the same name and path holds the role."""

    @property
    def arn(self) -> str:
        return arn(f"role{self.path}{self.name}")
