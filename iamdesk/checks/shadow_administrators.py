"""Shadow administrators, full access to single services, and workloads with administrator access."""

from collections.abc import Container, Iterator
from functools import lru_cache, partial

from iamdesk.attack_paths.administrators import Principal, administration, is_administrator
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.checks.administrators import proofs_of, route_of
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.external_trust import allowing
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.pass_role import RUNS_CODE
from iamdesk.checks.policy_documents import WRITTEN, PolicySource, statement_evidence
from iamdesk.checks.prerequisites import credentials_of
from iamdesk.checks.targets import ACCOUNTS, PRINCIPALS, own_roles, principal_subject
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import PolicyType
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.keys import trust_policy_key
from iamdesk.inventory.references import name_of
from iamdesk.policy.canonical_form import allows_everything
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account, RoleDetail
from iamdesk.viewmodel.tree_builder import NodeKind

_CHANGES_PERMISSIONS = "Permissions management"
_MAX_NAMED = 20


@check(
    "ADM-03",
    over=PRINCIPALS,
    severity=(Severity.HIGH, "As ADM-01, and reviews that look at policy names miss it."),
    title=mark("Shadow administrator (combined policies)"),
    question="Is a user or role an administrator although none of its policies allows everything?",
    remediation=mark(
        "Replace the combination with a single policy that shows the administrator access, or remove the permissions "
        "that make it an administrator."
    ),
    standards=("NIST 800-53 AC-6(5)",),
)
def hidden_administrator(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Report administrators without a statement that allows every action, with the policies that combine to that."""
    if not is_administrator(survey, account, principal):
        return
    carried = survey.evaluator.index.carried(principal.arn).identity
    if any(_names_everything(statement) for policy in carried for statement in policy.document.statements):
        return
    power = administration(survey, account, principal)
    proofs = proofs_of(survey, account, principal)
    route = route_of(principal, [piece.decision for piece in proofs if piece.decision])
    proofs.append(
        Evidence(
            phrase(
                "It is allowed {covered:,} of {asked:,} sampled actions, each the most powerful of its service.",
                covered=power.covered,
                asked=power.asked,
            )
        )
    )
    yield CheckResult(
        phrase(
            "{name} is an administrator, through {route}, although no statement of its policies allows every action.",
            name=name_of(principal),
            route=route,
        ),
        tuple(proofs),
    )


def _names_everything(statement: Statement) -> bool:
    return (
        statement.is_allow and not statement.not_action and any(one.covers_every_service for one in statement.actions)
    )


@check(
    "ADM-06",
    over=WRITTEN,
    severity=(
        Severity.MEDIUM,
        "All of one service, including its permissions management. High for iam, which gives administrator "
        "access in two calls; low if no principal has the policy.",
    ),
    title=mark("Full service access on all resources"),
    question="Does a policy allow every action of a service on every resource, including permissions management?",
    remediation=mark(
        "List the actions and resources that the job needs. Leave actions that change permissions to the service's "
        "administrators."
    ),
    standards=("AWS FSBP IAM.21", "NIST 800-53 AC-6"),
)
def whole_services(survey: CheckContext, account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Only services with permissions-management actions; low if the policy is not attached.

    ADM-04, ADM-05 and ADM-07 report policies that allow all services. Policies used only as a boundary grant nothing.
    """
    used = survey.references(account)
    is_managed = written.subject.kind is NodeKind.CUSTOMER_POLICY
    is_attached = not is_managed or bool(used.carriers.get(written.policy.key))
    if written.policy.policy_type is not PolicyType.IDENTITY or (
        not is_attached and used.bounded.get(written.policy.key)
    ):
        return
    found = [
        (statement, services)
        for statement in written.policy.document.statements
        if (services := _not_denied(written.policy.document, whole_services_of(survey, statement)))
    ]
    if found:
        every = dict.fromkeys(service for _, each in found for service in each)
        allows = phrase("allows every action of {services} on every resource", services=enumerated(every))
        others = [
            service
            for service in dict.fromkeys(one for statement, _ in found for one in _entire(statement))
            if not changes_permissions(service)
        ]
        sentence = phrase("The {policy} {allows}.", policy=written.title, allows=allows)
        if others:
            sentence = phrase(
                "The {policy} {allows}. The same holds for services without permissions management: {others}.",
                policy=written.title,
                allows=allows,
                others=enumerated(others),
            )
        yield CheckResult(
            sentence,
            tuple(
                statement_evidence(
                    written.policy,
                    statement,
                    phrase("It allows every action of {services}.", services=enumerated(each, most=20)),
                )
                for statement, each in found[:_MAX_NAMED]
            ),
            # All of IAM is administration in two calls.
            severity=_severity(every) if is_attached else Severity.LOW,
        )


def _severity(services: Container[str]) -> Severity:
    return Severity.HIGH if "iam" in services else Severity.MEDIUM


def whole_services_of(survey: CheckContext, statement: Statement) -> tuple[str, ...]:
    """Return the services of which a statement allows every action on every resource, without conditions.

    Only services with permissions-management actions; empty if the statement allows all services.
    """
    return survey.once(("whole services", statement), partial(_whole, statement))


def _not_denied(document: Document, services: tuple[str, ...]) -> tuple[str, ...]:
    """Return the services of which no statement of the document unconditionally denies an action on every resource."""
    denying = [
        statement
        for statement in document.statements
        if not statement.is_allow and statement.broken is None and not statement.conditions
        if not statement.not_resource and any(entry.is_everything for entry in statement.resources or ())
    ]
    return tuple(
        one for one in services if not any(service_actions(one).covered_by(statement) for statement in denying)
    )


def _whole(statement: Statement) -> tuple[str, ...]:
    return tuple(service for service in _entire(statement) if changes_permissions(service))


def _entire(statement: Statement) -> tuple[str, ...]:
    """Return the services of which a statement allows every action on every resource, without conditions."""
    if not statement.is_allow or statement.broken is not None or statement.conditions or statement.not_action:
        return ()
    if statement.not_resource or not any(entry.is_everything for entry in statement.resources or ()):
        return ()
    if allows_everything(statement):
        return ()
    return tuple(
        service
        for service in sorted(statement.services or ())
        if not service_actions(service).every & ~service_actions(service).covered_by(statement)
    )


@lru_cache(maxsize=1 << 10)
def changes_permissions(service: str) -> bool:
    """Return whether a service has permissions-management actions."""
    return any(action.access_level == _CHANGES_PERMISSIONS for action in reference().actions_of(service))


@check(
    "ADM-10",
    over=ACCOUNTS,
    severity=(Severity.HIGH, "Credentials of workloads are used unattended, and can be stolen through the workload."),
    title=mark("Workload with administrator access"),
    question="Is a user with access keys only, or a role that a service or pipeline assumes, an administrator?",
    remediation=mark(
        "Restrict the workload to what it needs to deploy or run. If a pipeline must create roles, require a "
        "permissions boundary for them."
    ),
    standards=("NIST 800-53 AC-6",),
)
def administrator_workload(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Roles by their trust policy, without those that SVC-03 reports; users by the credential report."""
    for role in own_roles(account):
        callers = survey.once(("workloads", survey.evaluator.index.trust(role)), partial(_workloads, survey, role))
        if callers and is_administrator(survey, account, role):
            yield CheckResult(
                nphrase(
                    "{role}, which {callers} can assume, is an administrator.",
                    "{role}, which {callers} can assume, is an administrator.",
                    len(callers),
                    role=role.role_name,
                    callers=enumerated(callers),
                ),
                (
                    Evidence(
                        phrase("The trust policy allows {callers}.", callers=enumerated(callers, most=20)),
                        policy_key=trust_policy_key(role.arn),
                    ),
                ),
                subject=principal_subject(role),
            )
    unknown = []
    for user in account.users:
        if not is_administrator(survey, account, user):
            continue
        entry = credentials_of(survey.snapshot, account.account_id, user.user_name)
        if entry is None:
            unknown.append(user)
        elif entry.password_enabled is False and (entry.access_key_1_active or entry.access_key_2_active):
            yield CheckResult(
                phrase("{user}, which has access keys but no password, is an administrator.", user=user.user_name),
                (Evidence(phrase("Credential report: password_enabled is false, a key is active.")),),
                subject=principal_subject(user),
            )
    if unknown:
        yield CheckResult(
            nphrase(
                "Whether workloads use {count:,} user, who is an administrator, cannot be determined without the "
                "credential report: {names}.",
                "Whether workloads use {count:,} users, who are administrators, cannot be determined without the "
                "credential report: {names}.",
                len(unknown),
                names=enumerated(user.user_name for user in unknown),
            ),
            tuple(Evidence(phrase("{name} is an administrator.", name=user.arn)) for user in unknown[:_MAX_NAMED]),
            object="users",
            state=State.INCONCLUSIVE,
            severity=Severity.INFO,
            remediation=phrase(
                "Capture the credential report as well (`aws iam generate-credential-report`, then `aws iam "
                "get-credential-report`): it shows which users have access keys and no password."
            ),
        )


def _workloads(survey: CheckContext, role: RoleDetail) -> tuple[str, ...]:
    """Return the services and OIDC providers that a trust policy allows; empty if SVC-03 reports the role."""
    found: dict[str, None] = {}
    for action in ("assumerole", "assumerolewithwebidentity"):
        for statement in allowing(survey, role, action):
            for entry in () if statement.not_principal else statement.principals or ():
                if entry.type is PrincipalType.SERVICE and action == "assumerole":
                    if entry.text in RUNS_CODE:
                        return ()
                    found[entry.text] = None
                elif entry.type is PrincipalType.FEDERATED and action != "assumerole":
                    found[entry.text.rpartition("oidc-provider/")[2]] = None
    return tuple(found)
