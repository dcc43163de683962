"""The evidence of steps: the requests that prove a step, evaluated with a full explanation for one principal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple, override

from iamdesk.access.request_grid import FRESH
from iamdesk.attack_paths.administrators import OPEN
from iamdesk.attack_paths.assume_role import SOURCE_ARN
from iamdesk.attack_paths.attacker_control import AllowedBy, allowed_by, mfa_wanted, unmet_keys
from iamdesk.attack_paths.catalog import (
    ASSUMES,
    NEW_VERSION,
    EscalationPath,
    Gain,
    Required,
    TargetConstraint,
    TargetType,
    alternatives_of,
    catalog,
)
from iamdesk.attack_paths.edges import Edges, profiles_of
from iamdesk.attack_paths.evaluation_session import PLACEHOLDER, Context
from iamdesk.attack_paths.new_principals import alternatives
from iamdesk.attack_paths.request_tags import (
    SET_SOURCE_IDENTITY,
    TaggingAction,
    agreeing,
    can_be_passed,
    can_tag,
    is_open_otherwise,
    required_besides,
    tag_context,
    tagging_context,
    tags_of,
)
from iamdesk.attack_paths.session_needs import SessionNeed, needs_of, session_words, source_words
from iamdesk.attack_paths.source_arns import IMPOSSIBLE, POSSIBLE, PROVEN
from iamdesk.attack_paths.technique_resources import ResourceRequest, serves, slots_of
from iamdesk.attack_paths.types import Proof, Step, StepKey
from iamdesk.attack_paths.what_if_admin import FULL
from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.engine import EvaluationTrace
from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.explain.explanation import explain, spelling
from iamdesk.i18n import join_names, phrase, phrased

type Needs = Mapping[StepKey, tuple[str, ...]]
"""The facts that steps need."""
_MAX_KEPT = 512
_OF_OTHERS = frozenset(
    {
        TargetType.OWN_GROUP,
        TargetType.OWN_POLICY,
        TargetType.OWN_BOUNDARY,
        TargetType.TARGET_GROUP,
        TargetType.PROMOTING_GROUP,
        TargetType.TARGET_POLICY,
        TargetType.TARGET_PROVIDER,
    }
)
"""Actions on entities that belong to the target or the source."""
_SHARED = frozenset({TargetType.ANYTHING, TargetType.NEW_PRINCIPAL})
"""Actions on resources that several actions of the technique may have in common."""
_MAX_NEEDS = 1 << 16
_MAX_RESOURCES = 50
"""Captured resources that are tried as evidence of one action."""
_PASSED = ("aws:requesttag/", "sts:sourceidentity", "sts:rolesessionname")
"""Beginnings of keys by which a caller passes values, which whoever performs the step again has to know."""


class _Asked(NamedTuple):
    """A request with its trace."""

    rank: int
    """`PROVEN`, `POSSIBLE` or `IMPOSSIBLE`."""
    request: Request
    trace: EvaluationTrace
    tagging: Sequence["_Asked"] = ()
    """The requests to set the tags, and the source identity, that it takes."""


class Prover:
    """Provides the evidence of steps of one snapshot."""

    def __init__(self, steps: Edges) -> None:
        self._steps = steps
        self._proven: dict[StepKey, tuple[Proof, ...]] = {}
        self.known_needs: dict[StepKey, tuple[str, ...]] = {}

    def prove(self, step: Step) -> tuple[Proof, ...]:
        """Return the evaluated requests that a step is based on; the latest results are cached."""
        key = step.key
        known = self._proven.get(key)
        if known is None:
            found = tuple(self.of_techniques(step.source, step.target, step.path_id))
            if len(self._proven) >= _MAX_KEPT:
                self._proven.clear()
            known = self._proven[key] = found
        return known

    def of_techniques(self, source: str, target: str, path_id: str) -> Iterator[Proof]:
        """Yield the evaluated requests of techniques, joined with ``+`` if one needs another."""
        first, *others = (catalog().path(one) for one in path_id.split("+"))
        yield from self.of_action(source, target, first)
        for path in others:
            yield from self._of_later_action(source, target, path)

    def of_action(self, source: str, target: str, path: EscalationPath) -> Iterator[Proof]:
        """Yield the evaluated request for each action of a technique, on the most favorable resource."""
        for one in self._best(source, target, path):
            yield from _proofs(one)

    def _of_later_action(self, source: str, target: str, path: EscalationPath) -> Iterator[Proof]:
        """Yield the same for a technique that follows on another one of its step.

        What the snapshot does not allow is what the target does, with the permissions that the technique before gives.
        """
        position = self._steps.population.position(target)
        is_anew = path.id == NEW_VERSION and source == target
        for one in self._written_anew(source, path) if is_anew else self._best(source, target, path):
            if one.rank < IMPOSSIBLE or position is None or one.request.principal != source:
                yield from _proofs(one)
            else:
                others = () if is_anew else tuple(self._asked_by_action(source, target, path, one))
                yield self._after_change(one, others, position)

    def _written_anew(self, source: str, path: EscalationPath) -> Iterator[_Asked]:
        """Yield the request for each managed policy with a Deny that a principal writes without it."""
        policies = self._steps.policies_of(self._steps.targets.places[source])
        written = {self._steps.targets.arns[one] for one in policies}
        for policy in self._steps.inquiry.evaluator.index.carried(source).identity:
            if policy.source_id in written and not all(one.is_allow for one in policy.document.statements):
                yield self._ask(source, path.actions[0].action, policy.source_id)

    def _asked_by_action(self, source: str, target: str, path: EscalationPath, one: _Asked) -> Iterator[_Asked]:
        for required in path.actions:
            if required.action == one.request.action and required.on not in _SHARED:
                yield from self._asked(source, target, path, required)

    def _after_change(self, one: _Asked, others: Iterable[_Asked], position: int) -> Proof:
        """Return the first of some requests that a principal is allowed once it has any permission."""
        subject = self._steps.population.index.subjects[position]
        requests = [replace(other.request, principal=subject) for other in (*others, one)]
        asked = [(request, self._steps.hypotheses.trace(position, [FULL], request)) for request in requests]
        request, trace = next((two for two in asked if two[1].decision in OPEN), asked[0])
        decision = explain(trace, request)
        return after_change(Proof(_request_text(decision), decision, is_given=True))

    def request_proof(self, source: str, action: str, resource: str, context: Context) -> Proof:
        """Return the evaluated request for one action."""
        asked = self._ask(source, action, resource, context)
        return _proof(asked.request, asked.trace)

    def passed_on(self, role: str, target: str) -> Iterator[SessionNeed]:
        """Yield the values with which a role can assume another one: about its session, and certainly enough."""
        trace = self._steps.inquiry.trace(role, ASSUMES, target)
        for need in needs_of(trace):
            if all(proof.decision.decision is EvalDecision.ALLOWED for proof in self.assuming_in(role, target, need)):
                yield need

    def assuming_with(self, source: str, role: str, need: SessionNeed) -> Iterator[Proof]:
        """Yield the requests to assume a role with values."""
        passed = need.passed
        yield self.request_proof(source, ASSUMES, role, {**need.not_passed, **tags_of(passed)})
        for one in required_besides(ASSUMES, passed):
            yield self.request_proof(source, one.action, role, tag_context(passed, ASSUMES, {}))

    def assuming_in(self, role: str, target: str, need: SessionNeed) -> Iterator[Proof]:
        """Yield the requests by which a role's session with values assumes another role; a source identity persists."""
        session = dict(zip(need.keys, need.values, strict=True))
        yield self.request_proof(role, ASSUMES, target, session)
        if (identity := session.get("aws:SourceIdentity")) is not None:
            context = {**session, "sts:SourceIdentity": identity}
            yield self.request_proof(role, SET_SOURCE_IDENTITY.action, target, context)

    def _best(self, source: str, target: str, path: EscalationPath) -> Iterator[_Asked]:
        together: list[_Asked] | None = None
        for required in path.actions:
            if required.on in _SHARED:
                if together is None:
                    together = self._on_shared(source, target, path)
                    own = {one.action for one in path.actions}
                    yield from (one for one in together if one.request.action not in own)
                yield from (one for one in together if one.request.action == required.action)
                continue
            best: _Asked | None = None
            for one in self._asked(source, target, path, required):
                if best is None or one.rank < best.rank:
                    best = one
                if not best.rank:
                    break
            if best is not None:
                yield best
        yield from self._by_service(target, path, together or ())

    def _by_service(self, target: str, path: EscalationPath, asked: Sequence[_Asked]) -> Iterator[_Asked]:
        """Yield the service's request to assume the role, if it depends on the resource for which the service acts."""
        place = self._steps.targets.places.get(target)
        test = None if path.service is None or place is None else self._steps.source_test(path, place)
        if test is None:
            return
        calls = {call for slot in slots_of(path.id) if test.is_about(slot) for call in slot.calls}
        resource = next((one.request.resource for one in asked if one.request.action in calls), None)
        rank, context = test.context(resource)
        request = Request(str(path.service), ASSUMES, target, context=dict(context))
        yield _Asked(rank, request, self._steps.inquiry.trace(request.principal, ASSUMES, target, context))

    def _on_shared(self, source: str, target: str, path: EscalationPath) -> list[_Asked]:
        """Return the requests of the calls on resources that a technique creates or uses.

        The most favorable ones: on captured resources that the technique is about, or on any that policies name.
        """
        steps = self._steps
        position = steps.population.position(source)
        if position is None:
            return []
        known: dict[tuple[str, str, tuple[tuple[str, object], ...]], _Asked] = {}

        def ask(asked: ResourceRequest) -> _Asked:
            key = (asked.action, asked.resource, tuple(asked.context.items()))
            if key not in known:
                known[key] = self._ask(source, *asked)
            return known[key]

        def captured(action: str) -> Iterator[str]:
            if path.target is TargetConstraint.PERMISSION_SET:
                return iter(steps.identity_center.resources(path, source))
            return islice(steps.workloads.resources(path, target, action), _MAX_RESOURCES)

        if path.creates_principal:
            best: list[_Asked] = []
            for new in alternatives(steps, position, path, target):
                rated = [min(map(ask, requests), key=lambda one: one.rank) for requests in new]
                if not best or _rating(rated) < _rating(best):
                    best = rated
            return best
        role = steps.inquiry.evaluator.index.roles.get(target) if path.service else None
        profiles = () if role is None else profiles_of(role)
        place = steps.targets.places.get(target)
        test = None if role is None or place is None else steps.source_test(path, place)
        found = steps.resources.requests(
            position, path, lambda asked: ask(asked).rank, captured, target if role else "", profiles, test
        )
        return [ask(one) for one in found]

    def _asked(self, source: str, target: str, path: EscalationPath, required: Required) -> Iterator[_Asked]:
        steps = self._steps
        places = steps.targets.places
        if required.on is TargetType.NEW_POLICY:
            for arn in steps.attachable.new:
                yield self._ask(source, required.action, arn)
            return
        if path.id.startswith("X12"):
            yield from self._denials(source, required)
            return
        match required.on:
            case TargetType.OWN_GROUP:
                found: Iterable[int] = steps.groups_of(places[source])
            case TargetType.OWN_POLICY:
                found = steps.policies_of(places[source])
            case TargetType.OWN_BOUNDARY:
                found = steps.boundary_of(places[source])
            case TargetType.PROMOTING_GROUP:
                found = steps.promoting_groups(places[target])
            case TargetType.TARGET_GROUP:
                found = steps.groups_of(places[target])
            case TargetType.TARGET_POLICY:
                found = steps.policies_of(places[target])
            case TargetType.TARGET_PROVIDER:
                found = steps.trusts.saml_providers(places[target])
            case _:
                found = ()
        asked: Iterable[str] = (steps.targets.arns[one] for one in found)
        if required.on not in _OF_OTHERS:
            asked = (target,)  # may be a role of another account, outside the part
        for resource in asked:
            place = places.get(resource)
            if required.action == ASSUMES or place is None:
                if required.action == ASSUMES:
                    yield from self._passing(source, resource)
                yield self._ask(source, required.action, resource)
                continue
            for context in steps.contexts_of(path, required.action, place):
                yield self._ask(source, required.action, resource, context)

    def _passing(self, source: str, role: str) -> Iterator[_Asked]:
        """Yield the allowed requests to assume a role with values that its sessions need to be administrators."""
        needs = self._steps.session_needs(role)
        for need in needs.needs if needs is not None else ():
            if not need.values and not need.is_plain:
                continue
            passed = need.passed
            found = self._ask(source, ASSUMES, role, {**need.not_passed, **tags_of(passed)})
            required = required_besides(ASSUMES, passed)
            sets = [self._ask(source, one.action, role, tag_context(passed, ASSUMES, {})) for one in required]
            found = found._replace(
                rank=max(found.rank, *(one.rank for one in sets), PROVEN), tagging=(*found.tagging, *sets)
            )
            others: Iterable[_Asked] = ()
            if found.rank and need.is_any and len(required) == 1:
                others = self._with_other_values(self._ask(source, ASSUMES, role), passed, required[0])
            yield from (one for one in (found, *others) if not one.rank)

    def _ask(self, source: str, action: str, resource: str, context: Context | None = None) -> _Asked:
        """Return a request in the way that is most favorable to its caller, with what it takes besides."""
        found: list[_Asked] = []
        for alternative in alternatives_of(action):
            given, *spelled = alternative.contexts(context or {})
            asked = self._ask_as(source, action, resource, given)
            others = [self._ask_as(source, action, resource, other) for other in spelled]
            if any(one.rank and one.trace.decision is not EvalDecision.IMPLICIT_DENY for one in others):
                asked = asked._replace(rank=max(asked.rank, POSSIBLE))
            if alternative.also:
                on = alternative.resources(resource)
                others = [self._ask_as(source, action, one, asked.request.context) for one in on]
                best = min(others, key=lambda one: one.rank)
                asked = asked._replace(rank=max(asked.rank, best.rank), tagging=(*asked.tagging, best))
            found.append(asked)
        return min(found, key=lambda one: one.rank)

    def _ask_as(self, source: str, action: str, resource: str, context: Context) -> _Asked:
        # A name that no policy has represents any; a star is such a name, too, and people read it so.
        resource = resource.replace(FRESH, "*").replace(PLACEHOLDER, "*")
        request = Request(source, action, resource, context=dict(context))
        trace = self._steps.inquiry.trace(source, action, resource, context)
        best: _Asked | None = None

        def decide(tags: Context) -> EvalDecision:
            return self._steps.inquiry.decide(source, action, resource, {**request.context, **tags})

        for alternative in allowed_by(trace):
            if alternative.tags and not (can_tag(action, resource) and can_be_passed(alternative, decide)):
                continue
            asked = [
                self._with_values(_Asked(PROVEN if alternative.is_chosen else POSSIBLE, request, trace), alternative)
            ]
            for required in required_besides(action, alternative):
                asked = [min(self._besides(one, alternative, required), key=lambda one: one.rank) for one in asked]
            best = min((*asked, *([] if best is None else [best])), key=lambda one: one.rank)
        return best or _Asked(IMPOSSIBLE, request, trace)

    def _with_values(self, asked: _Asked, alternative: AllowedBy) -> _Asked:
        """Return a request with the values that its caller chooses, if it is allowed with them."""
        if asked.rank or not alternative.tags or not all(alternative.tags.values()):
            return asked
        request = replace(asked.request, context={**asked.request.context, **tags_of(alternative)})
        trace = self._steps.inquiry.trace(request.principal, request.action, request.resource, request.context)
        return _Asked(PROVEN, request, trace) if trace.decision is EvalDecision.ALLOWED else asked

    def _besides(self, asked: _Asked, alternative: AllowedBy, required: TaggingAction) -> Iterator[_Asked]:
        """Yield a request of an alternative together with an action that it requires besides."""
        request = asked.request
        context = tag_context(alternative, request.action, request.context)
        tagging = self._ask(request.principal, required.action, request.resource, context)
        is_sure = required.is_documented and not is_open_otherwise(required, tagging.trace)
        rank = tagging.rank if is_sure else min(tagging.rank, POSSIBLE)
        yield asked._replace(rank=max(asked.rank, rank), tagging=(*asked.tagging, tagging))
        if tagging.rank:
            yield from self._with_other_values(asked, alternative, required)

    def _with_other_values(self, asked: _Asked, alternative: AllowedBy, required: TaggingAction) -> Iterator[_Asked]:
        """Yield a request with values of its tags that may suit the action that sets them, too."""
        request = asked.request
        source, call, resource, given = request.principal, request.action, request.resource, request.context
        tagging = self._steps.inquiry.trace(source, required.action, resource, tagging_context(call, given))
        for other in agreeing(alternative, asked.trace, tagging):
            changed = self._ask(source, call, resource, {**given, **tags_of(other)})
            sets = self._ask(source, required.action, resource, tag_context(other, call, given))
            together = (*asked.tagging, sets)
            yield changed._replace(rank=max(changed.rank, *(one.rank for one in together)), tagging=together)

    def _denials(self, source: str, required: Required) -> Iterator[_Asked]:
        """Yield the request for each policy that a principal can remove from itself, or its group, by an action."""
        carried = self._steps.inquiry.evaluator.index.carried(source)
        for policy in carried.identity:
            if all(one.is_allow for one in policy.document.statements):
                continue
            if (required.on is TargetType.OWN_GROUP) == (policy.owner == source):
                continue
            if required.action == "iam:RemoveUserFromGroup":
                yield self._ask(source, required.action, policy.owner)
            elif policy.is_inline == ("Delete" in required.action):
                context = {} if policy.is_inline else {"iam:PolicyARN": policy.source_id}
                yield self._ask(source, required.action, policy.owner, context)

    def needs(self, source: str, target: str, path_id: str) -> tuple[str, ...]:
        """Return what is missing to prove a step: facts of its techniques (joined with ``+``), and condition keys."""
        key = (path_id, source, target)
        known = self.known_needs.get(key)
        if known is None:
            if len(self.known_needs) >= _MAX_NEEDS:
                self.known_needs.clear()
            known = self.known_needs[key] = self._find_needs(source, target, path_id)
        return known

    def _find_needs(self, source: str, target: str, path_id: str) -> tuple[str, ...]:
        paths = [catalog().path(one) for one in path_id.split("+")]
        facts: dict[str, bool] = {}
        wanted: dict[str, None] = {}
        for path in paths:
            best = list(self._best(source, target, path))
            for need in path.needs:
                if not self._steps.identity_center.is_so(need, source):
                    facts[phrased(catalog().facts[need])] = self._is_captured(path, target, need, best)
            for one in best:
                for asked in (one, *one.tagging):
                    if asked.rank and asked.trace.decision is EvalDecision.CONDITIONAL:
                        keys = unmet_keys(asked.trace)
                        wanted.update(dict.fromkeys(_wanted(key, asked.trace) for key in keys))
                if serves(one.request.action, one.request.resource):
                    wanted[phrase("that {resource} runs what its caller wants", resource=one.request.resource)] = None
                if path.creates_principal and one.request.action == "iam:CreateRole":
                    trace = self._steps.under_open_trust_of(source, one.request.resource)
                    if not any(other.is_chosen for other in allowed_by(trace)):
                        wanted.update(dict.fromkeys(_wanted(key, trace) for key in unmet_keys(trace)))
                if one.rank == POSSIBLE and one.tagging and one.tagging[-1].rank == IMPOSSIBLE:
                    wanted[_not_required(one.tagging[-1].request.action)] = None
        missing = (text for text, is_captured in facts.items() if not is_captured)
        found = (*missing, *wanted, *self._of_sessions(source, target, paths)) or tuple(facts)
        position = self._steps.population.position(source)
        if not found and position is not None and self._steps.named >> position & 1:
            found = tuple(source_words(source))
        return found

    def _is_captured(self, path: EscalationPath, target: str, need: str, asked: Iterable[_Asked]) -> bool:
        """Return whether some request is made, perhaps, on a captured resource that a fact is about."""
        return any(
            one.rank < IMPOSSIBLE
            and one.request.resource in self._steps.workloads.resources(path, target, one.request.action, (need,))
            for one in asked
        )

    def _of_sessions(self, source: str, target: str, paths: Sequence[EscalationPath]) -> Iterator[str]:
        """Yield what the sessions of a role need that another principal changes and becomes."""
        position = None if source == target else self._steps.population.position(target)
        if position is not None and any(path.gain is not Gain.BECOMES for path in paths):
            unbounded = any(path.is_unbounding for path in paths)
            yield from session_words(target, self._steps.hypotheses.session_needs(position, unbounded=unbounded))


class WantedNeeds(Prover):
    """Lists the steps whose needs are wanted, instead of finding these."""

    def __init__(self, steps: Edges) -> None:
        super().__init__(steps)
        self.wanted: dict[StepKey, None] = {}

    @override
    def needs(self, source: str, target: str, path_id: str) -> tuple[str, ...]:
        self.wanted[path_id, source, target] = None
        return ()


def _not_required(action: str) -> str:
    if action == SET_SOURCE_IDENTITY.action:
        return phrase("that no identity policy has to allow {action}: AWS's documentation disagrees", action=action)
    return phrase("that no permission for {action} is required to set tags", action=action)


def _rating(asked: Sequence[_Asked]) -> tuple[int, int]:
    return max(one.rank for one in asked), sum(one.rank for one in asked)


def _wanted(key: str, trace: EvaluationTrace) -> str:
    """Return what a request depends on, to complete "requires …"."""
    spelled = spelling(key, trace)
    if key.lower() == SOURCE_ARN:
        return _wanted_source(trace, spelled)
    if key.lower() == "iam:associatedresourcearn":
        return phrase("that the service tells IAM for which resource the role is passed ({key})", key=spelled)
    if key.lower() == "aws:multifactorauthpresent":
        values = mfa_wanted(trace)
        # Requests with an access key do not have the key (IAM User Guide, "AWS global condition context keys").
        if values == {"true"}:
            return phrase("multi-factor authentication ({key})", key=spelled)
        if values and "true" not in values:
            return phrase("a request without multi-factor authentication ({key})", key=spelled)
        if values == {"true", None}:
            return phrase("multi-factor authentication or an access key ({key})", key=spelled)
    return phrase("an allowed value of {key}", key=spelled)


def _wanted_source(trace: EvaluationTrace, key: str) -> str:
    values = dict.fromkeys(
        value.text
        for result in trace.results
        if result.statement.is_allow
        for test in result.statement.conditions
        if test.key == SOURCE_ARN
        for value in test.values
    )
    return phrase(
        "that {service} assumes the role for a resource that the trust policy accepts ({key}: {values})",
        service=trace.request.caller.text,
        key=key,
        values=join_names(list(values), 3),
    )


def after_change(proof: Proof) -> Proof:
    """Return the evidence of a request that is made after a change by the same step."""
    if proof.is_after_change:
        return proof
    text = phrase("{request}, after the change before it", request=proof.request_text)
    return replace(proof, request_text=text, is_after_change=True)


def _proofs(asked: _Asked) -> Iterator[Proof]:
    for one in (asked, *asked.tagging):
        yield _proof(one.request, one.trace)


def _proof(request: Request, trace: EvaluationTrace) -> Proof:
    decision = explain(trace, request)
    return Proof(_request_text(decision), decision)


def _request_text(decision: EvaluationResult) -> str:
    request = decision.request
    text = phrase("{action} on {resource}", action=request.action, resource=with_visible_end(request.resource))
    passed = [
        f"{key}={value if isinstance(value, str) else ', '.join(value)}"
        for key, value in request.context.items()
        if value is not None and key.lower().startswith(_PASSED)
    ]
    return phrase("{request} with {values}", request=text, values=join_names(passed)) if passed else text
