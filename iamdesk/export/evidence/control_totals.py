"""Control totals: counts from two sources that must agree."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.inventory.references import Principal, boundary_of
from iamdesk.review.entitlements import scope_without_access
from iamdesk.review.journal import digest
from iamdesk.review.parts import is_part, limited_to_part
from iamdesk.review.scope import limited
from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.viewmodel.control_totals import control_totals


@dataclass(frozen=True, slots=True)
class Total:
    """One count from two sources."""

    name: str
    a: str
    b: str
    ok: bool
    is_of_account: bool = False
    """Whether it compares one account with AWS's own counts: there are several for each account."""

    def as_json(self) -> dict[str, str | bool]:
        """Return the total as a JSON object."""
        return {"name": self.name, "a": self.a, "b": self.b, "ok": self.ok}


def totals(source: EvidenceContext) -> Iterator[Total]:
    """Yield the control totals; without an evaluator, only those of the review itself."""
    counts = source.counts
    yield _same(
        "entitlements decided or undecided; entitlements", counts.decided + counts.undecided, counts.entitlements
    )
    yield _same("entitlements by decision, summed; entitlements", sum(counts.by_decision.values()), counts.entitlements)
    if source.evaluator is None:
        return
    snapshot = source.evaluator.snapshot
    for account in snapshot.accounts:
        yield Total(
            f"account {account.account_id}: all pages captured; expected",
            "truncated" if account.is_truncated else "complete",
            "complete",
            not account.is_truncated,
            is_of_account=True,
        )
    for one in aws_counts(snapshot):
        name = f"account {one.account_id}: {one.what} according to the {one.counted_by}; in the snapshot"
        yield Total(name, str(one.counted), str(one.held), one.agrees, is_of_account=True)
    if snapshot.organization is not None:
        accounts = {node.id for node in snapshot.organization.nodes if node.id.isdecimal()}
        captured = {account.account_id for account in snapshot.accounts} & accounts
        yield _same("accounts of the organization; in the snapshot", len(accounts), len(captured))
    whole = scope_without_access(source.evaluator)
    rest = limited(whole, tuple(source.review.findings()), source.exclusions)
    elsewhere = 0
    if is_part(source.review):
        part = limited_to_part(rest, {*source.review.ids, *source.review.finding_states.known})
        elsewhere = len(rest.scope.lines) - len(part.scope.lines)
        rest = part
    scope = rest.scope
    keys = digest(sorted(line.line_id for line in scope.lines))
    frozen = digest(sorted(source.review.ids))
    yield _same("principals of the population; in the snapshot", counts.population, len(scope.population))
    excluded = sum(one.entitlements for one in source.left_out)
    which = " in scope and excluded" if source.left_out else ""
    others = " and in other parts" if elsewhere else ""
    yield _same(
        f"entitlements{which}{others}; in the snapshot", counts.entitlements + excluded + elsewhere, len(whole.lines)
    )
    yield _same("principals in scope; in the snapshot", counts.in_scope, sum(one.in_scope for one in scope.population))
    yield Total("digest of all entitlement IDs; from the snapshot", frozen[:16], keys[:16], frozen == keys)


@dataclass(frozen=True, slots=True)
class AwsCount:
    """One of AWS's own counts of an account, and that of the snapshot."""

    account_id: str
    what: str
    counted_by: str
    counted: int
    held: int
    agrees: bool


def aws_counts(snapshot: Snapshot) -> Iterator[AwsCount]:
    """Yield every comparison with AWS's own counts: account summary, credential report, use of managed policies."""
    for total in control_totals(snapshot):
        yield AwsCount(total.account_id, total.what, total.counted_by, total.counted, total.held, total.agrees)
    for account in snapshot.accounts:
        yield from _uses(account)


def _uses(account: Account) -> Iterator[AwsCount]:
    """Compare how often each managed policy is attached or a boundary: AWS counts both in the policy's own entry."""
    principals: tuple[Principal, ...] = (*account.users, *account.groups, *account.roles)
    attached = Counter(one.policy_arn for each in principals for one in each.attached_managed_policies)
    bounding = Counter(arn for each in principals if (arn := boundary_of(each)) is not None)
    for what, held, counted in (
        ("Policy attachments", attached, {one.arn: one.attachment_count for one in account.policies}),
        (
            "Permissions boundaries",
            bounding,
            {one.arn: one.permissions_boundary_usage_count for one in account.policies},
        ),
    ):
        known = {arn: count for arn, count in counted.items() if count is not None}
        if known:
            agrees = all(held[arn] == count for arn, count in known.items())
            yield AwsCount(
                account.account_id,
                what,
                "entries of managed policies",
                sum(known.values()),
                sum(held[arn] for arn in known),
                agrees,
            )


def _same(name: str, a: int, b: int) -> Total:
    return Total(name, f"{a}", f"{b}", a == b)
