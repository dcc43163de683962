"""Traps of the policy language: text that says more, or less, than its author meant."""

from collections.abc import Iterator
from functools import cache

from iamdesk.aws.condition_keys import is_provider_key
from iamdesk.aws.service_reference import reference
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Severity
from iamdesk.checks.policy_documents import WRITTEN, PolicySource, place, statement_evidence
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import PolicyType
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.document import LATEST_VERSION
from iamdesk.policy.operators import BOOL
from iamdesk.policy.statement import Statement
from iamdesk.policy.variables import has_variables
from iamdesk.snapshot.model import Account

MFA_PRESENT = "aws:multifactorauthpresent"

_OMITTED_BY_CALLERS = {
    "aws:sourcevpce": mark("it is in no request that comes over the Internet"),
    "aws:sourcevpc": mark("it is in no request that comes over the Internet"),
    "aws:vpcsourceip": mark("it is in no request that comes over the Internet"),
    "sts:externalid": mark("it is only in a request whose caller passes it"),
    "aws:sourcearn": mark("it is only in requests that a service makes for a resource"),
    "aws:sourceaccount": mark("it is only in requests that a service makes for a resource"),
    "aws:principalorgid": mark("callers whose account is in no organization, and anonymous ones, do not have it"),
    "aws:principalorgpaths": mark("callers whose account is in no organization, and anonymous ones, do not have it"),
    "aws:multifactorauthage": mark("it is in no request that was made without MFA"),
}
"""Keys that limit who may come in and that a caller can leave out of the request (rules, Table 1)."""

ABSENT_IS_MEANT = ("aws:tagkeys", "aws:requesttag/")
"""Keys for which an absent value means "no tags asked for": ForAllValues is the way AWS shows to write that."""

_LEADING_KEYS = "dynamodb:leadingkeys"
_WITHOUT_LEADING_KEYS = (("dynamodb", "scan"), ("dynamodb", "partiqlselect"))
"""Actions that read a table without naming partition keys; all others carry them, so that ForAllValues holds for them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""


@cache
def permission_actions() -> tuple[tuple[str, str], ...]:
    """Return every action that changes permissions, as (service, name) in lower case."""
    known = reference()
    return tuple(
        (service, action.name.lower())
        for service in known.services()
        for action in known.actions_of(service)
        if action.access_level == "Permissions management"
    )


def is_on_everything(statement: Statement) -> bool:
    """Return whether the statement speaks of all resources: ``*``, or all but some."""
    if statement.resources is None:
        return False
    return statement.not_resource or any(entry.is_everything for entry in statement.resources)


@check(
    "LNT-01",
    over=WRITTEN,
    title=mark("Allow with NotAction"),
    severity=Severity.HIGH,
    question="Does a statement allow everything except some actions, on all resources?",
    remedy=mark(
        "List the actions that the job needs under Action. To keep some actions away as well, add a statement with "
        "Effect Deny: an Allow with NotAction denies nothing."
    ),
    standards=("NIST 800-53 AC-6",),
)
def allow_not_action(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """High where it leaves actions in that change permissions of IAM, else medium."""
    for statement in written.policy.document.statements:
        if not (statement.is_allow and statement.not_action and statement.broken is None):
            continue
        if not is_on_everything(statement):
            continue
        granted = [
            f"{service}:{name}" for service, name in permission_actions() if statement.covers_action(service, name)
        ]
        of_iam = [name for name in granted if name.startswith("iam:")]
        told = {
            "place": place(written, statement),
            "left_out": enumerated(entry.text for entry in statement.actions),
        }
        sentence = phrase("{place} allows every action of AWS except {left_out}.", **told)
        if statement.conditions:
            sentence = phrase("{place} allows every action of AWS except {left_out}, under conditions.", **told)
        proof = phrase("None of them changes permissions.")
        if of_iam:
            proof = nphrase(
                "{count:,} action that change permissions are among them, {of_iam} of IAM itself.",
                "{count:,} actions that change permissions are among them, {of_iam} of IAM itself.",
                len(granted),
                of_iam=len(of_iam),
            )
        elif granted:
            proof = nphrase(
                "{count:,} action that change permissions are among them, none of IAM itself.",
                "{count:,} actions that change permissions are among them, none of IAM itself.",
                len(granted),
            )
        yield CheckResult(
            sentence,
            (statement_evidence(written.policy, statement, proof),),
            object=str(statement.index),
            severity=Severity.HIGH if of_iam else Severity.MEDIUM,
        )


@check(
    "LNT-02",
    over=WRITTEN,
    title=mark("Allow with NotResource"),
    severity=Severity.MEDIUM,
    question="Does a statement allow actions on every resource except some?",
    remedy=mark("List the resources under Resource. To keep some away as well, add a statement with Effect Deny."),
    standards=("NIST 800-53 AC-6",),
)
def allow_not_resource(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """What is left out is named; everything else, also what is made tomorrow, is in."""
    for statement in written.policy.document.statements:
        if statement.is_allow and statement.not_resource and statement.resources and statement.broken is None:
            if any(entry.is_everything for entry in statement.resources):
                continue  # all but everything: it allows nothing
            left_out = enumerated(entry.text for entry in statement.resources)
            proof = phrase("Resources that are made later are covered from the start.")
            yield CheckResult(
                phrase(
                    "{place} allows its actions on every resource except {left_out}.",
                    place=place(written, statement),
                    left_out=left_out,
                ),
                (statement_evidence(written.policy, statement, proof),),
                object=str(statement.index),
            )


@check(
    "LNT-04",
    over=WRITTEN,
    title=mark("ForAllValues allows requests without the key"),
    severity=Severity.MEDIUM,
    question="Does an Allow depend on ForAllValues, which holds if the key is not in the request?",
    remedy=mark(
        'Add `"Null": {"the key": "false"}` to the condition, or use ForAnyValue, or the plain operator where the '
        "key has one value."
    ),
)
def for_all_values_on_allow(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Identity providers' claims are decided with a token in hand: FED-12."""
    for statement in _allows(written):
        needed = _keys_that_must_be_there(statement)
        for test in statement.conditions:
            if test.quantifier is not Quantifier.ALL or test.key in needed or test.operator is None:
                continue
            if test.key.startswith(ABSENT_IS_MEANT) or is_provider_key(test.key):
                continue
            if test.key == _LEADING_KEYS and not any(statement.covers_action(*one) for one in _WITHOUT_LEADING_KEYS):
                continue
            sentence = phrase(
                "{place} also allows requests without {key}: {operator} is true when the key is absent.",
                place=place(written, statement),
                key=test.key_text,
                operator=test.operator_text,
            )
            proof = phrase("No other test of the statement needs the key.")
            yield CheckResult(
                sentence,
                (statement_evidence(written.policy, statement, proof),),
                object=f"{statement.index} {test.key}",
            )


@check(
    "LNT-06",
    over=WRITTEN,
    title=mark("IfExists disables a restriction"),
    severity=Severity.MEDIUM,
    question="Does an Allow test with IfExists a key that the caller can leave out of the request?",
    remedy=mark("Use the operator without IfExists, so that a request without the key is not allowed."),
)
def if_exists_guard(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Only keys that limit who comes in, and that a caller can do without; MFA has LNT-15."""
    for statement in _allows(written):
        needed = _keys_that_must_be_there(statement)
        for test in statement.conditions:
            why = _OMITTED_BY_CALLERS.get(test.key)
            if why is None or not test.if_exists or test.key in needed:
                continue
            yield CheckResult(
                phrase(
                    "{place} also allows requests without {key}: {why}.",
                    place=place(written, statement),
                    key=test.key_text,
                    why=phrase(why),
                ),
                (
                    statement_evidence(
                        written.policy,
                        statement,
                        phrase("{operator} is true when the key is not in the request.", operator=test.operator_text),
                    ),
                ),
                object=f"{statement.index} {test.key}",
            )


@check(
    "LNT-11",
    over=WRITTEN,
    title=mark("Policy variables without Version 2012-10-17"),
    severity=Severity.MEDIUM,
    question="Does a policy without Version 2012-10-17 use policy variables, which it takes for plain text?",
    remedy=mark('Set `"Version": "2012-10-17"`, after checking what the variables then let in.'),
)
def variables_in_an_old_version(
    _survey: CheckContext, _account: Account, written: PolicySource
) -> Iterator[CheckResult]:
    """In policies of 2008-10-17, or without Version, ``${…}`` is a part of the name (rule H6)."""
    document = written.policy.document
    if document.version == LATEST_VERSION:
        return
    for statement in document.statements:
        texts = [entry.text for entry in statement.resources or ()]
        texts += [listed.text for test in statement.conditions for listed in test.values]
        variable = next((text for text in texts if has_variables(text)), None)
        if variable is not None:
            yield CheckResult(
                phrase(
                    "{place} takes the variable in {text} for plain text: the policy is of version {version}.",
                    place=place(written, statement),
                    text=variable,
                    version=document.version,
                ),
                (
                    statement_evidence(
                        written.policy, statement, phrase("It matches that very text, not what it stands for.")
                    ),
                ),
                object=str(statement.index),
            )


@check(
    "LNT-15",
    over=WRITTEN,
    title=mark("MFA condition that access keys bypass"),
    severity=Severity.HIGH,
    question="Does a request made with long-term access keys, which never carry MFA, pass a test for MFA?",
    remedy=mark(
        "In an Allow use `Bool` with `aws:MultiFactorAuthPresent` true; in a Deny use `BoolIfExists` with false. "
        "The key is absent from requests made with access keys."
    ),
    standards=("PCI DSS 4.0 8.4",),
)
def mfa_test_that_keys_pass(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """An Allow that holds without the key, or a Deny that does not (rules G3, G4, J2)."""
    statements = written.policy.document.statements
    null_denies = any(
        not statement.is_allow and any(_is_null(test, present=False) for test in _mfa_tests(statement))
        for statement in statements
    )
    for statement in statements:
        if statement.broken is not None:
            continue
        needed = _keys_that_must_be_there(statement)
        for test in _mfa_tests(statement):
            if test.operator is None or test.operator.family is not BOOL or written.policy.layer is PolicyType.TRUST:
                continue
            value = {listed.text.lower() for listed in test.values}
            holds_without = test.if_exists or test.quantifier is Quantifier.ALL
            if statement.is_allow and value == {"true"} and holds_without and MFA_PRESENT not in needed:
                sentence = phrase(
                    "{place} allows requests made with access keys, although it asks for MFA.",
                    place=place(written, statement),
                )
            elif not statement.is_allow and value == {"false"} and not holds_without and not null_denies:
                sentence = phrase(
                    "{place} does not deny requests made with access keys, although they are made without MFA.",
                    place=place(written, statement),
                )
            else:
                continue
            names = {"operator": test.operator_text, "key": test.key_text}
            proof = phrase("{operator} on {key} is false when the key is absent, as it is with access keys.", **names)
            if holds_without:
                proof = phrase(
                    "{operator} on {key} is true when the key is absent, as it is with access keys.", **names
                )
            yield CheckResult(
                sentence,
                (statement_evidence(written.policy, statement, proof),),
                object=str(statement.index),
            )


def _mfa_tests(statement: Statement) -> Iterator[ConditionTest]:
    return (test for test in statement.conditions if test.key == MFA_PRESENT)


def _allows(written: PolicySource) -> Iterator[Statement]:
    return (
        statement for statement in written.policy.document.statements if statement.is_allow and statement.broken is None
    )


def _keys_that_must_be_there(statement: Statement) -> frozenset[str]:
    """Return the keys without which the statement does not match, whatever its other tests say."""
    return frozenset(test.key for test in statement.conditions if _is_null(test, present=True) or _needs_key(test))


def _is_null(test: ConditionTest, present: bool) -> bool:
    if test.operator is None or test.operator.compares_values:
        return False
    return {listed.text.lower() for listed in test.values} == {"false" if present else "true"}


def _needs_key(test: ConditionTest) -> bool:
    if test.operator is None or not test.operator.compares_values or test.if_exists:
        return False
    return test.quantifier is Quantifier.ANY or (test.quantifier is Quantifier.NONE and not test.operator.negated)
