"""Unused users, groups, roles and policies, and policies attached directly to users."""

import re
from collections.abc import Iterator
from datetime import timedelta

from iamdesk.checks.aws_tools import CONTROL_TOWER, ORGANIZATIONS, QUICK_SETUP, STACK_SETS, origin_of
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.remediation_commands import command
from iamdesk.checks.targets import CUSTOMER_POLICIES, GROUPS, ROLES, USERS, is_reserved
from iamdesk.checks.words import enumerated
from iamdesk.i18n import join_messages, join_names, mark, nphrase, phrase
from iamdesk.inventory.keys import inline_policy_key
from iamdesk.snapshot.model import Account, GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail
from iamdesk.viewmodel.workload_rows import runs_with_rows, workload_name

_MAX_ATTACHED = 10
TRACKED_DAYS = 400
"""AWS's tracking period for the last use of a role, in days.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
"""


@check(
    "HYG-01",
    over=USERS,
    severity=(Severity.LOW, "Hygiene: what the policies allow is reported separately."),
    title=mark("User with directly attached policies"),
    question="Does a user have policies attached directly, not through a group?",
    remediation=mark(
        "Attach the policies to a group for the job and make the user a member; then detach them from the user."
    ),
    standards=("CIS AWS Foundations 7.0 2.13", "CIS AWS Foundations 3.0 1.15", "AWS FSBP IAM.2", "NIST 800-53 AC-6"),
)
def user_with_own_policies(_survey: CheckContext, _account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """Yield one finding per user, with each policy as evidence."""
    names = [policy.policy_name for policy in user.attached_managed_policies]
    names += [policy.policy_name for policy in user.user_policy_list]
    evidence = [
        Evidence(phrase("{policy} is attached to the user.", policy=policy.policy_name), policy_key=policy.policy_arn)
        for policy in user.attached_managed_policies
    ]
    evidence += [
        Evidence(
            phrase("{policy} is an inline policy of the user.", policy=policy.policy_name),
            policy_key=inline_policy_key(user.arn, policy.policy_name),
        )
        for policy in user.user_policy_list
    ]
    if evidence:
        sentence = nphrase(
            "{user} has {count:,} policy attached directly: {policies}.",
            "{user} has {count:,} policies attached directly: {policies}.",
            len(names),
            user=user.user_name,
            policies=enumerated(names),
        )
        yield CheckResult(sentence, tuple(evidence))


@check(
    "HYG-02",
    over=USERS,
    severity=(Severity.LOW, "Nothing is allowed."),
    title=mark("User without any permission"),
    question="Is a user in no group and without a policy?",
    remediation=mark("Delete the user if it is not needed: its password and access keys remain valid until then."),
    standards=("ISO 27001:2022 A.5.18",),
)
def user_without_permissions(_survey: CheckContext, _account: Account, user: UserDetail) -> Iterator[CheckResult]:
    """Report users without any identity policy."""
    if not (user.group_list or user.attached_managed_policies or user.user_policy_list):
        yield CheckResult(
            phrase(
                "{user} is in no group and has no policy: only resource policies and trust policies that name it can "
                "grant it access.",
                user=user.user_name,
            ),
            (Evidence(phrase("The snapshot lists no group, no attached policy and no inline policy for the user.")),),
        )


@check(
    "HYG-03",
    over=GROUPS,
    severity=(Severity.LOW, "Nothing is allowed."),
    title=mark("Group without members or permissions"),
    question="Does a group have no members, or no policies?",
    remediation=mark("Delete the group, or add the members or policies that it is intended for."),
)
def idle_group(survey: CheckContext, account: Account, group: GroupDetail) -> Iterator[CheckResult]:
    """Report groups without members or without policies."""
    lacks = []
    if not survey.references(account).members.get(group.group_name):
        lacks.append(mark("no members"))
    if not (group.attached_managed_policies or group.group_policy_list):
        lacks.append(mark("no policies"))
    if lacks:
        whole = not account.is_truncated
        is_empty = len(lacks) > 1 and whole  # only then can it be deleted
        yield CheckResult(
            phrase(
                "{group} has {lacks}.",
                group=group.group_name,
                lacks=join_messages(phrase(" and "), [phrase(lack) for lack in lacks]),
            ),
            (
                Evidence(
                    nphrase(
                        "The snapshot lists {count:,} user of the account.",
                        "The snapshot lists {count:,} users of the account.",
                        len(account.users),
                    )
                ),
            ),
            object=",".join(lacks),
            remediation_command=command("iam", "delete-group", "--group-name", group.group_name) if is_empty else "",
            # Without every user of the account, a group may have members that the snapshot does not hold.
            state=State.FOUND if whole or "no members" not in lacks else State.INCONCLUSIVE,
        )


@check(
    "HYG-04",
    over=CUSTOMER_POLICIES,
    severity=(Severity.LOW, "No principal has it."),
    title=mark("Unattached customer managed policy"),
    question="Is a customer managed policy not attached and not used as a boundary?",
    remediation=mark("Delete the policy; its text remains in this snapshot."),
)
def unattached_policy(survey: CheckContext, account: Account, policy: ManagedPolicyDetail) -> Iterator[CheckResult]:
    """Report policies without attachments or use as a boundary, by AWS's counts and by the snapshot."""
    if (policy.attachment_count, policy.permissions_boundary_usage_count) != (None, None):
        if policy.attachment_count or policy.permissions_boundary_usage_count:
            return
        proof = phrase("AWS counts 0 attachments and 0 uses as a permissions boundary.")
    else:
        proof = phrase("No user, group or role of the snapshot has it attached or as its boundary.")
    is_single = len(policy.policy_version_list) == 1  # older versions have to be deleted first
    used = survey.references(account)
    if policy.arn not in used.carriers and policy.arn not in used.bounded:
        yield CheckResult(
            phrase(
                "{policy} is not attached to any principal and not used as a permissions boundary.",
                policy=policy.policy_name,
            ),
            (Evidence(proof, policy_key=policy.arn),),
            remediation_command=command("iam", "delete-policy", "--policy-arn", policy.arn) if is_single else "",
        )


@check(
    "HYG-05",
    over=ROLES,
    severity=(
        Severity.MEDIUM,
        "Access without use, whose misuse would go unnoticed. Info if something captured is configured with the "
        "role, or it is for emergencies.",
    ),
    title=mark("Unused role"),
    question="Was a role last used long before the snapshot (by default more than 90 days), or never?",
    remediation=mark(
        "Ask the owner. Attach a policy that denies all actions for some time, then delete the role if nothing breaks."
    ),
    standards=("ISO 27001:2022 A.5.18", "NIST 800-53 AC-2(3)"),
)
def unused_role(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Compare the last use with the snapshot's time; CMP-10 reports missing data about use, once for the account.

    Roles whose name shows that they are for emergencies, and roles that something runs with, are reported as info.
    """
    latest, use = survey.latest(account), role.role_last_used
    if use is None or latest is None or not survey.references(account).knows_last_use:
        return
    state = State.FOUND
    if use.last_used_date is not None:
        age = latest - use.last_used_date
        sentence = phrase("{role} was last used {days:,} days before the snapshot.", role=role.role_name, days=age.days)
        dates = {"day": f"{use.last_used_date:%Y-%m-%d}", "latest": f"{latest:%Y-%m-%d}"}
        proof = phrase("Last used on {day}; the snapshot is dated {latest}.", **dates)
        if use.region:
            proof = phrase(
                "Last used on {day} in {region}; the snapshot is dated {latest}.", region=use.region, **dates
            )
    elif role.create_date is not None:
        age = latest - role.create_date
        sentence = phrase(
            "{role} was created {days:,} days before the snapshot and was not used within AWS's tracking period.",
            role=role.role_name,
            days=age.days,
        )
        proof = phrase(
            "Created on {day}; no use within AWS's tracking period of {tracked} days.",
            day=role.create_date.date().isoformat(),
            tracked=TRACKED_DAYS,
        )
    else:
        age, state = None, State.INCONCLUSIVE
        sentence = phrase(
            "{role} was not used within AWS's tracking period; its age was not captured.", role=role.role_name
        )
        proof = phrase("No use within AWS's tracking period of {tracked} days; no creation date.", tracked=TRACKED_DAYS)
    if age is None or age > timedelta(days=survey.thresholds.unused_access_days):
        of_tool = _OF_TOOLS.get(origin_of(role.arn), "")
        remediation, severity = (
            (phrase(_ASSIGNMENTS) if is_reserved(role) else phrase(of_tool) if of_tool else None),
            None,
        )
        evidence = [Evidence(proof)]
        rows = runs_with_rows(survey.workloads, role.arn)
        if rows:
            names = [workload_name(arn) for row in rows for arn, _ in row.resources]
            evidence.append(Evidence(phrase("It is the role of {names}.", names=join_names(names, 5))))
            remediation, severity = phrase(_CONFIGURED), Severity.INFO
        if _FOR_EMERGENCIES.search(role.role_name):
            remediation, severity = phrase(_REHEARSE), Severity.INFO
        remediation_command = _deny_all(account, role) if remediation is None and state is State.FOUND else ""
        yield CheckResult(
            sentence,
            tuple(evidence),
            state=state,
            remediation=remediation,
            severity=severity,
            remediation_command=remediation_command,
        )


def _deny_all(account: Account, role: RoleDetail) -> str:
    """Return the command that denies a role everything until the policy is detached: the first half of the remedy.

    AWSDenyAll: AWS Managed Policy Reference Guide. A role has at most 10 managed policies by default (IAM quotas).
    """
    if len(role.attached_managed_policies) >= _MAX_ATTACHED:
        return ""
    policy = f"arn:{account.partition}:iam::aws:policy/AWSDenyAll"
    return command("iam", "attach-role-policy", "--role-name", role.role_name, "--policy-arn", policy)


_FOR_EMERGENCIES = re.compile(r"break[-_ ]?glass|emergency|incident|(?<!auto)(?<!auto[-_ ])responder", re.IGNORECASE)
"""Names of roles for emergencies and for those who respond to incidents."""
_REHEARSE = mark("Test the role regularly, if it is kept for emergencies, so that it works when it is needed.")
_OF_TOOLS = {
    ORGANIZATIONS: mark(
        "Keep the role if the management account is to have access to this account: AWS Organizations created it for "
        "that, and it is rarely used. Otherwise make sure that another role gives that access, then delete it."
    ),
    STACK_SETS: mark(
        "Do not change or deny the role by hand: StackSets deploys into this account with it. If no stack set "
        "targets the account any longer, remove the account from the stack set or turn off its deployments in "
        "CloudFormation."
    ),
    QUICK_SETUP: mark(
        "Do not change or deny the role by hand: AWS Quick Setup created it and deploys with it. Delete the "
        "configuration in Quick Setup if it is not needed; its stack then deletes the role."
    ),
    CONTROL_TOWER: mark(
        "Do not change or deny the role by hand: AWS Control Tower manages the account with it, and reports a change "
        "as drift."
    ),
}
"""What to do with an unused role that a tool of AWS maintains. Sources: as for `aws_tools`."""
_CONFIGURED = mark(
    "Ask the owner whether what runs with the role is still needed. Delete that first, or give it another role; "
    "otherwise it fails."
)
_ASSIGNMENTS = mark(
    "Review who is assigned the permission set in IAM Identity Center, and remove unneeded assignments."
)
