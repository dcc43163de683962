"""An answer as text for people: the verdict, the sentence, then the detail in the order of reasoning."""

from collections.abc import Iterator, Mapping, Sequence

from iamdesk.explain.decision import Decision, Part, StatementLine, Verdict

type ContextValues = Mapping[str, str | tuple[str, ...] | None]

VERDICT_WORDS = {
    Verdict.ALLOWED: "Allowed",
    Verdict.EXPLICIT_DENY: "Denied: a statement forbids it",
    Verdict.IMPLICIT_DENY: "Denied: nothing allows it",
    Verdict.CONDITIONAL: "Depends on request context that was not given",
}
_OUTCOMES = {
    Verdict.ALLOWED: "allows",
    Verdict.EXPLICIT_DENY: "forbids",
    Verdict.IMPLICIT_DENY: "does not allow",
    Verdict.CONDITIONAL: "depends",
    None: "not in play",
}
_PARTS = {
    Part.DECIDES: "Deciding statements",
    Part.DEPENDS: "Statements that depend on context",
    Part.TOOK_PART: "Statements that took part",
    Part.NEAR_MISS: "Near misses",
}


def answer_lines(decision: Decision) -> Iterator[str]:
    """Return the lines of an answer. They hold text from the snapshot: print them with `output.say`."""
    yield VERDICT_WORDS[decision.decision]
    yield decision.sentence
    if decision.request.without:
        yield "Asked without: " + ", ".join(sorted(layer.value for layer in decision.request.without))
    yield from _section("How it was decided", _layers(decision))
    for part, title in _PARTS.items():
        yield from _section(title, [line for statement in decision.statements_that(part) for line in _told(statement)])
    yield from _section("Allowed when", _alternatives(decision.conditions))
    yield from _section("Not allowed when", _alternatives(decision.denials))
    if decision.missing_context_values:
        yield from _section("Not given, and it matters", list(decision.missing_context_values))
    yield from _section("Assumptions", [f"{each.message} [{each.code}]" for each in decision.assumptions])


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        for line in lines:
            yield f"  {line}"


def _layers(decision: Decision) -> list[str]:
    width = max((len(layer.title) for layer in decision.layers), default=0)
    return [
        f"{layer.title:<{width}}  {_OUTCOMES[layer.outcome]:<14}  {layer.sentence}".rstrip()
        for layer in decision.layers
    ]


def _told(statement: StatementLine) -> list[str]:
    span = statement.span
    place = f", lines {span.start_line}-{span.end_line}" if span else ""
    return [
        f"{statement.effect} by {statement.name}{place} [{statement.layer.value}; {statement.source_policy_id}]",
        f"    {statement.sentence}",
    ]


def _alternatives(sets: Sequence[ContextValues]) -> list[str]:
    return [("or " if position else "") + condition_text(values) for position, values in enumerate(sets)]


def condition_text(values: ContextValues) -> str:
    """Return one set of context values as text: ``aws:SourceIp = 203.0.113.7 and aws:ViaAWSService is absent``."""
    return " and ".join(
        f"{key} is absent" if value is None else f"{key} = {value if isinstance(value, str) else ', '.join(value)}"
        for key, value in values.items()
    )
