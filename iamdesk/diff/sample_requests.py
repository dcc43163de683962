"""The requests to evaluate for one class of actions, and when they are sufficient."""

from collections.abc import Callable, Iterable, Sequence

from iamdesk.diff.deltas import PolicyTypeDelta
from iamdesk.diff.matching import applies_to, may_meet
from iamdesk.diff.normal_form import ANYWHERE, NormalStatement, ResourceScope
from iamdesk.diff.sampling import ActionClass, SampleRequest, named_by, sample_requests


class PairEvaluator:
    """Evaluates each request once, and remembers whether the decisions differ."""

    def __init__(self, ask: Callable[[SampleRequest], bool]) -> None:
        self._ask = ask
        self._known: dict[SampleRequest, bool] = {}
        self.found_change = False

    def __call__(self, cell: SampleRequest) -> bool:
        """Return whether the decisions on a request differ."""
        found = self._known.get(cell)
        if found is None:
            found = self._known[cell] = self._ask(cell)
            self.found_change = self.found_change or found
        return found


def ask_of_sort(
    sort: ActionClass,
    part: PolicyTypeDelta,
    near: Sequence[NormalStatement],
    partition: str,
    account: str,
    ask: Callable[[SampleRequest], bool],
) -> bool:
    """Evaluate requests in the scopes that differ and that an Allow covers; return whether they are sufficient.

    A difference that applies everywhere and can only add or only remove access needs one request per Allow, usually on
    a resource that the Allow names.
    """
    left: list[ResourceScope | None] = list(part.allowed)
    if part.is_one_way:
        left = [where for where in left if not _is_settled(sort, where, partition, account, ask)]
        if not left:
            return True
    is_complete = True
    for where in left:
        # Clauses that cannot overlap with an Allow do not distinguish resources that it covers.
        meeting = [clause for clause in near if may_meet(clause.where, where)]
        asked, is_all = sample_requests(sort, meeting, partition, account)
        is_complete = is_complete and is_all
        for cell in asked:
            if not applies_to(where, cell.resource) or not _is_within(cell, part.differing):
                continue
            if ask(cell) and part.is_one_way:
                break
    return is_complete


def _is_settled(
    sort: ActionClass, where: ResourceScope | None, partition: str, account: str, ask: Callable[[SampleRequest], bool]
) -> bool:
    """Return whether a change is shown on a resource that an Allow names, or it certainly names none."""
    if where is None or where.is_negated or any("${" in entry for entry in where.entries):
        return False
    if where == ANYWHERE or not sort.types:
        asked, is_complete = sample_requests(sort, (), partition, account)
        named = [cell for cell in asked if applies_to(where, cell.resource)]
    else:
        arns, is_complete = named_by(sort.service, sort.types, where, partition, account)
        named = [SampleRequest(sort.action, arn, sort.bits) for arn in arns]
    return any(map(ask, named)) if named else is_complete


def _is_within(cell: SampleRequest, differing: Iterable[ResourceScope | None]) -> bool:
    return any(applies_to(where, cell.resource) for where in differing)
