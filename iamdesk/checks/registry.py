"""The registry of built-in checks, and running them over a snapshot.

A check is defined in the module of its topic (`iamdesk.checks.check.check`); a new module is found by itself.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from traceback import extract_tb
from types import ModuleType
from typing import Any, NamedTuple

from iamdesk import checks as package
from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.checks.check import Check, fingerprint, severity_of
from iamdesk.checks.check_context import CheckContext, MakeReach
from iamdesk.checks.condition_strength import ConditionStrength
from iamdesk.checks.external_trust import external_attempt, trusted_accounts
from iamdesk.checks.federation import token_attempts
from iamdesk.checks.finding import Evidence, Finding, State
from iamdesk.checks.prerequisites import is_held
from iamdesk.checks.targets import principals_of
from iamdesk.checks.thresholds import DEFAULT_THRESHOLDS, Thresholds
from iamdesk.evaluate.request import RequestError
from iamdesk.i18n import mark, phrase
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.snapshot.model import Account, RoleDetail
from iamdesk.viewmodel.tree_builder import Badge, Outline

INCOMPLETE = mark("Incomplete check")
"""Title of the finding for a check that could not handle an item of the snapshot."""
_RUNNERS = frozenset({"registry", "parallel", "by_account"})
"""Modules that run the checks: they import this one and have none."""
# Reports list findings in this order; missing data comes first: it limits every other finding. Modules that are not
# named here come last, by name.
_ORDER = (
    *("snapshot_completeness", "snapshot_coverage", "administrators", "shadow_administrators"),
    *("privileged_access", "privilege_escalation", "trust", "trust_conditions", "external_ids"),
    *("cross_account_trust", "federation", "federation_hygiene", "pass_role", "confused_deputy", "public_access"),
    *("data_access", "broad_access", "separation_of_duties", "kms_keys", "resource_shares", "resource_policies"),
    *("resource_settings", "guardrails", "required_boundaries", "ineffective_scps", "region_restrictions"),
    *("data_perimeter", "policy_pitfalls", "bypassable_denies", "unknown_actions", "ineffective_conditions"),
    *("contradictions", "unresolvable_references", "redundant_statements", "document_validation"),
    *("policy_versions", "credentials", "self_managed_credentials", "stale_credentials", "root_user"),
    *("unused_entities", "account_hygiene", "duplicates", "unused_access"),
)


def _modules() -> tuple[ModuleType, ...]:
    found = sorted({module.name for module in iter_modules(package.__path__)} - _RUNNERS)
    found.sort(key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    return tuple(import_module(f"{package.__name__}.{name}") for name in found)


_MODULES = _modules()


@cache
def checks() -> tuple[Check, ...]:
    """Return all checks, those for missing data first."""
    return tuple(member for module in _MODULES for member in vars(module).values() if isinstance(member, Check))


def check(check_id: str) -> Check | None:
    """Return a check by its id (``TRU-01``); None if there is none."""
    return _by_id().get(check_id)


@cache
def _by_id() -> dict[str, Check]:
    return {one.id: one for one in checks()}


def run(
    evaluator: Evaluator,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    reach: MakeReach | None = None,
    only: Container[str] | None = None,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Iterator[Finding]:
    """Run all checks over all accounts and yield findings as they are found.

    If a check fails on an item, it yields a finding with the state "cannot tell", and the other checks continue.

    Args:
        evaluator: The evaluator over the snapshot.
        progress: Called with the number of items done (accounts, users, groups, roles, policies) and their total.
        cancelled: Checked before each item and each evaluation.
        reach: Returns an attack-path graph that exists already.
        only: The ids of the checks to run; None: all.
        thresholds: The numbers from which on checks report something.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    survey = CheckContext(evaluator, cancelled, reach, thresholds)
    work = work_of(survey, only)
    total = len(work)
    for done, one in enumerate(work):
        progress(done, total)
        yield from look(survey, one)
    progress(total, total)


class Work(NamedTuple):
    """One item, and the checks that apply to it."""

    account: Account
    checks: tuple[Check, ...]
    thing: Any


def work_of(survey: CheckContext, only: Container[str] | None = None) -> list[Work]:
    """Return all items of a run with their checks, in an order that depends only on the snapshot.

    ``only`` are the ids of the checks to run; None: all.

    Raises:
        WorkCancelled: The run was cancelled.
    """
    survey.read_reference()
    survey.needs = tuple((one.id, one.data) for one in checks() if one.data is not None)
    selected = tuple(one for one in checks() if only is None or one.id in only)
    accounts = survey.snapshot.accounts
    return [Work(account, *items) for account in accounts for items in _in_order(survey, account, selected)]


def look(survey: CheckContext, work: Work) -> Iterator[Finding]:
    """Yield the findings of one item."""
    for one in work.checks:
        survey.check_cancelled()
        yield from _guarded(one, survey, work.account, work.thing)


def _guarded(one: Check, survey: CheckContext, account: Account, thing: Any) -> Iterator[Finding]:
    """Yield the findings of a check; if it fails, those found until then and a finding about the failure."""
    try:
        yield from one.findings(survey, account, thing)
    except (WorkCancelled, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - a failure of one check must not hide the findings of the others
        subject = one.over.subject(thing)
        yield Finding(
            check_id=one.id,
            title=INCOMPLETE,
            severity=severity_of(one.severity, State.INCONCLUSIVE),
            state=State.INCONCLUSIVE,
            account=account.account_id,
            subject_key=subject.key,
            subject_name=subject.name,
            subject_kind=subject.kind,
            sentence=phrase(
                "The check failed on {kind} {name}, which may have this finding.",
                kind=phrase(subject.kind),
                name=subject.name,
            ),
            evidence=(Evidence(_reason(error)),),
            remediation=phrase(
                "Review the item in the account. If nothing about it is unusual, report this as a bug in iamdesk."
            ),
            fingerprint=fingerprint(one.id, subject.key, "not made"),
        )


def _reason(error: Exception) -> str:
    """Return why a check failed: the evaluator's error, or the location of the exception."""
    if isinstance(error, RequestError) and error.args:
        return phrase("The evaluation engine reports: {reason}.", reason=error.args[0])
    frame = extract_tb(error.__traceback__)[-1]
    return phrase(
        "{error} in {file}, line {line}.", error=type(error).__name__, file=Path(frame.filename).name, line=frame.lineno
    )


def _in_order(
    survey: CheckContext, account: Account, selected: tuple[Check, ...]
) -> Iterator[tuple[tuple[Check, ...], object]]:
    """Yield each item of an account with its checks, by kind in the order of the checks."""
    kinds = dict.fromkeys(one.over.name for one in selected)
    for kind in kinds:
        of_kind = tuple(one for one in selected if one.over.name == kind)
        for thing in of_kind[0].over.of(survey, account):
            survey.check_cancelled()
            yield of_kind, thing


def badges(
    evaluator: Evaluator,
    outline: Outline,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> dict[int, tuple[Badge, ...]]:
    """Return the badges by row of the outline: those of the outline itself, administrators and external access.

    Administrators include conditional ones. A role has external access if an external account or an external token can
    assume it.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    survey = CheckContext(evaluator, cancelled)
    survey.read_reference()
    work = [(account, one) for account in evaluator.snapshot.accounts for one in principals_of(account)]
    decided: dict[int, set[Badge]] = {row: set(own) for row, own in outline.badges.items()}
    for done, (account, principal) in enumerate(work):
        progress(done, len(work))
        survey.check_cancelled()
        found = set()
        if is_administrator(survey, account, principal):
            found.add(Badge.ADMINISTRATOR)
        if isinstance(principal, RoleDetail) and _is_externally_accessible(survey, account, principal):
            found.add(Badge.EXTERNAL_ACCESS)
        row = outline.rows_by_key.get(principal.arn)
        if found and row is not None:
            decided.setdefault(row, set()).update(found)
    progress(len(work), len(work))
    return {row: tuple(badge for badge in Badge if badge in marks) for row, marks in decided.items() if marks}


def _is_externally_accessible(survey: CheckContext, account: Account, role: RoleDetail) -> bool:
    return (
        external_attempt(survey, account, role) is not None
        or bool(trusted_accounts(survey, role))
        or any(one.attempt.strength <= ConditionStrength.SECRET for one in token_attempts(survey, role))
    )


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
