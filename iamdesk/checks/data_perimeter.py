"""Organization policies as a perimeter: who may leave the organization, and data perimeters with gaps.

Source of the perimeters and of their condition keys: IAM User Guide, "Establish permissions guardrails using data
perimeters"; AWS whitepaper "Building a Data Perimeter on AWS".
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext, Context
from iamdesk.checks.external_trust import ANYWHERE, ORGANIZATIONS
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data, owner_of
from iamdesk.checks.requested_regions import allowed_request
from iamdesk.checks.targets import ACCOUNTS, principals_of
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.references import name_of
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.organization import OrganizationPolicyType

_SCP = OrganizationPolicyType.SERVICE_CONTROL_POLICY
_RCP = OrganizationPolicyType.RESOURCE_CONTROL_POLICY
_LEAVE = "organizations:LeaveOrganization"
_OUTSIDE = "o-iamdeskstranger"
_DENIED = {EvalDecision.EXPLICIT_DENY, EvalDecision.IMPLICIT_DENY}
_WRITES = (
    ("s3:PutObject", "arn:{partition}:s3:::{name}/{name}"),
    ("sqs:SendMessage", "arn:{partition}:sqs:us-east-1:{account}:{name}"),
    ("sns:Publish", "arn:{partition}:sns:us-east-1:{account}:{name}"),
    ("dynamodb:PutItem", "arn:{partition}:dynamodb:us-east-1:{account}:table/{name}"),
    ("kinesis:PutRecord", "arn:{partition}:kinesis:us-east-1:{account}:stream/{name}"),
    ("events:PutEvents", "arn:{partition}:events:us-east-1:{account}:event-bus/{name}"),
    ("lambda:InvokeFunction", "arn:{partition}:lambda:us-east-1:{account}:function:{name}"),
)
"""Actions by which data leaves for a resource of another account."""
_READS = (
    ("s3:GetObject", "{bucket}/{name}"),
    ("sqs:ReceiveMessage", "arn:{partition}:sqs:us-east-1:{account}:{name}"),
    ("secretsmanager:GetSecretValue", "arn:{partition}:secretsmanager:us-east-1:{account}:secret:{name}"),
    ("kms:Decrypt", "arn:{partition}:kms:us-east-1:{account}:key/{name}"),
    ("dynamodb:GetItem", "arn:{partition}:dynamodb:us-east-1:{account}:table/{name}"),
    ("ecr:BatchGetImage", "arn:{partition}:ecr:us-east-1:{account}:repository/{name}"),
    ("sts:AssumeRole", "arn:{partition}:iam::{account}:role/{name}"),
)
"""Actions by which others reach the account's data, of services that support resource control policies."""
_USES = (
    ("s3:GetObject", "arn:{partition}:s3:::{name}/{name}"),
    ("secretsmanager:GetSecretValue", "arn:{partition}:secretsmanager:us-east-1:{account}:secret:{name}"),
    ("dynamodb:GetItem", "arn:{partition}:dynamodb:us-east-1:{account}:table/{name}"),
    ("ec2:DescribeInstances", "*"),
    ("iam:ListUsers", "*"),
    ("lambda:InvokeFunction", "arn:{partition}:lambda:us-east-1:{account}:function:{name}"),
)
"""Actions that stolen credentials are used for, from any network."""


class _Perimeter(NamedTuple):
    """One of the perimeters, and the requests that it is meant to deny."""

    kind: OrganizationPolicyType
    policy_type: PolicyType
    keys: frozenset[str]
    """Keys that a Deny tests with a negated operator, in lower case."""
    requests: Callable[[CheckContext, Account], Iterator[tuple[str, str, str, Context]]]
    """Yields principal, action, resource and context."""
    gap: str
    unsure: str


def _root(account: Account) -> str:
    return f"arn:{account.partition}:iam::{account.account_id}:root"


def _filled(account: Account, owner: str, pattern: str, bucket: str = "") -> str:
    return pattern.format(partition=account.partition, account=owner, name=PLACEHOLDER, bucket=bucket)


def _on_resources_outside(survey: CheckContext, account: Account) -> Iterator[tuple[str, str, str, Context]]:
    owner = survey.unrelated_account
    context = {
        "aws:ResourceOrgID": _OUTSIDE,
        "aws:ResourceOrgPaths": [f"{_OUTSIDE}/r-none/ou-none/"],
        "aws:ResourceAccount": owner,
        "aws:ViaAWSService": "false",
    }
    for action, pattern in _WRITES:
        yield _root(account), action, _filled(account, owner, pattern), context


def _by_principals_outside(survey: CheckContext, account: Account) -> Iterator[tuple[str, str, str, Context]]:
    buckets = (one.arn for one in survey.snapshot.resources if owner_of(one) == account.account_id)
    bucket = next((arn for arn in buckets if arn.split(":", 5)[2:5] == ["s3", "", ""] and "/" not in arn), "")
    context = {**ORGANIZATIONS[-1], **ANYWHERE, "aws:ViaAWSService": "false"}
    for action, pattern in _READS:
        if bucket or "{bucket}" not in pattern:  # of other buckets, the snapshot does not show the owner
            resource = _filled(account, account.account_id, pattern, bucket)
            yield survey.external_principal(account), action, resource, context


def _from_anywhere(_survey: CheckContext, account: Account) -> Iterator[tuple[str, str, str, Context]]:
    context = {**ANYWHERE, "aws:ViaAWSService": "false"}
    for action, pattern in _USES:
        yield _root(account), action, _filled(account, account.account_id, pattern), context


_PERIMETERS = (
    _Perimeter(
        _SCP,
        PolicyType.SCP,
        frozenset({"aws:resourceorgid", "aws:resourceorgpaths", "aws:resourceaccount"}),
        _on_resources_outside,
        mark(
            "The perimeter that keeps principals of account {account} from resources outside the organization "
            "({policies}) does not deny {actions}."
        ),
        mark(
            "Whether the perimeter that keeps principals of account {account} from resources outside the "
            "organization ({policies}) denies {actions} depends on {keys}."
        ),
    ),
    _Perimeter(
        _RCP,
        PolicyType.RCP,
        frozenset({"aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount"}),
        _by_principals_outside,
        mark(
            "The perimeter that keeps principals outside the organization from resources of account {account} "
            "({policies}) does not deny {actions}."
        ),
        mark(
            "Whether the perimeter that keeps principals outside the organization from resources of account "
            "{account} ({policies}) denies {actions} depends on {keys}."
        ),
    ),
    _Perimeter(
        _SCP,
        PolicyType.SCP,
        frozenset({"aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpceaccount", "aws:vpceorgid"}),
        _from_anywhere,
        mark(
            "The perimeter that restricts principals of account {account} to expected networks ({policies}) "
            "does not deny {actions} from elsewhere."
        ),
        mark(
            "Whether the perimeter that restricts principals of account {account} to expected networks "
            "({policies}) denies {actions} from elsewhere depends on {keys}."
        ),
    ),
)


@check(
    "GRD-10",
    over=ACCOUNTS,
    severity=(
        Severity.MEDIUM,
        "The perimeter is one of several limits: the request still needs an Allow on the other side.",
    ),
    title=mark("Data perimeter with gaps"),
    question="Does a service or resource control policy that is meant as a data perimeter leave out services?",
    remediation=mark(
        "Deny all actions of the services that hold data, and exempt only what has to cross the perimeter, each with a "
        "reason."
    ),
    standards=("NIST 800-53 AC-4", "NIST 800-53 SC-7"),
    data=Data.ORGANIZATION,
)
def perimeter_with_gaps(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """One finding for each of the three perimeters: resources, principals, networks.

    A policy of the account is meant as one if a Deny of it tests a key of the perimeter with a negated operator.
    """
    for perimeter in _PERIMETERS:
        policies = dict.fromkeys(_meant_as(survey, account, perimeter))
        if not policies:
            continue
        open_: list[EvaluationResult] = []
        unsure: list[EvaluationResult] = []
        for request in perimeter.requests(survey, account):
            result = survey.ask(*request)
            decisions = {one.decision for one in result.layers if one.layer is perimeter.policy_type} - {None}
            if not decisions or decisions & _DENIED:  # implicitly, by policies that allow a list of services
                continue
            (unsure if EvalDecision.CONDITIONAL in decisions or _may_deny(result, perimeter) else open_).append(result)
        found = open_ or unsure
        if found:
            yield CheckResult(
                phrase(
                    perimeter.gap if open_ else perimeter.unsure,
                    policies=enumerated(policies),
                    account=account.account_id,
                    actions=enumerated(one.request.action for one in found),
                    keys=enumerated(dict.fromkeys(_keys(found))),
                ),
                tuple(Evidence(phrase("Evaluated {action}.", action=one.request.action), one) for one in found),
                object=perimeter.policy_type.value + ":" + min(perimeter.keys),
                state=State.FOUND if open_ else State.INCONCLUSIVE,
            )


def _meant_as(survey: CheckContext, account: Account, perimeter: _Perimeter) -> Iterator[str]:
    """Yield the names of the account's policies that are meant as a perimeter."""
    index = survey.evaluator.organization
    for level in (index.levels(account.account_id, perimeter.kind) if index is not None else None) or ():
        for policy in level:
            for statement in policy.document.statements:
                if statement.is_allow or statement.broken is not None:
                    continue
                if any(
                    test.key in perimeter.keys and test.operator is not None and test.operator.negated
                    for test in statement.conditions
                ):
                    yield policy.policy.name or policy.policy.id


def _may_deny(result: EvaluationResult, perimeter: _Perimeter) -> bool:
    """Return whether a Deny of the perimeter's policy type depends on keys."""
    return any(
        statement.effect == "Deny" and statement.layer is perimeter.policy_type and statement.part.value == "depends"
        for statement in result.statements
    )


def _keys(results: list[EvaluationResult]) -> Iterator[str]:
    for result in results:
        yield from result.missing_context_values


@check(
    "GRD-13",
    over=ACCOUNTS,
    severity=(
        Severity.MEDIUM,
        "Leaving ends every policy of the organization. One more fact is needed: the account has to be able "
        "to pay for itself.",
    ),
    title=mark("Member account that can leave the organization"),
    question="Can a principal of a member account take it out of the organization, and so out of its policies?",
    remediation=mark(
        "Deny organizations:LeaveOrganization in a service control policy on the root of the organization. The "
        "management account can still remove accounts."
    ),
    standards=("NIST 800-53 AC-3", "NIST 800-53 AC-6"),
    data=Data.ORGANIZATION,
)
def can_leave(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Only a member account can leave, and no service control policy limits the management account.

    Sources: Organizations API Reference, LeaveOrganization; Organizations User Guide, "Leave an organization from your
    member account" and "Service control policy examples: prevent member accounts from leaving the organization".
    """
    organization = survey.snapshot.organization
    if organization is None or organization.management_account_id == account.account_id:
        return
    if survey.evaluator.organization is None or not survey.evaluator.organization.has_account(account.account_id):
        return
    root = survey.ask(_root(account), _LEAVE, "*")
    if root.decision not in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
        return
    able = [one for one in principals_of(account) if allowed_request(survey, account, one, _LEAVE, "*") is not None]
    evidence = (Evidence(phrase("Evaluated {action} as the root user.", action=_LEAVE), root),)
    if root.decision is EvalDecision.CONDITIONAL:
        yield CheckResult(
            phrase(
                "Whether account {account} can be taken out of the organization depends on {keys}.",
                account=account.account_id,
                keys=enumerated(root.missing_context_values),
            ),
            evidence,
            state=State.INCONCLUSIVE,
        )
        return
    others = enumerated(name_of(one) for one in able)
    yield CheckResult(
        phrase(
            "No service control policy prevents account {account} from leaving the organization: the root user and "
            "{others} can call organizations:LeaveOrganization.",
            account=account.account_id,
            others=others,
        )
        if able
        else phrase(
            "No service control policy prevents account {account} from leaving the organization: the root user can "
            "call organizations:LeaveOrganization.",
            account=account.account_id,
        ),
        evidence,
    )
