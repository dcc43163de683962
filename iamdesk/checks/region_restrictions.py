"""Gaps in organization policies: Region restrictions that do not cover all services, no resource control policy."""

from collections.abc import Iterator

from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext
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
"""Regions to test; the first that a restriction does not name is used."""
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
"""Actions that store data or run code in one Region, with a resource each."""


@check(
    "GRD-08",
    over=ACCOUNTS,
    severity=(Severity.MEDIUM, "Also needs a permission for the Region in the account."),
    title=mark("Region restriction with gaps"),
    question="Can resources be created in a Region that a service control policy is meant to block?",
    remediation=mark(
        "Exempt only global services from the Deny (IAM, Organizations, Route 53, CloudFront, Support …), by naming "
        "them in NotAction."
    ),
    standards=("NIST 800-53 AC-3",),
    data=Data.ORGANIZATION,
)
def region_restriction_with_gaps(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Evaluate regional actions as the root user, which only organization policies limit."""
    restrictions = dict(_restrictions(survey, account))
    if not restrictions:
        return
    region = next((one for one in _ELSEWHERE if not any(_names(test, one) for test in restrictions)), None)
    if region is None:
        return
    words = {"partition": account.partition, "account": account.account_id, "name": PLACEHOLDER, "region": region}
    root = f"arn:{account.partition}:iam::{account.account_id}:root"
    decisions = [
        survey.ask(root, action, resource.format_map(words), {"aws:RequestedRegion": region})
        for action, resource in _PROBES
    ]
    names = enumerated(dict.fromkeys(restrictions.values()))
    allowed = [decision for decision in decisions if decision.decision is EvalDecision.ALLOWED]
    unsure = [decision for decision in decisions if decision.decision is EvalDecision.CONDITIONAL]
    found, state = (allowed, State.FOUND) if allowed else (unsure, State.INCONCLUSIVE)
    if found:
        values = {
            "policies": names,
            "account": account.account_id,
            "region": region,
            "actions": enumerated(decision.request.action for decision in found),
        }
        sentence = phrase(
            "The Region restriction of account {account} ({policies}) does not deny {actions} in {region}.", **values
        )
        if state is not State.FOUND:
            sentence = phrase(
                "Whether the Region restriction of account {account} ({policies}) denies {actions} in {region} "
                "depends on {keys}.",
                **values,
                keys=enumerated(dict.fromkeys(key for one in found for key in one.missing_context_values)),
            )
        yield CheckResult(
            sentence,
            tuple(_proof(decision, region) for decision in found),
            state=state,
        )


def _proof(decision: EvaluationResult, region: str) -> Evidence:
    return Evidence(
        phrase("Evaluated {action} in {region} as the root user.", action=decision.request.action, region=region),
        decision,
    )


def _restrictions(survey: CheckContext, account: Account) -> Iterator[tuple[ConditionTest, str]]:
    """Yield (test, policy name) for each test on the Region in a Deny of the account's SCPs."""
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
    severity=(Severity.LOW, "An additional protection is not used."),
    title=mark("No resource control policy"),
    question="Is there no resource control policy that limits access to the organization's resources?",
    remediation=mark(
        "Attach a resource control policy that denies requests from outside the organization (aws:PrincipalOrgID, "
        "with exceptions for AWS services), so that a public bucket policy alone does not expose data."
    ),
    standards=("CIS AWS Foundations 7.0 2.1.2", "NIST 800-53 AC-3"),
    data=Data.ORGANIZATION,
)
def no_rcp(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Report once for the snapshot, with its first account; the default policy RCPFullAWSAccess allows everything."""
    index = survey.evaluator.organization
    if index is None or not survey.is_first(account):
        return
    if not index.organization.has_rcps:
        yield CheckResult(
            phrase(
                "Whether a resource control policy limits access to the organization's resources cannot be determined."
            ),
            (Evidence(phrase("The organization's resource control policies were not captured.")),),
            state=State.INCONCLUSIVE,
            severity=Severity.INFO,
        )
        return
    own = {policy.id for policy in index.organization.policies if policy.type is _RCP and not policy.aws_managed}
    attached = [node for node in index.nodes if own.intersection(node.policy_ids or ())]
    if not attached:
        why = phrase("the only one is the default RCPFullAWSAccess")
        if own:
            why = phrase("none of its own is attached")
        yield CheckResult(
            phrase("No resource control policy limits access to the organization's resources: {why}.", why=why),
            (
                Evidence(
                    phrase(
                        "The organization has {count:,} resource control policies of its own.",
                        count=len(own),
                    )
                ),
            ),
        )
