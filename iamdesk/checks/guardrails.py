"""Ineffective permissions boundaries: too broad, removable, or editable by the principals that they limit."""

from collections.abc import Iterator

from iamdesk.attack_paths.administrators import Principal, is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext, Context
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.prerequisites import Data
from iamdesk.checks.targets import PRINCIPALS, ROLES
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.permission_sets import permission_set_of
from iamdesk.inventory.references import boundary_of, last_of_arn, name_of
from iamdesk.policy.arn import is_arn
from iamdesk.snapshot.model import Account, RoleDetail, UserDetail


def _open_request(
    survey: CheckContext, principal: Principal, action: str, resource: str, context: Context
) -> Iterator[Evidence]:
    """Yield evidence if a principal is allowed a request, perhaps under conditions."""
    if not survey.applies_to_action(principal.arn, action):
        return
    decision = survey.ask_if_open(principal.arn, action, resource, context)
    if decision is not None:
        yield Evidence(phrase("Evaluated {action}.", action=action), decision)


@check(
    "GRD-02",
    over=PRINCIPALS,
    severity=(Severity.HIGH, "The limit that the account relies on does not limit."),
    title=mark("Ineffective permissions boundary"),
    question="Is a user or role an administrator although it has a permissions boundary?",
    remediation=mark("Restrict the boundary to the maximum permissions that such principals need."),
)
def idle_boundary(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Evaluate with the boundary in place."""
    boundary = boundary_of(principal)
    if boundary is not None and is_administrator(survey, account, principal):
        yield CheckResult(
            phrase(
                "{name} is an administrator despite its permissions boundary {boundary}.",
                name=name_of(principal),
                boundary=last_of_arn(boundary),
            ),
            (Evidence(phrase("Evaluated with the boundary in place."), policy_key=boundary),),
        )


@check(
    "GRD-11",
    over=ROLES,
    severity=(
        Severity.MEDIUM,
        "Someone has to administer the account; what is missing is the limit that all other accounts have.",
    ),
    title=mark("Permission set not limited by any guardrail"),
    question="Does a permission set of IAM Identity Center make administrators of the management account, which "
    "service control policies do not limit?",
    remediation=mark(
        "Assign administration of the management account to as few people as possible, and delegate services and "
        "policies to member accounts, where service control policies apply."
    ),
    standards=("NIST 800-53 AC-6",),
    data=Data.ORGANIZATION,
)
def unlimited_permission_set(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """AWS Organizations User Guide: service control policies do not affect users or roles of the management account."""
    organization = survey.snapshot.organization
    if (
        permission_set_of(role) is None
        or organization is None
        or organization.management_account_id != account.account_id
    ):
        return
    if is_administrator(survey, account, role):
        yield CheckResult(
            phrase(
                "{role} makes everyone who has its permission set an administrator of the management account, in which "
                "no service control policy applies.",
                role=role.role_name,
            ),
            (Evidence(phrase("Account {account} is the management account.", account=account.account_id)),),
        )


@check(
    "GRD-03",
    over=PRINCIPALS,
    severity=(Severity.HIGH, "The limit that the account relies on can be removed by the principal that it limits."),
    title=mark("Can change its own permissions boundary"),
    question="Can a user or role remove or replace its own permissions boundary?",
    remediation=mark(
        "Deny iam:DeleteUserPermissionsBoundary, iam:DeleteRolePermissionsBoundary and the corresponding Put actions "
        "in the boundary itself."
    ),
)
def changes_own_boundary(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Evaluate on its own ARN, with the boundary in place."""
    if boundary_of(principal) is None:
        return
    kind = "User" if isinstance(principal, UserDetail) else "Role"
    wider = {"iam:PermissionsBoundary": f"arn:{account.partition}:iam::aws:policy/AdministratorAccess"}
    evidence = [
        *_open_request(survey, principal, f"iam:Delete{kind}PermissionsBoundary", principal.arn, {}),
        *_open_request(survey, principal, f"iam:Put{kind}PermissionsBoundary", principal.arn, wider),
    ]
    if evidence:
        yield CheckResult(
            phrase("{name} can remove or replace its own permissions boundary.", name=name_of(principal)),
            tuple(evidence),
        )


@check(
    "GRD-04",
    over=PRINCIPALS,
    severity=(Severity.HIGH, "The limit that the account relies on is bypassed through a new role."),
    title=mark("Can create roles without a permissions boundary"),
    question="Can a user or role with a permissions boundary create roles without one?",
    remediation=mark("Allow iam:CreateRole and iam:CreateUser only with the boundary: test iam:PermissionsBoundary."),
)
def makes_unbounded(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Evaluate the creation of a new role without a boundary."""
    if boundary_of(principal) is None:
        return
    role = f"arn:{account.partition}:iam::{account.account_id}:role/{PLACEHOLDER}"
    evidence = tuple(_open_request(survey, principal, "iam:CreateRole", role, {"iam:PermissionsBoundary": None}))
    if evidence:
        yield CheckResult(
            phrase("{name} has a permissions boundary but can create roles without one.", name=name_of(principal)),
            evidence,
        )


@check(
    "GRD-05",
    over=PRINCIPALS,
    severity=(
        Severity.CRITICAL,
        "The limit also applies to other principals, and one of those it limits can rewrite it for all.",
    ),
    title=mark("Can edit the policy of its own permissions boundary"),
    question="Can a user or role edit the policy that is its permissions boundary?",
    remediation=mark(
        "Deny iam:CreatePolicyVersion and iam:SetDefaultPolicyVersion on boundary policies in the boundary itself."
    ),
)
def rewrites_boundary(survey: CheckContext, _account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Evaluate on the boundary's ARN; AWS managed policies cannot be changed. CMP-03 reports what is no policy."""
    boundary = boundary_of(principal)
    if boundary is None or not is_arn(boundary):
        return
    evidence = tuple(_open_request(survey, principal, "iam:CreatePolicyVersion", boundary, {}))
    if evidence:
        sure = any(one.decision and one.decision.decision is EvalDecision.ALLOWED for one in evidence)
        yield CheckResult(
            phrase(
                "{name} can edit {boundary}, the policy of its own permissions boundary.",
                name=name_of(principal),
                boundary=last_of_arn(boundary),
            ),
            evidence,
            severity=Severity.CRITICAL if sure else Severity.HIGH,
        )
