"""Control totals: what is counted twice, from two sources, and has to be the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.review.entitlements import review_scope
from iamdesk.review.journal import digest
from iamdesk.review.parts import is_part, limited_to_part
from iamdesk.review.scope import limited
from iamdesk.viewmodel.control_totals import control_totals


@dataclass(frozen=True, slots=True)
class Total:
    """One count by two sources."""

    name: str
    a: str
    b: str
    ok: bool

    def as_json(self) -> dict[str, str | bool]:
        """Return it as a JSON object."""
        return {"name": self.name, "a": self.a, "b": self.b, "ok": self.ok}


def totals(source: EvidenceContext) -> Iterator[Total]:
    """Yield every total that the review and its snapshot allow."""
    counts = source.counts
    yield _same("decisions: decided and undecided, lines", counts.decided + counts.undecided, counts.entitlements)
    yield _same("states of lines added up, lines", sum(counts.by_decision.values()), counts.entitlements)
    if source.evaluator is None:
        return
    snapshot = source.evaluator.snapshot
    for account in snapshot.accounts:
        yield Total(
            f"account {account.account_id}: all pages captured",
            "truncated" if account.is_truncated else "complete",
            "complete",
            not account.is_truncated,
        )
    for total in control_totals(snapshot):
        name = f"account {total.account_id}: {total.what}, by the {total.counted_by}, in the snapshot"
        yield Total(name, str(total.counted), str(total.held), total.agrees)
    if snapshot.organization is not None:
        accounts = {node.id for node in snapshot.organization.nodes if node.id.isdecimal()}
        held = {account.account_id for account in snapshot.accounts} & accounts
        yield _same("accounts of the organization, accounts in the snapshot", len(accounts), len(held))
    whole = review_scope(source.evaluator, escalations=source.reach())
    rest = limited(whole, tuple(source.review.findings()), source.exclusions)
    elsewhere = 0
    if is_part(source.review):
        part = limited_to_part(rest, {*source.review.ids, *source.review.findings_standing.known})
        elsewhere = len(rest.scope.lines) - len(part.scope.lines)
        rest = part
    scope = rest.scope
    keys = digest(sorted(line.line_id for line in scope.lines))
    frozen = digest(sorted(source.review.ids))
    yield _same("population, principals in the snapshot", counts.population, len(scope.population))
    left_out = sum(one.entitlements for one in source.left_out)
    told = " in scope and left out" if source.left_out else ""
    others = " and in other parts" if elsewhere else ""
    yield _same(
        f"entitlement lines{told}{others}, entitlements in the snapshot",
        counts.entitlements + left_out + elsewhere,
        len(whole.lines),
    )
    yield _same("principals in scope, by the snapshot", counts.in_scope, sum(one.in_scope for one in scope.population))
    yield Total("hash of all line ids, the same from the snapshot", frozen[:16], keys[:16], frozen == keys)


def _same(name: str, a: int, b: int) -> Total:
    return Total(name, f"{a}", f"{b}", a == b)
