"""Policies of resources: who can rewrite them, and Deny statements that deny nothing."""

from collections.abc import Iterable, Iterator

from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.aws.action_sets import service_actions
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext
from iamdesk.checks.data_access import principals_allowed
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.policy_documents import statement_evidence
from iamdesk.checks.prerequisites import Data
from iamdesk.checks.resource_requests import (
    RESOURCES,
    acting_on,
    allowing,
    arns_to_evaluate,
    may_name,
    resource_subject,
)
from iamdesk.checks.trust import known_ids
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.policy_set import AttachedPolicy, SourceType
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.keys import resource_policy_key
from iamdesk.inventory.references import last_of_arn
from iamdesk.inventory.trust import is_unique_id
from iamdesk.policy.arn import is_arn, parse_arn
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.resource_services import deciding_service
from iamdesk.snapshot.resources import Resource

_MAX_NAMED = 20
_REWRITES = {
    ("s3", ""): ("s3:PutBucketPolicy", "s3:GetObject", f"/{PLACEHOLDER}"),
    ("secretsmanager", "secret:"): ("secretsmanager:PutResourcePolicy", "secretsmanager:GetSecretValue", ""),
    ("dynamodb", "table/"): ("dynamodb:PutResourcePolicy", "dynamodb:GetItem", ""),
    ("sqs", ""): ("sqs:SetQueueAttributes", "sqs:ReceiveMessage", ""),
}
"""By service and beginning of the resource: what rewrites the policy, what reads the content, and on what part."""


@check(
    "RES-07",
    over=RESOURCES,
    severity=(Severity.MEDIUM, "Needs one more call before the data is readable, which the audit log shows."),
    title=mark("Resource policy can be rewritten by principals without access"),
    question="Can users or roles rewrite the policy of a resource whose data they cannot read?",
    remediation=mark(
        "Leave the policy to the resource's owners: whoever writes it can open the data to themselves or to another "
        "account."
    ),
    standards=("NIST 800-53 AC-3", "NIST 800-53 AC-6"),
    data=Data.RESOURCE_POLICIES,
)
def policy_rewritten(survey: CheckContext, _account: Account, resource: Resource) -> Iterator[CheckResult]:
    """Buckets, secrets, tables and queues; administrators are left out, and those who read the data anyway."""
    _, _, service, region, _, name = resource.arn.split(":", 5)
    kinds = [one for (of, start), one in _REWRITES.items() if of == service and name.startswith(start)]
    if not kinds or "/stream/" in name or (service == "s3" and (region or "/" in name)):
        return
    rewrites, reads, part = kinds[0]
    index = survey.evaluator.index
    can_read = principals_allowed(survey, reads, f"{resource.arn}{part}")
    able = []
    for arn, decision in principals_allowed(survey, rewrites, resource.arn).items():
        principal = index.users.get(arn) or index.roles.get(arn)
        if decision is not EvalDecision.ALLOWED or can_read.get(arn) is EvalDecision.ALLOWED or principal is None:
            continue
        home = index.accounts.get(arn.split(":", 5)[4])
        if home is not None and not is_administrator(survey, home, principal):
            able.append(arn)
    if able:
        names = enumerated(map(last_of_arn, able))
        yield CheckResult(
            nphrase(
                "{count:,} user or role cannot read {name}, but can rewrite its policy: {who}.",
                "{count:,} users and roles cannot read {name}, but can rewrite its policy: {who}.",
                len(able),
                name=resource_subject(resource).name,
                who=names,
            ),
            (
                Evidence(
                    phrase("Evaluated {action} as {who}.", action=rewrites, who=last_of_arn(able[0])),
                    survey.ask(able[0], rewrites, resource.arn),
                ),
                Evidence(
                    phrase("Evaluated {action} as {who}.", action=reads, who=last_of_arn(able[0])),
                    survey.ask(able[0], reads, f"{resource.arn}{part}"),
                ),
                *(
                    Evidence(phrase("{arn} can rewrite the policy.", arn=arn), policy_key=arn)
                    for arn in able[1:_MAX_NAMED]
                ),
            ),
        )


def policy_of(survey: CheckContext, resource: Resource) -> AttachedPolicy:
    """Return the policy of a resource that has one, for evidence."""
    key, name = resource_policy_key(resource.arn), resource_subject(resource).name
    document = survey.evaluator.index.parse(resource.policy, resource.arn)
    return AttachedPolicy(PolicyType.RESOURCE, SourceType.RESOURCE, resource.arn, key, name, resource.arn, document)


@check(
    "RES-08",
    over=RESOURCES,
    severity=(Severity.MEDIUM, "An intended protection is missing; what is allowed is reported separately."),
    title=mark("Deny that denies nothing"),
    question="Does a Deny statement of a resource policy match no request on the resource or its parts?",
    remediation=mark(
        "Correct Action or Resource: actions on objects need the bucket's ARN with `/*`, actions on the bucket the ARN "
        "itself."
    ),
    standards=("NIST 800-53 AC-3",),
    data=Data.RESOURCE_POLICIES,
)
def deny_without_effect(survey: CheckContext, _account: Account, resource: Resource) -> Iterator[CheckResult]:
    """By action and resource; LNT-19 and LNT-20 report conditions that never match."""
    if resource.policy is None or not is_arn(resource.arn):
        return
    service = service_actions(deciding_service(resource.arn))
    document = survey.evaluator.index.parse(resource.policy, resource.arn)
    for statement in document.statements:
        if statement.is_allow or statement.broken is not None or not service.actions:
            continue
        covered = service.covered_by(statement)
        if any(
            covered & acting_on(service, arn) and may_name(statement, parse_arn(arn))
            for arn in arns_to_evaluate(survey, resource, PLACEHOLDER)
        ):
            continue
        name = resource_subject(resource).name
        policy = policy_of(survey, resource)
        proof = phrase("None of its actions applies to what it names under Resource.")
        yield CheckResult(
            phrase("Statement {number} of the policy of {name} denies nothing.", number=statement.index + 1, name=name),
            (statement_evidence(policy, statement, proof),),
            object=str(statement.index),
        )


@check(
    "RES-16",
    over=RESOURCES,
    severity=(Severity.MEDIUM, "As TRU-07. High if it is a key that no one can manage."),
    title=mark("Resource policy that names a deleted principal"),
    question="Does a resource policy allow a user or role that was deleted?",
    remediation=mark(
        "Remove the principal from the policy, or name its successor: a new user or role of the same name does not get "
        "the access of the old one."
    ),
    standards=("NIST 800-53 AC-6",),
    data=Data.RESOURCE_POLICIES,
)
def deleted_principal(survey: CheckContext, account: Account, resource: Resource) -> Iterator[CheckResult]:
    """AWS shows a deleted user or role as its unique ID (rule E12).

    High for a KMS key that no one can manage any more: only AWS Support can make it manageable again (AWS KMS
    Developer Guide, "Default key policy").
    """
    named = {
        entry.text: statement
        for statement in allowing(survey, resource)
        if not statement.not_principal
        for entry in statement.principals or ()
        if entry.type is PrincipalType.AWS and is_unique_id(entry.text)
    }
    gone = named.keys() - known_ids(survey)
    if not gone:
        return
    name = resource_subject(resource).name
    policy = policy_of(survey, resource)
    is_lost = not account.is_truncated and _is_unmanageable(survey, resource, [named[one] for one in gone])
    for unique_id in sorted(gone):
        sentence = phrase(
            "The policy of {name} allows {id}, the unique ID of a deleted user or role.", name=name, id=unique_id
        )
        if is_lost:
            sentence = phrase(
                "The policy of {name} lets only {id} change it, the unique ID of a deleted user or role: no one "
                "can manage the key.",
                name=name,
                id=unique_id,
            )
        if account.is_truncated:
            sentence = phrase(
                "The policy of {name} allows {id}, the unique ID of a user or role that was deleted or not captured.",
                name=name,
                id=unique_id,
            )
        yield CheckResult(
            sentence,
            (statement_evidence(policy, named[unique_id], phrase("It names {principal}.", principal=unique_id)),),
            object=unique_id,
            state=State.INCONCLUSIVE if account.is_truncated else State.FOUND,
            severity=Severity.HIGH if is_lost else None,
            remediation=phrase("Ask AWS Support to make the key manageable again, or move to another key.")
            if is_lost
            else None,
        )


def _is_unmanageable(survey: CheckContext, resource: Resource, statements: Iterable[Statement]) -> bool:
    """Return whether it is a key whose policy no one can change, and which a deleted principal could manage."""
    if not (resource.is_policy_captured and ":kms:" in resource.arn and ":key/" in resource.arn):
        return False
    return any(one.covers_action("kms", "putkeypolicy") for one in statements) and not any(
        survey.who_can("kms:PutKeyPolicy", resource.arn)
    )
