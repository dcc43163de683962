"""One request evaluated under both snapshots: access gained, lost, or inconclusive."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, product
from math import prod

from iamdesk.aws.condition_keys import spelled
from iamdesk.diff.assumptions import ASSUMED, Tested, otherwise
from iamdesk.diff.missing_resource_policy import Awaiting, awaiting
from iamdesk.diff.result import ExampleRequest, Kind
from iamdesk.diff.snapshot_view import SnapshotView
from iamdesk.evaluate.context import KeyValue, Knowledge
from iamdesk.evaluate.credential_limits import MFA_KEY
from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace
from iamdesk.evaluate.matching import StatementResult
from iamdesk.evaluate.open_rules import OpenRule
from iamdesk.evaluate.request import EvalDecision
from iamdesk.evaluate.ternary import FALSE, MAYBE
from iamdesk.evaluate.unknown_context.effort import is_too_much
from iamdesk.evaluate.unknown_context.key_domains import domains
from iamdesk.evaluate.unknown_context.solver import ConditionSet
from iamdesk.i18n import phrase

type Context = Mapping[str, str | Sequence[str] | None]
BOTH = tuple(Kind)
NOTHING: Context = {}
"""An empty request context."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The result of one request under both snapshots."""

    changes: tuple[tuple[Kind, ExampleRequest], ...] = ()
    doubts: tuple[str, ...] = ()
    """Why the result is inconclusive."""
    awaits: tuple[Awaiting, ...] = ()
    """Why it is inconclusive without the resource policy."""

    def doubts_about(self, action: str) -> tuple[str, ...]:
        """Return why the result is inconclusive for an action; without changes and doubts, no change is proved."""
        return (*self.doubts, *[one.doubt(action) for one in self.awaits])


SAME = Compared()

_DOUBTFUL_MISSING_DATA = frozenset(
    {"policy-missing", "group-missing", "boundary-missing", "scp-missing", "rcp-missing", "canonical-user-missing"}
)
"""Missing data that may differ between the snapshots without any sign of it."""
_ASKED_BY_STATEMENTS = frozenset({"aws:requestedregion"})
"""Keys that only statements test, and that many changes depend on: Region restrictions."""
MFA_AGE_KEY = "aws:multifactorauthage"
_PASSED_BY = {"aws:sourceidentity": "sts:SetSourceIdentity", "aws:principaltag/": "sts:TagSession"}
"""Keys that can be set for sessions of a role if its trust policy allows an action (rule J2)."""
_MAX_SETS = 16
_MAX_JOINED = 2
"""Joined contexts to try: usually the first one shows the change."""
_MAX_TRIED = 1024
_MAX_AFTER = 128
"""Combinations of values that are tried after a change was found, for a change in the other direction."""


def compare(
    old: SnapshotView,
    new: SnapshotView,
    principal: str,
    action: str,
    resource: str,
    given: Context | None = None,
    kinds: tuple[Kind, ...] = BOTH,
    only: Kind | None = None,
) -> Compared:
    """Evaluate one request under both snapshots, in any context; ``kinds`` are the possible changes.

    ``only`` is the one possible change, if only policies of the principal and its organization differ, and none of
    these tests a key with an assumed value: then a request that the wider snapshot denies is denied by the other one.
    """
    wide, narrow = (new, old) if only is Kind.GAINED else (old, new)
    first = wide.trace(principal, action, resource, given)
    if only is not None and first is not None and _is_denied_for_both(first):
        requests = first.request, narrow.evaluation_request(principal, action, resource, given)
        return Compared((), tuple(_doubts_of(*(requests if wide is old else reversed(requests)))))
    second = narrow.trace(principal, action, resource, given)
    before, after = (first, second) if wide is old else (second, first)
    found = _PairEvaluation(old, new, principal, action, resource, given or {}, kinds).compare(before, after)
    for other in otherwise(_tested(before, after)):
        if found.changes:
            break
        if not other or any(key.lower() in other for key in given or ()):
            continue
        context = {**(given or {}), **other}
        evaluation = _PairEvaluation(old, new, principal, action, resource, context, kinds)
        again = evaluation.compare(*(side.trace(principal, action, resource, context) for side in (old, new)))
        found = Compared(
            again.changes,
            tuple(dict.fromkeys((*found.doubts, *again.doubts))),
            tuple(dict.fromkeys((*found.awaits, *again.awaits))),
        )
    return found


def _is_denied_for_both(trace: EvaluationTrace) -> bool:
    """Return whether a request is denied whatever its context and the policies that were not captured."""
    decision_inputs = trace.decision_inputs
    return (
        _decision_of(trace) is EvalDecision.IMPLICIT_DENY
        and not trace.readings
        and not decision_inputs.needs_delegation
        and not decision_inputs.is_cross_account
    )


def _tested(*traces: EvaluationTrace | None) -> Tested:
    """Return the assumed keys that statements for the action test, with the tested values."""
    found: dict[str, dict[str, None]] = {}
    for trace in traces:
        for result in trace.results if trace is not None else ():
            for test in result.statement.conditions:
                if test.key in ASSUMED:
                    found.setdefault(test.key, {}).update(dict.fromkeys(value.text for value in test.values))
    return found


@dataclass(frozen=True, slots=True)
class _PairEvaluation:
    old: SnapshotView
    new: SnapshotView
    principal: str
    action: str
    resource: str
    given: Context
    kinds: tuple[Kind, ...]

    def compare(self, before: EvaluationTrace | None, after: EvaluationTrace | None) -> Compared:
        if before is None and after is None:
            return SAME
        doubts = _doubts_of(*[trace.request if trace is not None else None for trace in (before, after)])
        was, now = _decision_of(before), _decision_of(after)
        found: list[tuple[Kind, ExampleRequest]] = []
        if EvalDecision.CONDITIONAL not in (was, now):
            if was is not now:
                kind = Kind.GAINED if now is EvalDecision.ALLOWED else Kind.LOST
                found.append((kind, self._witness({}, _asked(before), _asked(after))))
            elif before is not None and after is not None and _differs_otherwise(before, after):
                doubts.append(
                    phrase("AWS's documentation contradicts itself here; with the other reading, access changed.")
                )
            elif before is not None and after is not None and now is EvalDecision.IMPLICIT_DENY:
                why = awaiting(before, after)
                return Compared((), tuple(doubts), () if why is None else (why,))
            return Compared(tuple(found), tuple(doubts) if not found else ())
        if was is now and _is_equivalent(before, after):
            return Compared((), tuple(doubts))
        kinds = tuple(kind for kind in self.kinds if _is_possible(kind, was, now))
        clear: dict[Kind, ExampleRequest] = {}
        partly: dict[Kind, ExampleRequest] = {}
        for kind in kinds:
            brings = kind is Kind.GAINED
            allows, denies = (after, before) if brings else (before, after)
            contexts = chain(
                islice(_joined(allows, denies), _MAX_JOINED),
                _contexts(after, allowed=brings),
                _contexts(before, allowed=not brings),
            )
            self._under(kind, contexts, before, after, clear, partly)
        left = [kind for kind in kinds if kind not in clear]
        if before is None or after is None or not left:
            return Compared(_in_order(kinds, partly | clear), tuple(doubts))
        in_values: dict[Kind, ExampleRequest] = {}
        most = _MAX_AFTER if clear or partly else _MAX_TRIED
        undetermined = [result for trace in (before, after) for result in trace.results if result.truth is MAYBE]
        keys = tuple(dict.fromkeys(key for result in undetermined for key in _open_keys(result, before, after)))
        is_all = self._try_all(before, after, undetermined, keys, left, clear, in_values, most)
        shown = in_values | clear if is_all else partly | in_values | clear
        if not all(kind in shown for kind in left):
            apart = [self._of_one_snapshot(key, after) for key in keys if _is_open(key, before) != _is_open(key, after)]
            doubts += apart
            if not (is_all and (apart or shown or was is now)):
                doubts.append(phrase("It depends on conditions with more values than can be tried."))
        return Compared(_in_order(kinds, shown), tuple(doubts))

    def _try_all(
        self,
        before: EvaluationTrace,
        after: EvaluationTrace,
        undetermined: Sequence[StatementResult],
        keys: Sequence[str],
        kinds: Sequence[Kind],
        clear: dict[Kind, ExampleRequest],
        partly: dict[Kind, ExampleRequest],
        most: int,
    ) -> bool:
        """Try every combination of values that the tests of both snapshots distinguish.

        Return False if there are too many, or if further values may matter: then nothing is proved.
        """
        if is_too_much(undetermined, after.subject):
            return False
        tried = domains(keys, undetermined, after.subject.where_least_is_known())
        if prod(len(domain.facts) for domain in tried) > most:
            return False
        for combination in product(*(domain.facts for domain in tried)):
            context = {key: _value(fact) for key, fact in zip(keys, combination, strict=True)}
            for kind in kinds:
                if kind not in clear:
                    self._under(kind, [context], before, after, clear, partly)
            if all(kind in clear for kind in kinds):
                return True
        return all(domain.is_complete for domain in tried)

    def _under(
        self,
        kind: Kind,
        contexts: Iterable[Context],
        before: EvaluationTrace | None,
        after: EvaluationTrace | None,
        clear: dict[Kind, ExampleRequest],
        partly: dict[Kind, ExampleRequest],
    ) -> None:
        """Search for a context in which one snapshot allows the request and the other one does not.

        ``before`` and ``after`` are the results without these contexts. What is found is added to ``clear``, or to
        ``partly`` if one of the decisions still depends on other keys.
        """
        allows, denies = (after, before) if kind is Kind.GAINED else (before, after)
        for one in contexts:
            context = self._with_mfa(one, before, after)
            if context is None or _contained(allows, context) != context:
                continue
            was = self._in(context, self.old, before)
            if (was is EvalDecision.ALLOWED) is (kind is Kind.GAINED):
                continue
            now = self._in(context, self.new, after)
            if (now is EvalDecision.ALLOWED) is not (kind is Kind.GAINED):
                continue
            possible = _contained(denies, context)
            side = self.old if kind is Kind.GAINED else self.new
            if possible != context and self._in(possible, side, denies) is EvalDecision.ALLOWED:
                continue
            witness = self._witness(context, was, now)
            if EvalDecision.CONDITIONAL not in (was, now):
                clear[kind] = witness
                return
            partly.setdefault(kind, witness)

    def _with_mfa(
        self, context: Context, before: EvaluationTrace | None, after: EvaluationTrace | None
    ) -> Context | None:
        """Return a context with what one MFA key says about the other one; None if no request contains both.

        The age is present only if MFA was used. Source: IAM User Guide, "AWS global condition context keys".
        """
        age, present = context.get(MFA_AGE_KEY), context.get(MFA_KEY)
        if age is not None and ((MFA_KEY in context and present != "true") or str(age).startswith("-")):
            return None
        if age is None and (MFA_KEY not in context or present == "true"):
            return context
        traces = [trace for trace in (before, after) if trace is not None]
        tested = {key for trace in traces for one in trace.results for key in one.statement.context_keys()}
        other, value = (MFA_KEY, "true") if age is not None else (MFA_AGE_KEY, None)
        return {**context, other: value} if other in tested and other not in self.given else context

    def _of_one_snapshot(self, key: str, after: EvaluationTrace) -> str:
        """Return why requests with a key of unknown value in one snapshot alone cannot be compared."""
        side, where = (
            (self.new, phrase("the new snapshot")) if _is_open(key, after) else (self.old, phrase("the old snapshot"))
        )
        role = side.index.roles.get(self.principal)
        action = _PASSED_BY.get(f"{key.partition('/')[0]}/" if "/" in key else key)
        if role is None or role.assume_role_policy_document is None or action is None:
            return phrase(
                "Access depends on {key}, whose value is not known in {where}.", key=spelled(key), where=where
            )
        return phrase(
            "Access depends on {key}, which can be set for sessions of the role in {where} only: its trust policy "
            "allows {action} there.",
            key=spelled(key),
            where=where,
            action=action,
        )

    def _in(self, context: Context, side: SnapshotView, known: EvaluationTrace | None) -> EvalDecision | None:
        """Return the decision in a context; the known one if it is unconditional and no statement tests the keys."""
        if (
            known is not None
            and known.decision is not EvalDecision.CONDITIONAL
            and _ASKED_BY_STATEMENTS.issuperset(context)
            and all(_ASKED_BY_STATEMENTS.isdisjoint(one.statement.context_keys()) for one in known.results)
        ):
            return known.decision
        return side.decide(self.principal, self.action, self.resource, {**self.given, **context})

    def _witness(self, context: Context, before: EvalDecision | None, after: EvalDecision | None) -> ExampleRequest:
        items = tuple(
            (key, value if value is None or isinstance(value, str) else tuple(value))
            for key, value in {**self.given, **context}.items()
        )
        return ExampleRequest(
            self.principal,
            self.action,
            self.resource,
            items,
            before,
            after,
            self.new.owner_taken(self.principal, self.resource) and self.old.owner_taken(self.principal, self.resource),
        )


def _is_possible(kind: Kind, was: EvalDecision, now: EvalDecision) -> bool:
    """Return whether a change can occur in some context, if these are the decisions without one."""
    if kind is Kind.GAINED:
        return was is not EvalDecision.ALLOWED and now is not EvalDecision.IMPLICIT_DENY
    return was is not EvalDecision.IMPLICIT_DENY and now is not EvalDecision.ALLOWED


def _in_order(kinds: Iterable[Kind], found: Mapping[Kind, ExampleRequest]) -> tuple[tuple[Kind, ExampleRequest], ...]:
    return tuple((kind, found[kind]) for kind in kinds if kind in found)


def _asked(trace: EvaluationTrace | None) -> EvalDecision | None:
    return None if trace is None else trace.decision


def _decision_of(trace: EvaluationTrace | None) -> EvalDecision:
    """Return the decision, with an explicit deny as an implicit one."""
    if trace is None or trace.decision is EvalDecision.EXPLICIT_DENY:
        return EvalDecision.IMPLICIT_DENY
    return trace.decision


def _differs_otherwise(before: EvaluationTrace, after: EvaluationTrace) -> bool:
    """Return whether two equal decisions differ by the other interpretation of some open rule."""
    was, now = _by_readings(before), _by_readings(after)
    return any(
        was.get(one, _decision_of(before)) is not now.get(one, _decision_of(after)) for one in was.keys() | now.keys()
    )


def _by_readings(trace: EvaluationTrace) -> dict[tuple[OpenRule, ...], EvalDecision]:
    """Return the decisions by the other interpretation of open rules, if they differ."""
    return {
        one.rules: EvalDecision.IMPLICIT_DENY if one.decision is EvalDecision.EXPLICIT_DENY else one.decision
        for one in trace.readings
    }


def _contexts(trace: EvaluationTrace | None, *, allowed: bool) -> list[Context]:
    """Return the smallest contexts in which it is allowed, or not; the empty context if it always is."""
    decision = _decision_of(trace)
    if decision is not EvalDecision.CONDITIONAL:
        return [{}] if (decision is EvalDecision.ALLOWED) is allowed else []
    if trace is None:
        return []
    return [_as_context(one) for one in (trace.sets if allowed else trace.denials)[:_MAX_SETS]]


def _joined(allows: EvaluationTrace | None, denies: EvaluationTrace | None) -> Iterator[Context]:
    """Yield contexts in which one of two snapshots allows a conditional request and the other one does not."""
    if allows is None or denies is None:
        return
    for allowed, denied in product(allows.sets[:_MAX_SETS], denies.denials[:_MAX_SETS]):
        if all(allowed.get(key, fact) == fact for key, fact in denied.items()):
            context = _as_context({**allowed, **denied})
            if context.get(MFA_KEY) != "true" or context.get(MFA_AGE_KEY, "") is not None:  # no request is like that
                yield context


def _as_context(facts: ConditionSet) -> Context:
    found: dict[str, str | Sequence[str] | None] = {}
    for key, fact in facts.items():
        found[key] = _value(fact)
    return found


def _value(fact: KeyValue) -> str | Sequence[str] | None:
    if fact.knowledge is Knowledge.ABSENT:
        return None
    return fact.values[0] if len(fact.values) == 1 else list(fact.values)


def _contained(trace: EvaluationTrace | None, context: Context) -> Context:
    """Return a context without the values that no request of the principal to one snapshot contains."""
    if trace is None:
        return context
    facts = {key: trace.subject.context.fact(key) for key in context}
    return {
        key: value
        for key, value in context.items()
        if facts[key].knowledge >= Knowledge.VALUE_UNKNOWN or _value(facts[key]) == value
    }


def _is_open(key: str, trace: EvaluationTrace) -> bool:
    return trace.subject.context.fact(key).knowledge >= Knowledge.VALUE_UNKNOWN


def _open_keys(result: StatementResult, *traces: EvaluationTrace) -> Iterator[str]:
    """Yield the keys with unknown values that a statement depends on."""
    keys = [key for open_test in result.open_tests for key in (open_test.test.key, *open_test.test.variable_keys)]
    if result.open_resource:
        keys += result.statement.resource_keys()
    for key in keys:
        if any(_is_open(key, trace) for trace in traces):
            yield key


def _is_equivalent(before: EvaluationTrace | None, after: EvaluationTrace | None) -> bool:
    """Return whether the applicable statements are equivalent: the same tests of the same policy types."""
    if before is None or after is None or before.decision_inputs != after.decision_inputs:
        return False
    return _applicable(before) == _applicable(after)


def _applicable(trace: EvaluationTrace) -> frozenset[object]:
    found: set[object] = set()
    for result in trace.results:
        if result.truth is FALSE:
            continue
        policy = result.policy
        tests = tuple(
            (test.operator_text, test.key, tuple(value.text for value in test.values), fact)
            for test, fact in result.open_tests
        )
        resources = tuple(entry.text for entry in result.statement.resources or ()) if result.open_resource else ()
        where = (policy.policy_type, policy.level, policy.sub_request, result.statement.is_allow, result.grant)
        found.add((where, result.truth, frozenset(tests), resources, policy.document.version))
    return frozenset(found)


def _doubts_of(before: EvaluationRequest | None, after: EvaluationRequest | None) -> list[str]:
    """Return the data that is missing in one snapshot, or in both and may differ."""
    missing_data = [
        {one.code: one.message for one in request.policies.missing_data} if request is not None else {}
        for request in (before, after)
    ]
    codes = sorted(missing_data[0].keys() | missing_data[1].keys())
    found: list[str] = []
    for code in codes:
        in_one = (code in missing_data[0]) != (code in missing_data[1]) and before is not None and after is not None
        if code in _DOUBTFUL_MISSING_DATA or in_one:
            message = missing_data[1].get(code) or missing_data[0][code]
            if not in_one:
                found.append(phrase("In both snapshots: {gap}", gap=message))
            elif code in missing_data[0]:
                found.append(phrase("In the old snapshot: {gap}", gap=message))
            else:
                found.append(phrase("In the new snapshot: {gap}", gap=message))
    return found
