"""What the snapshot does not hold. Told first: every other finding rests on what it does hold."""

from collections.abc import Iterator, Sequence

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
from iamdesk.snapshot.model import Account
from iamdesk.viewmodel.tree_builder import NodeKind

ORGANIZATION_UNKNOWN = "organization-unknown"
"""Code of the engine's assumption that nothing but the captured policies limits the account."""
_MOST_NAMED = 50
_RECAPTURE = mark(
    "Capture the account again without `--filter` and without `--max-items`: "
    "`aws iam get-account-authorization-details`."
)


@check(
    "CMP-01",
    over=ACCOUNTS,
    title=mark("Pages of the account are missing"),
    severity=Severity.HIGH,
    question="Does the last captured page of the account say that more follow?",
    remedy=_RECAPTURE,
)
def truncated(_survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Principals may be missing altogether: nothing can be said of them."""
    if account.is_truncated:
        yield CheckResult(
            phrase(
                "Account {account} is not complete: its last page says that more follow, so there are users, groups, "
                "roles or policies of which nothing is told here.",
                account=account.account_id,
            ),
            (Evidence(phrase("The last page read has IsTruncated true, or a Marker that leads to another page.")),),
        )


@check(
    "CMP-02",
    over=ACCOUNTS,
    title=mark("Attachments not captured"),
    severity=Severity.MEDIUM,
    question="Does AWS count more attachments of a policy than were captured?",
    remedy=_RECAPTURE,
)
def attachments_do_not_add_up(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """AWS's count against that of the snapshot: a control total. Fewer by AWS's count means that time has passed."""
    held = survey.references(account).carriers
    more = [
        (policy, len(held.get(policy.arn, ())))
        for policy in account.policies
        if policy.attachment_count is not None and policy.attachment_count > len(held.get(policy.arn, ()))
    ]
    if more:
        names = enumerated(policy.policy_name for policy, _ in more)
        yield CheckResult(
            nphrase(
                "AWS counts more attachments of {count:,} policy than the snapshot holds: {names}. Who else has them "
                "is not told here.",
                "AWS counts more attachments of {count:,} policies than the snapshot holds: {names}. Who else has them "
                "is not told here.",
                len(more),
                names=names,
            ),
            tuple(
                Evidence(
                    phrase(
                        "{policy}: AWS counts {counted:,}, the snapshot holds {held:,}.",
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
    """Return the finding that tells of an AWS managed policy whose document is not the snapshot's own."""
    name = last_of_arn(arn)
    day = f"{aws_managed_policies().as_of:%Y-%m-%d}"
    return CheckResult(
        nphrase(
            "The snapshot does not hold the AWS managed policy {policy}, which {who} has: what is told of it is what "
            "AWS had published by {day}.",
            "The snapshot does not hold the AWS managed policy {policy}, which {who} have: what is told of it is what "
            "AWS had published by {day}.",
            len(carriers),
            policy=name,
            who=enumerated(name_of(one) for one in carriers),
            day=day,
        ),
        tuple(Evidence(phrase("{arn} has it.", arn=one.arn), policy_key=arn) for one in carriers[:_MOST_NAMED]),
        title=mark("AWS managed policy that is not in the snapshot"),
        severity=Severity.LOW,
        subject=Subject(arn, name, NodeKind.MISSING),
    )


@check(
    "CMP-03",
    over=ACCOUNTS,
    title=mark("Policy or group not captured"),
    severity=Severity.MEDIUM,
    question="Is an attached policy, or a group with members, missing from the snapshot?",
    remedy=mark(
        "Capture the account again without `--filter` and without `--max-items`: "
        "`aws iam get-account-authorization-details`. An AWS managed policy that serves only as a boundary is not "
        "printed: it is taken as AWS had published it. Where that may have changed, look at the policy in the account "
        "itself."
    ),
)
def missing_documents(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """One finding for each missing thing, with those whose permissions it leaves open as evidence."""
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
            what.append(phrase("gives {names}", names=enumerated(name_of(one) for one in attached)))
        if bounded:
            what.append(phrase("as a boundary leaves {names}", names=enumerated(name_of(one) for one in bounded)))
        evidence = [Evidence(phrase("{arn} has it attached.", arn=one.arn)) for one in attached]
        evidence += [Evidence(phrase("{arn} has it as permissions boundary.", arn=one.arn)) for one in bounded]
        yield CheckResult(
            phrase(
                "What {policy} {does} cannot be told: the snapshot does not hold its document.",
                policy=last_of_arn(arn),
                does=join_messages(phrase(" and "), what),
            ),
            tuple(evidence[:_MOST_NAMED]),
            state=State.CANNOT_TELL,
            subject=Subject(arn, last_of_arn(arn), NodeKind.MISSING),
        )
    for name in sorted(used.missing_groups()):
        members = used.members[name]
        yield CheckResult(
            phrase(
                "What group {group} gives {users} cannot be told: the snapshot does not hold the group.",
                group=name,
                users=enumerated(user.user_name for user in members),
            ),
            tuple(Evidence(phrase("{arn} is a member.", arn=user.arn)) for user in members[:_MOST_NAMED]),
            state=State.CANNOT_TELL,
            subject=Subject(used.group_key(name), name, NodeKind.MISSING),
        )


_DAMAGED = mark(
    "Look at the text in the account itself: AWS refuses such a thing, so it was probably damaged when it was captured "
    "or copied. Then capture it again."
)


@check(
    "CMP-11",
    over=ACCOUNTS,
    title=mark("Entry that cannot be read"),
    severity=Severity.MEDIUM,
    question="Is an entry of the account not as AWS prints it?",
    remedy=_DAMAGED,
)
def unreadable_entry(_survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Users, groups, roles and policies that the reader set aside."""
    for entry in account.broken:
        yield CheckResult(
            phrase(
                "{entry} of {list} is not as AWS prints it; what it may do is not told here.",
                entry=entry.name,
                list=entry.list_name,
            ),
            tuple(
                Evidence(phrase("{file}: {path}: {message}", file=one.file, path=one.json_path, message=one.message))
                for one in entry.problems[:_MOST_NAMED]
            ),
            object=f"{entry.list_name} {entry.name}",
            state=State.CANNOT_TELL,
            subject=Subject(entry.arn or account.account_id, entry.name, NodeKind.BROKEN),
        )


@check(
    "CMP-05",
    over=ACCOUNTS,
    title=mark("Account of the organization without a snapshot"),
    severity=Severity.INFO,
    question="Does the organization have accounts that were not captured?",
    remedy=mark("Capture these accounts too, or record why they are out of scope."),
    standards=("PCI DSS 4.0 7.2.4",),
)
def accounts_not_captured(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Once for the whole snapshot, told of its first account."""
    missing = sorted(survey.own_accounts - survey.held_accounts)
    if missing and survey.is_first(account):
        yield CheckResult(
            nphrase(
                "The organization has {count:,} account of which the snapshot holds nothing: {accounts}.",
                "The organization has {count:,} accounts of which the snapshot holds nothing: {accounts}.",
                len(missing),
                accounts=enumerated(missing),
            ),
            tuple(Evidence(phrase("Account {account}.", account=number)) for number in missing),
        )


@check(
    "CMP-08",
    over=WRITTEN,
    title=mark("Policy that cannot be read"),
    severity=Severity.MEDIUM,
    question="Is a policy so malformed that its effect cannot be determined?",
    remedy=_DAMAGED,
)
def unreadable_policy(_survey: CheckContext, _account: Account, written: PolicySource) -> Iterator[CheckResult]:
    """Policies that hold a statement which nobody can evaluate; what merely looks odd is `iamdesk validate`'s."""
    document = written.policy.document
    broken = [statement for statement in document.statements if statement.broken is not None]
    if broken or (document.diagnostics and not document.statements):
        wrong = [
            Evidence(
                phrase("{path}: {message}.", path=json_path(found.path), message=found.message),
                policy_key=written.policy.key,
            )
            for found in document.diagnostics[:_MOST_NAMED]
        ]
        names = {"policy": written.policy.name, "origin": written.origin}
        sentence = phrase(
            "{policy} ({origin}) cannot be read: what it would grant or deny is not part of any answer.", **names
        )
        if broken:
            sentence = nphrase(
                "{policy} ({origin}) cannot be read: what {count:,} statement of it would grant or deny is not part of "
                "any answer.",
                "{policy} ({origin}) cannot be read: what {count:,} statements of it would grant or deny is not part "
                "of any answer.",
                len(broken),
                **names,
            )
        yield CheckResult(
            sentence,
            tuple(wrong),
            state=State.CANNOT_TELL,
        )


@check(
    "CMP-09",
    over=ACCOUNTS,
    title=mark("Service-linked roles were left out"),
    severity=Severity.INFO,
    question="Which roles were not checked because a service owns them?",
    remedy=mark(
        "Nothing to do: only AWS changes what these roles may do. Delete one, where it is not needed, in the "
        "service that it belongs to."
    ),
)
def service_linked_roles_left_out(_survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Left out is not absent: they are counted and named here (rule E11)."""
    roles = [role for role in account.roles if is_service_linked(role)]
    if roles:
        yield CheckResult(
            nphrase(
                "{count:,} service-linked role of account {account} was left out: {roles}.",
                "{count:,} service-linked roles of account {account} were left out: {roles}.",
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
    title=mark("Last use of roles not captured"),
    severity=Severity.INFO,
    question="Was the last use of each role captured?",
    remedy=mark("Capture with a current AWS CLI: `aws iam get-account-authorization-details` prints `RoleLastUsed`."),
)
def use_not_captured(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Once for an account: no data is not the same as no use."""
    known = survey.references(account).knows_last_use
    unknown = [role for role in own_roles(account) if role.role_last_used is None or not known]
    if unknown:
        yield CheckResult(
            nphrase(
                "Whether {count:,} role of account {account} is used cannot be told: the snapshot does not say when.",
                "Whether {count:,} roles of account {account} are used cannot be told: the snapshot does not say when.",
                len(unknown),
                account=account.account_id,
            ),
            tuple(Evidence(phrase("{arn} has no date of last use.", arn=role.arn)) for role in unknown[:_MOST_NAMED]),
            state=State.CANNOT_TELL,
            subject=account_subject(account),
        )


@check(
    "CMP-12",
    over=ACCOUNTS,
    title=mark("Service control policies were not captured"),
    severity=Severity.INFO,
    question="Were the organization policies that limit the account captured?",
    remedy=mark(
        "Where the account is in an organization, look up what its service control policies deny before a finding "
        "is taken for the last word. They never grant anything, so nothing is missing from the findings."
    ),
)
def organization_not_captured(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Asked of the engine: its answer for the root user says whether it knew the organization (rules B3, B6)."""
    root = f"arn:{account.partition}:iam::{account.account_id}:root"
    decision = survey.ask(root, "ec2:DescribeInstances", "*")
    if any(assumption.code == ORGANIZATION_UNKNOWN for assumption in decision.assumptions):
        yield CheckResult(
            phrase(
                "What service control policies deny in account {account} is not in the snapshot: what is called "
                "allowed here may be denied by one of them.",
                account=account.account_id,
            ),
            (Evidence(phrase("Asked what the root user may do."), decision),),
            subject=account_subject(account),
        )


@check(
    "CMP-13",
    over=ACCOUNTS,
    title=mark("Checks that were not run"),
    severity=Severity.INFO,
    question="Does the snapshot lack data that checks need?",
    remedy=mark("Capture a bundle with iamdesk collect, or add the named output to the snapshot's folder."),
)
def not_run(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Told once for each kind of data: a check that was not run has not passed."""
    lacking: dict[Data, list[str]] = {}
    for check_id, data in survey.needs:
        if not is_held(survey.snapshot, account.account_id, data):
            lacking.setdefault(data, []).append(check_id)
    for data, listed in lacking.items():
        ids = sorted(listed)
        yield CheckResult(
            nphrase(
                "{count:,} check not run: {checks} needs {data}.",
                "{count:,} checks not run: {checks} need {data}.",
                len(ids),
                checks=enumerated(ids, most=20),
                data=phrase(data.value),
            ),
            tuple(
                Evidence(phrase("{check} was not run: it needs {data}.", check=check_id, data=phrase(data.value)))
                for check_id in ids
            ),
            object=data.value,
            state=State.CANNOT_TELL,
        )
