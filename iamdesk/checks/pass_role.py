"""What a principal may hand on: roles to services, and itself to any role anywhere."""

from collections.abc import Iterator

from iamdesk.attack_paths.administrators import Principal, is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import STRANGER, CheckContext
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.targets import PRINCIPALS, ROLES
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.references import name_of
from iamdesk.snapshot.model import Account, RoleDetail

RUNS_CODE = {
    "ec2.amazonaws.com": mark("EC2 instances"),
    "lambda.amazonaws.com": mark("Lambda functions"),
    "ecs-tasks.amazonaws.com": mark("ECS tasks"),
    "pods.eks.amazonaws.com": mark("EKS pods"),
    "codebuild.amazonaws.com": mark("CodeBuild builds"),
    "glue.amazonaws.com": mark("Glue jobs"),
    "sagemaker.amazonaws.com": mark("SageMaker notebooks and jobs"),
    "tasks.apprunner.amazonaws.com": mark("App Runner services"),
    "elasticmapreduce.amazonaws.com": mark("EMR clusters"),
    "datapipeline.amazonaws.com": mark("Data Pipeline jobs"),
}
"""Services that run customers' code with a role, and what runs it."""
_PASSED_TO = "iam:PassedToService"
_ANY_ACCOUNT = (
    mark("{name} may assume every role in any account that trusts it or its account."),
    mark("{name} may assume every role in any account that trusts it or its account, under conditions."),
)
_OWN_ACCOUNT = (
    mark("{name} may assume every role of its own account that trusts it or its account."),
    mark("{name} may assume every role of its own account that trusts it or its account, under conditions."),
)
"""Without and with conditions."""
_LIMITS = (PolicyType.SCP, PolicyType.IDENTITY, PolicyType.PERMISSIONS_BOUNDARY, PolicyType.SESSION)


@check(
    "SVC-05",
    over=PRINCIPALS,
    title=mark("Can pass any role to a service"),
    severity=Severity.HIGH,
    question="Can a user or role that is not an administrator pass any role to a service?",
    remedy=mark(
        "List the roles that the job passes under Resource, by ARN or by a path that only such roles have, and add "
        '`"StringEquals": {"iam:PassedToService": "…"}`.'
    ),
    standards=("NIST 800-53 AC-6",),
)
def passes_any_role(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """High to any service where the principal can become somebody else, by that or otherwise.

    Medium where the services are named: then it takes a strong role that trusts one of them; and where no role of the
    snapshot leads further, until one is made.
    """
    if not survey.speaks_of(principal.arn, "iam:PassRole") or is_administrator(survey, account, principal):
        return
    role = f"arn:{account.partition}:iam::{account.account_id}:role/{STRANGER}"
    decision = survey.ask(principal.arn, "iam:PassRole", role)
    evidence = (Evidence(phrase("Asked on a role that nobody has named yet."), decision),)
    name = name_of(principal)
    if decision.decision is EvalDecision.ALLOWED:
        leads_on = _leads_on(survey, principal)
        sentence = phrase("{name} may pass any role of the account to any service.", name=name)
        if not leads_on:
            sentence = phrase(
                "{name} may pass any role of the account to any service; no way on from there is proven.", name=name
            )
        yield CheckResult(
            sentence,
            evidence,
            severity=None if leads_on else Severity.MEDIUM,
        )
    elif decision.decision is EvalDecision.CONDITIONAL:
        services = dict.fromkeys(_services(decision))
        if services:
            sentence = phrase(
                "{name} may pass any role of the account to {services}.", name=name, services=enumerated(services)
            )
        else:
            keys = enumerated(decision.missing_context_values)
            sentence = phrase(
                "{name} may pass any role of the account, under a condition on {keys}.", name=name, keys=keys
            )
        yield CheckResult(sentence, evidence, severity=Severity.MEDIUM)


def _leads_on(survey: CheckContext, principal: Principal) -> bool:
    """Return whether a principal is proven to become somebody else, or an administrator."""
    if not survey.reach.knows(principal.arn):
        return False
    reached = survey.reach.reached(principal.arn)
    return reached.principals > 0 or reached.to_administration is not None


def _services(decision: EvaluationResult) -> Iterator[str]:
    """Yield the services that a decision's conditions name, where nothing else is asked for."""
    for way in decision.conditions:
        for key, value in way.items():
            if key.lower() == _PASSED_TO.lower() and isinstance(value, str) and value.endswith(".amazonaws.com"):
                yield value


@check(
    "SVC-03",
    over=ROLES,
    title=mark("Code runs as an administrator"),
    severity=Severity.HIGH,
    question="Is a role with which a service runs customers' code an administrator?",
    remedy=mark(
        "Give the role what its code needs: whoever can change the code, or what it reads, is an administrator too."
    ),
    standards=("NIST 800-53 AC-6", "SOC 2 CC6.3"),
)
def code_as_administrator(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Asked of the trust policy as the service; whether anything runs with the role now the snapshot does not say."""
    if not is_administrator(survey, account, role):
        return
    asked = {service: survey.ask(service, "sts:AssumeRole", role.arn) for service in RUNS_CODE}
    let_in = {
        service: decision
        for service, decision in asked.items()
        if decision.decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
    }
    if let_in:
        runs = enumerated(phrase(RUNS_CODE[service]) for service in let_in)
        yield CheckResult(
            phrase("{code} can run as {role}, which is an administrator.", code=runs, role=role.role_name),
            tuple(Evidence(phrase("Asked as {who}.", who=service), decision) for service, decision in let_in.items()),
        )


@check(
    "CHN-07",
    over=PRINCIPALS,
    title=mark("Can assume any role that trusts it"),
    severity=Severity.HIGH,
    question="Can a user or role that is not an administrator call AssumeRole for roles of any account?",
    remedy=mark("List the roles that the job assumes under Resource, by ARN."),
    standards=("SOC 2 CC6.3", "NIST 800-53 AC-6"),
)
def assumes_any_role(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Its own side alone: whom other accounts' roles trust is theirs to say. Medium where only its own account's."""
    if not survey.speaks_of(principal.arn, "sts:AssumeRole") or is_administrator(survey, account, principal):
        return
    for sentences, account_id, severity in (
        (_ANY_ACCOUNT, survey.stranger_account, Severity.HIGH),
        (_OWN_ACCOUNT, account.account_id, Severity.MEDIUM),
    ):
        decision = survey.ask(
            principal.arn, "sts:AssumeRole", f"arn:{account.partition}:iam::{account_id}:role/{STRANGER}"
        )
        outcomes = {line.outcome for line in decision.layers if line.layer in _LIMITS and line.outcome is not None}
        if not outcomes <= {EvalDecision.ALLOWED, EvalDecision.CONDITIONAL}:
            continue
        proof = phrase("Asked on a role that nobody has named; the role's own trust policy is left aside.")
        yield CheckResult(
            phrase(sentences[outcomes != {EvalDecision.ALLOWED}], name=name_of(principal)),
            (Evidence(proof, decision),),
            severity=severity,
        )
        return
