"""Account hygiene: owner tags, inline policies, AWS Support access, Access Analyzer, instance profiles, CloudShell."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from iamdesk.access.bulk_evaluator import RequestMoment
from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.administrators import OPEN, Principal, is_administrator
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.prerequisites import Data, facts_of
from iamdesk.checks.requested_regions import RegionRequest, allowed_request, evaluated, with_regions
from iamdesk.checks.snapshot_completeness import attachments_not_captured
from iamdesk.checks.targets import ACCOUNTS, is_reserved, own_roles, principals_of
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision, RequestError
from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.inventory import counts
from iamdesk.inventory.keys import inline_policy_key
from iamdesk.inventory.references import last_of_arn, name_of
from iamdesk.policy.canonical_form import allows_everything
from iamdesk.snapshot.aws_managed import aws_managed_policies
from iamdesk.snapshot.model import Account, GroupDetail, ManagedPolicyDetail, RoleDetail

OWNER_TAGS = (
    "owner",
    "owned-by",
    "ownedby",
    "team",
    "contact",
    "email",
    "vendor",
    "business-owner",
    "technical-owner",
    "application",
    "app",
    "service",
    "project",
    "product",
    "purpose",
    "cost-center",
    "costcenter",
)
"""Tag keys, in lower case, that name an owner or a purpose."""
_MAX_NAMED = 20
_CASE = "support:CreateCase"
_EC2 = ("ec2.amazonaws.com", "ec2.amazonaws.com.cn")
_FILES = ("cloudshell:GetFileUploadUrls", "cloudshell:GetFileDownloadUrls")
_SHELL = "arn:{partition}:cloudshell:{region}:{account}:environment/{name}"
_FROM_OUTSIDE = ("ACCOUNT", "ORGANIZATION")


@check(
    "HYG-08",
    over=ACCOUNTS,
    severity=(Severity.LOW, "Reviews take longer without an owner."),
    title=mark("Users and roles without an owner tag"),
    question="Are there users or roles without a tag for their owner or purpose?",
    remediation=mark(
        "Tag each user and role with its owner. Require the tag at creation: test aws:RequestTag in the policies that "
        "allow iam:CreateUser and iam:CreateRole."
    ),
    standards=("ISO 27001:2022 A.5.9",),
)
def without_owner(_survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Yield one finding for all users and one for all roles, without the roles of IAM Identity Center."""
    own = [role for role in own_roles(account) if not is_reserved(role)]
    for word, principals in (("user", account.users), ("role", own)):
        lacking = [one for one in principals if not _has_owner_tag(one)]
        if lacking:
            total = (counts.users if word == "user" else counts.roles)(len(principals))
            names = enumerated(map(name_of, lacking))
            yield CheckResult(
                nphrase(
                    "{count:,} of {total} has no owner or purpose tag: {names}.",
                    "{count:,} of {total} have no owner or purpose tag: {names}.",
                    len(lacking),
                    total=total,
                    names=names,
                ),
                (
                    Evidence(phrase("Accepted tag keys: {tags}.", tags=", ".join(OWNER_TAGS))),
                    *(
                        Evidence(phrase("{arn} {has}.", arn=one.arn, has=_tag_list(one)))
                        for one in lacking[:_MAX_NAMED]
                    ),
                ),
                object=word,
            )


def _has_owner_tag(principal: Principal) -> bool:
    return any(tag.key.lower().replace("_", "-") in OWNER_TAGS and tag.value.strip() for tag in principal.tags)


def _tag_list(principal: Principal) -> str:
    names = [tag.key for tag in principal.tags]
    return phrase("has the tags {tags}", tags=enumerated(names)) if names else phrase("has no tags")


@check(
    "HYG-09",
    over=ACCOUNTS,
    severity=(Severity.INFO, "Hygiene: what the policies allow is reported separately."),
    title=mark("Roles with inline policies"),
    question="Do roles have inline policies?",
    remediation=mark(
        "Move permissions that several roles share into a managed policy: it is reviewed once, keeps older versions "
        "and lists its attachments."
    ),
)
def inline_policies(_survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Yield one finding for the account, without roles of IAM Identity Center: their policies are inline by design."""
    with_inline = [role for role in own_roles(account) if role.role_policy_list and not is_reserved(role)]
    if with_inline:
        count = sum(len(role.role_policy_list) for role in with_inline)
        yield CheckResult(
            nphrase(
                "{count:,} role has {policies}: {names}.",
                "{count:,} roles have {policies}: {names}.",
                len(with_inline),
                policies=nphrase("{count:,} inline policy", "{count:,} inline policies", count),
                names=enumerated(role.role_name for role in with_inline),
            ),
            tuple(
                Evidence(
                    phrase(
                        "{role} has {policies}.",
                        role=role.role_name,
                        policies=enumerated(one.policy_name for one in role.role_policy_list),
                    ),
                    policy_key=inline_policy_key(role.arn, role.role_policy_list[0].policy_name),
                )
                for role in with_inline[:_MAX_NAMED]
            ),
        )


_SUPPORT_IS_DENIED = mark(
    "First allow support:* in the service control policies of the account, if these deny it. Then create a role "
    "with the AWS managed policy AWSSupportAccess that incident responders can assume."
)
"""Not even the root user is allowed: no role helps as long as an organization policy denies it."""


@check(
    "HYG-11",
    over=ACCOUNTS,
    severity=(Severity.LOW, "Readiness: administrators can still open a case. Below Prowler for that reason."),
    title=mark("No role for AWS Support cases"),
    question="Can only administrators open a case with AWS Support?",
    remediation=mark("Create a role with the AWS managed policy AWSSupportAccess that incident responders can assume."),
    standards=("CIS AWS Foundations 7.0 2.15",),
)
def no_support_role(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Evaluate support:CreateCase for every user and role of the account."""
    able = _who_of(survey, account, _CASE, "*")
    index = survey.evaluator.index
    others = {
        arn: decision
        for arn, decision in able.items()
        if (one := index.users.get(arn) or index.roles.get(arn)) is not None
        and not is_administrator(survey, account, one)
    }
    if EvalDecision.ALLOWED in others.values():
        return
    if others:
        arn = next(iter(others))
        yield CheckResult(
            phrase(
                "Whether a principal that is not an administrator can open a support case depends on conditions: "
                "{names}.",
                names=enumerated(map(last_of_arn, others)),
            ),
            (_evaluated_as(survey, arn, _CASE, "*"),),
            state=State.INCONCLUSIVE,
        )
        return
    administrators = [arn for arn in able if not arn.endswith(":root")]
    sentence = phrase("No principal, not even the root user, can open a case with AWS Support.")
    if administrators:
        sentence = phrase("Only administrators can open a case with AWS Support.")
    elif able:
        sentence = phrase("Only the root user can open a case with AWS Support.")
    missing = [policy.policy_name for policy in _not_captured_with(survey, account, _CASE)]
    more = [Evidence(phrase("Some attachments of {policies} were not captured.", policies=enumerated(missing)))]
    yield CheckResult(
        sentence,
        (
            Evidence(phrase("Evaluated {action} for every user and role of the account.", action=_CASE)),
            *_named(administrators),
            *(more if missing else ()),
        ),
        state=State.INCONCLUSIVE if missing else State.FOUND,
        remediation=None if able else phrase(_SUPPORT_IS_DENIED),
    )


def _not_captured_with(survey: CheckContext, account: Account, action: str) -> Iterator[ManagedPolicyDetail]:
    """Yield the policies that allow an action and have holders that were not captured; not those of administrators."""
    service, _, name = action.lower().partition(":")
    for policy, _held in attachments_not_captured(survey, account):
        document = survey.evaluator.index.document_of(account.account_id, policy.arn)
        if document is None or any(map(allows_everything, document.statements)):
            continue
        if any(one.is_allow and one.broken is None and one.covers_action(service, name) for one in document.statements):
            yield policy


def _evaluated_as(survey: CheckContext, arn: str, action: str, resource: str) -> Evidence:
    return Evidence(
        phrase("Evaluated {action} as {name}.", name=last_of_arn(arn), action=action),
        survey.ask(arn, action, resource),
    )


def _who_of(survey: CheckContext, account: Account, action: str, resource: str) -> dict[str, EvalDecision]:
    """Return the principals of an account for whom an action is allowed or conditional, in the snapshot's order.

    The result is that of who-can, without evaluating the principals of other accounts.
    """
    evaluator = survey.evaluator
    population, bulk = evaluator.population(), evaluator.bulk()
    subjects = population.index.subjects
    members = 0
    for cohort in population.cohort:
        if cohort.account == account.account_id:
            members |= cohort.members
    found: dict[int, EvalDecision] = {}
    if members:
        swept = bulk.sweep(
            bulk.request(action, resource),
            members,
            RequestMoment(evaluator.now()),
            distinguish_denials=False,
            cancelled=survey.cancelled,
        )
        found = {position: decision for decision in OPEN for position in indexes_of(swept.bits[decision])}
    for position in indexes_of(population.irregular):
        if subjects[position].split(":", 5)[4:5] == [account.account_id]:
            with suppress(RequestError):
                found[position] = survey.decide(subjects[position], action, resource)
    return {subjects[position]: found[position] for position in sorted(found) if found[position] in OPEN}


def _named(arns: Iterable[str]) -> Iterator[Evidence]:
    return (Evidence(phrase("{arn} is allowed, as an administrator.", arn=arn)) for arn in list(arns)[:_MAX_NAMED])


@check(
    "HYG-12",
    over=ACCOUNTS,
    severity=(
        Severity.INFO,
        "A tool is not used; iamdesk reports findings of the same kind. Below Prowler for that reason.",
    ),
    title=mark("No external access analyzer"),
    question="Is there a captured Region without an active external access analyzer of IAM Access Analyzer?",
    remediation=mark(
        "Create an external access analyzer for the organization in the Region, in the management account or a "
        "delegated administrator account. It is free of charge and reports resources that become accessible from "
        "outside."
    ),
    standards=("CIS AWS Foundations 7.0 2.18", "CIS AWS Foundations 3.0 1.20"),
    data=Data.ANALYZERS,
)
def no_analyzer(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Yield one finding for all Regions without one; an organization's analyzer counts for all its accounts."""
    facts = facts_of(survey.snapshot, account.account_id)
    held = {
        one.region: [each for each in one.analyzers if each.status == "ACTIVE" and each.type in _FROM_OUTSIDE]
        for one in (facts.access_analyzers if facts is not None else None) or ()
    }
    of_organization = {
        one.region
        for other in survey.snapshot.account_facts
        for one in other.access_analyzers or ()
        for each in one.analyzers
        if each.status == "ACTIVE" and each.type == "ORGANIZATION"
    }
    lacking = sorted(region for region, found in held.items() if not found and region not in of_organization)
    if not lacking:
        return
    captured = {other.account_id for other in survey.snapshot.account_facts if other.access_analyzers is not None}
    elsewhere = sorted(survey.own_accounts - captured)
    is_open = survey.snapshot.organization is not None and bool(elsewhere)
    values = {"account": account.account_id, "regions": enumerated(lacking)}
    sentence = phrase("No external access analyzer monitors account {account} in {regions}.", **values)
    types = join_messages(phrase(" or "), _FROM_OUTSIDE)
    proof = phrase("list-analyzers shows no active analyzer of type {types}.", types=types)
    if is_open:
        sentence = phrase(
            "Whether an external access analyzer monitors account {account} in {regions} cannot be determined: the "
            "account has none of its own.",
            **values,
        )
        more = phrase(
            "The analyzers of {accounts} were not captured; one of them may be the organization's.",
            accounts=enumerated(elsewhere),
        )
        proof = join_messages(" ", (proof, more))
    yield CheckResult(
        sentence,
        (Evidence(proof),),
        state=State.INCONCLUSIVE if is_open else State.FOUND,
    )


@check(
    "SVC-07",
    over=ACCOUNTS,
    severity=(Severity.LOW, "No instance can use it."),
    title=mark("EC2 role without an instance profile"),
    question="Is a role that only EC2 can assume in no instance profile, so that no instance can use it?",
    remediation=mark("Delete the role, or add it to an instance profile if an instance needs it."),
)
def role_without_profile(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Yield one finding for the account; it is uncertain if no role at all has a profile: none may be captured."""
    roles = [role for role in own_roles(account) if not role.instance_profile_list and _is_for_instances(survey, role)]
    if not roles:
        return
    has_profiles = any(role.instance_profile_list for role in account.roles)
    perhaps = phrase("; no role of the account is in one, so instance profiles may not have been captured")
    yield CheckResult(
        nphrase(
            "{count:,} role that only EC2 can assume is in no instance profile: {names}{perhaps}.",
            "{count:,} roles that only EC2 can assume are in no instance profile: {names}{perhaps}.",
            len(roles),
            names=enumerated(role.role_name for role in roles),
            perhaps="" if has_profiles else perhaps,
        ),
        tuple(Evidence(phrase("InstanceProfileList of {arn} is empty.", arn=role.arn)) for role in roles[:_MAX_NAMED]),
        state=State.FOUND if has_profiles else State.INCONCLUSIVE,
        severity=None if has_profiles else Severity.INFO,
    )


def _is_for_instances(survey: CheckContext, role: RoleDetail) -> bool:
    """Return whether the trust policy names EC2 only."""
    principals = [
        entry
        for statement in survey.evaluator.index.trust(role).statements
        if statement.is_allow
        for entry in statement.principals or ()
    ]
    return bool(principals) and all(entry.text in _EC2 for entry in principals)


@check(
    "ADM-17",
    over=ACCOUNTS,
    severity=(
        Severity.LOW,
        "One of several ways to take out data that the user can read anyway. Below Prowler for that reason.",
    ),
    title=mark("CloudShell file transfer allowed"),
    question="Can users or roles that are not administrators upload and download files through AWS CloudShell?",
    remediation=mark(
        "Deny cloudshell:GetFileUploadUrls and cloudshell:GetFileDownloadUrls to principals that need only the shell."
    ),
    standards=("CIS AWS Foundations 7.0 2.20", "PCI DSS 4.0 7.2.2"),
)
def cloudshell_files(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Yield one finding for all principals of the account that are allowed both actions."""
    able: list[tuple[Principal, list[RegionRequest]]] = []
    for principal in principals_of(account):
        asked = (allowed_request(survey, account, principal, action, _SHELL) for action in _FILES)
        requests = [one for one in asked if one is not None]
        if len(requests) == len(_FILES) and not is_administrator(survey, account, principal):
            able.append((principal, requests))
    if able:
        first, requests = able[0]
        sentence = nphrase(
            "{count:,} user or role can upload and download files through CloudShell: {names}.",
            "{count:,} users and roles can upload and download files through CloudShell: {names}.",
            len(able),
            names=enumerated(name_of(one) for one, _ in able),
        )
        yield CheckResult(
            with_regions(sentence, (one for _, each in able for one in each)),
            (
                *(evaluated(survey, first, request) for request in requests),
                *(Evidence(phrase("{arn} is allowed both.", arn=one.arn)) for one, _ in able[1:_MAX_NAMED]),
            ),
        )


@check(
    "HYG-14",
    over=ACCOUNTS,
    severity=(Severity.INFO, "Hygiene: auditors may have another role. Below Prowler for that reason."),
    title=mark("No role for security audits"),
    question="Does no user, group or role have the AWS managed policy SecurityAudit?",
    remediation=mark(
        "Create a role with the AWS managed policy SecurityAudit, which lets auditors read the configuration, "
        "but no data."
    ),
    standards=("NIST 800-53 AU-6",),
)
def no_audit_role(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """By attachment: the policy has hundreds of actions, which no other one resembles."""
    policy = f"arn:{account.partition}:iam::aws:policy/SecurityAudit"
    if survey.references(account).carriers.get(policy) or account.is_truncated:
        return
    missing = [
        (one.attachment_count or 0) - held
        for other in survey.snapshot.accounts
        for one, held in attachments_not_captured(survey, other)
        # Another account's entry may be this one's, if several accounts came in one file.
        if one.arn == policy and (other is account or all(own.arn != policy for own in account.policies))
    ]
    if missing:
        count = sum(missing)
        yield CheckResult(
            nphrase(
                "Whether a user, group or role has the AWS managed policy SecurityAudit cannot be determined: AWS "
                "counts {count:,} attachment that was not captured.",
                "Whether a user, group or role has the AWS managed policy SecurityAudit cannot be determined: AWS "
                "counts {count:,} attachments that were not captured.",
                count,
            ),
            (Evidence(phrase("AttachmentCount of {policy}.", policy=policy), policy_key=policy),),
            state=State.INCONCLUSIVE,
        )
        return
    yield CheckResult(
        phrase("No user, group or role has the AWS managed policy SecurityAudit."),
        (Evidence(phrase("The snapshot lists no attachment of {policy}.", policy=policy)),),
    )


@check(
    "HYG-15",
    over=ACCOUNTS,
    severity=(Severity.LOW, "What AWS took away since then is still allowed: order, until it is read."),
    title=mark("Deprecated AWS managed policy"),
    question="Is an AWS managed policy attached that AWS no longer lists?",
    remediation=mark(
        "Attach the policy that AWS names as its replacement, then detach the deprecated one: it cannot be attached "
        "again."
    ),
    standards=("NIST 800-53 AC-6",),
)
def deprecated_policies(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """AWS deprecates a managed policy when it removes permissions from it; who has it keeps them.

    AWS Managed Policy Reference Guide, "What are AWS managed policies?" (Deprecated AWS managed policies). Only of the
    partition aws, which the list is of, and unless the policy is newer than the list.
    """
    known = aws_managed_policies()
    held = survey.references(account)
    for arn, carriers in held.carriers.items():
        policy = held.policies.get(arn) if arn.startswith("arn:aws:iam::aws:") else None
        if policy is None or policy.update_date is None or known.find(arn) is not None:
            continue
        if policy.update_date.date() < known.as_of:
            yield _deprecated(policy, tuple(carriers))


def _deprecated(policy: ManagedPolicyDetail, carriers: Sequence[Principal | GroupDetail]) -> CheckResult:
    known = aws_managed_policies()
    return CheckResult(
        nphrase(
            "AWS no longer lists {policy}; {count:,} user, group or role has it: {names}.",
            "AWS no longer lists {policy}; {count:,} users, groups and roles have it: {names}.",
            len(carriers),
            policy=policy.policy_name,
            names=enumerated(map(name_of, carriers)),
        ),
        (
            Evidence(
                phrase(
                    "It is not among the {count:,} AWS managed policies of {as_of:%Y-%m-%d}; AWS changed it last on "
                    "{changed:%Y-%m-%d}.",
                    count=len(known),
                    as_of=known.as_of,
                    changed=policy.update_date,
                ),
                policy_key=policy.arn,
            ),
        ),
        object=policy.arn,
    )
