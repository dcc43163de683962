"""Service control policies without effect: not attached, or covered by other policies."""

from collections.abc import Iterator

from iamdesk.aws.action_sets import service_actions
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.policy_documents import statement_evidence
from iamdesk.checks.prerequisites import Data, facts_of
from iamdesk.checks.redundant_statements import covers
from iamdesk.checks.targets import ACCOUNTS, Subject
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.policy_set import AttachedPolicy, SourceType
from iamdesk.evaluate.request import PolicyType
from iamdesk.i18n import mark, phrase
from iamdesk.inventory import counts
from iamdesk.inventory.keys import organization_policy_key
from iamdesk.inventory.organization_index import LevelPolicy, OrganizationIndex
from iamdesk.policy.statement import Statement
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.organization import OrganizationPolicy, OrganizationPolicyType
from iamdesk.viewmodel.tree_builder import NodeKind

_SCP = OrganizationPolicyType.SERVICE_CONTROL_POLICY


@check(
    "GRD-06",
    over=ACCOUNTS,
    severity=(Severity.INFO, "Nothing more is allowed, but an expectation is not met."),
    title=mark("Service control policy without effect"),
    question="Is there a service control policy that does not limit any account?",
    remediation=mark("Attach the policy where it is intended to apply, or delete it, so that no one relies on it."),
    data=Data.ORGANIZATION,
)
def idle_scp(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Report once for the snapshot, with its first account; AWS managed policies are left out."""
    index = survey.evaluator.organization
    if index is None or not survey.is_first(account):
        return
    for policy in index.organization.policies:
        if policy.type is not _SCP or policy.aws_managed:
            continue
        survey.check_cancelled()
        subject = Subject(organization_policy_key(policy.id), policy.name or policy.id, NodeKind.SERVICE_CONTROL_POLICY)
        if policy.content is None:
            yield CheckResult(
                phrase(
                    "Whether {policy} has any effect cannot be determined: its document was not captured.",
                    policy=subject.name,
                ),
                (Evidence(phrase("The captured policy {policy} has no content.", policy=policy.id)),),
                subject=subject,
                state=State.INCONCLUSIVE,
            )
            continue
        found = _idle(index, policy)
        if found is not None:
            why, evidence = found
            yield CheckResult(phrase("{policy} {why}.", policy=subject.name, why=why), evidence, subject=subject)


def _idle(index: OrganizationIndex, policy: OrganizationPolicy) -> tuple[str, tuple[Evidence, ...]] | None:
    """Return why a policy has no effect, as a predicate, with evidence; None if it may have one."""
    if not index.organization.scps_enabled:
        return (
            phrase("has no effect: service control policies are not enabled"),
            (Evidence(phrase("The policy type is not enabled in the organization's root.")),),
        )
    places = [node for node in index.nodes if policy.id in (node.policy_ids or ())]
    if not places:
        return phrase("is not attached to any root, organizational unit or account"), (
            Evidence(phrase("No target has it attached.")),
        )
    bound = [node.id for node in index.nodes if node.id.isdecimal() and index.levels(node.id, _SCP) is not None]
    affected = [one for one in bound if any(level.policy.id == policy.id for level in _levels(index, one))]
    if not affected:
        names = enumerated(node.name or node.id for node in places)
        return (
            phrase("is attached only to {names}, where there is no member account", names=names),
            (Evidence(phrase("Service control policies do not apply to the management account.")),),
        )
    wider: dict[int, tuple[LevelPolicy, Statement]] = {}
    statements: tuple[Statement, ...] = ()
    for account_id in affected:
        applied = _levels(index, account_id)
        for own in (one for one in applied if one.policy.id == policy.id):
            statements = own.document.statements
            for statement in statements:
                by = _redundant_with(applied, own, statement)
                if by is None:
                    return None
                wider[statement.index] = by
    if not statements:
        return None  # malformed throughout
    evidence = [
        statement_evidence(
            _attached(by),
            covering,
            phrase("Statement {number} is covered by this one of {policy}.", number=number + 1, policy=by.policy.name),
        )
        for number, (by, covering) in sorted(wider.items())
    ]
    others = enumerated(dict.fromkeys(by.policy.name for by, _ in wider.values()))
    return (
        phrase(
            "has no effect on {accounts}: {others} covers all of its statements",
            accounts=counts.accounts(len(affected)),
            others=others,
        ),
        tuple(evidence),
    )


def _levels(index: OrganizationIndex, account_id: str) -> list[LevelPolicy]:
    return [one for level in index.levels(account_id, _SCP) or () for one in level]


def _redundant_with(
    applied: list[LevelPolicy], own: LevelPolicy, statement: Statement
) -> tuple[LevelPolicy, Statement] | None:
    """Return what makes a statement redundant: for a Deny, one at any level; for an Allow, one at the same level."""
    if statement.broken is not None:
        return None
    for one in applied:
        if one.policy.id == own.policy.id or (statement.is_allow and one.node_id != own.node_id):
            continue
        for other in one.document.statements:
            if (
                other.broken is None
                and covers(other, statement)
                and not _is_first_of_equals(own, one, statement, other)
            ):
                return one, other
    return None


def _is_first_of_equals(own: LevelPolicy, one: LevelPolicy, statement: Statement, other: Statement) -> bool:
    """Return whether two statements are equivalent and the policy itself is the first by id, which is not reported."""
    return covers(statement, other) and own.policy.id < one.policy.id


def _attached(one: LevelPolicy) -> AttachedPolicy:
    key = organization_policy_key(one.policy.id)
    source = one.policy.arn or one.policy.id
    return AttachedPolicy(
        PolicyType.SCP, SourceType.SCP, source, key, one.policy.name, one.node_id, one.document, one.level
    )


@check(
    "GRD-07",
    over=ACCOUNTS,
    severity=(Severity.MEDIUM, "Something stops working, or works through an exemption that is not known."),
    title=mark("Service in use that no service control policy allows"),
    question="Does the account use a service that the service control policies of some level do not allow?",
    remediation=mark(
        "Allow the service at that level, or attach FullAWSAccess there and deny what is not wanted. If the service is "
        "not needed, remove what uses it."
    ),
    standards=("NIST 800-53 AC-6",),
    data=Data.ORGANIZATION,
)
def service_not_allowed(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """By the service last-accessed reports; levels with a policy that was not captured are left out (rule B1)."""
    index, facts = survey.evaluator.organization, facts_of(survey.snapshot, account.account_id)
    levels = None if index is None else index.levels(account.account_id, _SCP)
    if index is None or levels is None or facts is None:
        return
    used = {
        one.service_namespace.lower()
        for report in facts.last_accessed or ()
        for one in report.services
        if one.last_authenticated is not None and service_actions(one.service_namespace.lower()).actions
    }
    absent = {one.level for one in index.absent(account.account_id, _SCP)}
    for number, level in enumerate(levels):
        allows = [one for policy in level for one in policy.document.statements if one.is_allow and one.broken is None]
        lacking = sorted(
            service for service in used if not any(service_actions(service).covered_by(one) for one in allows)
        )
        if lacking and level and number not in absent:
            node = level[0].node_name
            yield CheckResult(
                phrase(
                    "The account uses {services}, which no service control policy of {node} allows.",
                    services=enumerated(lacking),
                    node=node,
                ),
                (
                    Evidence(
                        phrase("Used according to the last-accessed reports: {services}.", services=", ".join(lacking))
                    ),
                    *(
                        Evidence(
                            phrase("{policy} does not allow them.", policy=one.policy.name or one.policy.id),
                            policy_key=organization_policy_key(one.policy.id),
                        )
                        for one in level
                    ),
                ),
                object=level[0].node_id,
            )
