"""Privileged access: number of administrators, administrator groups, control of audit logs and the organization."""

from collections.abc import Iterable, Iterator

from iamdesk.attack_paths.administrators import POWERS, Principal, is_administrator, power_request
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import PLACEHOLDER, CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data, credentials_of
from iamdesk.checks.remediation_commands import command
from iamdesk.checks.requested_regions import RegionRequest, allowed_request, evaluated, with_regions
from iamdesk.checks.snapshot_completeness import attachments_not_captured
from iamdesk.checks.targets import ACCOUNTS, GROUPS, PRINCIPALS, USERS, is_reserved, principals_of
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.decision import EvaluationResult
from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory.references import last_of_arn, name_of
from iamdesk.policy.canonical_form import allows_everything
from iamdesk.snapshot.model import Account, GroupDetail, RoleDetail, UserDetail

_RECORDER = "arn:{partition}:config:{region}:{account}:configuration-recorder/{name}/{name}"
_REPLACES = "config:PutConfigurationRecorder"  # with a role that is passed
_EVENT_STORE = "arn:{partition}:cloudtrail:{region}:{account}:eventdatastore/{name}"
_LOGS = (
    ("cloudtrail:StopLogging", "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}"),
    ("cloudtrail:DeleteTrail", "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}"),
    ("cloudtrail:UpdateTrail", "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}"),
    ("cloudtrail:PutEventSelectors", "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}"),
    ("config:StopConfigurationRecorder", _RECORDER),
    ("config:DeleteConfigurationRecorder", _RECORDER),
    ("guardduty:DeleteDetector", "arn:{partition}:guardduty:{region}:{account}:detector/{name}"),
    ("guardduty:UpdateDetector", "arn:{partition}:guardduty:{region}:{account}:detector/{name}"),
    ("securityhub:DisableSecurityHub", "arn:{partition}:securityhub:{region}:{account}:hub/default"),
    ("cloudtrail:DeleteEventDataStore", _EVENT_STORE),
    ("cloudtrail:StopEventDataStoreIngestion", _EVENT_STORE),
    ("cloudtrail:UpdateEventDataStore", _EVENT_STORE),
    (_REPLACES, _RECORDER),
    ("config:DeleteServiceLinkedConfigurationRecorder", _RECORDER),
    ("guardduty:UpdateMemberDetectors", "*"),
    ("securityhub:DisableSecurityHubV2", "*"),
)
"""Not ``guardduty:DisassociateFromAdministratorAccount``: the detector goes on (its page in the API reference)."""
_PURCHASES = (
    ("aws-marketplace:Subscribe", "*"),
    ("aws-marketplace:AcceptAgreementRequest", "*"),
    ("savingsplans:CreateSavingsPlan", "*"),
    ("ec2:PurchaseReservedInstancesOffering", "*"),
    ("rds:PurchaseReservedDBInstancesOffering", "arn:{partition}:rds:{region}:{account}:ri:{name}"),
)
_ORGANIZATION = tuple(
    (f"organizations:{name}", "*")
    for name in ("DeleteOrganization", "RemoveAccountFromOrganization", "CloseAccount", "DetachPolicy", "DeletePolicy")
)
"""Calls of the management account. Not LeaveOrganization, which only member accounts can call.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_LeaveOrganization.html
"""


def _administrators(survey: CheckContext, account: Account) -> list[Principal]:
    return survey.once(
        ("administrators", account.account_id),
        lambda: [one for one in principals_of(account) if is_administrator(survey, account, one)],
    )


@check(
    "ADM-08",
    over=GROUPS,
    severity=(Severity.HIGH, "Anyone who is added becomes an administrator."),
    title=mark("Administrator group"),
    question="Does a group make its members administrators?",
    remediation=mark(
        "Keep the group small, require MFA in a condition of its policies, and review its members individually."
    ),
    standards=("NIST 800-53 AC-6",),
)
def administering_group(survey: CheckContext, account: Account, group: GroupDetail) -> Iterator[CheckResult]:
    """Report a group whose policies alone make a member an administrator, if a member is one in effect."""
    members = survey.references(account).members.get(group.group_name, [])
    administering = [one for one in members if is_administrator(survey, account, one)]
    if not administering or not survey.reach.is_administrators(group.arn):
        return
    yield CheckResult(
        phrase(
            "The group {group} makes its members administrators: {users}.",
            group=group.group_name,
            users=enumerated(one.user_name for one in administering),
        ),
        tuple(
            Evidence(phrase("{user} is a member and an administrator.", user=one.user_name))
            for one in administering[:20]
        ),
    )


@check(
    "ADM-09",
    over=USERS,
    severity=(Severity.HIGH, "A guessed password gives away the whole account."),
    title=mark("Administrator without MFA"),
    question="Is a user with a console password and no MFA device an administrator?",
    remediation=mark("Register an MFA device, and deny all other actions to requests made without MFA."),
    standards=("CIS AWS Foundations 7.0 2.10", "AWS FSBP IAM.5", "PCI DSS 4.0 8.4.2", "NIST 800-53 IA-2(1)"),
    data=Data.CREDENTIAL_REPORT,
)
def administrator_without_mfa(survey: CheckContext, account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """No finding if a condition on MFA denies such a user administration."""
    entry = credentials_of(survey.snapshot, account.account_id, user.user_name)
    if entry is None or not entry.password_enabled or entry.mfa_active is not False:
        return
    if is_administrator(survey, account, user):
        role = f"arn:{account.partition}:iam::{account.account_id}:role/{PLACEHOLDER}"
        decision = survey.ask(user.arn, "iam:PutRolePolicy", role, {"aws:MultiFactorAuthPresent": None})
        if decision.decision is EvalDecision.ALLOWED:
            yield CheckResult(
                phrase(
                    "{user} is an administrator and can sign in with a password only, without MFA.", user=user.user_name
                ),
                (Evidence(phrase("Evaluated without MFA."), decision),),
            )


@check(
    "ADM-11",
    over=ACCOUNTS,
    severity=(
        Severity.MEDIUM,
        "Each administrator is reported separately; how many are needed is a matter of organization.",
    ),
    title=mark("Many administrators"),
    question="Are more users and roles administrators than allowed (by default ten, and a tenth of all)?",
    remediation=mark(
        "Replace administrator access with the permissions of the job for principals that do not need it."
    ),
    standards=("PCI DSS 4.0 7.2.2",),
)
def many_administrators(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Name the first of them."""
    found = _administrators(survey, account)
    total = sum(1 for _one in principals_of(account))
    limits = survey.thresholds
    if len(found) > limits.administrators and 100 * len(found) > total * limits.administrators_percent:
        yield CheckResult(
            nphrase(
                "{count:,} of {total:,} users and roles is an administrator: {names}.",
                "{count:,} of {total:,} users and roles are administrators: {names}.",
                len(found),
                total=total,
                names=enumerated(map(name_of, found)),
            ),
            tuple(Evidence(phrase("{name} is an administrator.", name=name_of(one))) for one in found[:20]),
        )


@check(
    "ADM-12",
    over=ACCOUNTS,
    severity=(Severity.MEDIUM, "No one gains access, but the account can be locked out."),
    title=mark("No second administrator"),
    question="Are there fewer than two users or roles with which people can administer the account?",
    remediation=mark("Appoint a second administrator, or create a break-glass role for emergencies."),
    standards=("NIST 800-53 CP-2",),
)
def no_second_administrator(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Count users, roles that a principal of the snapshot can assume, and roles of IAM Identity Center."""
    people = [
        one
        for one in _administrators(survey, account)
        if isinstance(one, UserDetail) or is_reserved(one) or _is_assumed(survey, one)
    ]
    if len(people) >= 2:
        return
    evidence = [Evidence(phrase("The root user is not counted."))]
    if not people and (denied := _denied_administration(survey, account)) is not None:
        yield CheckResult(
            phrase(
                "No user or role can administer account {account}: policies of the organization do not allow {action}.",
                account=account.account_id,
                action=denied.request.action,
            ),
            (*evidence, Evidence(phrase("Evaluated as the root user."), denied)),
            severity=Severity.INFO,
            remediation=phrase(
                "Confirm that the organization limits the account on purpose: as long as it does, no "
                "administrator can be appointed."
            ),
        )
        return
    sentence = phrase("According to the snapshot, no user or role can administer the account.")
    if people:
        sentence = phrase("According to the snapshot, only {name} can administer the account.", name=name_of(people[0]))
    missing = [
        policy.policy_name
        for policy, _ in attachments_not_captured(survey, account)
        if (document := survey.evaluator.index.document_of(account.account_id, policy.arn)) is not None
        and any(map(allows_everything, document.statements))
    ]
    if missing:
        evidence.append(
            Evidence(phrase("Some attachments of {policies} were not captured.", policies=enumerated(missing)))
        )
    if people:
        evidence.append(
            Evidence(phrase("{name} is an administrator.", name=name_of(people[0])), policy_key=people[0].arn)
        )
    yield CheckResult(sentence, tuple(evidence), state=State.INCONCLUSIVE if missing else State.FOUND)


def _denied_administration(survey: CheckContext, account: Account) -> EvaluationResult | None:
    """Return an action of administrators that the organization denies to all of an account; None: there is none."""
    root = f"arn:{account.partition}:iam::{account.account_id}:root"
    for power in POWERS:
        action, resource, context = power_request(power, account)
        decision = survey.ask_if_open(root, action, resource, context)
        if decision is None:
            return survey.ask(root, action, resource, context)
    return None


def _is_assumed(survey: CheckContext, role: RoleDetail) -> bool:
    return bool(survey.reach.assuming(role.arn))


@check(
    "ADM-13",
    over=PRINCIPALS,
    severity=(
        Severity.HIGH,
        "Without the audit log, everything else can be hidden. Above Prowler: what can be stopped is evaluated, "
        "instead of looking for a policy that names all of CloudTrail.",
    ),
    title=mark("Can disable audit logging"),
    question="Can a user or role that is not an administrator stop CloudTrail, AWS Config, GuardDuty or Security "
    "Hub, or change what they record?",
    remediation=mark("Deny these actions with a service control policy to all principals except the security team."),
    standards=("NIST 800-53 AU-9",),
)
def stops_logs(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Evaluate for an arbitrary trail and detector."""
    if is_administrator(survey, account, principal):
        return
    able = _able(survey, account, principal, _LOGS)
    able = [one for one in able if one.action != _REPLACES or _passes_role(survey, account, principal)]
    if able:
        sentence = phrase(
            "{name} can disable audit logging: it is allowed {actions}.",
            name=name_of(principal),
            actions=enumerated(one.action for one in able),
        )
        # CloudTrail and GuardDuty go on without AWS Config and Security Hub.
        is_beside = all(one.action.startswith(("config:", "securityhub:")) for one in able)
        yield CheckResult(
            with_regions(sentence, able),
            tuple(evaluated(survey, principal, request) for request in able),
            severity=Severity.MEDIUM if is_beside else None,
        )


def _passes_role(survey: CheckContext, account: Account, principal: Principal) -> bool:
    """Return whether a principal may pass some role to AWS Config."""
    service = "config.amazonaws.com"
    return any(
        survey.decide(principal.arn, "iam:PassRole", role.arn, {"iam:PassedToService": service}) is EvalDecision.ALLOWED
        for role in account.roles
        for statement in survey.evaluator.index.trust(role).statements
        if any(entry.text == service for entry in statement.principals or ())
    )


def _able(
    survey: CheckContext, account: Account, principal: Principal, requests: Iterable[tuple[str, str]]
) -> list[RegionRequest]:
    """Return those of the requests that a principal is allowed, in some Region."""
    asked = (allowed_request(survey, account, principal, action, resource) for action, resource in requests)
    return [request for request in asked if request is not None]


@check(
    "ADM-15",
    over=PRINCIPALS,
    severity=(Severity.CRITICAL, "All accounts of the organization lose their guardrails."),
    title=mark("Controls the organization"),
    question="Can a user or role of the management account delete the organization, remove or close accounts, or "
    "detach or delete its policies?",
    remediation=mark("Limit these actions to a break-glass role; nothing else in the management account needs them."),
    standards=("NIST 800-53 AC-6", "NIST 800-53 AC-6(5)"),
)
def controls_organization(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Only the management account: in member accounts AWS rejects the calls."""
    organization = survey.snapshot.organization
    if organization is None or organization.management_account_id != account.account_id:
        return
    able = _able(survey, account, principal, _ORGANIZATION)
    if able:
        yield CheckResult(
            phrase(
                "{name} controls the organization: it is allowed {actions}.",
                name=name_of(principal),
                actions=enumerated(one.action for one in able),
            ),
            tuple(evaluated(survey, principal, request) for request in able),
        )


@check(
    "ADM-16",
    over=PRINCIPALS,
    severity=(Severity.LOW, "Costs money, but gives no access. Below Prowler, whose reason is also cost."),
    title=mark("Can make purchases"),
    question="Can a user or role that is not an administrator subscribe to products or buy reserved capacity?",
    remediation=mark("Allow purchases only to the people who manage cloud spending."),
    standards=("NIST 800-53 AC-6",),
)
def makes_purchases(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Evaluate subscriptions in AWS Marketplace and commitments that cannot be canceled."""
    able = _able(survey, account, principal, _PURCHASES)
    if able and not is_administrator(survey, account, principal):
        sentence = phrase(
            "{name} can make purchases: it is allowed {actions}.",
            name=name_of(principal),
            actions=enumerated(one.action for one in able),
        )
        yield CheckResult(
            with_regions(sentence, able), tuple(evaluated(survey, principal, request) for request in able)
        )


@check(
    "FED-09",
    over=ACCOUNTS,
    severity=(Severity.LOW, "No role accepts its tokens."),
    title=mark("Identity provider that no role trusts"),
    question="Does the account have an identity provider that no role trusts?",
    remediation=mark("Delete the identity provider."),
    standards=("SOC 2 CC6.3",),
    data=Data.IDENTITY_PROVIDERS,
)
def orphan_provider(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """By the provider's ARN in the trust policies' Principal."""
    trusted = {
        entry.text
        for role in account.roles
        for statement in survey.evaluator.index.trust(role).statements
        for entry in statement.principals or ()
    }
    for facts in survey.snapshot.account_facts:
        if facts.account_id != account.account_id:
            continue
        arns = [
            *(provider.arn for provider in facts.open_id_connect_providers or ()),
            *(provider.arn for provider in facts.saml_providers or ()),
        ]
        for arn in arns:
            if arn not in trusted:
                yield CheckResult(
                    phrase("No role trusts the identity provider {name}.", name=last_of_arn(arn)),
                    (Evidence(phrase("No trust policy names {arn}.", arn=arn)),),
                    object=arn,
                    remediation_command=_delete_provider(arn),
                )


def _delete_provider(arn: str) -> str:
    if ":oidc-provider/" in arn:
        return command("iam", "delete-open-id-connect-provider", "--open-id-connect-provider-arn", arn)
    return command("iam", "delete-saml-provider", "--saml-provider-arn", arn)
