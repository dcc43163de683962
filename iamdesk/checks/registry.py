"""Every built-in check, and how they are run over a snapshot.

A check stands in the module of its kind (`iamdesk.checks.check.check`); a new module is one word in `_KINDS`.
"""

from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, NamedTuple

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.checks import (
    account_hygiene,
    administrators,
    bypassable_denies,
    confused_deputy,
    contradictions,
    credentials,
    cross_account_trust,
    data_access,
    duplicates,
    external_ids,
    federation,
    federation_hygiene,
    guardrails,
    ineffective_conditions,
    ineffective_scps,
    kms_keys,
    pass_role,
    policy_pitfalls,
    policy_versions,
    privilege_escalation,
    privileged_access,
    public_access,
    redundant_statements,
    region_restrictions,
    required_boundaries,
    resource_shares,
    root_user,
    self_managed_credentials,
    shadow_administrators,
    snapshot_completeness,
    snapshot_coverage,
    stale_credentials,
    trust,
    trust_conditions,
    unknown_actions,
    unresolvable_references,
    unused_access,
    unused_entities,
)
from iamdesk.checks.check import Check, fingerprint
from iamdesk.checks.check_context import CheckContext, MakeReach
from iamdesk.checks.condition_strength import ConditionStrength
from iamdesk.checks.external_trust import stranger_entry, trusted_accounts
from iamdesk.checks.finding import Evidence, Finding, State
from iamdesk.checks.targets import principals_of
from iamdesk.evaluate.request import RequestError
from iamdesk.i18n import mark, phrase
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.snapshot.model import Account, RoleDetail
from iamdesk.viewmodel.tree_builder import Badge, Outline

NOT_MADE = mark("Incomplete check")
"""Title of the finding for a check that could not handle an item of the snapshot."""
# What is missing comes first: every other finding rests on it.
_KINDS: tuple[ModuleType, ...] = (
    snapshot_completeness,
    snapshot_coverage,
    administrators,
    shadow_administrators,
    privileged_access,
    privilege_escalation,
    trust,
    trust_conditions,
    external_ids,
    cross_account_trust,
    federation,
    federation_hygiene,
    pass_role,
    confused_deputy,
    public_access,
    data_access,
    kms_keys,
    resource_shares,
    guardrails,
    required_boundaries,
    ineffective_scps,
    region_restrictions,
    policy_pitfalls,
    bypassable_denies,
    unknown_actions,
    ineffective_conditions,
    contradictions,
    unresolvable_references,
    redundant_statements,
    policy_versions,
    credentials,
    self_managed_credentials,
    stale_credentials,
    root_user,
    unused_entities,
    account_hygiene,
    duplicates,
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
    only: Container[str] | None = None,
) -> Iterator[Finding]:
    """Run every check, or ``only`` those with these ids, over every account; findings come as they are found.

    A check that cannot handle a thing is that check's "cannot tell" about it; the other checks go on.

    ``reach`` gives the map of what principals can become, where somebody keeps one.

    ``progress`` is told the number of things looked at (accounts, users, groups, roles, policies), and their total.

    Raises:
        WorkCancelled: ``cancelled`` returned True; it is asked before each thing and each question.
    """
    survey = CheckContext(evaluator, cancelled, reach)
    work = work_of(survey, only)
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


def work_of(survey: CheckContext, only: Container[str] | None = None) -> list[Work]:
    """Return everything that is looked at in a run, in its order: the same one for the same snapshot.

    Raises:
        WorkCancelled: nobody wants the result any more.
    """
    survey.read_reference()
    survey.needs = tuple((one.id, one.data) for one in checks() if one.data is not None)
    asked = tuple(one for one in checks() if only is None or one.id in only)
    accounts = survey.snapshot.accounts
    return [Work(account, *things) for account in accounts for things in _in_order(survey, account, asked)]


def look(survey: CheckContext, work: Work) -> Iterator[Finding]:
    """Yield what the checks find in one thing."""
    for one in work.checks:
        survey.check_cancelled()
        yield from _guarded(one, survey, work.account, work.thing)


def _guarded(one: Check, survey: CheckContext, account: Account, thing: Any) -> Iterator[Finding]:
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


def _in_order(
    survey: CheckContext, account: Account, asked: tuple[Check, ...]
) -> Iterator[tuple[tuple[Check, ...], object]]:
    """Yield each thing of an account with the checks that look at it, kind by kind as checks first name them."""
    kinds = dict.fromkeys(one.over.name for one in asked)
    for kind in kinds:
        of_kind = tuple(one for one in asked if one.over.name == kind)
        for thing in of_kind[0].over.of(survey, account):
            survey.check_cancelled()
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
        if isinstance(principal, RoleDetail) and _outsider_can_enter(survey, account, principal):
            found.add(Badge.OUTSIDER)
        row = outline.rows_by_key.get(principal.arn)
        if found and row is not None:
            decided.setdefault(row, set()).update(found)
    progress(len(work), len(work))
    return {row: tuple(badge for badge in Badge if badge in marks) for row, marks in decided.items() if marks}


def _outsider_can_enter(survey: CheckContext, account: Account, role: RoleDetail) -> bool:
    return (
        stranger_entry(survey, account, role) is not None
        or bool(trusted_accounts(survey, role))
        or any(one.entry.hold <= ConditionStrength.SECRET for one in federation.stranger_entries(survey, role))
    )
