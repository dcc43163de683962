"""Missing data in the snapshot, reported first because it limits every other finding."""

from collections.abc import Iterator, Sequence

from iamdesk.attack_paths.types import not_searched
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.policy_documents import WRITTEN, PolicySource
from iamdesk.checks.prerequisites import Data, is_held
from iamdesk.checks.targets import ACCOUNTS, Subject, account_subject, own_roles
from iamdesk.checks.words import enumerated
from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.inventory.references import Principal, is_service_linked, last_of_arn, name_of
from iamdesk.inventory.validation import json_path
from iamdesk.snapshot.aws_managed import aws_managed_policies
from iamdesk.snapshot.model import Account, ManagedPolicyDetail
from iamdesk.viewmodel.tree_builder import NodeKind

ORGANIZATION_UNKNOWN = "organization-unknown"
"""Code of the evaluator's assumption that only the captured policies limit the account."""
_MAX_NAMED = 50
_RECAPTURE = mark(
    "Capture the account again without `--filter` and without `--max-items`: "
    "`aws iam get-account-authorization-details`."
)


@check(
    "CMP-01",
    over=ACCOUNTS,
    severity=(Severity.HIGH, "Every other result may lack principals and policies."),
    title=mark("Account captured incompletely"),
    question="Does the last captured page of the account indicate that more pages follow?",
    remediation=_RECAPTURE,
)
def truncated(_survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Report an account of which whole pages are missing, with their principals and policies."""
    if account.is_truncated:
        yield CheckResult(
            phrase(
                "Account {account} was captured incompletely: more pages follow the last one, so users, groups, "
                "roles or policies are missing from all results.",
                account=account.account_id,
            ),
            (Evidence(phrase("The last page has IsTruncated true, or a Marker of a further page.")),),
        )


def attachments_not_captured(survey: CheckContext, account: Account) -> list[tuple[ManagedPolicyDetail, int]]:
    """Return the policies of an account of which AWS counts more attachments than were captured, with what was.

    The entry of an AWS managed policy names no account. Where several accounts came in one file, it may be the entry of
    another one that has none: attachments there count, too.
    """
    found = []
    for policy in account.policies:
        if policy.attachment_count is None:
            continue
        held = len(survey.references(account).carriers.get(policy.arn, ()))
        if policy.is_aws_managed and policy.attachment_count > held:
            held += sum(
                len(survey.references(other).carriers.get(policy.arn, ()))
                for other in survey.snapshot.accounts
                if other is not account and all(one.arn != policy.arn for one in other.policies)
            )
        if policy.attachment_count > held:
            found.append((policy, held))
    return found


@check(
    "CMP-02",
    over=ACCOUNTS,
    severity=(Severity.MEDIUM, "Some attachments are unknown; those that were captured are evaluated."),
    title=mark("Attachments not captured"),
    question="Does AWS count more attachments of a policy than were captured?",
    remediation=_RECAPTURE,
)
def attachments_do_not_add_up(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Compare AWS's attachment counts with the snapshot's. A lower count of AWS is no sign of missing data."""
    more = attachments_not_captured(survey, account)
    if more:
        names = enumerated(policy.policy_name for policy, _ in more)
        yield CheckResult(
            nphrase(
                "AWS counts more attachments of {count:,} policy than were captured: {names}. Some of its holders "
                "are missing from all results.",
                "AWS counts more attachments of {count:,} policies than were captured: {names}. Some of their "
                "holders are missing from all results.",
                len(more),
                names=names,
            ),
            tuple(
                Evidence(
                    phrase(
                        "{policy}: AWS counts {counted:,}, {held:,} were captured.",
                        policy=policy.policy_name,
                        counted=policy.attachment_count,
                        held=count,
                    ),
                    policy_key=policy.arn,
                )
                for policy, count in more
            ),
        )


def _as_published(arn: str, carriers: Sequence[Principal]) -> CheckResult:
    """Return the finding about an AWS managed policy not captured and is evaluated as published."""
    name = last_of_arn(arn)
    day = f"{aws_managed_policies().as_of:%Y-%m-%d}"
    return CheckResult(
        nphrase(
            "The AWS managed policy {policy} of {who} was not captured. It is evaluated in the version that AWS had "
            "published by {day}.",
            "The AWS managed policy {policy} of {who} was not captured. It is evaluated in the version that AWS had "
            "published by {day}.",
            len(carriers),
            policy=name,
            who=enumerated(name_of(one) for one in carriers),
            day=day,
        ),
        tuple(Evidence(phrase("{arn} has the policy.", arn=one.arn), policy_key=arn) for one in carriers[:_MAX_NAMED]),
        title=mark("AWS managed policy not captured"),
        severity=Severity.LOW,
        subject=Subject(arn, name, NodeKind.MISSING),
    )


@check(
    "CMP-03",
    over=ACCOUNTS,
    severity=(
        Severity.MEDIUM,
        "The permissions of one policy or group are unknown, so its users and roles can have more.",
    ),
    title=mark("Policy or group not captured"),
    question="Is an attached policy, or a group with members, missing from the snapshot?",
    remediation=mark(
        "Capture the account again without `--filter` and without `--max-items`: `aws iam "
        "get-account-authorization-details`. The command does not print AWS managed policies that are used only as a "
        "boundary: these are evaluated as AWS had published them. Review the policy in the account if it may have "
        "changed since."
    ),
)
def missing_documents(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Yield one finding for each missing policy or group, with the principals that it affects as evidence."""
    used = survey.references(account)
    for arn in sorted(used.carriers.keys() | used.bounded.keys()):
        is_known = survey.evaluator.index.document_of(account.account_id, arn) is not None
        if is_known and not survey.evaluator.index.is_supplied(arn):
            continue
        survey.check_cancelled()
        attached, bounded = used.carriers.get(arn, []), used.bounded.get(arn, [])
        if is_known:
            yield _as_published(arn, [*attached, *bounded])
            continue
        what = []
        if attached:
            what.append(phrase("grants {names}", names=enumerated(name_of(one) for one in attached)))
        if bounded:
            what.append(phrase("allows {names} as a boundary", names=enumerated(name_of(one) for one in bounded)))
        evidence = [Evidence(phrase("{arn} has it attached.", arn=one.arn)) for one in attached]
        evidence += [Evidence(phrase("{arn} has it as permissions boundary.", arn=one.arn)) for one in bounded]
        yield CheckResult(
            phrase(
                "What {policy} {does} cannot be determined: its document was not captured.",
                policy=last_of_arn(arn),
                does=join_messages(phrase(" and "), what),
            ),
            tuple(evidence[:_MAX_NAMED]),
            state=State.INCONCLUSIVE,
            subject=Subject(arn, last_of_arn(arn), NodeKind.MISSING),
        )
    for name in sorted(used.missing_groups()):
        members = used.members[name]
        yield CheckResult(
            phrase(
                "What group {group} grants {users} cannot be determined: the group was not captured.",
                group=name,
                users=enumerated(user.user_name for user in members),
            ),
            tuple(Evidence(phrase("{arn} is a member.", arn=user.arn)) for user in members[:_MAX_NAMED]),
            state=State.INCONCLUSIVE,
            subject=Subject(used.group_key(name), name, NodeKind.MISSING),
        )


_DAMAGED = mark(
    "Compare it with the account itself, then capture it again: AWS rejects such content, so it was probably damaged "
    "during capture or copying."
)


@check(
    "CMP-11",
    over=ACCOUNTS,
    severity=(Severity.MEDIUM, "An entry of the account is not evaluated."),
    title=mark("Malformed entry"),
    question="Is an entry of the account malformed?",
    remediation=_DAMAGED,
)
def unreadable_entry(_survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Report users, groups, roles and policies that the reader could not parse."""
    for entry in account.broken:
        yield CheckResult(
            phrase(
                "{entry} of {list} is malformed: its permissions are missing from all results.",
                entry=entry.name,
                list=entry.list_name,
            ),
            tuple(
                Evidence(phrase("{file}: {path}: {message}", file=one.file, path=one.json_path, message=one.message))
                for one in entry.problems[:_MAX_NAMED]
            ),
            object=f"{entry.list_name} {entry.name}",
            state=State.INCONCLUSIVE,
            subject=Subject(entry.arn or account.account_id, entry.name, NodeKind.BROKEN),
        )


@check(
    "CMP-05",
    over=ACCOUNTS,
    severity=(Severity.INFO, "Shows how far the review reaches; nothing is wrong in the account."),
    title=mark("Organization account not captured"),
    question="Does the organization have accounts that were not captured?",
    remediation=mark("Capture these accounts as well, or document why they are out of scope."),
    standards=("PCI DSS 4.0 7.2.4",),
)
def accounts_not_captured(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Report once for the snapshot, with its first account."""
    missing = sorted(survey.own_accounts - survey.held_accounts)
    if missing and survey.is_first(account):
        yield CheckResult(
            nphrase(
                "{count:,} account of the organization was not captured: {accounts}.",
                "{count:,} accounts of the organization were not captured: {accounts}.",
                len(missing),
                accounts=enumerated(missing),
            ),
            tuple(Evidence(phrase("Account {account}.", account=number)) for number in missing),
        )


@check(
    "CMP-08",
    over=WRITTEN,
    severity=(Severity.MEDIUM, "What the policy allows is unknown, so its users and roles can have more."),
    title=mark("Malformed policy"),
    question="Is a policy so malformed that its effect cannot be determined?",
    remediation=_DAMAGED,
)
def unreadable_policy(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Report policies with statements that cannot be evaluated; `iamdesk validate` lists lesser problems."""
    document = written.policy.document
    broken = [statement for statement in document.statements if statement.broken is not None]
    if broken or (document.diagnostics and not document.statements):
        wrong = [
            Evidence(
                phrase("{path}: {message}.", path=json_path(found.path), message=found.message),
                policy_key=written.policy.key,
            )
            for found in document.diagnostics[:_MAX_NAMED]
        ]
        sentence = phrase("The {policy} is malformed: it is ignored in all results.", policy=written.title)
        if broken:
            sentence = nphrase(
                "The {policy} is malformed: {count:,} of its statements is ignored in all results.",
                "The {policy} is malformed: {count:,} of its statements are ignored in all results.",
                len(broken),
                policy=written.title,
            )
        yield CheckResult(
            sentence,
            tuple(wrong),
            state=State.INCONCLUSIVE,
        )


@check(
    "CMP-09",
    over=ACCOUNTS,
    severity=(Severity.INFO, "Only AWS can change these roles."),
    title=mark("Service-linked roles not checked"),
    question="Does the account have service-linked roles, which are not checked?",
    remediation=mark(
        "No action needed: only AWS can change the permissions of these roles. Delete an unneeded one through the "
        "service it belongs to."
    ),
)
def service_linked_roles_left_out(_survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Count and name the roles that the other checks skip (rule E11)."""
    roles = [role for role in account.roles if is_service_linked(role)]
    if roles:
        yield CheckResult(
            nphrase(
                "{count:,} service-linked role of account {account} was not checked: {roles}.",
                "{count:,} service-linked roles of account {account} were not checked: {roles}.",
                len(roles),
                account=account.account_id,
                roles=enumerated(role.role_name for role in roles),
            ),
            tuple(Evidence(role.arn) for role in roles),
            subject=account_subject(account),
        )


@check(
    "CMP-10",
    over=ACCOUNTS,
    severity=(Severity.INFO, "Shows how far the review reaches; nothing is wrong in the account."),
    title=mark("Last use of roles not captured"),
    question="Was the last use of any role not captured?",
    remediation=mark(
        "Capture with a current AWS CLI: `aws iam get-account-authorization-details` prints `RoleLastUsed`."
    ),
)
def use_not_captured(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Report once for an account: missing data does not mean that the roles are unused."""
    known = survey.references(account).knows_last_use
    unknown = [role for role in own_roles(account) if role.role_last_used is None or not known]
    if unknown:
        yield CheckResult(
            nphrase(
                "Whether {count:,} role of account {account} is used cannot be determined: its last use was not "
                "captured.",
                "Whether {count:,} roles of account {account} are used cannot be determined: their last use was not "
                "captured.",
                len(unknown),
                account=account.account_id,
            ),
            tuple(Evidence(phrase("{arn} has no last-used date.", arn=role.arn)) for role in unknown[:_MAX_NAMED]),
            state=State.INCONCLUSIVE,
            subject=account_subject(account),
        )


@check(
    "CMP-12",
    over=ACCOUNTS,
    severity=(Severity.INFO, "Shows how far the review reaches; with these policies, results can only be stricter."),
    title=mark("Service control policies not captured"),
    question="Were the organization policies that limit the account not captured?",
    remediation=mark(
        "Check what the service control policies of the account deny before acting on a finding, if it belongs to an "
        "organization: they only restrict, so some findings may not apply. Checks that need them did not run: "
        "see CMP-13."
    ),
)
def organization_not_captured(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Evaluate as the root user: the decision's assumptions show whether the organization is known (rules B3, B6)."""
    root = f"arn:{account.partition}:iam::{account.account_id}:root"
    decision = survey.ask(root, "ec2:DescribeInstances", "*")
    if any(assumption.code == ORGANIZATION_UNKNOWN for assumption in decision.assumptions):
        yield CheckResult(
            phrase(
                "The service control policies of account {account} were not captured: requests reported as allowed "
                "may be denied by one of them.",
                account=account.account_id,
            ),
            (Evidence(phrase("Evaluated ec2:DescribeInstances as the root user."), decision),),
            subject=account_subject(account),
        )


_OBJECTS = {
    Data.LAST_ACCESSED: "the reports of when services were last used",
    Data.PEOPLE: "the people of IAM Identity Center, with whether they are disabled",
}
"""Objects of findings whose data has been renamed since: fingerprints must not change."""


@check(
    "CMP-13",
    over=ACCOUNTS,
    severity=(Severity.INFO, "Shows which checks did not run."),
    title=mark("Checks skipped (missing data)"),
    question="Does the snapshot lack data that checks need?",
    remediation=mark("Capture a bundle with iamdesk collect, or add the named output to the snapshot's folder."),
)
def not_run(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Report once for each kind of data: a skipped check has not passed."""
    lacking: dict[Data, list[str]] = {}
    for check_id, data in survey.needs:
        if not is_held(survey.snapshot, account.account_id, data):
            lacking.setdefault(data, []).append(check_id)
    for data, listed in lacking.items():
        ids = sorted(listed)
        yield CheckResult(
            nphrase(
                "{count:,} check skipped: {checks} needs {data}.",
                "{count:,} checks skipped: {checks} need {data}.",
                len(ids),
                checks=enumerated(ids, most=20),
                data=phrase(data.value),
            ),
            tuple(
                Evidence(phrase("{check} was skipped: it needs {data}.", check=check_id, data=phrase(data.value)))
                for check_id in ids
            ),
            object=_OBJECTS.get(data, data.value),
            state=State.INCONCLUSIVE,
        )


@check(
    "CMP-14",
    over=ACCOUNTS,
    severity=(Severity.INFO, "Shows how far the search reaches; nothing is wrong in the account."),
    title=mark("Attack paths not searched"),
    question="Were attack paths not searched that change own permissions, groups, tags or functions elsewhere?",
    remediation=mark(
        "Look at fewer accounts: `iamdesk paths` of their snapshot searches these paths, too. Restrict who can change "
        "its own policies, add users to groups, change tags of principals, or change the functions."
    ),
)
def paths_not_searched(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Report what was left out: a search that was not made has not found that there is no path."""
    functions = survey.reach.functions_left_out(account.account_id)
    if functions:
        yield CheckResult(
            phrase(
                "Attack paths of other accounts that change functions of account {account} were not searched; the "
                "policies of these functions may allow it: {functions}.",
                account=account.account_id,
                functions=enumerated(map(last_of_arn, functions)),
            ),
            tuple(Evidence(arn) for arn in functions[:_MAX_NAMED]),
            state=State.INCONCLUSIVE,
            subject=account_subject(account),
            object="functions",
        )
    if not survey.is_first(account):
        return
    if not (sentence := not_searched(survey.reach.preparations_left_out)):
        return
    yield CheckResult(sentence, (), state=State.INCONCLUSIVE, subject=account_subject(account), object="preparations")
