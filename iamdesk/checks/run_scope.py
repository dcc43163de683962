"""What a run of the checks was tried on: counts that add up over the accounts of an organization."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.prerequisites import is_held
from iamdesk.checks.registry import Work, checks


@dataclass(frozen=True, slots=True)
class RunScope:
    """Items by kind, and accounts in which a check was skipped for missing data."""

    population: Counter[str]
    """By name of a check's target, the number of items."""
    skipped: Counter[str]
    """By id of a check, the number of accounts."""

    def __add__(self, other: "RunScope") -> "RunScope":
        """Return both together."""
        return RunScope(self.population + other.population, self.skipped + other.skipped)


def nothing_yet() -> RunScope:
    """Return the scope of no account."""
    return RunScope(Counter(), Counter())


def scope_of(survey: CheckContext, work: Iterable[Work]) -> RunScope:
    """Return the scope of all work (`registry.work_of`) over the survey's snapshot."""
    snapshot = survey.snapshot
    return RunScope(
        Counter(one.checks[0].over.name for one in work),
        Counter(
            one.id
            for one in checks()
            if one.data is not None
            for account in snapshot.accounts
            if not is_held(snapshot, account.account_id, one.data)
        ),
    )
