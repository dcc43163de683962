"""Checks of the grammar: which elements a policy has, with which JSON types."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from iamdesk.i18n import mark, phrase
from iamdesk.policy.document import FIRST_VERSION, LATEST_VERSION
from iamdesk.policy.grammar import STATEMENT_ELEMENTS
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.source_map import ElementPath
from iamdesk.policy_validation.facts import facts
from iamdesk.policy_validation.issue import (
    EVERY_KIND,
    IDENTITY_LIKE,
    WITH_PRINCIPALS,
    FindingType,
    Problem,
    validation_check,
)
from iamdesk.policy_validation.policy_view import PolicyKind, PolicyView, StatementView

_TOP_ELEMENTS = ("Version", "Id", "Statement")
_PAIRS = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))
_TEXT_LISTS = ("Action", "NotAction", "Resource", "NotResource")


@validation_check(
    "POL-001",
    "INVALID_POLICY_ELEMENT",
    FindingType.ERROR,
    title=mark("Unknown policy element"),
    remediation=mark("Remove the element, or correct its name. Names of elements are case-sensitive."),
    can_be_stored=False,
)
def invalid_policy_element(policy: PolicyView) -> Iterator[Problem]:
    """Elements of a statement at the top, and the reverse, are misplaced: the sentence says where they belong."""
    for name in policy.raw:
        if name in STATEMENT_ELEMENTS:
            yield (name,), phrase("The element `{name}` belongs in a statement, not beside `Statement`.", name=name)
        elif name not in _TOP_ELEMENTS:
            yield (name,), _unknown(name, _TOP_ELEMENTS)
    for statement in policy.statements:
        for name in statement.raw:
            path = (*statement.path, name)
            if name in _TOP_ELEMENTS:
                yield (
                    path,
                    phrase("The element `{name}` belongs at the top of the policy, not in a statement.", name=name),
                )
            elif name not in STATEMENT_ELEMENTS:
                yield path, _unknown(name, tuple(STATEMENT_ELEMENTS))


def _unknown(name: str, known: tuple[str, ...]) -> str:
    by_lower = {one.lower(): one for one in sorted(known)}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.7)
    if near:
        return phrase("`{name}` is not a policy element. Did you mean `{near}`?", name=name, near=by_lower[near[0]])
    return phrase("`{name}` is not a policy element.", name=name)


@validation_check(
    "POL-002",
    "DATA_TYPE_MISMATCH",
    FindingType.ERROR,
    title=mark("Wrong JSON type"),
    remediation=mark("Use the JSON type that the policy grammar has for the element."),
    can_be_stored=False,
)
def data_type_mismatch(policy: PolicyView) -> Iterator[Problem]:
    """Text, a list of texts or an object, whichever the grammar has."""
    for name in ("Version", "Id"):
        if name in policy.raw and not isinstance(policy.raw[name], str):
            yield _expected_text((name,), name)
    for path, member in policy.members:
        if not isinstance(member, dict):
            yield path, phrase("A statement has to be a JSON object.")
    for statement in policy.statements:
        yield from _statement_types(statement)


def _statement_types(statement: StatementView) -> Iterator[Problem]:
    raw, at = statement.raw, statement.path
    for name in ("Sid", "Effect"):
        if name in raw and not isinstance(raw[name], str):
            yield _expected_text((*at, name), name)
    for name in _TEXT_LISTS:
        if name in raw:
            yield from _text_list(raw[name], (*at, name), name)
    for name in ("Principal", "NotPrincipal"):
        if isinstance(raw.get(name), dict):
            for key, value in raw[name].items():
                yield from _text_list(value, (*at, name, key), name)
    if "Condition" not in raw:
        return
    block = raw["Condition"]
    if not isinstance(block, dict):
        yield (*at, "Condition"), phrase("`Condition` has to be a JSON object of condition operators.")
        return
    for operator, keys in block.items():
        where = (*at, "Condition", operator)
        if not isinstance(keys, dict):
            yield (
                where,
                phrase("The operator `{operator}` has to hold a JSON object of condition keys.", operator=operator),
            )
            continue
        for key, value in keys.items():
            for place, member in _members(value):
                if not isinstance(member, (str, bool, int, float)):
                    message = phrase(
                        "A value of the condition key `{key}` has to be text, a number, true or false.", key=key
                    )
                    yield (*where, key, *place), message


def _expected_text(path: ElementPath, name: str) -> Problem:
    return path, phrase("`{name}` has to be text.", name=name)


def _text_list(value: Any, path: ElementPath, name: str) -> Iterator[Problem]:
    for place, member in _members(value):
        if not isinstance(member, str):
            yield (*path, *place), phrase("`{name}` has to be text or a list of texts.", name=name)


def _members(value: Any) -> list[tuple[ElementPath, Any]]:
    return [((place,), member) for place, member in enumerate(value)] if isinstance(value, list) else [((), value)]


@validation_check(
    "POL-003",
    "INVALID_EFFECT",
    FindingType.ERROR,
    title=mark("Invalid effect"),
    remediation=mark("Set `Effect` to `Allow` or `Deny`."),
    can_be_stored=False,
)
def invalid_effect(policy: PolicyView) -> Iterator[Problem]:
    """The two effects are case-sensitive (rule L5)."""
    for statement in policy.statements:
        effect = statement.effect
        if isinstance(effect, str) and effect not in ("Allow", "Deny"):
            yield (*statement.path, "Effect"), phrase("The effect `{effect}` is not `Allow` or `Deny`.", effect=effect)


@validation_check(
    "POL-004",
    "MISSING_EFFECT",
    FindingType.ERROR,
    title=mark("Missing effect"),
    remediation=mark("Add `Effect` with the value `Allow` or `Deny`."),
    can_be_stored=False,
)
def missing_effect(policy: PolicyView) -> Iterator[Problem]:
    """Every statement has an effect."""
    for statement in policy.statements:
        if "Effect" not in statement.raw:
            yield statement.path, phrase("The statement has no `Effect`.")


@validation_check(
    "POL-005",
    "MISSING_ACTION",
    FindingType.ERROR,
    title=mark("Missing action"),
    remediation=mark("Add `Action` or `NotAction` to the statement."),
    can_be_stored=False,
)
def missing_action(policy: PolicyView) -> Iterator[Problem]:
    """Every statement has one of the two elements."""
    for statement in policy.statements:
        if "Action" not in statement.raw and "NotAction" not in statement.raw:
            yield statement.path, phrase("The statement has neither `Action` nor `NotAction`.")


@validation_check(
    "POL-006",
    "MISSING_RESOURCE",
    FindingType.ERROR,
    title=mark("Missing resource"),
    remediation=mark("Add `Resource` or `NotResource` to the statement."),
    kinds=EVERY_KIND - {PolicyKind.TRUST},
    can_be_stored=False,
)
def missing_resource(policy: PolicyView) -> Iterator[Problem]:
    """All policies but trust policies and those of repositories, whose policies have no such element."""
    if policy.resource_service in facts().without_resource:
        return
    for statement in policy.statements:
        if "Resource" not in statement.raw and "NotResource" not in statement.raw:
            yield statement.path, phrase("The statement has neither `Resource` nor `NotResource`.")


@validation_check(
    "POL-007",
    "MISSING_PRINCIPAL",
    FindingType.ERROR,
    title=mark("Missing principal"),
    remediation=mark("Add `Principal` to the statement."),
    kinds=WITH_PRINCIPALS,
    can_be_stored=False,
)
def missing_principal(policy: PolicyView) -> Iterator[Problem]:
    """Policies that are attached to a resource name the principals."""
    for statement in policy.statements:
        if "Principal" not in statement.raw and "NotPrincipal" not in statement.raw:
            yield statement.path, phrase("The statement has no `Principal`.")


@validation_check(
    "POL-008",
    "MISSING_STATEMENT",
    FindingType.ERROR,
    title=mark("Missing statement"),
    remediation=mark("Add at least one statement to `Statement`."),
    can_be_stored=False,
)
def missing_statement(policy: PolicyView) -> Iterator[Problem]:
    """No `Statement`, or an empty one."""
    listed = policy.raw.get("Statement")
    if listed is None or listed == []:
        yield (("Statement",) if "Statement" in policy.raw else ()), phrase("The policy has no statement.")


@validation_check(
    "POL-009",
    "UNSUPPORTED_ELEMENT_COMBINATION",
    FindingType.ERROR,
    title=mark("Mutually exclusive elements"),
    remediation=mark("Remove one of the two elements, or split the statement."),
    can_be_stored=False,
)
def unsupported_element_combination(policy: PolicyView) -> Iterator[Problem]:
    """An element and its negation."""
    for statement in policy.statements:
        for plain, negated in _PAIRS:
            if plain in statement.raw and negated in statement.raw:
                message = phrase("The statement has both `{plain}` and `{negated}`.", plain=plain, negated=negated)
                yield (*statement.path, negated), message


@validation_check(
    "POL-010",
    "INVALID_VERSION",
    FindingType.ERROR,
    title=mark("Invalid version"),
    remediation=mark('Set `"Version": "2012-10-17"`.'),
    can_be_stored=False,
)
def invalid_version(policy: PolicyView) -> Iterator[Problem]:
    """AWS has two versions of the policy language."""
    version = policy.raw.get("Version")
    if isinstance(version, str) and version not in (LATEST_VERSION, FIRST_VERSION):
        yield ("Version",), phrase("The version `{version}` is not 2012-10-17 or 2008-10-17.", version=version)


@validation_check(
    "POL-011",
    "MISSING_VERSION",
    FindingType.WARNING,
    title=mark("Missing version"),
    remediation=mark('Add `"Version": "2012-10-17"`.'),
)
def missing_version(policy: PolicyView) -> Iterator[Problem]:
    """Without `Version` a policy is of the first version, which has no variables (rule L2)."""
    if "Version" not in policy.raw:
        yield (), phrase("The policy has no `Version`: it is of version 2008-10-17, without policy variables.")


_OF_IAM = IDENTITY_LIKE | {PolicyKind.TRUST}


def _repeated_sids(policy: PolicyView) -> Iterator[Problem]:
    seen: set[str] = set()
    for statement in policy.statements:
        sid = statement.raw.get("Sid")
        if isinstance(sid, str) and sid:
            if sid in seen:
                yield (
                    (*statement.path, "Sid"),
                    phrase("The Sid `{sid}` is already used by an earlier statement.", sid=sid),
                )
            seen.add(sid)


@validation_check(
    "POL-012",
    "UNIQUE_SIDS_REQUIRED",
    FindingType.ERROR,
    title=mark("Repeated Sid"),
    remediation=mark("Give each statement its own `Sid`."),
    kinds=_OF_IAM,
    can_be_stored=False,
)
def unique_sids_required(policy: PolicyView) -> Iterator[Problem]:
    """IAM requires that a Sid is unique in its policy."""
    return _repeated_sids(policy)


@validation_check(
    "POL-013",
    "UNIQUE_SIDS_RECOMMENDED",
    FindingType.WARNING,
    title=mark("Repeated Sid"),
    remediation=mark("Give each statement its own `Sid`."),
    kinds=EVERY_KIND - _OF_IAM,
)
def unique_sids_recommended(policy: PolicyView) -> Iterator[Problem]:
    """Other services accept a repeated Sid, but reports and logs then name the wrong statement."""
    return _repeated_sids(policy)


@validation_check(
    "POL-014",
    "UNSUPPORTED_SID",
    FindingType.ERROR,
    title=mark("Unsupported character in a Sid"),
    remediation=mark("Use only the letters A to Z and a to z and the digits 0 to 9 in `Sid`."),
    kinds=_OF_IAM,
    can_be_stored=False,
)
def unsupported_sid(policy: PolicyView) -> Iterator[Problem]:
    """Policies of IAM; other services accept more characters ("Enable IAM User Permissions")."""
    for statement in policy.statements:
        sid = statement.raw.get("Sid")
        if isinstance(sid, str) and sid and not (sid.isascii() and sid.isalnum()):
            yield (
                (*statement.path, "Sid"),
                phrase("The Sid `{sid}` contains characters other than letters and digits.", sid=sid),
            )


@validation_check(
    "POL-015",
    "EMPTY_SID_VALUE",
    FindingType.SUGGESTION,
    title=mark("Empty Sid"),
    remediation=mark("Give the statement a name in `Sid`, or remove the element."),
)
def empty_sid_value(policy: PolicyView) -> Iterator[Problem]:
    """The element is optional."""
    for statement in policy.statements:
        if statement.raw.get("Sid") == "":
            yield (*statement.path, "Sid"), phrase("`Sid` is empty.")


def _empty_list(policy: PolicyView, *names: str) -> Iterator[ElementPath]:
    for statement in policy.statements:
        for name in names:
            if statement.raw.get(name) == []:
                yield (*statement.path, name)


@validation_check(
    "POL-016",
    "EMPTY_ARRAY_ACTION",
    FindingType.SUGGESTION,
    title=mark("No actions"),
    remediation=mark("List the actions, or remove the statement."),
)
def empty_array_action(policy: PolicyView) -> Iterator[Problem]:
    """An empty list."""
    for path in _empty_list(policy, "Action", "NotAction"):
        yield path, phrase("`{name}` is an empty list: the statement names no actions.", name=path[-1])


@validation_check(
    "POL-017",
    "EMPTY_ARRAY_RESOURCE",
    FindingType.SUGGESTION,
    title=mark("No resources"),
    remediation=mark("List the resources, or remove the statement."),
)
def empty_array_resource(policy: PolicyView) -> Iterator[Problem]:
    """An empty list."""
    for path in _empty_list(policy, "Resource", "NotResource"):
        yield path, phrase("`{name}` is an empty list: the statement names no resources.", name=path[-1])


@validation_check(
    "POL-018",
    "EMPTY_ARRAY_PRINCIPAL",
    FindingType.SUGGESTION,
    title=mark("No principals"),
    remediation=mark("List the principals, or remove the statement."),
    kinds=WITH_PRINCIPALS,
)
def empty_array_principal(policy: PolicyView) -> Iterator[Problem]:
    """An empty list below a principal key, or instead of the object."""
    for statement in policy.statements:
        for name in ("Principal", "NotPrincipal"):
            value = statement.raw.get(name)
            at = (*statement.path, name)
            if isinstance(value, dict):
                for key, members in value.items():
                    if members == []:
                        yield (*at, key), phrase("The principal key `{key}` has an empty list.", key=key)


@validation_check(
    "POL-019",
    "EMPTY_OBJECT_PRINCIPAL",
    FindingType.SUGGESTION,
    title=mark("No principals"),
    remediation=mark("List the principals, or remove the statement."),
    kinds=WITH_PRINCIPALS,
)
def empty_object_principal(policy: PolicyView) -> Iterator[Problem]:
    """An empty object."""
    for statement in policy.statements:
        for name in ("Principal", "NotPrincipal"):
            if statement.raw.get(name) == {}:
                yield (*statement.path, name), phrase("`{name}` is an empty object.", name=name)


@validation_check(
    "POL-020",
    "EMPTY_OBJECT_CONDITION",
    FindingType.SUGGESTION,
    title=mark("Empty condition"),
    remediation=mark("Add the condition keys, or remove the empty object."),
)
def empty_object_condition(policy: PolicyView) -> Iterator[Problem]:
    """The whole condition, or one operator of it."""
    for statement in policy.statements:
        block = statement.raw.get("Condition")
        if block == {}:
            yield (*statement.path, "Condition"), phrase("`Condition` is an empty object: it tests nothing.")
        elif isinstance(block, dict):
            for operator, keys in block.items():
                if keys == {}:
                    message = phrase(
                        "The operator `{operator}` has an empty object: it tests nothing.", operator=operator
                    )
                    yield (*statement.path, "Condition", operator), message


@validation_check(
    "POL-021",
    "INVALID_PRINCIPAL_FORMAT",
    FindingType.ERROR,
    title=mark("Invalid principal format"),
    remediation=mark('Use `"*"`, or an object such as `{"AWS": "123456789012"}`.'),
    kinds=WITH_PRINCIPALS,
    can_be_stored=False,
)
def invalid_principal_format(policy: PolicyView) -> Iterator[Problem]:
    """Text other than ``*``, a list, or an AWS principal that is no account, ARN or unique ID."""
    for statement in policy.statements:
        for name in ("Principal", "NotPrincipal"):
            value = statement.raw.get(name)
            if name in statement.raw and value != "*" and not isinstance(value, dict):
                message = phrase('`{name}` has to be `"*"` or an object of principal keys.', name=name)
                yield (*statement.path, name), message
        for path, entry in statement.every_principal:
            if entry.type is PrincipalType.AWS and not _is_aws_principal(entry.text):
                message = phrase("`{text}` is not an account ID, an ARN or a unique ID of IAM.", text=entry.text)
                yield path, message


def _is_aws_principal(text: str) -> bool:
    if text == "*" or text.startswith("arn:") or (text.isascii() and text.isdigit() and len(text) == 12):
        return True
    return len(text) >= 16 and text.isascii() and text.isalnum() and text.isupper()  # AROA…, AIDA…: of deleted ones


@validation_check(
    "POL-022",
    "INVALID_PRINCIPAL_KEY",
    FindingType.ERROR,
    title=mark("Invalid principal key"),
    remediation=mark("Use `AWS`, `Service`, `Federated` or `CanonicalUser`."),
    kinds=WITH_PRINCIPALS,
    can_be_stored=False,
)
def invalid_principal_key(policy: PolicyView) -> Iterator[Problem]:
    """There are four keys."""
    known = frozenset(PrincipalType)
    for statement in policy.statements:
        for name in ("Principal", "NotPrincipal"):
            value = statement.raw.get(name)
            for key in value if isinstance(value, dict) else ():
                if key not in known:
                    message = phrase("`{key}` is not a principal key.", key=key)
                    yield (*statement.path, name, key), message


@validation_check(
    "POL-023",
    "UNSUPPORTED_PRINCIPAL",
    FindingType.ERROR,
    title=mark("Principal in a policy without principals"),
    remediation=mark("Remove the element: the policy applies to the identity that it is attached to."),
    kinds=IDENTITY_LIKE,
    can_be_stored=False,
)
def unsupported_principal(policy: PolicyView) -> Iterator[Problem]:
    """Identity policies, session policies and permission sets."""
    for statement in policy.statements:
        for name in ("Principal", "NotPrincipal"):
            if name in statement.raw:
                yield (*statement.path, name), phrase("The policy type does not support `{name}`.", name=name)


@validation_check(
    "POL-024",
    "",
    FindingType.ERROR,
    title=mark("Unsupported character"),
    remediation=mark("Use only characters from U+0020 to U+00FF in policies of IAM."),
    kinds=_OF_IAM,
    can_be_stored=False,
)
def unsupported_character(policy: PolicyView) -> Iterator[Problem]:
    """IAM User Guide, "IAM and AWS STS quotas": tab, line feed, carriage return and U+0020 to U+00FF."""
    found: list[tuple[ElementPath, Any]] = [((), policy.raw)]
    for path, value in found:
        if isinstance(value, dict):
            found += [((*path, key), member) for key, member in value.items()]
            texts = list(map(str, value))
        elif isinstance(value, list):
            found += [((*path, place), member) for place, member in enumerate(value)]
            continue
        else:
            texts = [value] if isinstance(value, str) else []
        for text in texts:
            wrong = next((one for one in text if not (" " <= one <= "\u00ff" or one in "\t\n\r")), None)
            if wrong is not None:
                yield (
                    path,
                    phrase(
                        "The text contains the character U+{code}, which IAM does not accept.",
                        code=format(ord(wrong), "04X"),
                    ),
                )
                break
