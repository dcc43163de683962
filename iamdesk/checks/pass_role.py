"""Unrestricted iam:PassRole and sts:AssumeRole, and roles with which services run customer code as administrator."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.administrators import OPEN, Principal, is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext
from iamdesk.checks.confused_deputy import services_of
from iamdesk.checks.external_trust import allowing
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.targets import PRINCIPALS, ROLES, principals_of
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.explain.decision import EvaluationResult, StatementRole
from iamdesk.explain.policy_type_summary import policy_type_results
from iamdesk.i18n import mark, nphrase, phrase
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
"""Services that run customer code with a role, and the resources that run it."""
_SEVERAL = 2
_MAX_NAMED = 20
_PASSED_TO = "iam:PassedToService"
_ANY_ACCOUNT = (
    mark(
        "{name} is allowed sts:AssumeRole on any role of any account, so it can assume every role that trusts it "
        "or its account."
    ),
    mark(
        "{name} is, under conditions, allowed sts:AssumeRole on any role of any account, and can then assume every "
        "role that trusts it or its account."
    ),
)
_OWN_ACCOUNT = (
    mark(
        "{name} is allowed sts:AssumeRole on any role of its own account, so it can assume every role there that "
        "trusts it or the account."
    ),
    mark(
        "{name} is, under conditions, allowed sts:AssumeRole on any role of its own account, and can then assume "
        "every role there that trusts it or the account."
    ),
)
"""Without conditions, and with."""
_LIMITS = (PolicyType.SCP, PolicyType.IDENTITY, PolicyType.PERMISSIONS_BOUNDARY, PolicyType.SESSION)


@check(
    "SVC-05",
    over=PRINCIPALS,
    severity=(
        Severity.HIGH,
        "With any service that runs code, this gives administrator access. Medium if no such path was found.",
    ),
    title=mark("Can pass any role to a service"),
    question="Can a user or role that is not an administrator pass any role to a service?",
    remediation=mark(
        'List the roles that the job passes under Resource, by ARN or by a dedicated path, and add `"StringEquals": '
        '{"iam:PassedToService": "…"}`.'
    ),
    standards=("NIST 800-53 AC-6",),
)
def passes_any_role(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """High for any service, if an attack path of the principal to another one is proven.

    Medium if the services are named, or if no attack path is proven with the roles of the snapshot.
    """
    if not survey.applies_to_action(principal.arn, "iam:PassRole") or is_administrator(survey, account, principal):
        return
    role = f"arn:{account.partition}:iam::{account.account_id}:role/{PLACEHOLDER}"
    decision = survey.ask_if_open(principal.arn, "iam:PassRole", role)
    if decision is None:
        return
    evidence = (Evidence(phrase("Evaluated for an arbitrary role of the account."), decision),)
    name = name_of(principal)
    if decision.decision is EvalDecision.ALLOWED:
        has_path = _has_attack_path(survey, principal)
        sentence = phrase("{name} can pass any role of the account to any service.", name=name)
        if not has_path:
            sentence = phrase(
                "{name} can pass any role of the account to any service; no attack path through these roles is proven.",
                name=name,
            )
        yield CheckResult(
            sentence,
            evidence,
            severity=None if has_path else Severity.MEDIUM,
        )
    else:
        services = dict.fromkeys(_services(decision))
        if services:
            sentence = phrase(
                "{name} can pass any role of the account to {services}.", name=name, services=enumerated(services)
            )
        else:
            keys = enumerated(decision.missing_context_values)
            sentence = phrase(
                "{name} can pass any role of the account, under a condition on {keys}.", name=name, keys=keys
            )
        yield CheckResult(sentence, evidence, severity=Severity.MEDIUM)


def _has_attack_path(survey: CheckContext, principal: Principal) -> bool:
    """Return whether an attack path of a principal to another principal or to administrator is proven."""
    if not survey.reach.knows(principal.arn):
        return False
    reached = survey.reach.reached(principal.arn)
    return reached.principals > 0 or reached.to_administration is not None


def _services(decision: EvaluationResult) -> Iterator[str]:
    """Yield the services that a decision's conditions require as iam:PassedToService, or that any will do."""
    for alternative in decision.conditions:
        for key, value in alternative.items():
            if key.lower() == _PASSED_TO.lower() and isinstance(value, str) and value.endswith(".amazonaws.com"):
                # The pattern "*.amazonaws.com" is met by the empty name first.
                yield phrase("any service") if value.startswith(".") else value


@check(
    "SVC-06",
    over=ROLES,
    severity=(Severity.MEDIUM, "Needs a role whose permissions do more in one service than in another."),
    title=mark("Role that can be passed to several services"),
    question="Does a role trust several services, and can users or roles pass it to any of them?",
    remediation=mark(
        'Add `"StringEquals": {"iam:PassedToService": "…"}` to the permission to pass the role, with the service of '
        "the job, or create a role for each service."
    ),
    standards=("NIST 800-53 AC-6",),
)
def passed_to_several_services(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Report a role with the principals that may pass it whatever iam:PassedToService is.

    Without administrators, and without principals that may pass any role (SVC-05).
    """
    named = services_of(allowing(survey, role))
    if len(named) < _SEVERAL:
        return
    trusted = [service for service in named if survey.decide(service, "sts:AssumeRole", role.arn) in OPEN]
    if len(trusted) < _SEVERAL:
        return
    passing = _passing(survey, account, role)
    if passing:
        yield CheckResult(
            nphrase(
                "{count:,} user or role can pass {role} to any service that it trusts ({services}): {names}.",
                "{count:,} users and roles can pass {role} to any service that it trusts ({services}): {names}.",
                len(passing),
                role=role.role_name,
                services=enumerated(trusted, most=8),
                names=enumerated(map(name_of, passing)),
            ),
            tuple(
                Evidence(
                    phrase("Evaluated as {name}, for any service.", name=name_of(principal)),
                    survey.ask(principal.arn, "iam:PassRole", role.arn),
                )
                for principal in passing[:_MAX_NAMED]
            ),
        )


def _passing(survey: CheckContext, account: Account, role: RoleDetail) -> list[Principal]:
    """Return the limited passers that may pass a role whatever the service is: evaluated for all roles at once."""
    passers = _limited_passers(survey, account)
    places = [passers.places[position] for position in indexes_of(passers.allowed.get(role.arn, 0))]
    places += [
        place
        for place in passers.irregular
        if survey.decide(passers.principals[place].arn, "iam:PassRole", role.arn) is EvalDecision.ALLOWED
    ]
    return [passers.principals[place] for place in sorted(places)]


class _Passers(NamedTuple):
    """Principals with a permission to pass some roles."""

    principals: Sequence[Principal]
    places: Mapping[int, int]
    """By position in the population: the place in the list."""
    irregular: Sequence[int]
    """The places of those with an irregular ARN, which have no position."""
    allowed: Mapping[str, int]
    """By role, as bits of the population: who may pass it."""


def _limited_passers(survey: CheckContext, account: Account) -> _Passers:
    """Return the principals with a permission to pass some roles.

    Neither administrators nor principals that may pass all roles.
    """
    any_role = f"arn:{account.partition}:iam::{account.account_id}:role/{PLACEHOLDER}"

    def find() -> _Passers:
        position_of = survey.evaluator.population().position
        found = [
            one
            for one in principals_of(account)
            if survey.applies_to_action(one.arn, "iam:PassRole")
            and not is_administrator(survey, account, one)
            and survey.decide(one.arn, "iam:PassRole", any_role) is not EvalDecision.ALLOWED
        ]
        places = {position: place for place, one in enumerate(found) if (position := position_of(one.arn)) is not None}
        irregular = tuple(sorted({*range(len(found))} - {*places.values()}))
        members = sum(1 << position for position in places)
        return _Passers(found, places, irregular, survey.allowed_on_roles("iam:PassRole", account, members))

    return survey.once(("limited passers", account.account_id), find)


@check(
    "SVC-03",
    over=ROLES,
    severity=(Severity.HIGH, "Whoever can change the code is an administrator."),
    title=mark("Code runs as an administrator"),
    question="Is a role with which a service runs customer code an administrator?",
    remediation=mark(
        "Restrict the role to what its code needs: anyone who can change the code is an administrator too."
    ),
    standards=("NIST 800-53 AC-6", "SOC 2 CC6.3"),
)
def code_as_administrator(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Evaluate the trust policy as each service; whether code runs with the role now is not in the snapshot."""
    if not is_administrator(survey, account, role):
        return
    decisions = {service: survey.ask_if_open(service, "sts:AssumeRole", role.arn) for service in RUNS_CODE}
    trusted = {service: decision for service, decision in decisions.items() if decision is not None}
    if trusted:
        runs = enumerated(phrase(RUNS_CODE[service]) for service in trusted)
        yield CheckResult(
            phrase("{code} can run as {role}, which is an administrator.", code=runs, role=role.role_name),
            tuple(
                Evidence(phrase("Evaluated as {who}.", who=service), decision) for service, decision in trusted.items()
            ),
        )


@check(
    "CHN-07",
    over=PRINCIPALS,
    severity=(
        Severity.HIGH,
        "Roles of other accounts are protected only by their trust policies. Below Prowler: that trust is "
        "needed as well.",
    ),
    title=mark("sts:AssumeRole allowed on all roles"),
    question="Can a user or role that is not an administrator call AssumeRole for roles of any account?",
    remediation=mark("List the roles that the job assumes under Resource, by ARN."),
    standards=("SOC 2 CC6.3", "NIST 800-53 AC-6"),
)
def assumes_any_role(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Evaluate only the principal's side: trust policies of arbitrary roles are unknown. Medium for its own account."""
    if not survey.applies_to_action(principal.arn, "sts:AssumeRole") or is_administrator(survey, account, principal):
        return
    for sentences, account_id, severity in (
        (_ANY_ACCOUNT, survey.unrelated_account, Severity.HIGH),
        (_OWN_ACCOUNT, account.account_id, Severity.MEDIUM),
    ):
        role = f"arn:{account.partition}:iam::{account_id}:role/{PLACEHOLDER}"
        trace = survey.trace(principal.arn, "sts:AssumeRole", role)
        decisions = {one.decision for one in policy_type_results(trace) if one.layer in _LIMITS and one.decision}
        if not decisions <= {*OPEN}:
            continue
        decision = survey.ask(principal.arn, "sts:AssumeRole", role)
        if not _may_be_allowed(decision):
            continue
        proof = phrase("Evaluated for an arbitrary role, without regard to its trust policy.")
        yield CheckResult(
            phrase(sentences[decisions != {EvalDecision.ALLOWED}], name=name_of(principal)),
            (Evidence(proof, decision),),
            severity=severity,
        )
        return


def _may_be_allowed(decision: EvaluationResult) -> bool:
    """Return whether some statement of the principal's own policies may allow a request.

    If none does, their decision can still be open: whether another statement denies it explicitly.
    """
    return any(
        one.layer is PolicyType.IDENTITY and one.effect == "Allow" and one.part is not StatementRole.NEAR_MISS
        for one in decision.statements
    )
