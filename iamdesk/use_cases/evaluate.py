"""Evaluates use cases: each action by itself, and the joint decision, which is the worst of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from iamdesk.access.evaluator import Evaluator
from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.request import EvalDecision, RequestError
from iamdesk.explain import messages
from iamdesk.explain.decision import Assumption, EvaluationResult
from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.policy.arn import Arn, ArnError, parse_arn
from iamdesk.use_cases.catalog import use_case_named
from iamdesk.use_cases.dependent_actions import key_service_context
from iamdesk.use_cases.types import ActionResult, UseCase, UseCaseAction, UseCaseRequest, UseCaseResult, When

_AWS_MANAGED_KEY = ":alias/aws/"
_BY_AWS = mark(
    "An AWS managed key encrypts it: its policy allows all principals of the account to use it through the service."
)


def evaluate_use_case(evaluator: Evaluator, use_case_request: UseCaseRequest) -> UseCaseResult:
    """Evaluate a use case.

    Raises:
        RequestError: there is no such use case or input, or one of its requests is invalid.
    """
    request = use_case_request.request
    use_case = use_case_named(request.action, request.resource.strip())
    for name in use_case_request.inputs:
        if name not in use_case.inputs:
            raise RequestError(
                phrase(
                    "{need} has no input `{name}`; its inputs besides the resource: {known}",
                    need=use_case.name,
                    name=name,
                    known=", ".join(use_case.inputs) or phrase("none"),
                )
            )
    for part in use_case.parts:
        if (given := use_case_request.inputs.get(part.input)) is not None:
            evaluator.stated(replace(request, action=part.action, resource=given, resource_account=None))
    for part in use_case.parts:
        if part.on == "resource":
            stated = evaluator.stated(replace(request, action=part.action))
            request = replace(stated, action=request.action)
            break
    use_case_request = replace(use_case_request, request=request)
    asking = _Evaluation(evaluator, use_case, use_case_request)
    parts = tuple(asking.ask(part) for part in use_case.parts)
    decision = _joint(parts)
    missing = dict.fromkeys(
        key for one in parts if one.counts and one.decision for key in one.decision.missing_context_values
    )
    return UseCaseResult(
        request=replace(use_case_request, request=replace(request, action=use_case.name)),
        use_case=use_case,
        decision=decision,
        sentence=asking.sentence(decision, parts, tuple(missing)),
        parts=parts,
        missing_context_values=tuple(missing),
        assumptions=tuple(asking.assumptions(parts)),
    )


def _joint(parts: Iterable[ActionResult]) -> EvalDecision:
    counted = [one for one in parts if one.counts]
    decisions = {one.decision.decision for one in counted if one.decision is not None}
    for decision in (EvalDecision.EXPLICIT_DENY, EvalDecision.IMPLICIT_DENY):
        if decision in decisions:
            return decision
    return (
        EvalDecision.CONDITIONAL
        if EvalDecision.CONDITIONAL in decisions or any(one.is_open for one in counted)
        else EvalDecision.ALLOWED
    )


@dataclass(frozen=True, slots=True)
class _Key:
    """The KMS key that encrypts something, as far as it is known."""

    arn: str = ""
    is_aws_managed: bool = False
    alias: str = ""


class _Evaluation:
    """Evaluates the actions of one use case."""

    def __init__(self, evaluator: Evaluator, use_case: UseCase, use_case_request: UseCaseRequest) -> None:
        self._evaluator = evaluator
        self._use_case = use_case
        self._use_case_request = use_case_request

    def ask(self, part: UseCaseAction) -> ActionResult:
        """Return the result of one action, or why it was not evaluated."""
        if part.when is When.ENCRYPTED:
            return self._evaluate_key(part)
        resource = self._use_case_request.inputs.get(part.input) if part.input else self._resource(part)
        if resource is None:
            counts = part.when is When.ALWAYS
            words = self._use_case.inputs[part.input]
            reason = phrase("Not provided, so not required: {words} ({input}).", words=words, input=part.input)
            if counts:
                reason = phrase("Not provided: {words} ({input}).", words=words, input=part.input)
            return ActionResult(part, None, counts, reason)
        return ActionResult(part, self._decide(part, resource), part.when is not When.MAYBE)

    def _evaluate_key(self, part: UseCaseAction) -> ActionResult:
        key = self._key(part)
        if key.arn:
            return ActionResult(part, self._decide(part, key.arn), counts=True)
        if key.is_aws_managed:
            reason = phrase(_BY_AWS)
        elif key.alias:
            reason = phrase("The key of {alias} is not captured.", alias=key.alias)
        else:
            reason = phrase("Whether a KMS key encrypts it is not captured ({input}).", input=part.input)
        return ActionResult(part, None, counts=False, unasked=reason)

    def _key(self, part: UseCaseAction) -> _Key:
        given = self._use_case_request.inputs.get(part.input)
        if given:
            return _Key(given)
        whose = part.on.removeprefix("key of ") if part.on.startswith("key of ") else "resource"
        resource = (
            self._use_case_request.request.resource
            if whose == "resource"
            else self._use_case_request.inputs.get(whose, "")
        )
        arn = _arn(resource)
        record = None if arn is None else self._evaluator.resources.find(arn)
        held = "" if record is None else record.encryption_key_arn or ""
        if _AWS_MANAGED_KEY in held:
            return _Key(is_aws_managed=True)
        return _Key(held) if ":key/" in held else _Key(alias=held)

    def _resource(self, part: UseCaseAction) -> str:
        resource = self._use_case_request.request.resource.lstrip()
        arn = _arn(resource)
        if part.on == "*":
            return "*"
        if part.on == "contents" and arn is not None:
            return f"{str(arn).partition('/')[0]}/*"
        if part.on.startswith("beside:") and arn is not None:
            return str(arn._replace(resource=part.on.removeprefix("beside:")))
        return resource

    def _decide(self, part: UseCaseAction, resource: str) -> EvaluationResult:
        asked = self._use_case_request.request
        is_own = part.on in ("resource", "contents") or part.on.startswith("beside:")
        return self._evaluator.explained(
            replace(
                asked,
                action=part.action,
                resource=resource,
                remarks=(),
                context=self._context(part, resource),
                resource_account=asked.resource_account if is_own else None,
            )
        )

    def _context(self, part: UseCaseAction, resource: str) -> Mapping[str, str | list[str] | tuple[str, ...] | None]:
        """Return the context of such a request; values of the user's request take precedence."""
        own: dict[str, str | tuple[str, ...]] = dict(part.context)
        key = _arn(resource)
        if part.when is When.ENCRYPTED and self._use_case.via and key is not None:
            own |= key_service_context(self._use_case.via, key)
        given = self._use_case_request.request.context
        named = {name.lower() for name in given}
        context: dict[str, str | list[str] | tuple[str, ...] | None] = {
            name: value for name, value in own.items() if name.lower() not in named
        }
        for name, value in given.items():
            context[name] = value if value is None or isinstance(value, str) else tuple(value)
        return context

    # Words

    def sentence(self, decision: EvalDecision, parts: Iterable[ActionResult], missing: tuple[str, ...]) -> str:
        """Return the joint decision as a sentence."""
        who = messages.who(self._evaluator.principal_policies(self._use_case_request.request.principal).caller)
        resource = self._use_case_request.request.resource.lstrip()
        doing = self._use_case.title
        if resource != "*":
            doing = join_messages("", (doing, f" ({resource})"))
        counted = [one for one in parts if one.counts]
        match decision:
            case EvalDecision.ALLOWED:
                if len(counted) == 1:
                    return phrase("{who} can {doing}: its one action is allowed.", who=who, doing=doing)
                return phrase(
                    "{who} can {doing}: all {count} actions are allowed.", who=who, doing=doing, count=len(counted)
                )
            case EvalDecision.CONDITIONAL:
                inputs = [self._use_case.inputs[one.part.input] for one in counted if one.is_open]
                keys = messages.listed([*missing, *inputs]) or phrase("values that are not known")
                return phrase("Whether {who} can {doing} depends on {keys}.", who=who, doing=doing, keys=keys)
            case _:
                denied = [_called(one) for one in counted if one.decision and one.decision.decision in _DENIALS]
                return nphrase(
                    "{who} cannot {doing}: {actions} is denied.",
                    "{who} cannot {doing}: {actions} are denied.",
                    len(denied),
                    who=who,
                    doing=doing,
                    actions=messages.listed(denied),
                )

    def assumptions(self, parts: Iterable[ActionResult]) -> Iterator[Assumption]:
        """Yield the assumptions of the joint decision, each once."""
        seen: set[tuple[str, str]] = set()
        for one in parts:
            found: tuple[Assumption, ...] = ()
            if one.decision is not None and one.counts:
                found = one.decision.assumptions
            elif one.part.when is When.ENCRYPTED and one.unasked and one.unasked != _BY_AWS:
                message = self._if_encrypted(one.part)
                found = (Assumption("encryption-unknown", message),)
            for assumption in found:
                if (assumption.code, assumption.message) not in seen:
                    seen.add((assumption.code, assumption.message))
                    yield assumption

    def _if_encrypted(self, part: UseCaseAction) -> str:
        alias = self._key(part).alias
        if alias:
            return phrase(
                "The key of {alias} is not captured: if there is one, {action} on that key is required, too.",
                alias=alias,
                action=part.action,
            )
        return phrase(
            "Whether a KMS key encrypts it is not captured ({input}): if one does, {action} on that key is "
            "required, too.",
            input=part.input,
            action=part.action,
        )


_DENIALS = (EvalDecision.EXPLICIT_DENY, EvalDecision.IMPLICIT_DENY)


def _called(one: ActionResult) -> str:
    decision = one.decision
    if decision is None or decision.request.resource == "*":
        return one.part.action
    return phrase(
        "{action} on {resource}", action=one.part.action, resource=with_visible_end(decision.request.resource)
    )


def _arn(text: str) -> Arn | None:
    try:
        return parse_arn(text.lstrip())
    except ArnError:
        return None
