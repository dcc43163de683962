"""Who can, as JSON and as CSV: a row for each principal for which a request is allowed or conditional."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from iamdesk.access.who_can import ANY_SERVICE, FittingAction, PrincipalKind, Signing, Who
from iamdesk.aws.action_sets import ACCESS_LEVELS
from iamdesk.explain.decision import EvalDecision, EvaluationResult, StatementExplanation
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.export.findings.columns import JOINT
from iamdesk.export.findings.csv_table import TableAbout, csv_bytes
from iamdesk.export.text.access import granting_statements, how_words, when_words
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.trust import is_unique_id
from iamdesk.policy.arn import ArnError, parse_arn

COLUMNS = (
    "number",
    "principal",
    "account_id",
    "decision",
    "how",
    "conditions",
    "statements",
    "missing_context",
    "assumptions",
    "action",
    "resource",
    "given_context",
    "snapshot",
    "kind",
    "external",
    "signing",
    "in_organization",
    "asked_as",
)
"""Columns of the CSV file; why ``number`` is the first: see ``csv_file``."""
_ALL_CONDITIONS = 1 << 20
KIND_WORDS: Mapping[PrincipalKind, str] = {
    PrincipalKind.ANYONE: mark("anyone"),
    PrincipalKind.ACCOUNT: mark("account"),
    PrincipalKind.ROOT_USER: mark("root user"),
    PrincipalKind.USER: mark("user"),
    PrincipalKind.ROLE: mark("role"),
    PrincipalKind.ROLE_SESSION: mark("role session"),
    PrincipalKind.FEDERATED_USER: mark("federated user"),
    PrincipalKind.SERVICE: mark("AWS service"),
    PrincipalKind.PROVIDER: mark("identity provider"),
}
_EXTERNAL: Mapping[PrincipalKind, str] = {
    PrincipalKind.ACCOUNT: mark("external account"),
    PrincipalKind.ROOT_USER: mark("external root user"),
    PrincipalKind.USER: mark("external user"),
    PrincipalKind.ROLE: mark("external role"),
    PrincipalKind.ROLE_SESSION: mark("external role session"),
    PrincipalKind.FEDERATED_USER: mark("external federated user"),
}
_OF_ANY_ACCOUNT: Mapping[PrincipalKind, str] = {
    PrincipalKind.ROOT_USER: mark("root user of any account"),
    PrincipalKind.USER: mark("user of any account"),
    PrincipalKind.ROLE: mark("role of any account"),
    PrincipalKind.ROLE_SESSION: mark("role session of any account"),
    PrincipalKind.FEDERATED_USER: mark("federated user of any account"),
}
_BY_ID: Mapping[PrincipalKind, str] = {
    PrincipalKind.USER: mark("user known by its unique ID alone"),
    PrincipalKind.ROLE: mark("role known by its unique ID alone"),
    PrincipalKind.ROLE_SESSION: mark("session of a role known by its unique ID alone"),
}
_OF_ANYONE: Mapping[Signing, str] = {
    Signing.EITHER: mark("anyone, unsigned or signed"),
    Signing.UNSIGNED: mark("anyone, unsigned"),
    Signing.SIGNED: mark("anyone with an AWS account"),
}


class Access(Protocol):
    """A row of ``who_can``."""

    @property
    def who(self) -> Who:
        """The principal, or the group of principals, of the row."""

    @property
    def principal(self) -> str:
        """ARN, service principal, or ``*``."""

    @property
    def decision(self) -> EvalDecision:
        """Allowed or conditional."""

    @property
    def explanation(self) -> EvaluationResult:
        """The full result, evaluated on demand."""


def to_who_can_row(who: Who, decision: EvaluationResult) -> dict[str, Any]:
    """Return one row as JSON object: the principal, and the result as ``iamdesk can`` prints it, without its layers.

    Most layers are the same for all principals; ``iamdesk can`` prints them. ``AskedAs`` is the principal of the
    request: for an account or anyone, a principal that the row represents.
    """
    result = {key: value for key, value in to_evaluation_result(decision).items() if key != "Layers"}
    return {
        "Principal": who.principal,
        "Kind": who.kind.value,
        "External": who.is_external,
        "InOrganization": who.in_organization,
        "Signing": None if who.signing is None else who.signing.value,
        "AskedAs": decision.request.principal,
        **result,
    }


def who_words(who: Who) -> str:
    """Return the kind of a row's principal: ``external account``, ``anyone, unsigned or signed``, ``role``."""
    if who.signing is not None:
        return phrase(_OF_ANYONE[who.signing])
    if who.principal == ANY_SERVICE:
        return phrase("any AWS service")
    kind = phrase(KIND_WORDS[who.kind])
    if not who.is_external or who.kind in (PrincipalKind.SERVICE, PrincipalKind.PROVIDER):
        return kind
    if who.kind in _BY_ID and is_unique_id(who.principal.partition(":")[0]):
        return phrase(_BY_ID[who.kind])
    if who.in_organization:
        if who.kind is PrincipalKind.ACCOUNT:
            return phrase("account of the organization, not in the snapshot")
        return phrase("{kind} of another account of the organization", kind=kind)
    if who.kind in _OF_ANY_ACCOUNT and _is_of_any_account(who.principal):
        return phrase(_OF_ANY_ACCOUNT[who.kind])
    return phrase(_EXTERNAL[who.kind])


def _is_of_any_account(principal: str) -> bool:
    """Return whether an ARN, or a pattern of ARNs, leaves the account open."""
    parts = principal.split(":", 5)
    return parts[4] == "*" if len(parts) > 5 else "*" in principal


def actions_by_level(actions: Iterable[FittingAction]) -> Mapping[str, Sequence[str]]:
    """Return the names of actions by access level, in display order."""
    found: dict[str, list[str]] = {level: [] for level in ACCESS_LEVELS}
    for one in actions:
        found.setdefault(one.level, []).append(one.action)
    return {level: sorted(dict.fromkeys(names)) for level, names in found.items() if names}


def json_row(row: Access) -> str:
    """Return one row as JSON, for `json_pieces`."""
    return json.dumps(to_who_can_row(row.who, row.explanation), indent=2)


def json_pieces(rows: Iterable[str]) -> Iterator[bytes]:
    """Yield the pieces of a JSON list, the output of ``iamdesk who-can --format json``; each row is of `json_row`.

    An organization has tens of thousands of rows: the list is written piece by piece.
    """
    between = "["
    for row in rows:
        yield f"{between}\n{row}".replace("\n", "\n  ").encode()
        between = ","
    yield b"[]\n" if between == "[" else b"\n]\n"


def csv_of(rows: Iterable[Mapping[str, str]], snapshot_name: str, about: TableAbout | None = None) -> bytes:
    """Return rows as CSV; each is the result of `csv_cells`."""
    named = [{**row, "snapshot": snapshot_name} for row in rows]
    query = "who can"
    if named:
        actions = {row["action"] for row in named}
        query = f"who can {actions.pop() if len(actions) == 1 else 'do what'} on {named[0]['resource']}"
    cells = ((str(n), *[row[column] for column in COLUMNS[1:]]) for n, row in enumerate(named, start=1))
    return csv_bytes(COLUMNS, cells, query, about)


def csv_cells(row: Access) -> dict[str, str]:
    """Return the cells of one row by column, except number and snapshot name."""
    return _cells(row.who, row.explanation)


def _cells(who: Who, result: EvaluationResult) -> dict[str, str]:
    return {
        "principal": who.principal,
        "account_id": _account(who.principal),
        "decision": result.decision.value,
        "how": how_words(result),
        "conditions": when_words(result, _ALL_CONDITIONS),
        "statements": JOINT.join(_place(line) for line in granting_statements(result)),
        "missing_context": JOINT.join(result.missing_context_values),
        "assumptions": JOINT.join(assumption.message for assumption in result.assumptions),
        "action": result.request.action,
        "resource": result.request.resource,
        "given_context": JOINT.join(f"{key}={_given(value)}" for key, value in result.request.context.items()),
        "kind": who.kind.value,
        "external": _yes_or_no(who.is_external),
        "signing": "" if who.signing is None else who.signing.value,
        "in_organization": "" if who.in_organization is None else _yes_or_no(who.in_organization),
        "asked_as": result.request.principal,
    }


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _given(value: str | Sequence[str] | None) -> str:
    if value is None:
        return "(absent)"
    return value if isinstance(value, str) else ",".join(value)


def _account(principal: str) -> str:
    try:
        return parse_arn(principal).account
    except ArnError:
        return ""


def _place(line: StatementExplanation) -> str:
    return f"{line.name} [{line.source_policy_id}]"
