"""Validation of a policy document, of any type: as text of a file, or as a JSON value of a snapshot."""

import json
from collections.abc import Container
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from iamdesk import policy_validation as package
from iamdesk.i18n import mark, phrase
from iamdesk.policy.document import parse_document
from iamdesk.policy.source_map import PolicyText, RepeatedKeyError, locate
from iamdesk.policy_validation.issue import EVERY_KIND, FindingType, Issue, PolicyTextError, ValidationCheck
from iamdesk.policy_validation.policy_view import PolicyKind, PolicyView
from iamdesk.strict_json import AmbiguousJsonError, NotJsonConstant, decode

MAX_CHARACTERS = 1 << 20
"""Longest text that is validated: far above every quota of AWS."""


def _nothing(_: PolicyView) -> tuple[()]:
    return ()


JSON_SYNTAX = ValidationCheck(
    "POL-200",
    "JSON_SYNTAX_ERROR",
    FindingType.ERROR,
    mark("JSON syntax error"),
    mark("Correct the JSON at the position."),
    EVERY_KIND,
    can_be_stored=False,
    find=_nothing,
)
"""Reported by `PolicyTextError`: a text that is not JSON has no elements to check."""


@cache
def validation_checks() -> tuple[ValidationCheck, ...]:
    """Return the checks of all modules of this folder that end in ``_checks``, by id."""
    names = (module.name for module in iter_modules(package.__path__) if module.name.endswith("_checks"))
    modules = [import_module(f"{package.__name__}.{name}") for name in names]
    found = [member for module in modules for member in vars(module).values() if isinstance(member, ValidationCheck)]
    return tuple(sorted((*found, JSON_SYNTAX), key=lambda check: check.id))


@cache
def _checks_of(kind: PolicyKind) -> tuple[ValidationCheck, ...]:
    return tuple(check for check in validation_checks() if kind in check.kinds)


_RANK = {finding_type: rank for rank, finding_type in enumerate(FindingType)}


def validate_document(
    raw: dict[str, Any], kind: PolicyKind, resource_service: str = "", only: Container[str] | None = None
) -> tuple[Issue, ...]:
    """Return the issues of a document, without positions, worst first.

    ``raw`` is a JSON object no deeper than `strict_json.MAX_DEPTH`; ``resource_service`` is the service prefix of a
    resource policy's resource; ``only`` are the ids of the checks to run, None: all.
    """
    return _issues(PolicyView(raw, kind, resource_service, None), None, only)


def session_refusal(raw: Any) -> str | None:
    """Return why AWS STS makes no session with a policy, as one sentence; None if it takes it.

    ``raw`` is any JSON value. Of an ARN with missing fields see rule F7, of actions without a service rule L5.
    """
    document = parse_document(raw)
    if not isinstance(raw, dict) or not isinstance(document.raw, dict):
        return document.diagnostics[0].message
    refusing = [one.id for one in validation_checks() if not one.can_be_stored or one.name == "MISSING_ARN_FIELD"]
    issues = validate_document(raw, PolicyKind.SESSION, only=refusing)
    odd = [entry.problem for statement in document.statements for entry in statement.actions if entry.is_refused]
    return next(iter((*(one.message for one in issues), *odd)), None)


def validate_text(content: bytes, kind: PolicyKind, resource_service: str = "") -> tuple[Issue, ...]:
    """Return the issues of a file's text, with positions in it, worst first; a byte order mark is skipped.

    Raises:
        PolicyTextError: The text is not UTF-8, not one JSON object, ambiguous, or too long.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyTextError(phrase("it is not UTF-8 at byte {place}", place=error.start)) from None
    if len(text) > MAX_CHARACTERS:
        raise PolicyTextError(
            phrase("it has {count:,} characters, more than {most:,}", count=len(text), most=MAX_CHARACTERS)
        )
    raw, located = _read(text)
    return _issues(PolicyView(raw, kind, resource_service, text), located, None)


def _read(text: str) -> tuple[dict[str, Any], PolicyText]:
    try:
        raw = decode(text)
    except json.JSONDecodeError as error:
        message = phrase(
            "it is not JSON: {reason} at line {line}, column {column}",
            reason=error.msg,
            line=error.lineno,
            column=error.colno,
        )
        raise PolicyTextError(message, error.lineno, error.colno) from None
    except NotJsonConstant as error:
        raise PolicyTextError(phrase("{word} is not a JSON value", word=str(error))) from None
    except AmbiguousJsonError as error:
        raise _with_position(text, str(error)) from None
    except ValueError:  # Python's limit on the digits of a number
        raise PolicyTextError(phrase("a number has too many digits")) from None
    if not isinstance(raw, dict):
        raise PolicyTextError(phrase("it is not a JSON object at line 1, column 1"))
    return raw, locate(text)


def _with_position(text: str, reason: str) -> PolicyTextError:
    try:
        locate(text)
    except RepeatedKeyError as error:
        key, line, column = error.args
        message = phrase(
            "the key `{key}` occurs twice in one object, again at line {line}, column {column}",
            key=key,
            line=line,
            column=column,
        )
        return PolicyTextError(message, line, column)
    except (RecursionError, IndexError, ValueError):
        pass
    return PolicyTextError(reason)


def _issues(policy: PolicyView, located: PolicyText | None, only: Container[str] | None) -> tuple[Issue, ...]:
    found = [
        Issue(check, path, message, located.span_of(path) if located is not None else None)
        for check in _checks_of(policy.kind)
        if only is None or check.id in only
        for path, message in check.find(policy)
    ]
    found.sort(key=lambda issue: _RANK[issue.check.finding_type])
    return tuple(found)
