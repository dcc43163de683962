"""Turns the engine's trace into an evaluation result: ordered, in words, complete."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from iamdesk.aws.service_reference import reference
from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.context import KeyValue, Knowledge
from iamdesk.evaluate.decision_logic import PolicyTypeKey
from iamdesk.evaluate.engine import EvaluationTrace
from iamdesk.evaluate.matching import StatementResult, near_misses_by_action
from iamdesk.evaluate.policy_set import AttachedPolicy
from iamdesk.evaluate.principal import CallerKind
from iamdesk.evaluate.request import EvalDecision, PolicyType, Request
from iamdesk.evaluate.ternary import FALSE, MAYBE, TRUE
from iamdesk.explain import messages
from iamdesk.explain.assumptions import assumptions_of
from iamdesk.explain.decision import (
    ContextKey,
    EvaluationResult,
    KeyState,
    PolicyTypeResult,
    StatementExplanation,
    StatementRole,
)
from iamdesk.explain.policy_type_summary import name_of, on_sub_request, policies_in, policy_type_results, target_on
from iamdesk.explain.value_sets import set_words
from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.policy.public_policy import public_words
from iamdesk.policy.source_map import ElementPath
from iamdesk.policy.statement import Statement
from iamdesk.policy.variables import Variable

_MAX_NEAR_MISSES = 30
_ORDER = {StatementRole.DECIDES: 0, StatementRole.DEPENDS: 1, StatementRole.TOOK_PART: 2, StatementRole.NEAR_MISS: 3}


def explain(trace: EvaluationTrace, request: Request) -> EvaluationResult:
    """Explain one evaluation.

    ``request`` is as entered; the result has it as understood (AWS's spelling, the evaluated resource).
    """
    target = trace.request.target
    conditions = tuple(_spell(one, trace) for one in trace.sets)
    words = tuple(set_words(one, trace, spelling) for one in trace.sets)
    statements = _statements(trace)
    return EvaluationResult(
        decision=trace.decision,
        request=Request(
            principal=trace.request.caller.text,
            action=target.action_text,
            resource=target.resource_text,
            context=request.context,
            resource_account=request.resource_account,
            session_policies=request.session_policies,
            unknown_context=request.unknown_context,
            without=request.without,
            unknown_action=request.unknown_action,
            remarks=request.remarks,
            unresolved=request.unresolved,
            is_of_resource=request.is_of_resource,
        ),
        sentence=_sentence(trace, words),
        layers=tuple([_with_statements(line, statements) for line in policy_type_results(trace)]),
        statements=statements,
        missing_context_values=tuple(spelling(key, trace) for key in trace.keys),
        conditions=conditions,
        blocked_by=trace.type_decision.blocked_by if trace.decision is not EvalDecision.CONDITIONAL else (),
        assumptions=assumptions_of(trace),
        context=_context(trace),
        denials=tuple(_spell(one, trace) for one in trace.denials),
        condition_words=words,
        denial_words=tuple(set_words(one, trace, spelling) for one in trace.denials),
    )


def _with_statements(policy_type: PolicyTypeResult, statements: Sequence[StatementExplanation]) -> PolicyTypeResult:
    own = tuple([line for line in statements if line.layer is policy_type.layer])
    return replace(policy_type, statements=own) if own else policy_type


def _sentence(trace: EvaluationTrace, words: Sequence[str]) -> str:
    sentence = _sentence_of(trace, words)
    left_out = [phrase(_LEFT_OUT[policy_type]) for policy_type in PolicyType if policy_type in trace.request.without]
    if left_out:
        sentence = phrase("{answer} (without {layers})", answer=sentence, layers=messages.listed(left_out))
    return join_messages("", (sentence, "."))


def _sentence_of(trace: EvaluationTrace, words: Sequence[str]) -> str:
    who, what = messages.who(trace.request.caller), messages.what(trace.request.target)
    match trace.decision:
        case EvalDecision.ALLOWED:
            return phrase("{who} is allowed to perform {what}: {why}", who=who, what=what, why=_why_allowed(trace))
        case EvalDecision.EXPLICIT_DENY:
            return phrase("{who} is not allowed to perform {what}: {why}", who=who, what=what, why=_why_denied(trace))
        case EvalDecision.IMPLICIT_DENY:
            return phrase("{who} is not allowed to perform {what}: {why}", who=who, what=what, why=_why_not(trace))
        case _:
            if trace.decision_inputs.is_assumed and not trace.keys:  # rule D1
                return phrase(
                    "{who} is allowed to perform {what} only if its account, which is not captured, allows it, too",
                    who=who,
                    what=what,
                )
            if trace.request.unresolved and not trace.keys:
                return phrase(
                    "Whether {who} is allowed to perform {what} depends on {unknown}",
                    who=who,
                    what=what,
                    unknown=trace.request.unresolved,
                )
            keys_of_sets = [[spelling(key, trace) for key in one] for one in trace.sets]
            if (alternatives := messages.alternatives_text(keys_of_sets, words)) is not None:
                if trace.is_exact and not trace.has_more:
                    return phrase(
                        "{who} is allowed to perform {what} only if {condition}",
                        who=who,
                        what=what,
                        condition=alternatives,
                    )
                return phrase(
                    "{who} is allowed to perform {what} if {condition}", who=who, what=what, condition=alternatives
                )
            keys = messages.listed([spelling(key, trace) for key in trace.keys]) or phrase("values that are not known")
            return phrase("Whether {who} is allowed to perform {what} depends on {keys}", who=who, what=what, keys=keys)


_LEFT_OUT: Mapping[PolicyType, str] = {
    PolicyType.RCP: mark("resource control policies"),
    PolicyType.SCP: mark("service control policies"),
    PolicyType.RESOURCE: mark("resource policy"),
    PolicyType.TRUST: mark("trust policy"),
    PolicyType.IDENTITY: mark("identity policies"),
    PolicyType.PERMISSIONS_BOUNDARY: mark("permissions boundary"),
    PolicyType.SESSION: mark("session policy"),
    PolicyType.ENDPOINT: mark("vpc endpoint policy"),
    PolicyType.ACL: mark("access control list"),
    PolicyType.BLOCK_PUBLIC_ACCESS: mark("block public access"),
}


def _why_denied(trace: EvaluationTrace) -> str:
    if not trace.type_decision.decided_by:
        return phrase(
            "Block Public Access blocks external principals because the policy is public: {why}", why=_why_public(trace)
        )
    names = [name_of(result) for result in trace.results if _decides(result, trace)]
    return nphrase("{names} denies it", "{names} deny it", len(names), names=messages.listed(names))


def _why_public(trace: EvaluationTrace) -> str:
    """Return which statements make the policy public that Block Public Access restricts (rule I7)."""
    requests = (trace.request, *trace.request.joint)
    sub_requests = zip(requests, trace.decision_inputs.sub_requests, strict=True)
    held = [
        one.policies.resource
        for one, sub_request in sub_requests
        if sub_request.restricts_public and one.policies.resource is not None
    ]
    return join_messages("; ", list(dict.fromkeys(public_words(policy.document) for policy in held)))


def _why_allowed(trace: EvaluationTrace) -> str:
    if trace.decision_inputs.needs_no_permission:
        return phrase("the call needs no permission")
    names = [
        name_of(result)
        for result in trace.results
        if _decides(result, trace)
        and result.policy.policy_type in (PolicyType.IDENTITY, PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.ACL)
        if not result.policy.is_assumed
    ]
    if trace.request.policies.is_identity_assumed:
        assumed = phrase("its account, which is not captured, has to allow it, too")
        if not names:
            return assumed
        granted = nphrase("{names} allows it", "{names} allow it", len(names), names=messages.listed(names))
        return phrase("{granted}, and {assumed}", granted=granted, assumed=assumed)
    if trace.request.caller.kind is CallerKind.ROOT and not names:
        return phrase("the root user has full access to its account")
    if not names:
        return phrase("its policies allow it")
    return nphrase("{names} allows it", "{names} allow it", len(names), names=messages.listed(names))


def _why_not(trace: EvaluationTrace) -> str:
    refusal = next((word for word in trace.type_decision.blocked_by if word in messages.REFUSALS), None)
    if refusal is not None:
        return phrase(messages.REFUSALS[refusal])
    action = trace.request.target.action_text
    missing_data = trace.request.policies.missing_data
    missing = {(one.policy_type, one.sub_request): one.code for one in missing_data if one.code in messages.MISSING}
    reasons = []
    for type_key in trace.type_decision.lacking:
        names = [policy.name for policy in policies_in(trace, type_key)]
        if (type_key.policy_type, type_key.sub_request) in missing and not names:
            reason = phrase(messages.MISSING[missing[type_key.policy_type, type_key.sub_request]])
        else:
            places = trace.request.policies.scp_places
            reason = messages.lacking_sentence(type_key.policy_type, type_key.level, places, names, action)
            if (
                type_key.policy_type in (PolicyType.IDENTITY, PolicyType.RESOURCE)
                and target_on(trace, type_key.sub_request).is_beside_key_policies
            ):
                reason = phrase("only a grant can allow it, not the key policy, and no grant does")
        if trace.request.joint:
            resource = with_visible_end(target_on(trace, type_key.sub_request).resource_text)
            reason = phrase("{reason} on {resource}", reason=reason, resource=resource)
        reasons.append(reason)
    return join_messages("; ", list(dict.fromkeys(reasons))) if reasons else phrase("no statement allows it")


# ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _decides(result: StatementResult, trace: EvaluationTrace) -> bool:
    """Whether the decision rests on the statement (rule A4)."""
    policy = result.policy
    if (
        PolicyTypeKey(policy.policy_type, policy.level, policy.sub_request) not in trace.type_decision.decided_by
        or result.truth is FALSE
    ):
        return False
    match trace.decision:
        case EvalDecision.ALLOWED:
            return result.statement.is_allow
        case EvalDecision.EXPLICIT_DENY:
            return not result.statement.is_allow
        case EvalDecision.CONDITIONAL:
            return result.statement.is_allow and result.truth is TRUE
        case _:
            return False


def part_of(result: StatementResult, trace: EvaluationTrace) -> StatementRole:
    """Return the role of a statement in a result."""
    if result.truth is FALSE:
        return StatementRole.NEAR_MISS
    if _decides(result, trace):
        return StatementRole.DECIDES
    return StatementRole.DEPENDS if result.truth is MAYBE else StatementRole.TOOK_PART


def _statements(trace: EvaluationTrace) -> tuple[StatementExplanation, ...]:
    results = tuple([result for result in trace.results if not result.policy.is_assumed])
    if trace.decision is EvalDecision.IMPLICIT_DENY:
        for sub_request in range(len(trace.request.joint) + 1):
            of_sub_request = near_misses_by_action(
                on_sub_request(trace, sub_request).policies.identity, trace.subject.on_sub_request(sub_request)
            )
            results = (*results, *of_sub_request)
    sorted_results = sorted(
        ((part_of(result, trace), result) for result in results),
        key=lambda pair: (_ORDER[pair[0]], len(pair[1].failures)),
    )
    lines: list[StatementExplanation] = []
    seen: set[tuple[str, int, StatementRole]] = set()
    misses = 0
    for part, result in sorted_results:
        if part is StatementRole.NEAR_MISS:
            misses += 1
            if misses > _MAX_NEAR_MISSES:
                break
        if trace.request.joint:  # the principal's own policies apply to each sub-request
            line = (result.policy.key, result.statement.index, part)
            if line in seen and part is not StatementRole.NEAR_MISS:
                continue
            seen.add(line)
        lines.append(statement_line(part, result, trace))
    return tuple(lines)


def statement_line(part: StatementRole, result: StatementResult, trace: EvaluationTrace) -> StatementExplanation:
    """Return the explanation of a statement."""
    policy, statement = result.policy, result.statement
    target, caller = target_on(trace, policy.sub_request), trace.request.caller
    failed: str | None = None
    mark: ElementPath = statement.path
    if part is StatementRole.NEAR_MISS:
        failure = result.failures[0]
        failed = failure.element
        sentence = messages.failure_sentence(failure, result, target, caller)
        mark = failure.test.path if failure.test is not None else statement.element_path(failure.element)
    elif part is StatementRole.DEPENDS:
        sentence = messages.depends_sentence(result)
        if result.open_tests:
            mark = result.open_tests[0].test.path
    else:
        sentence = messages.matched_sentence(result, target)
    return explained(policy, statement, sentence, part, failed, mark)


def explained(
    policy: AttachedPolicy,
    statement: Statement,
    sentence: str,
    part: StatementRole = StatementRole.DECIDES,
    failed: str | None = None,
    mark: ElementPath | None = None,
) -> StatementExplanation:
    """Return a statement with a sentence about it; ``mark`` is the path to highlight, None: the whole statement."""
    return StatementExplanation(
        part=part,
        layer=policy.policy_type,
        level=policy.level,
        source_policy_id=policy.source_id,
        source_policy_type=policy.source_type,
        policy_key=policy.key,
        policy_name=policy.name,
        owner=policy.owner,
        document=policy.document,
        index=statement.index,
        sid=statement.sid,
        effect=statement.effect,
        sentence=sentence,
        failed=failed,
        mark=statement.path if mark is None else mark,
    )


# ── context ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_request(trace: EvaluationTrace) -> Iterable[StatementResult]:
    """Yield the statements that match but for conditions."""
    for result in trace.results:
        if all(failure.test is not None for failure in result.failures):
            yield result


def _context(trace: EvaluationTrace) -> tuple[ContextKey, ...]:
    """Return a row for each key that such a statement tests."""
    context = trace.subject.where_least_is_known().context
    spelled: dict[str, str] = {}
    suggested: dict[str, dict[str, None]] = {}
    for result in _in_request(trace):
        for test in result.statement.conditions:
            spelled.setdefault(test.key, test.key_text)
            values = suggested.setdefault(test.key, {})
            if test.operator is not None and test.operator.compares_values:
                values.update(dict.fromkeys(value.text for value in test.values if not value.keys))
            for value in test.values:
                spelled.update({one.key: one.key_text for one in value.variables if one.key not in spelled})
        for entry in result.statement.resources or ():
            spelled.update({one.key: one.key_text for one in entry.variables if one.key not in spelled})
    for key in trace.keys:  # the credentials can depend on a key that no statement tests
        spelled.setdefault(key, spelling(key, trace))
    rows = []
    for key, text in spelled.items():
        fact = context.fact(key)
        rows.append(
            ContextKey(
                key=text,
                state=_state(fact, key in context.given),
                values=fact.values,
                type=reference().key_type(key) or "String",
                suggestions=tuple(suggested.get(key, ())),
                matters=key in trace.keys,
            )
        )
    return tuple(rows)


def _state(fact: KeyValue, is_given: bool) -> KeyState:
    if is_given:
        return KeyState.GIVEN if fact.knowledge is Knowledge.PRESENT else KeyState.ABSENT
    match fact.knowledge:
        case Knowledge.PRESENT:
            return KeyState.DERIVED
        case Knowledge.ABSENT:
            return KeyState.ABSENT
        case _:
            return KeyState.UNKNOWN


def spelling(key: str, trace: EvaluationTrace) -> str:
    """Return a key as the policies spell it: where one tests it, else where one uses it as a variable."""
    for result in trace.results:
        for test in result.statement.conditions:
            if test.key == key:
                return test.key_text
    for result in trace.results:
        for variable in _variables(result):
            if variable.key == key:
                return variable.key_text
    settling = None if trace.decision_inputs.doubt is None else trace.decision_inputs.doubt.settled_by
    return settling.key_text if settling is not None and settling.key == key else key


def _variables(result: StatementResult) -> Iterable[Variable]:
    for test in result.statement.conditions:
        for value in test.values:
            yield from value.variables
    for entry in result.statement.resources or ():
        yield from entry.variables


def _spell(one: Mapping[str, KeyValue], trace: EvaluationTrace) -> Mapping[str, str | tuple[str, ...] | None]:
    spelled: dict[str, str | tuple[str, ...] | None] = {}
    for key, fact in one.items():
        if fact.knowledge is Knowledge.ABSENT:
            value: str | tuple[str, ...] | None = None
        else:
            value = fact.values[0] if len(fact.values) == 1 else fact.values
        spelled[spelling(key, trace)] = value
    return spelled
