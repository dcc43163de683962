"""Pitfalls of the policy language: statements that allow more, or deny less, than intended."""

from collections.abc import Iterator
from functools import cache

from iamdesk.aws.condition_keys import is_provider_key
from iamdesk.aws.service_reference import reference
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Severity
from iamdesk.checks.policy_documents import WRITTEN, PolicySource, place, statement_evidence
from iamdesk.checks.remediation_commands import policy_command
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
    "aws:sourcevpce": mark("requests over the Internet do not contain it"),
    "aws:sourcevpc": mark("requests over the Internet do not contain it"),
    "aws:vpcsourceip": mark("requests over the Internet do not contain it"),
    "sts:externalid": mark("only callers that pass it have it in their requests"),
    "aws:sourcearn": mark("only requests that a service makes for a resource contain it"),
    "aws:sourceaccount": mark("only requests that a service makes for a resource contain it"),
    "aws:principalorgid": mark(
        "requests of anonymous callers, and of accounts outside any organization, do not contain it"
    ),
    "aws:principalorgpaths": mark(
        "requests of anonymous callers, and of accounts outside any organization, do not contain it"
    ),
    "aws:multifactorauthage": mark("requests made without MFA do not contain it"),
}
"""Keys that restrict callers and that a request may not contain (policy-evaluation.md, Table 1), with the reason."""

ABSENT_IS_MEANT = ("aws:tagkeys", "aws:requesttag/")
"""Keys whose absence means "no tags requested": AWS documents ForAllValues for them."""

_LEADING_KEYS = "dynamodb:leadingkeys"
_WITHOUT_LEADING_KEYS = (("dynamodb", "scan"), ("dynamodb", "partiqlselect"))
"""Actions that read a table without partition keys; requests for all others contain dynamodb:LeadingKeys.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""


@cache
def permission_actions() -> tuple[tuple[str, str], ...]:
    """Return every permissions-management action, as (service, name) in lower case."""
    known = reference()
    return tuple(
        (service, action.name.lower())
        for service in known.services()
        for action in known.actions_of(service)
        if action.access_level == "Permissions management"
    )


def is_on_everything(statement: Statement) -> bool:
    """Return whether a statement applies to all resources: ``*``, or all except some."""
    if statement.resources is None:
        return False
    return statement.not_resource or any(entry.is_everything for entry in statement.resources)


@check(
    "LNT-01",
    over=WRITTEN,
    severity=(Severity.HIGH, "Every action that AWS adds later is allowed as well."),
    title=mark("Allow with NotAction"),
    question="Does a statement allow everything except some actions, on all resources?",
    remediation=mark(
        "List the actions that the job needs under Action. To also block some actions, add a statement with Effect "
        "Deny: an Allow with NotAction denies nothing."
    ),
    standards=("NIST 800-53 AC-6",),
)
def allow_not_action(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """High if it allows permissions-management actions of IAM, else medium."""
    for statement in written.policy.document.statements:
        if not (statement.is_allow and statement.not_action and statement.broken is None):
            continue
        if not is_on_everything(statement):
            continue
        granted = [
            f"{service}:{name}" for service, name in permission_actions() if statement.covers_action(service, name)
        ]
        of_iam = [name for name in granted if name.startswith("iam:")]
        values = {
            "place": place(written, statement),
            "left_out": enumerated(entry.text for entry in statement.actions),
        }
        sentence = phrase("{place} allows every action of AWS except {left_out}.", **values)
        if statement.conditions:
            sentence = phrase("{place} allows every action of AWS except {left_out}, under conditions.", **values)
        proof = phrase("None of these actions changes permissions.")
        if of_iam:
            proof = nphrase(
                "These include {count:,} action that changes permissions, {of_iam} of them in IAM.",
                "These include {count:,} actions that change permissions, {of_iam} of them in IAM.",
                len(granted),
                of_iam=len(of_iam),
            )
        elif granted:
            proof = nphrase(
                "These include {count:,} action that changes permissions, which is not an IAM action.",
                "These include {count:,} actions that change permissions, none of them in IAM.",
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
    severity=(Severity.MEDIUM, "Every resource that is created later is allowed as well."),
    title=mark("Allow with NotResource"),
    question="Does a statement allow actions on every resource except some?",
    remediation=mark(
        "List the resources under Resource. To also block some resources, add a statement with Effect Deny."
    ),
    standards=("NIST 800-53 AC-6",),
)
def allow_not_resource(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """The sentence names the exceptions; resources created later are covered as well."""
    for statement in written.policy.document.statements:
        if statement.is_allow and statement.not_resource and statement.resources and statement.broken is None:
            if any(entry.is_everything for entry in statement.resources):
                continue  # everything is excepted: it allows nothing
            left_out = enumerated(entry.text for entry in statement.resources)
            proof = phrase("It also covers resources that are created later.")
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
    severity=(Severity.MEDIUM, "The restriction is avoided by leaving the key out."),
    title=mark("ForAllValues allows requests without the key"),
    question="Does an Allow depend on ForAllValues, which is true if the key is not in the request?",
    remediation=mark(
        'Add `"Null": {"the key": "false"}` to the condition, or use ForAnyValue, or the plain operator for a '
        "single-valued key."
    ),
)
def for_all_values_on_allow(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Claims of identity providers are left to FED-12, which evaluates tokens."""
    for statement in _allows(written):
        needed = _required_keys(statement)
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
            proof = phrase("No other condition of the statement requires the key.")
            yield CheckResult(
                sentence,
                (statement_evidence(written.policy, statement, proof),),
                object=f"{statement.index} {test.key}",
            )


@check(
    "LNT-06",
    over=WRITTEN,
    severity=(Severity.MEDIUM, "The restriction is avoided by leaving the key out."),
    title=mark("IfExists disables a restriction"),
    question="Does an Allow test with IfExists a key that the caller can leave out of the request?",
    remediation=mark("Use the operator without IfExists, so that a request without the key is not allowed."),
)
def if_exists_guard(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Only keys that restrict callers and that a request may not contain; LNT-15 covers MFA."""
    for statement in _allows(written):
        needed = _required_keys(statement)
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
    severity=(Severity.MEDIUM, "The statement is about other resources than it seems."),
    title=mark("Policy variables without Version 2012-10-17"),
    question="Does a policy without Version 2012-10-17 contain policy variables, which are then literal text?",
    remediation=mark('Set `"Version": "2012-10-17"`, after checking what the variables then match.'),
)
def variables_in_an_old_version(survey: CheckContext, account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """In policies of version 2008-10-17, or without Version, ``${…}`` is literal text (rule H6)."""
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
                    "{place} treats the variable in {text} as literal text, because the policy's version is {version}.",
                    place=place(written, statement),
                    text=variable,
                    version=document.version,
                ),
                (
                    statement_evidence(
                        written.policy, statement, phrase("It matches the literal text, not the variable's value.")
                    ),
                ),
                object=str(statement.index),
                remediation_command=_in_the_new_version(survey, account, written),
            )


def _in_the_new_version(survey: CheckContext, account: Account, written: PolicySource) -> str:
    """Return the command that sets the version of the policy, and changes nothing else."""
    raw = written.policy.document.raw
    if not isinstance(raw, dict):
        return ""
    changed = {"Version": LATEST_VERSION} | {key: value for key, value in raw.items() if key != "Version"}
    return policy_command(survey.snapshot, account.account_id, written.policy.key, changed)


@check(
    "LNT-15",
    over=WRITTEN,
    severity=(Severity.HIGH, "Whoever steals an access key does not need the MFA device."),
    title=mark("MFA condition that access keys bypass"),
    question="Does a condition on MFA have no effect on requests with long-term access keys, which never contain MFA?",
    remediation=mark(
        "In an Allow use `Bool` with `aws:MultiFactorAuthPresent` true; in a Deny use `BoolIfExists` with false. The "
        "key is not in requests made with long-term access keys."
    ),
    standards=("PCI DSS 4.0 8.4.2", "NIST 800-53 IA-2(1)"),
)
def mfa_test_that_keys_pass(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Report an Allow that matches without the key, and a Deny that does not (rules G3, G4, J2).

    An Allow for requests without MFA is reported unless it is for registering MFA devices, which AWS documents.
    """
    statements = written.policy.document.statements
    null_denies = any(
        not statement.is_allow and any(_is_null(test, present=False) for test in _mfa_tests(statement))
        for statement in statements
    )
    for statement in statements:
        if statement.broken is not None:
            continue
        needed = _required_keys(statement)
        for test in _mfa_tests(statement):
            if (
                test.operator is None
                or test.operator.family is not BOOL
                or written.policy.policy_type is PolicyType.TRUST
            ):
                continue
            value = {listed.text.lower() for listed in test.values}
            matches_without = test.if_exists or test.quantifier is Quantifier.ALL
            if statement.is_allow and value == {"true"} and matches_without and MFA_PRESENT not in needed:
                sentence = phrase(
                    "{place} allows requests made with access keys, although it requires MFA.",
                    place=place(written, statement),
                )
            elif statement.is_allow and value == {"false"} and not _registers_mfa(statement):
                sentence = phrase(
                    "{place} allows requests only if they are made without MFA.", place=place(written, statement)
                )
            elif not statement.is_allow and value == {"false"} and not matches_without and not null_denies:
                sentence = phrase(
                    "{place} does not deny requests made with access keys, although they are made without MFA.",
                    place=place(written, statement),
                )
            else:
                continue
            names = {"operator": test.operator_text, "key": test.key_text}
            proof = phrase(
                "{operator} on {key} is false if the key is absent, as in requests made with access keys.", **names
            )
            if matches_without:
                proof = phrase(
                    "{operator} on {key} is true if the key is absent, as in requests made with access keys.", **names
                )
            yield CheckResult(
                sentence,
                (statement_evidence(written.policy, statement, proof),),
                object=str(statement.index),
            )


def _registers_mfa(statement: Statement) -> bool:
    """Return whether every action of a statement is about MFA devices or the session that proves MFA."""
    texts = [pattern.text.lower() for pattern in statement.actions]
    return not statement.not_action and all("mfa" in text or text == "sts:getsessiontoken" for text in texts)


def _mfa_tests(statement: Statement) -> Iterator[ConditionTest]:
    return (test for test in statement.conditions if test.key == MFA_PRESENT)


def _allows(written: PolicySource) -> Iterator[Statement]:
    return (
        statement for statement in written.policy.document.statements if statement.is_allow and statement.broken is None
    )


def _required_keys(statement: Statement) -> frozenset[str]:
    """Return the keys that a request must contain for the statement to match."""
    return frozenset(test.key for test in statement.conditions if _is_null(test, present=True) or _needs_key(test))


def _is_null(test: ConditionTest, present: bool) -> bool:
    if test.operator is None or test.operator.compares_values:
        return False
    return {listed.text.lower() for listed in test.values} == {"false" if present else "true"}


def _needs_key(test: ConditionTest) -> bool:
    if test.operator is None or not test.operator.compares_values or test.if_exists:
        return False
    return test.quantifier is Quantifier.ANY or (test.quantifier is Quantifier.NONE and not test.operator.negated)
