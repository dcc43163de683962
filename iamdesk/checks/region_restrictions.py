"""What the organization's policies are to keep out and do not: Regions that are locked, access from outside."""

from collections.abc import Iterator

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import STRANGER, CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data
from iamdesk.checks.targets import ACCOUNTS
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import mark, phrase
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.wildcards import glob
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.organization import OrganizationPolicyType

_SCP = OrganizationPolicyType.SERVICE_CONTROL_POLICY
_RCP = OrganizationPolicyType.RESOURCE_CONTROL_POLICY
_REGION = "aws:requestedregion"
_ELSEWHERE = ("ap-southeast-2", "sa-east-1", "ca-central-1", "eu-north-1", "us-west-2", "ap-northeast-1")
"""Regions of which one is asked about that a lock does not name."""
_PROBES = (
    ("ec2:RunInstances", "arn:{partition}:ec2:{region}:{account}:instance/*"),
    ("s3:CreateBucket", "arn:{partition}:s3:::{name}"),
    ("lambda:CreateFunction", "arn:{partition}:lambda:{region}:{account}:function:{name}"),
    ("rds:CreateDBInstance", "arn:{partition}:rds:{region}:{account}:db:{name}"),
    ("dynamodb:CreateTable", "arn:{partition}:dynamodb:{region}:{account}:table/{name}"),
    ("sqs:CreateQueue", "arn:{partition}:sqs:{region}:{account}:{name}"),
    ("ecs:CreateCluster", "*"),
    ("kms:CreateKey", "*"),
    ("logs:CreateLogGroup", "arn:{partition}:logs:{region}:{account}:log-group:{name}"),
    ("secretsmanager:CreateSecret", "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}"),
    ("sagemaker:CreateNotebookInstance", "arn:{partition}:sagemaker:{region}:{account}:notebook-instance/{name}"),
)
"""What keeps data or runs code in one Region."""


@check(
    "GRD-08",
    over=ACCOUNTS,
    title=mark("Region restriction with gaps"),
    severity=Severity.MEDIUM,
    question="Can resources be created in a Region that a service control policy is meant to block?",
    remedy=mark(
        "Leave out of the Deny only what has one endpoint for all Regions (IAM, Organizations, Route 53, "
        "CloudFront, Support …), and name these services in NotAction."
    ),
    standards=("NIST 800-53 AC-3",),
    data=Data.ORGANIZATION,
)
def leaking_region_lock(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Asked as the root user, whom the organization alone limits, about what stays in its Region."""
    locks = dict(_locks(survey, account))
    if not locks:
        return
    region = next((one for one in _ELSEWHERE if not any(_names(test, one) for test in locks)), None)
    if region is None:
        return
    words = {"partition": account.partition, "account": account.account_id, "name": STRANGER, "region": region}
    root = f"arn:{account.partition}:iam::{account.account_id}:root"
    asked = [
        survey.ask(root, action, resource.format_map(words), {"aws:RequestedRegion": region})
        for action, resource in _PROBES
    ]
    names = enumerated(dict.fromkeys(locks.values()))
    allowed = [decision for decision in asked if decision.decision is EvalDecision.ALLOWED]
    unsure = [decision for decision in asked if decision.decision is EvalDecision.CONDITIONAL]
    found, state = (allowed, State.FOUND) if allowed else (unsure, State.CANNOT_TELL)
    if found:
        told = {
            "policies": names,
            "account": account.account_id,
            "region": region,
            "actions": enumerated(decision.request.action for decision in found),
        }
        sentence = phrase(
            "{policies} is to keep account {account} out of {region}, and does not deny {actions} there.", **told
        )
        if state is not State.FOUND:
            sentence = phrase(
                "{policies} is to keep account {account} out of {region}, and does not deny {actions} there; whether "
                "it does hangs on {keys}.",
                **told,
                keys=enumerated(dict.fromkeys(key for one in found for key in one.missing_context_values)),
            )
        yield CheckResult(
            sentence,
            tuple(_proof(decision, region) for decision in found),
            state=state,
        )


def _proof(decision: EvaluationResult, region: str) -> Evidence:
    return Evidence(
        phrase("Asked as the root user about {action} in {region}.", action=decision.request.action, region=region),
        decision,
    )


def _locks(survey: CheckContext, account: Account) -> Iterator[tuple[ConditionTest, str]]:
    """Yield the tests by which the account's SCPs deny what is not in some Regions, with the policy's name."""
    index = survey.evaluator.organization
    for level in (index.levels(account.account_id, _SCP) if index is not None else None) or ():
        for policy in level:
            for statement in policy.document.statements:
                if statement.is_allow or statement.broken is not None:
                    continue
                for test in statement.conditions:
                    if test.key == _REGION and test.operator is not None and test.operator.negated:
                        yield test, policy.policy.name or policy.policy.id


def _names(test: ConditionTest, region: str) -> bool:
    return any(glob(value.text.lower()).matches(region) for value in test.values)


@check(
    "GRD-09",
    over=ACCOUNTS,
    title=mark("No resource control policy"),
    severity=Severity.LOW,
    question="Is there no resource control policy that limits access to the organization's resources?",
    remedy=mark(
        "Attach a resource control policy that denies what comes from outside the organization (aws:PrincipalOrgID, "
        "with exceptions for AWS services), so that one open bucket policy is not enough."
    ),
    standards=("NIST 800-53 AC-3",),
    data=Data.ORGANIZATION,
)
def no_rcp(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Once for the snapshot, told of its first account; the policy that AWS keeps allows everything."""
    index = survey.evaluator.organization
    if index is None or not survey.is_first(account):
        return
    if not index.organization.has_rcps:
        yield CheckResult(
            phrase("Whether a resource control policy limits who gets to the organization's resources cannot be told."),
            (Evidence(phrase("The snapshot does not hold the organization's resource control policies.")),),
            state=State.CANNOT_TELL,
            severity=Severity.INFO,
        )
        return
    own = {policy.id for policy in index.organization.policies if policy.type is _RCP and not policy.aws_managed}
    attached = [node for node in index.nodes if own.intersection(node.policy_ids or ())]
    if not attached:
        why = phrase("there is none but the one that AWS keeps")
        if own:
            why = phrase("its own are attached to nothing")
        yield CheckResult(
            phrase("No resource control policy limits who gets to the organization's resources: {why}.", why=why),
            (
                Evidence(
                    phrase(
                        "The snapshot lists {count:,} resource control policies of the organization's own.",
                        count=len(own),
                    )
                ),
            ),
        )
