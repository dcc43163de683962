"""The requests to evaluate for one class of actions, and when they are sufficient."""

from collections.abc import Callable, Iterable, Sequence

from iamdesk.diff.deltas import PolicyTypeDelta
from iamdesk.diff.matching import applies_to, may_meet
from iamdesk.diff.normal_form import ANYWHERE, NormalStatement, ResourceScope
from iamdesk.diff.sampling import ActionClass, SampleRequest, named_by, sample_requests
from iamdesk.evaluate.resource_policy_services import facts_of
from iamdesk.evaluate.service_rules import GLOBAL_SERVICES

_OWNER_KEYS = frozenset({"aws:resourceaccount", "s3:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths"})
_ANY = ("", "*")
_HEAD = 5
"""Parts of an ARN before the name of the resource."""
_NOT_BY_REGION = frozenset({"s3", "kms", "sts", *GLOBAL_SERVICES})


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
        left = [
            where
            for where in left
            if not _is_in_same_region(sort, where, part.same_regions, account)
            and not _is_settled(sort, where, partition, account, ask)
        ]
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


def ask_in_other_accounts(
    sort: ActionClass,
    part: PolicyTypeDelta,
    near: Sequence[NormalStatement],
    partition: str,
    accounts: Iterable[str],
    ask: Callable[[SampleRequest], bool],
) -> None:
    """Evaluate requests to resources of accounts that no snapshot contains, where the decision may be another one.

    The own account's policies decide for its resources, and all of its roles are known; those of other accounts have to
    allow the access (`iamdesk.diff.missing_resource_policy`).
    """
    for account in accounts:
        asked, _ = sample_requests(sort, near, partition, account)
        for cell in asked:
            is_elsewhere = f":{account}:" in cell.resource
            if is_elsewhere and _is_within(cell, part.allowed) and _is_within(cell, part.differing):
                ask(cell)


def is_by_other_accounts(sort: ActionClass, part: PolicyTypeDelta) -> bool:
    """Return whether requests of a class to other accounts may be decided otherwise than to the own account."""
    if sort.service == "sts":
        return True
    if facts_of(sort.service).types.isdisjoint(sort.types):
        return False  # no policy of the resource can allow it
    return tells_accounts_apart(part) or any(_is_of_account(clause.where) for clause in part.clauses)


def tells_accounts_apart(part: PolicyTypeDelta) -> bool:
    """Return whether clauses test the owner of the resource."""
    return any(not _OWNER_KEYS.isdisjoint(clause.keys) for clause in part.clauses)


def _is_of_account(where: ResourceScope | None) -> bool:
    return where is not None and any(
        entry.count(":") >= 4 and entry.split(":")[4] not in _ANY for entry in where.entries
    )


def _is_in_same_region(sort: ActionClass, where: ResourceScope | None, regions: frozenset[str], account: str) -> bool:
    """Return whether an Allow names only resources of the own account in Regions where nothing differs.

    Requests on them are made there (rule J2), but those through S3 access points are evaluated on buckets, too.
    Where a resource policy that was not captured has to allow them, that is said for any Region.
    """
    if not regions or where is None or where.is_negated or not sort.types or sort.service in _NOT_BY_REGION:
        return False
    (entry,) = where.entries
    head = entry.split(":", _HEAD)
    return (
        len(head) > _HEAD
        and head[3] in regions
        and not any(mark in part for part in head[1:3] for mark in "*?$")
        and head[4] in (*_ANY, account)
    )


def _is_settled(
    sort: ActionClass, where: ResourceScope | None, partition: str, account: str, ask: Callable[[SampleRequest], bool]
) -> bool:
    """Return whether a change is shown on a resource that an Allow names, or it certainly names none."""
    if where is None or where == ANYWHERE or where.is_negated or not sort.types:
        asked, is_complete = sample_requests(sort, (), partition, account)
        is_complete = is_complete and where is not None and not where.is_negated
        named = [cell for cell in asked if applies_to(where, cell.resource)]
    elif any("${" in entry for entry in where.entries):
        return False
    else:
        arns, is_complete = named_by(sort.service, sort.types, where, partition, account)
        named = [SampleRequest(sort.action, arn, sort.bits) for arn in arns]
    return any(map(ask, named)) if named else is_complete


def _is_within(cell: SampleRequest, differing: Iterable[ResourceScope | None]) -> bool:
    return any(applies_to(where, cell.resource) for where in differing)
