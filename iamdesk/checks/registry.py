"""Every built-in check, and how they are run over a snapshot.

A check stands in the module of its kind (`iamdesk.checks.check.check`); a new module is one word in `_KINDS`.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, NamedTuple

from iamdesk.checks import (
    administrators,
    alike,
    breadth,
    chains,
    completeness,
    contradictions,
    credentials,
    dead_conditions,
    demanded_boundaries,
    exposure,
    external_ids,
    federation,
    gaps,
    guardrails,
    hidden_power,
    holes,
    hygiene,
    idle_guardrails,
    inert_names,
    keys,
    leavers,
    order,
    outsiders,
    pitfalls,
    readers,
    redundancy,
    region_locks,
    root_user,
    self_service,
    service_sources,
    services,
    shares,
    signing_in,
    trust,
    trust_conditions,
    unused_access,
    versions,
    vocabulary,
)
from iamdesk.checks.check import Check, fingerprint
from iamdesk.checks.conditions import Hold
from iamdesk.checks.entry import stranger_entry, trusted_accounts
from iamdesk.checks.finding import Evidence, Finding, State
from iamdesk.checks.subjects import principals_of
from iamdesk.checks.survey import MakeReach, Survey
from iamdesk.evaluate.request import RequestError
from iamdesk.index.outline import Badge, Outline
from iamdesk.language import mark, phrase
from iamdesk.query.evaluator import Evaluator
from iamdesk.reach.administration import is_administrator
from iamdesk.snapshot.model import Account, RoleDetail
from iamdesk.snapshot.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress

NOT_MADE = mark("Incomplete check")
"""Title of the finding for a check that could not handle an item of the snapshot."""
# What is missing comes first: every other finding rests on it.
_KINDS: tuple[ModuleType, ...] = (
    completeness,
    gaps,
    administrators,
    hidden_power,
    breadth,
    chains,
    trust,
    trust_conditions,
    external_ids,
    outsiders,
    federation,
    signing_in,
    services,
    service_sources,
    exposure,
    readers,
    keys,
    shares,
    guardrails,
    demanded_boundaries,
    idle_guardrails,
    region_locks,
    pitfalls,
    holes,
    vocabulary,
    dead_conditions,
    contradictions,
    inert_names,
    redundancy,
    versions,
    credentials,
    self_service,
    leavers,
    root_user,
    hygiene,
    order,
    alike,
    unused_access,
)


@cache
def checks() -> tuple[Check, ...]:
    """Return every check, those of the snapshot's completeness first."""
    return tuple(member for module in _KINDS for member in vars(module).values() if isinstance(member, Check))


def check(check_id: str) -> Check | None:
    """Return the check with this id (``TRU-01``); None when there is none."""
    return _by_id().get(check_id)


@cache
def _by_id() -> dict[str, Check]:
    return {one.id: one for one in checks()}


def run(
    evaluator: Evaluator,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    reach: MakeReach | None = None,
) -> Iterator[Finding]:
    """Run every check over every account; findings come as they are found.

    A check that cannot handle a thing is that check's "cannot tell" about it; the other checks go on.

    ``reach`` gives the map of what principals can become, where somebody keeps one.

    ``progress`` is told the number of things looked at (accounts, users, groups, roles, policies), and their total.

    Raises:
        WorkCancelled: ``cancelled`` returned True; it is asked before each thing and each question.
    """
    survey = Survey(evaluator, cancelled, reach)
    work = work_of(survey)
    total = len(work)
    for done, one in enumerate(work):
        progress(done, total)
        yield from look(survey, one)
    progress(total, total)


class Work(NamedTuple):
    """One thing, and the checks that look at it."""

    account: Account
    checks: tuple[Check, ...]
    thing: Any


def work_of(survey: Survey) -> list[Work]:
    """Return everything that is looked at in a run, in its order: the same one for the same snapshot.

    Raises:
        WorkCancelled: nobody wants the result any more.
    """
    survey.read_reference()
    survey.needs = tuple((one.id, one.data) for one in checks() if one.data is not None)
    return [Work(account, *things) for account in survey.snapshot.accounts for things in _in_order(survey, account)]


def look(survey: Survey, work: Work) -> Iterator[Finding]:
    """Yield what the checks find in one thing."""
    for one in work.checks:
        survey.breathe()
        yield from _guarded(one, survey, work.account, work.thing)


def _guarded(one: Check, survey: Survey, account: Account, thing: Any) -> Iterator[Finding]:
    """Yield what a check finds; if it fails, what it found until then and a finding about the failure."""
    try:
        yield from one.findings(survey, account, thing)
    except (WorkCancelled, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - an item that one check cannot handle must not hide the others
        subject = one.over.subject(thing)
        yield Finding(
            check_id=one.id,
            title=NOT_MADE,
            severity=one.severity,
            state=State.CANNOT_TELL,
            account=account.account_id,
            subject_key=subject.key,
            subject_name=subject.name,
            subject_kind=subject.kind,
            sentence=phrase(
                "The check could not be run on {kind} {name}: it may have this finding.",
                kind=phrase(subject.kind),
                name=subject.name,
            ),
            evidence=(Evidence(_reason(error)),),
            remedy=phrase(
                "Look at it in the account. If nothing about it is unusual, report this as a bug in iamdesk."
            ),
            fingerprint=fingerprint(one.id, subject.key, "not made"),
        )


def _reason(error: Exception) -> str:
    """Return why a check failed: the engine's error, else the place in iamdesk where it happened."""
    if isinstance(error, RequestError) and error.args:
        return phrase("The evaluation engine reports: {reason}.", reason=error.args[0])
    place = extract_tb(error.__traceback__)[-1]
    return phrase(
        "{error} in {file}, line {line}.", error=type(error).__name__, file=Path(place.filename).name, line=place.lineno
    )


def _in_order(survey: Survey, account: Account) -> Iterator[tuple[tuple[Check, ...], object]]:
    """Yield each thing of an account with the checks that look at it, kind by kind as checks first name them."""
    kinds = dict.fromkeys(one.over.name for one in checks())
    for kind in kinds:
        of_kind = tuple(one for one in checks() if one.over.name == kind)
        for thing in of_kind[0].over.of(survey, account):
            survey.breathe()
            yield of_kind, thing


def badges(
    evaluator: Evaluator,
    outline: Outline,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> dict[int, tuple[Badge, ...]]:
    """Return the badges by row of the outline: its own, and those that the engine decides.

    An administrator is who may do everything, as the policies stand or under conditions; an outsider can enter a role
    when somebody of an account outside the snapshot or a stranger's token gets in.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    survey = Survey(evaluator, cancelled)
    survey.read_reference()
    work = [(account, one) for account in evaluator.snapshot.accounts for one in principals_of(account)]
    decided: dict[int, set[Badge]] = {row: set(own) for row, own in outline.badges.items()}
    for done, (account, principal) in enumerate(work):
        progress(done, len(work))
        survey.breathe()
        found = set()
        if is_administrator(survey, account, principal):
            found.add(Badge.ADMINISTRATOR)
        if isinstance(principal, RoleDetail) and _outsider_can_enter(survey, account, principal):
            found.add(Badge.OUTSIDER)
        row = outline.rows_by_key.get(principal.arn)
        if found and row is not None:
            decided.setdefault(row, set()).update(found)
    progress(len(work), len(work))
    return {row: tuple(badge for badge in Badge if badge in marks) for row, marks in decided.items() if marks}


def _outsider_can_enter(survey: Survey, account: Account, role: RoleDetail) -> bool:
    return (
        stranger_entry(survey, account, role) is not None
        or bool(trusted_accounts(survey, role))
        or any(one.entry.hold <= Hold.SECRET for one in federation.stranger_entries(survey, role))
    )
