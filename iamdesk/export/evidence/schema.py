"""Models of ``review.json``, for validation and for the JSON Schema that is shipped."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FORMAT = "iamdesk-review/1"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tool(_Strict):
    """The program that wrote the file."""

    name: Literal["iamdesk"]
    version: str
    action_data_version: str
    build: str
    """Digest of its code and data."""


class Completion(_Strict):
    """Whether the review was complete when the package was written."""

    complete: bool
    status: Literal["complete", "DRAFT"]
    open: dict[str, int]
    """How many items and findings are open, by reason."""


class Review(_Strict):
    """The review."""

    id: str
    title: str
    snapshot_name: str
    opened_utc: str
    state: Literal["open", "decided"]
    completion: Completion
    details: dict[str, str]
    previous_manifest_sha256: str | None


class Source(_Strict):
    """One file of the snapshot."""

    file: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int


class LeftOut(_Strict):
    """An exclusion from the review, with the number of excluded items."""

    part: Literal["account", "class", "entitlement"]
    name: str
    reason: str
    principals: int
    entitlements: int
    findings: int


class Scope(_Strict):
    """The scope of the review."""

    accounts: list[str]
    principal_classes: dict[str, int]
    entitlement_definition: str
    left_out: list[LeftOut]
    exclusions: dict[str, int]
    """By reason, the number of principals out of scope."""


class Total(_Strict):
    """A control total: one count from two sources."""

    name: str
    a: str
    b: str
    ok: bool


class Gap(_Strict):
    """Missing data of the snapshot."""

    code: str
    affects: str
    sentence: str


class Completeness(_Strict):
    """Completeness of the snapshot and the review."""

    totals: list[Total]
    gaps: list[Gap]
    counts: dict[str, Any]


class Principal(_Strict):
    """One principal of the population."""

    arn: str
    account_id: str
    type: str
    in_scope: bool
    out_reason: str


class Decision(_Strict):
    """The decision on an entitlement or finding."""

    choice: Literal["keep", "revoke", "modify", "fix", "false_positive", "except", "undecided"]
    comment: str
    owner: str
    expiry: str | None
    second: str = ""
    ticket: str = ""
    compensating_control: str = ""
    second_comment: str = ""


class Decided(_Strict):
    """The reviewer and the time of a decision."""

    reviewer: str
    account: str
    moment: str


class FrozenLine(_Strict):
    """One entitlement as the reviewer saw it; ``line_sha256`` is the digest of this object."""

    account_id: str
    holder_arn: str
    holder_kind: str
    type: str
    entitlement_id: str
    name: str
    evidence: dict[str, Any]


class EntitlementLine(_Strict):
    """One entitlement with its decision."""

    line_id: str
    line_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    line: FrozenLine
    decision: Decision
    decided: Decided | None


class DecidedFinding(_Strict):
    """One finding with its decision."""

    finding_id: str
    finding_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    finding: dict[str, Any]
    """The finding as the reviewer saw it; ``finding_sha256`` is the digest of this object."""
    decision: Decision
    decided: Decided | None


class Integrity(_Strict):
    """Digests."""

    canonicalization: Literal["RFC8785"]
    algorithm: Literal["sha256"]
    journal_sha256: str
    journal_entries: int
    snapshot_sha256: str


class ReviewDocument(_Strict):
    """A review. Sign-offs are not part of it: they sign the manifest."""

    format: Literal["iamdesk-review/1"]
    tool: Tool
    review: Review
    generated_utc: str
    sources: list[Source]
    scope: Scope
    completeness: Completeness
    population: list[Principal]
    entitlements: list[EntitlementLine]
    findings: list[DecidedFinding]
    changes: list[dict[str, Any]]
    integrity: Integrity


def review_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``review.json``."""
    schema = ReviewDocument.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": FORMAT}
