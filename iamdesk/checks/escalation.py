"""Who may make more of themselves than they were given, in one step."""

from collections.abc import Iterator

from iamdesk.checks.check import Hit, check
from iamdesk.checks.finding import Evidence, Severity
from iamdesk.checks.subjects import PRINCIPALS
from iamdesk.checks.survey import Survey
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.verdict import Verdict
from iamdesk.index.references import name_of
from iamdesk.reach.administration import FULL_ACCESS, Principal, asked_whether, is_administrator
from iamdesk.snapshot.model import Account, AttachedPolicy, UserDetail


@check(
    "ADM-18",
    over=PRINCIPALS,
    title="May make itself an administrator",
    severity=Severity.HIGH,
    question="May a user or role that is no administrator change the policies that it carries itself?",
    remedy="Take away the permission to change its own policies, or bind it with a permissions boundary that it may "
    "not remove.",
    standards=("NIST 800-53 AC-6", "SOC 2 CC6.3"),
)
def makes_itself_administrator(survey: Survey, account: Account, principal: Principal) -> Iterator[Hit]:
    """Asked on its own ARN, its groups and its policies. A boundary that stays in place limits what it gains."""
    if is_administrator(survey, account, principal):
        return
    carried = survey.evaluator.index.carried(principal.arn)
    ways: list[Evidence] = []
    hangs: dict[str, None] = {}
    for action, resource, context, says in _own_changes(survey, account, principal):
        if not survey.speaks_of(principal.arn, action):
            continue
        if survey.verdict(principal.arn, action, resource, context) in (Verdict.ALLOWED, Verdict.CONDITIONAL):
            decision = survey.ask(principal.arn, action, resource, context)
            if decision.decision in (Verdict.ALLOWED, Verdict.CONDITIONAL):
                ways.append(Evidence(asked_whether(says), decision))
                hangs.update(dict.fromkeys(decision.missing_context_values))
    if not ways:
        return
    if carried.has_boundary:
        kind = "User" if isinstance(principal, UserDetail) else "Role"
        action = f"iam:Delete{kind}PermissionsBoundary"
        verdict = survey.verdict(principal.arn, action, principal.arn)
        if verdict not in (Verdict.ALLOWED, Verdict.CONDITIONAL):
            return
        ways.append(
            Evidence(
                asked_whether("remove its own permissions boundary"), survey.ask(principal.arn, action, principal.arn)
            )
        )
    unconditional = [way for way in ways if way.decision and way.decision.decision is Verdict.ALLOWED]
    actions = enumerated(dict.fromkeys(way.decision.request.action for way in ways if way.decision))
    if unconditional:
        yield Hit(f"{name_of(principal)} may make itself an administrator, by {actions}.", tuple(ways))
    else:
        yield Hit(
            f"{name_of(principal)} may make itself an administrator by {actions}, under a condition on "
            f"{enumerated(hangs)}.",
            tuple(ways),
            severity=Severity.MEDIUM,
        )


def _own_changes(
    survey: Survey, account: Account, principal: Principal
) -> Iterator[tuple[str, str, dict[str, str], str]]:
    """Yield what a principal could change about itself: (action, resource, context, in words)."""
    full = {"iam:PolicyARN": f"arn:{account.partition}:iam::aws:policy/{FULL_ACCESS}"}
    kind = "User" if isinstance(principal, UserDetail) else "Role"
    yield f"iam:Put{kind}Policy", principal.arn, {}, "write an inline policy of its own"
    yield f"iam:Attach{kind}Policy", principal.arn, full, f"attach {FULL_ACCESS} to itself"
    holders: list[tuple[str, tuple[AttachedPolicy, ...]]] = [("itself", principal.attached_managed_policies)]
    if isinstance(principal, UserDetail):
        for name in principal.group_list:
            group = survey.references(account).groups.get(name)
            if group is not None:
                yield "iam:PutGroupPolicy", group.arn, {}, f"write an inline policy of its group {name}"
                yield "iam:AttachGroupPolicy", group.arn, full, f"attach {FULL_ACCESS} to its group {name}"
                holders.append((f"its group {name}", group.attached_managed_policies))
    for holder, policies in holders:
        for policy in policies:
            if policy.policy_arn.split(":", 5)[4:5] != ["aws"]:
                says = f"change {policy.policy_name}, which {holder} carries"
                yield "iam:CreatePolicyVersion", policy.policy_arn, {}, says
