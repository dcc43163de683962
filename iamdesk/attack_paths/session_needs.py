"""What the caller of a role has to pass for the role to be an administrator: a source identity and session tags.

A role whose permissions depend on ``aws:SourceIdentity``, or on a tag other than its own, is an administrator only in
some sessions. Whoever assumes it must be allowed to set these values, by its own policies and by the role's trust
policy (IAM User Guide, "Monitor and control actions taken with assumed roles" and "Pass session tags in AWS STS").
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from iamdesk.attack_paths.attacker_control import SOURCE_IDENTITY, AllowedBy
from iamdesk.attack_paths.edge_sources import NO_PRINCIPALS, ConfirmedAndPossible, SourceFinder
from iamdesk.attack_paths.evaluation_session import Context
from iamdesk.aws.condition_keys import PRINCIPAL_TAG_PREFIX, form_of
from iamdesk.evaluate.context import Knowledge
from iamdesk.evaluate.engine import EvaluationTrace
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import phrase
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.document import Document
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import is_pattern

_IDENTITY = "aws:sourceidentity"
_ID = "aws:userid"
"""Of a session: the role's id, a colon and the session name (IAM User Guide, "IAM policy elements: Variables and tags",
Principal key values)."""
_OF_SESSIONS = (_IDENTITY, PRINCIPAL_TAG_PREFIX, _ID)
_PASSED = {_IDENTITY: "sts:SourceIdentity", _ID: "sts:RoleSessionName"}
_FORCED = ("sts:sourceidentity", "sts:rolesessionname", "aws:requesttag/", "aws:tagkeys")
"""Beginnings of keys by which policies demand that callers pass some values."""
_ANY_VALUE = "any-value"
"""A value that policies hardly list."""
_MAX_SESSIONS = 8
"""Combinations of values that are tried for one role."""
_EXACT = frozenset({"StringEquals", "StringNotEquals", "StringLike", "StringNotLike"})
"""Operators whose listed values, without wildcards, are all that decide."""
_ANYTHING = re.compile(r"\*+")

type Session = Mapping[str, str | None]
"""Values of condition keys about a session, by key in lower case; None: it has none."""


class SessionNeed(NamedTuple):
    """Values, other than the role's own, in a session that is an administrator."""

    keys: tuple[str, ...]
    """The condition keys, as policies spell them (``aws:SourceIdentity``)."""
    values: tuple[str, ...]
    """One for each key; none: it is not known which, or the session needs none."""
    is_any: bool
    """Whether any other values would do."""
    is_exact: bool
    """Whether no other values would do."""
    absent: tuple[str, ...] = ()
    """The condition keys of which the caller must not pass a value; of a session name, one that policies list."""

    @property
    def is_plain(self) -> bool:
        """Whether it is a session for which the caller passes nothing."""
        return not self.keys

    @property
    def passed(self) -> AllowedBy:
        """The call that passes the values."""
        named = zip(self.keys, self.values, strict=True)
        return AllowedBy(True, {_passed_as(key): (_passed_value(key, value),) for key, value in named})

    @property
    def not_passed(self) -> Context:
        """The condition keys of the call that have no value."""
        found: dict[str, None] = {_passed_as(key): None for key in self.absent}
        has_tags = any(key.lower().startswith(PRINCIPAL_TAG_PREFIX) for key in self.keys)
        return (
            found
            if has_tags or all(key.lower() == _IDENTITY for key in self.absent)
            else {**found, "aws:TagKeys": None}
        )


class SessionNeeds(NamedTuple):
    """What the sessions of a role, or the requests of a user, need in which it is an administrator."""

    needs: tuple[SessionNeed, ...]
    """One of these is enough; none: no caller can pass what they need."""
    has_power_without: bool
    """Whether its other sessions may be allowed what makes administrators."""
    facts: tuple[str, ...] = ()
    """Further condition keys that it takes, whose values no caller chooses, such as ``aws:MultiFactorAuthPresent``."""

    @property
    def has_plain(self) -> bool:
        """Whether a session for which the caller passes nothing certainly is an administrator."""
        return not self.facts and any(need.is_plain for need in self.needs)


def is_of_session(key: str) -> bool:
    """Return whether a condition key, in lower case, is about values that are passed when a role is assumed."""
    return key.startswith(_OF_SESSIONS)


def may_force(statements: Iterable[Statement], *keys: str) -> bool:
    """Return whether some statement about assuming roles depends on what callers pass, so that it may be forced.

    ``keys``: these alone.
    """
    return any(
        key.startswith(keys or _FORCED)
        for statement in statements
        if statement.covers_action("sts", "assumerole")
        for key in statement.context_keys()
    )


def demands_identity(document: Document) -> bool:
    """Return whether a trust policy lets no one assume the role without a source identity."""
    allowing = [one for one in document.statements if one.is_allow and one.covers_action("sts", "assumerole")]
    return bool(allowing) and all(any(map(_demands_identity, one.conditions)) for one in allowing)


def _demands_identity(test: ConditionTest) -> bool:
    if test.key != SOURCE_IDENTITY or test.operator is None or test.if_exists or test.operator.negated:
        return False
    return test.operator.compares_values or all(value.text.lower() == "false" for value in test.values)


def _tag_of(key: str) -> str:
    return key[len(PRINCIPAL_TAG_PREFIX) :]


def _passed_as(key: str) -> str:
    """Return the key of the call by which a value is passed."""
    return _PASSED.get(key.lower()) or f"aws:RequestTag/{_tag_of(key)}"


def _passed_value(key: str, value: str) -> str:
    return value.rpartition(":")[2] if key.lower() == _ID else value


def _can_pass(key: str, value: str) -> bool:
    """Return whether STS accepts a tag or source identity: of a session's name, other values are as good."""
    form = None if key.lower() == _ID else form_of(_passed_as(key).lower(), "sts")
    return form is None or form.fullmatch(value) is not None


# ── the role ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def session_needs(
    requests: Sequence[tuple[str, str, Context]],
    others: Sequence[tuple[str, str, Context]],
    ask: Callable[[str, str, Context], EvaluationTrace],
    is_administrator: Callable[[Session], bool],
) -> SessionNeeds | None:
    """Return what the sessions need in which a role is an administrator; None: nothing.

    Args:
        requests: The requests that an administrator is allowed, as action, resource and context.
        others: Further ones, any of which makes an administrator of the role.
        ask: Evaluates one of them for the role.
        is_administrator: Whether a session of the role with certain values is an administrator.
    """
    traces: list[EvaluationTrace] = []
    sessions: list[Session] = [{}]
    is_whole = True
    for action, resource, context in requests:
        found: dict[tuple[tuple[str, str | None], ...], Session] = {}
        for session in sessions:
            trace = ask(action, resource, {**context, **session})
            traces.append(trace)
            is_whole = is_whole and not trace.has_more
            for values in _allowing(trace):
                together = {**session, **values}
                found[tuple(sorted(together.items()))] = together
        is_whole = is_whole and len(found) <= _MAX_SESSIONS
        sessions = list(found.values())[:_MAX_SESSIONS]
    caller = traces[0].subject.caller
    keys = {key.lower() for trace in traces for key in trace.keys if is_of_session(key.lower())}
    needs: dict[SessionNeed, None] = {}
    for session in sessions:
        wanted = [
            key
            for key, value in session.items()
            if value is not None and (_tag_of(key) in caller.ambiguous_tags or value != _own(traces[0], key))
        ]
        if wanted == [_ID] and is_administrator({**session, _ID: _any_of(_ID, session)}):
            wanted = []  # any session name
        absent = tuple(_spelled(key, list(_tests(key, traces))) for key in sorted(keys - set(wanted)))
        if wanted:
            found_needs = _needs(session, wanted, traces, is_administrator, is_whole=is_whole)
            needs.update((need._replace(absent=absent), None) for need in found_needs)
        elif is_administrator(session):
            needs[SessionNeed((), (), False, is_exact=False, absent=absent)] = None
    if not is_whole:
        needs[_unknown(traces)] = None
    bare = {key: _own(traces[0], key) for key in keys - {_ID}}
    has_power_without = any(
        ask(action, resource, {**context, **bare}).decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
        for action, resource, context in (*requests, *others)
    )
    return SessionNeeds(tuple(needs), has_power_without)


def _allowing(trace: EvaluationTrace) -> Iterator[Session]:
    """Yield values about the session with which a request may be allowed."""
    if trace.decision is EvalDecision.ALLOWED or (trace.decision is EvalDecision.CONDITIONAL and not trace.sets):
        yield {}
    elif trace.decision is EvalDecision.CONDITIONAL:
        for one in trace.sets:
            yield {
                key.lower(): None if fact.knowledge is Knowledge.ABSENT else next(iter(fact.values), _ANY_VALUE)
                for key, fact in one.items()
                if is_of_session(key.lower())
            }


def needs_of(trace: EvaluationTrace) -> Iterator[SessionNeed]:
    """Yield values about the session with which a role may be allowed a request, if it depends on nothing else."""
    keys = {key.lower() for key in trace.keys}
    if not all(key == _IDENTITY or key.startswith(PRINCIPAL_TAG_PREFIX) for key in keys):
        return
    for session in _allowing(trace):
        wanted = [key for key, value in session.items() if value is not None and value != _own(trace, key)]
        values = [str(session[key]) for key in wanted]
        if wanted and all(map(_can_pass, wanted, values)):
            spelled = tuple(_spelled(key, list(_tests(key, [trace]))) for key in wanted)
            absent = tuple(_spelled(key, list(_tests(key, [trace]))) for key in sorted(keys - set(wanted)))
            yield SessionNeed(spelled, tuple(values), False, is_exact=True, absent=absent)


def _own(trace: EvaluationTrace, key: str) -> str | None:
    """Return a role's own tag, which its sessions have if their caller passes no other (rule J2)."""
    return trace.subject.caller.tags.get(_tag_of(key)) if key.startswith(PRINCIPAL_TAG_PREFIX) else None


def _needs(
    session: Session,
    wanted: Sequence[str],
    traces: Sequence[EvaluationTrace],
    is_administrator: Callable[[Session], bool],
    *,
    is_whole: bool,
) -> Iterator[SessionNeed]:
    tests = {key: list(_tests(key, traces)) for key in wanted}
    keys = tuple(_spelled(key, tests[key]) for key in wanted)
    others = {key: _any_of(key, session) for key in wanted}
    if is_administrator({**session, **others}):
        is_any = all(map(_is_about_presence, (test for of_key in tests.values() for test in of_key)))
        yield SessionNeed(keys, tuple(others.values()), is_any, is_exact=False)
        return
    is_exact = is_whole and all(of_key and all(map(_lists_values, of_key)) for of_key in tests.values())
    values = {key: str(session[key]) for key in wanted}
    if all(map(_can_pass, values, values.values())) and is_administrator({**session, **values}):
        yield SessionNeed(keys, tuple(values.values()), False, is_exact)
    elif not is_exact:
        yield SessionNeed(keys, (), False, False)


def _any_of(key: str, session: Session) -> str:
    """Return a value that policies hardly list."""
    return f"{str(session[key]).partition(':')[0]}:{_ANY_VALUE}" if key == _ID else _ANY_VALUE


def _unknown(traces: Sequence[EvaluationTrace]) -> SessionNeed:
    keys = dict.fromkeys(key.lower() for trace in traces for key in trace.keys if is_of_session(key.lower()))
    return SessionNeed(tuple(_spelled(key, list(_tests(key, traces))) for key in keys), (), False, False)


def _tests(key: str, traces: Sequence[EvaluationTrace]) -> Iterator[ConditionTest]:
    seen: set[int] = set()
    for trace in traces:
        for result in trace.results:
            if id(result.statement) not in seen:
                seen.add(id(result.statement))
                yield from (one for one in result.statement.conditions if one.key == key or key in one.variable_keys)


def _spelled(key: str, tests: Sequence[ConditionTest]) -> str:
    if key in _PASSED:
        return "aws:SourceIdentity" if key == _IDENTITY else key
    tag = next((one.key_text.partition("/")[2] for one in tests if one.key == key), _tag_of(key))
    return f"aws:PrincipalTag/{tag}"


def _is_about_presence(test: ConditionTest) -> bool:
    """Return whether a test asks only whether a key is there."""
    if test.operator is None or test.variable_keys:
        return False
    return not test.operator.compares_values or (
        test.operator.takes_wildcards and all(_ANYTHING.fullmatch(value.text) for value in test.values)
    )


def _lists_values(test: ConditionTest) -> bool:
    """Return whether a test decides by whether a key has one of some values."""
    if test.operator is None or test.variable_keys:
        return False
    return not test.operator.compares_values or (
        test.operator.name in _EXACT and not any(is_pattern(value.text) or "$" in value.text for value in test.values)
    )


def session_words(role: str, needs: SessionNeeds | None) -> tuple[str, ...]:
    """Return what a step into a role requires of the session, to complete "requires …"."""
    if needs is None or not needs.needs:
        return ()
    name = role.rpartition("/")[2]
    keys = needs.needs[0].keys or needs.needs[0].absent
    passed = [phrase("a session of {role} with an allowed value of {key}", role=name, key=key) for key in keys]
    return (*passed, *needs.facts)


def source_words(role: str) -> Iterator[str]:
    """Yield what a step of a role requires in whose sessions some have to set a source identity."""
    name = role.rpartition("/")[2]
    yield phrase("a session of {role} with an allowed value of {key}", role=name, key="aws:SourceIdentity")


# ── its callers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def passing(finder: SourceFinder, role: str, needs: SessionNeeds, members: int) -> ConfirmedAndPossible:
    """Return which of some principals can assume a role with values that its sessions need.

    Args:
        finder: Evaluates the requests.
        role: ARN of the role.
        needs: What its sessions need.
        members: The principals, as bits.
    """
    found = NO_PRINCIPALS
    for need in needs.needs:
        left = members & ~found.proven
        if left:
            is_known = need.values or need.is_plain
            found = found.either(_passing(finder, role, need, left) if is_known else ConfirmedAndPossible(0, left))
    return found.unsure() if needs.facts else found


def _passing(finder: SourceFinder, role: str, need: SessionNeed, members: int) -> ConfirmedAndPossible:
    found = finder.assuming_with(need.passed, role, members, need.not_passed, may_vary=need.is_any)
    left = members & ~found.principals
    if left and not need.is_exact:
        unknown = need.passed._replace(tags=dict.fromkeys(need.passed.tags, ()))
        without = {key: value for key, value in need.not_passed.items() if value is None and key != "aws:TagKeys"}
        found = found.either(finder.assuming_with(unknown, role, left, without, may_vary=False).unsure())
    return found
