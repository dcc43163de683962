"""Snapshots that are equal are worked out once a process: what a test asks of the sample, the next finds answered.

Each opening is the real one: the files are read, their trees laid out, progress and cancelling as ever. Only then is
what was opened before given in its place, where it is of the same path and the same bytes. It is frozen, and what it
keeps of answers is the same whoever asks first.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.api import SnapshotSession, Workbench
from iamdesk.attack_paths.attack_path_graph import LazyAttackPathGraph
from iamdesk.checks import registry
from iamdesk.checks.finding import Finding
from iamdesk.checks.thresholds import DEFAULT_THRESHOLDS
from iamdesk.export import new_review
from iamdesk.export.evidence import context, decisions, verify_content, write
from iamdesk.export.evidence.report_pdf import render_pdf
from iamdesk.export.evidence.time_dependence import is_same_at
from iamdesk.i18n import chosen
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.review.effects import EffectFinder
from iamdesk.review.effects_parallel import each_effect, with_effects
from iamdesk.review.entitlements import review_scope
from iamdesk.review.item_effect import effect_of
from iamdesk.review.items import ReviewItem, Scope
from iamdesk.review.joint_effect import JointEffect, joint_effects
from iamdesk.snapshot.model import Snapshot

_MOST = 4
_kept: OrderedDict[tuple[object, ...], SnapshotSession] = OrderedDict()
_open = Workbench.open_snapshot


def share_equal_snapshots(patch: pytest.MonkeyPatch) -> None:
    """Let the workbench give the same object for equal snapshots, and `verify` the same evaluator."""
    patch.setattr(Workbench, "open_snapshot", _open_shared)
    share_equal_evaluators(patch)


def open_each_anew(patch: pytest.MonkeyPatch) -> None:
    """Let the workbench be as it is again."""
    patch.setattr(Workbench, "open_snapshot", _open)


def _open_shared(*arguments: Any, **more: Any) -> SnapshotSession:
    opened = _open(*arguments, **more)
    key = (chosen(), opened.snapshot.path, *opened.snapshot.files)  # its tree is laid out in a language
    kept = _kept.setdefault(key, opened)
    _kept.move_to_end(key)
    while len(_kept) > _MOST:
        _kept.popitem(last=False)
    return kept


_for_good: list[SnapshotSession] = []


def keep_shared(opened: SnapshotSession) -> SnapshotSession:
    """Count a snapshot that a fixture opened for the whole session among those that are shared."""
    _for_good.append(opened)
    return opened


_MAX_EVALUATORS = 6
_MAX_JOINT = 40
_evaluators: OrderedDict[tuple[str, datetime], Evaluator] = OrderedDict()
_answered: dict[Evaluator, dict[Hashable, Any]] = {}
"""What was made of each evaluator that is shared, by the function that made it."""


def share_equal_evaluators(patch: pytest.MonkeyPatch) -> None:
    """Let `verify` be given the same evaluator for the same snapshot and moment.

    Of an evaluator that is shared, attack paths, entitlements, joint effects and quoted decisions are found once: they
    are the same whoever asks. What a package itself quotes is evaluated each time.
    """
    patch.setattr(verify_content, "Evaluator", _shared_evaluator)
    for module in (verify_content, context):
        patch.setattr(module, "LazyAttackPathGraph", _once(LazyAttackPathGraph))
    for module in (verify_content, new_review):
        patch.setattr(module, "review_scope", _once(review_scope))
    patch.setattr(new_review, "with_effects", _with_effects)
    patch.setattr(verify_content, "each_effect", _each_effect)
    patch.setattr(context, "joint_effects", _joint_effects)
    patch.setattr(decisions, "_quote", _quote_once)


def share_findings(patch: pytest.MonkeyPatch) -> None:
    """Let checks be run once over an evaluator that is shared. Not for windows: their jobs would end before they do."""
    patch.setattr(registry, "run", _run_once)


class _SharedEvaluator(Evaluator):
    """One that keeps what it worked out about many principals: the next who is given it asks for the same."""

    def forget_access(self) -> None:
        """Do nothing: the sample's access is small."""


def _shared_evaluator(snapshot: Snapshot, now: Callable[[], datetime], *documents: Any) -> Evaluator:
    key = (snapshot.sha256, now())
    kept = _evaluators[key] = _evaluators.pop(key, None) or _SharedEvaluator(snapshot, now, *documents)
    while len(_evaluators) > _MAX_EVALUATORS:
        _evaluators.popitem(last=False)
    return kept


def _answers_of(evaluator: Evaluator) -> dict[Hashable, Any] | None:
    """Return what was made of an evaluator; None of one that is not shared."""
    shared = {*_evaluators.values()} | {vars(opened).get("evaluator") for opened in (*_for_good, *_kept.values())}
    if evaluator not in shared:
        return None
    for one in {*_answered} - shared:
        _answered.pop(one, None)
    return _answered.setdefault(evaluator, {})


def _once[T](make: Callable[..., T]) -> Callable[..., T]:
    """Give what was made of an evaluator that is shared; of any other it is made anew."""

    def made(evaluator: Evaluator, *arguments: Any, **more: Any) -> T:
        answers = _answers_of(evaluator)
        if answers is None:
            return make(evaluator, *arguments, **more)
        if make not in answers:
            answers[make] = make(evaluator, *arguments, **more)
        return answers[make]

    return made


_run = registry.run


def _run_once(
    evaluator: Evaluator,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    *arguments: Any,
    **more: Any,
) -> Iterator[Finding]:
    """Yield what `registry.run` does; it can be cancelled and tells its progress each time."""
    answers, key = _answers_of(evaluator), (_run, more.get("thresholds", DEFAULT_THRESHOLDS))
    found = None if answers is None else answers.get(key)
    if found is None:
        new = []
        for one in _run(evaluator, progress, cancelled, *arguments, **more):
            new.append(one)
            yield one
        if answers is not None:
            answers[key] = new
        return
    for number, one in enumerate(found):
        if cancelled():
            raise WorkCancelled
        progress(number, len(found))
        yield one
    progress(len(found), len(found))


def _with_effects(evaluator: Evaluator, scope: Scope, *arguments: Any, **more: Any) -> Scope:
    """Give the effects of equal items that were worked out before."""
    answers, key = _answers_of(evaluator), (with_effects, tuple(line.sha256 for line in scope.lines))
    if answers is None:
        return with_effects(evaluator, scope, *arguments, **more)
    if key not in answers:
        answers[key] = with_effects(evaluator, scope, *arguments, **more)
    found: Scope = answers[key]
    return found


def _each_effect(evaluator: Evaluator, scope: Scope, *arguments: Any, **more: Any) -> Iterator[tuple[int, Any]]:
    """Yield what `_with_effects` gives items; it is worked out as `verify` does where nobody shares it."""
    if _answers_of(evaluator) is None:
        yield from each_effect(evaluator, scope, *arguments, **more)
        return
    for number, line in enumerate(_with_effects(evaluator, scope, *arguments, **more).lines):
        yield number, effect_of(line)


_moments: dict[str, list[datetime]] = {}
_joint: OrderedDict[tuple[Hashable, ...], tuple[JointEffect, ...]] = OrderedDict()


def _joint_effects(finder: EffectFinder, revoked: Iterable[ReviewItem], *arguments: Any) -> Iterator[JointEffect]:
    """Yield the joint effects of equal items that were worked out before, at a time that decides the same."""
    items, evaluator = tuple(revoked), finder.evaluator
    if _answers_of(evaluator) is None:
        yield from joint_effects(finder, items, *arguments)
        return
    snapshot, now = evaluator.snapshot, evaluator.now()
    known = _moments.setdefault(snapshot.sha256, [])
    moment = next((one for one in known if one == now or is_same_at(snapshot, one, now)), None)
    if moment is None:
        known.append(moment := now)
    key = (snapshot.sha256, moment, *((one.line_id, one.sha256) for one in items))
    if key not in _joint:
        _joint[key] = tuple(joint_effects(finder, items, *arguments))
    _joint.move_to_end(key)
    while len(_joint) > _MAX_JOINT:
        _joint.popitem(last=False)
    yield from _joint[key]


_render_pdf = lru_cache(maxsize=4)(render_pdf)


def share_equal_statements(patch: pytest.MonkeyPatch) -> None:
    """Let equal statements be printed as PDF once: the tests of packages print each anew."""
    patch.setattr(write, "render_pdf", _render_pdf)


_quote = decisions._quote


def _quote_once(
    evaluator: Evaluator, principals: Iterable[str], asked: Iterable[decisions.Asked], *arguments: Any
) -> list[decisions.Quoted]:
    """Give the decisions of equal requests that were quoted before, in the same language."""
    names, requests = tuple(principals), tuple(asked)
    answers, key = _answers_of(evaluator), (_quote, chosen(), names, repr(requests))
    if answers is None:
        return _quote(evaluator, names, requests, *arguments)
    if key not in answers:
        answers[key] = _quote(evaluator, names, requests, *arguments)
    return [*answers[key]]
