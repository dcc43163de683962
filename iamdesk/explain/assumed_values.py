"""Assumed context values, each reported only if another value would change the decision.

A decision over a snapshot assumes that the request is made now, over TLS, by the caller itself, and with long-term
credentials (rules J2, J4). Here each of these is varied over every value that the statements distinguish, and the
request is decided again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.context import ABSENT, KeyValue, Knowledge
from iamdesk.evaluate.credential_limits import ISSUE_TIME_KEY, MFA_KEY
from iamdesk.evaluate.derived_keys import DerivedKeys
from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace, decide_request
from iamdesk.evaluate.principal import SIGNED
from iamdesk.evaluate.request import EvalDecision
from iamdesk.evaluate.request_context import facts_given
from iamdesk.evaluate.ternary import MAYBE
from iamdesk.evaluate.unknown_context.test_values import samples
from iamdesk.explain.decision import Assumption
from iamdesk.i18n import phrase
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.operators import read_date

_SECURE, _VIA = "aws:securetransport", "aws:viaawsservice"
_CALLED_VIA = ("aws:calledvia", "aws:calledviafirst", "aws:calledvialast")
_MCP = ("aws:viaawsmcpservice", "aws:ismcpserviceaction", "aws:calledviaawsmcp")
_NOW, _EPOCH = "aws:currenttime", "aws:epochtime"
_PRINCIPAL = "aws:principalarn"
ASSUMED_KEYS = frozenset({_SECURE, _VIA, *_CALLED_VIA, *_MCP, _NOW, _EPOCH})
"""Keys (lower case) that decisions over a snapshot assume to have a value or to be absent."""
_MAX_VALUES = 64
_MAX_SERVICES = 8
"""Number of services that are tried in the chain of a forwarded call."""

type World = Mapping[str, KeyValue]
"""The values that are varied, by key in lower case."""


def assumed_values(trace: EvaluationTrace) -> Iterator[Assumption]:
    """Yield the assumptions about the context for which another value would change the decision."""
    tested = _Tested(trace)
    if isinstance(trace.request.context.derive, DerivedKeys):
        yield from _transport(trace, tested)
        if trace.request.caller.kind in SIGNED:
            yield from _forwarded(trace, tested)
            yield from _by_mcp(trace, tested)
        yield from _time(trace, tested)
        yield from _long_term(trace)
        return
    yield from _time(trace, tested)
    if trace.request.caller.has_missing_path:
        yield from _role_path(trace, tested)


class _Tested:
    """The keys that the statements test, and the tests."""

    def __init__(self, trace: EvaluationTrace) -> None:
        self._trace = trace
        self._tests: dict[str, list[ConditionTest]] = {}
        self._keys: set[str] = set()
        for result in trace.results:
            for test in result.statement.conditions:
                self._tests.setdefault(test.key, []).append(test)
                self._keys.update(test.variable_keys)
            self._keys.update(key for entry in result.statement.resources or () for key in entry.keys)

    def any_of(self, *keys: str) -> bool:
        """Return whether a statement tests one of some keys that the request does not provide."""
        return any((key in self._tests or key in self._keys) and self._is_open(key) for key in keys)

    def values(self, *keys: str, shape: str = "*") -> tuple[str, ...]:
        """Return single values that show every outcome of the tests on some keys."""
        found: dict[str, None] = {}
        for key in keys:
            kind = (reference().key_type(key) or "String").removeprefix("ArrayOf")
            tests = self._tests.get(key, ())
            found |= dict.fromkeys(samples(tests, kind, shape, self._trace.subject.context.variable, 2).texts)
        return tuple(found)[:_MAX_VALUES]

    def _is_open(self, key: str) -> bool:
        return key not in self._trace.request.context.given


def decided(request: EvaluationRequest, world: World) -> EvalDecision:
    """Return the decision with other values of some keys; values that the request provides stay."""
    return decide_request(_put(request, world))


def _put(request: EvaluationRequest, world: World) -> EvaluationRequest:
    given = {**world, **request.context.given}
    context = replace(request.context, given=given)
    return replace(request, context=context, joint=tuple([_put(one, world) for one in request.joint]))


def furthest(decision: EvalDecision, others: Iterable[EvalDecision]) -> EvalDecision | None:
    """Return which of the decisions differs most from one; None where none differs."""
    order = (
        _FURTHEST_FROM_ALLOWED
        if decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
        else _FURTHEST_FROM_DENIED
    )
    found = set(others) - {decision}
    return next((one for one in order if one in found), None)


_FURTHEST_FROM_ALLOWED = (
    EvalDecision.EXPLICIT_DENY,
    EvalDecision.IMPLICIT_DENY,
    EvalDecision.CONDITIONAL,
    EvalDecision.ALLOWED,
)
_FURTHEST_FROM_DENIED = (
    EvalDecision.ALLOWED,
    EvalDecision.CONDITIONAL,
    EvalDecision.EXPLICIT_DENY,
    EvalDecision.IMPLICIT_DENY,
)


def _becomes(trace: EvaluationTrace, worlds: Iterable[World]) -> EvalDecision | None:
    return furthest(trace.decision, [decided(trace.request, world) for world in worlds])


def _taken(trace: EvaluationTrace, values: Mapping[str, str | Sequence[str]]) -> World:
    """Return the values of a context; keys that the action does not support stay absent (rule J1)."""
    return facts_given(values, trace.request.target)


def _transport(trace: EvaluationTrace, tested: _Tested) -> Iterator[Assumption]:
    if tested.any_of(_SECURE):
        other = _becomes(trace, [_taken(trace, {_SECURE: "false"})])
        if other is not None:
            yield Assumption(
                "secure-transport-assumed",
                phrase("The request is assumed to use TLS: aws:SecureTransport is true."),
                other,
            )


def _forwarded(trace: EvaluationTrace, tested: _Tested) -> Iterator[Assumption]:
    """A service that calls another for the caller sends aws:ViaAWSService, and some say which it is (rule D10)."""
    if not tested.any_of(_VIA, *_CALLED_VIA):
        return
    forwarded = decided(trace.request, _taken(trace, {_VIA: "true"}))
    if forwarded is not trace.decision:
        yield Assumption(
            "via-aws-service-assumed",
            phrase(
                "The request is assumed not to be made by an AWS service on the caller's behalf: "
                "aws:ViaAWSService is false."
            ),
            forwarded,
        )
    if tested.any_of(*_CALLED_VIA):
        chains = list(_chains(trace, tested))
        alone = [decided(trace.request, {**chain, **_taken(trace, {_VIA: "false"})}) for chain in chains]
        found = [decided(trace.request, {**chain, **_taken(trace, {_VIA: "true"})}) for chain in chains]
        # A service's name comes with aws:ViaAWSService, but a context can provide one key without the other.
        other = furthest(trace.decision, [*(one for one in found if one is not forwarded), *alone])
        if other is not None:
            yield Assumption(
                "called-via-assumed",
                phrase("The request is assumed to come through no other AWS service: aws:CalledVia is absent."),
                other,
            )


def _chains(trace: EvaluationTrace, tested: _Tested) -> Iterator[World]:
    services = tested.values(*_CALLED_VIA)[:_MAX_SERVICES]
    chains: list[tuple[str, ...]] = [(one,) for one in services]
    chains += [pair for one, other in combinations(services, 2) for pair in ((one, other), (other, one))]
    for chain in chains:
        first, last = chain[0], chain[-1]
        yield _taken(trace, {"aws:calledvia": chain, "aws:calledviafirst": first, "aws:calledvialast": last})


def _by_mcp(trace: EvaluationTrace, tested: _Tested) -> Iterator[Assumption]:
    if not tested.any_of(*_MCP):
        return
    via, action, server = _MCP
    worlds: list[dict[str, str]] = [{via: "false"}]
    for name in tested.values(server):
        worlds += [{via: "true", server: name, action: word} for word in ("true", "false")]
    other = _becomes(trace, [_taken(trace, world) for world in worlds])
    if other is not None:
        yield Assumption(
            "mcp-assumed",
            phrase("The request is assumed not to come through an AWS MCP server: aws:ViaAWSMCPService is absent."),
            other,
        )


def _time(trace: EvaluationTrace, tested: _Tested) -> Iterator[Assumption]:
    now, given = trace.request.context.fact(_EPOCH), trace.request.context.given
    if not now.derived or _NOW in given or _EPOCH in given:
        return
    if not tested.any_of(_NOW, _EPOCH, ISSUE_TIME_KEY):
        return
    moments = {read_date(text) for text in tested.values(_NOW, _EPOCH)}
    # Sessions are known to have begun lately because the request is made now.
    seconds = {int(moment) + by for moment in moments if moment is not None for by in (-1, 0, 1)}
    seconds.add(int(now.values[0]))
    other = _becomes(trace, [world for one in sorted(seconds) if (world := _at(trace, one))])
    if other is not None:
        message = phrase("The request is assumed to be made now: aws:CurrentTime is the time of the evaluation.")
        yield Assumption("time-assumed", message, other)


def _at(trace: EvaluationTrace, seconds: int) -> World:
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return {}
    return _taken(trace, {_NOW: moment.strftime("%Y-%m-%dT%H:%M:%SZ"), _EPOCH: str(seconds)})


def _long_term(trace: EvaluationTrace) -> Iterator[Assumption]:
    """Yield the assumption of long-term credentials: those of GetSessionToken are limited (rule I10)."""
    doubts = [
        one.doubt for one in trace.decision_inputs.sub_requests if one.doubt is not None and not one.doubt.is_known
    ]
    asked = any(
        test.test.key == ISSUE_TIME_KEY for one in trace.results if one.truth is MAYBE for test in one.open_tests
    )
    if not doubts or asked:
        return
    token = KeyValue(Knowledge.VALUE_UNKNOWN)
    with_token, without = ({ISSUE_TIME_KEY: one, MFA_KEY: ABSENT} for one in (token, ABSENT))
    other = decided(trace.request, with_token)
    if other is not trace.decision and other is not decided(trace.request, without):
        yield Assumption(
            "long-term-credentials-assumed",
            phrase(
                "The request is assumed to use long-term credentials, not those of sts:GetSessionToken without "
                "MFA: aws:TokenIssueTime is absent."
            ),
            other,
        )


def _role_path(trace: EvaluationTrace, tested: _Tested) -> Iterator[Assumption]:
    """Yield the assumption about a role's path: a session's ARN omits it, and a test case lacks it (rule E3)."""
    caller = trace.request.caller
    if not tested.any_of(_PRINCIPAL) or trace.request.context.fact(_PRINCIPAL).knowledge is not Knowledge.PRESENT:
        return
    shape = f"arn:{caller.partition}:iam::{caller.account}:role/*/{caller.name}"
    other = _becomes(trace, [_taken(trace, {_PRINCIPAL: arn}) for arn in tested.values(_PRINCIPAL, shape=shape)])
    if other is not None:
        message = phrase(
            "The path of role {name} is not provided: no path is assumed (aws:PrincipalArn is {arn}).",
            name=caller.name,
            arn=caller.arn,
        )
        yield Assumption("role-path-assumed", message, other)
