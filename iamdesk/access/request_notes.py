"""Notes on a request that is evaluated for all principals: how it is understood.

Each result has them, too (`EvaluationResult.assumptions`); a list of rows would omit them for principals without a
row, where they matter most.
"""

from collections.abc import Iterator
from dataclasses import replace

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.external.candidates import callers_of, covering
from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.i18n import join_names, nphrase, phrase
from iamdesk.policy.resource_patterns import ResourcePattern
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import is_pattern, may_overlap
from iamdesk.snapshot.catalog import SnapshotPart
from iamdesk.snapshot.model import RoleDetail, UserDetail

_MAX_NAMED = 3
"""Number of statement resources that one sentence names."""


def request_notes(evaluator: Evaluator, request: Request) -> Iterator[str]:
    """Yield sentences that apply to every row of who-can, and to principals without a row.

    They say that no such resource takes the action; who would have a row under another reading of an undocumented rule
    (I2); that the resource is a pattern, and which statements apply to a part of it (F9). The request's principal is
    ignored. Of an organization larger than memory, only statements of the resource's policy are read.

    Raises:
        RequestError: the action or resource is malformed.
    """
    action, resource = request.action, request.resource
    target = evaluator.target(action, resource)
    yield from (note.message for note in target.notes)
    if target.is_on_trust:
        yield from _left_out(evaluator, request)
    text = target.resource_text
    if target.resource is None or not is_pattern(text):
        return
    parts: dict[str, None] = {}
    count = 0
    for statement in _statements(evaluator, target, action, resource):
        found = tuple(parts_of(text, statement.resources or ()))
        count += bool(found)
        parts |= dict.fromkeys(found)
    if parts:
        yield nphrase(
            "{count:,} statement applies to a part of these resources: {names}. The decision on a resource of that "
            "part can differ: evaluate it by its ARN.",
            "{count:,} statements apply to parts of these resources: {names}. The decision on a resource of such a "
            "part can differ: evaluate it by its ARN.",
            count,
            names=join_names(tuple(parts), _MAX_NAMED, last=","),
        )


def _left_out(evaluator: Evaluator, request: Request) -> Iterator[str]:
    """Yield who has no row for assuming a role, and would have one by the other reading: principals with a boundary."""
    found: dict[str, list[str]] = {}
    for account in evaluator.snapshot.accounts:
        entities: tuple[UserDetail | RoleDetail, ...] = (*account.users, *account.roles)
        for one in entities:
            if one.permissions_boundary is None:
                continue
            decision = evaluator.explained(replace(request, principal=one.arn))
            if decision.decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
                continue
            for assumption in decision.assumptions:
                if assumption.code == "pages-disagree" and assumption.other_decision is EvalDecision.ALLOWED:
                    found.setdefault(assumption.message, []).append(one.arn)
    for message, arns in found.items():
        names = join_names(arns, _MAX_NAMED, last=",")
        yield phrase("Not listed: {names}. {why}", names=names, why=message)


def parts_of(pattern: str, entries: tuple[ResourcePattern, ...]) -> Iterator[str]:
    """Yield the resources of a statement that match a part of a pattern; none where one matches all of it."""
    texts = [entry.text for entry in entries]
    if not any(may_overlap(text, pattern, is_within=True) for text in texts):
        yield from (text for text in texts if may_overlap(text, pattern))


def _statements(evaluator: Evaluator, target: Target, action: str, resource: str) -> Iterator[Statement]:
    """Yield the statements that cover the action: of the resource's side, then of principals."""
    request = evaluator.evaluation_request(Request(callers_of("000000000000")[0], action, resource))
    policies = request.policies
    of_levels = [policy for level in policies.rcps or () for policy in level]
    attached = [policies.resource, *policies.grants, *of_levels, policies.endpoint]
    yield from covering(request, (policy for policy in attached if policy is not None))
    if not isinstance(evaluator.snapshot, SnapshotPart):
        held = evaluator.population().index.covering(target.service, target.name)
        for statements in held.statements.values():
            yield from statements
