"""A comparison of two snapshots in words: the same for the terminal and the window."""

from collections.abc import Iterator

from iamdesk.diff.result import (
    ANY_SERVICE,
    ANYONE,
    ANYONE_ANYWHERE,
    Comparison,
    Effect,
    PrincipalDiff,
    Status,
    TextChange,
)
from iamdesk.evaluate.request import EvalDecision
from iamdesk.evaluate.unknown_context.test_values import is_made_up
from iamdesk.i18n import join_messages, join_names, mark, nphrase, phrase

_VERDICTS = {
    EvalDecision.ALLOWED: mark("allowed"),
    EvalDecision.EXPLICIT_DENY: mark("explicitDeny"),
    EvalDecision.IMPLICIT_DENY: mark("implicitDeny"),
    EvalDecision.CONDITIONAL: mark("conditional"),
}
MOST_ACTIONS = 6
"""Actions that are named where there are more of them."""


def sentence(found: Comparison) -> str:
    """Return the whole comparison in one sentence."""
    counts = dict.fromkeys(Status, 0)
    for one in found.principals.values():
        counts[one.status] += 1
    changed = counts[Status.CHANGED] + counts[Status.CREATED] + counts[Status.DELETED]
    told = []
    if changed:
        told.append(nphrase("Access of {count:,} principal changed", "Access of {count:,} principals changed", changed))
    external = sum(
        any(effect.principal not in found.principals for effect in one.effects) for one in found.resources.values()
    )
    if external and told:
        told.append(
            nphrase(
                "access of external principals to {count:,} resource changed",
                "access of external principals to {count:,} resources changed",
                external,
            )
        )
    elif external:
        told.append(
            nphrase(
                "Access of external principals to {count:,} resource changed",
                "Access of external principals to {count:,} resources changed",
                external,
            )
        )
    elif not told:
        told.append(phrase("Nobody's access changed"))
    if counts[Status.CANNOT_TELL]:
        told.append(phrase("{count:,} are inconclusive", count=counts[Status.CANNOT_TELL]))
    told.append(phrase("{count:,} are proved unchanged", count=counts[Status.UNCHANGED]))
    apart = sum(1 for one in found.resources.values() if one.doubts)
    if not apart:
        return join_messages("", (join_messages(", ", told), "."))
    beside = nphrase(
        "apart from access to {count:,} resource, which is inconclusive",
        "apart from access to {count:,} resources, which is inconclusive",
        apart,
    )
    return join_messages("", (join_messages(", ", (*told, beside)), "."))


def principal_words(arn: str) -> str:
    """Return a principal's name: the end of its ARN; of those who stand for many, whom they stand for."""
    if arn == ANY_SERVICE:
        return phrase("AWS services that no statement names")
    parts = arn.split(":", 5)
    if len(parts) < 6 or not parts[5]:
        return arn
    if parts[5] == f"role/{ANYONE}":
        return phrase("somebody of account {account}", account=parts[4])
    is_anyone = parts[5] in (f"role/{ANYONE_ANYWHERE}", f"user/{ANYONE_ANYWHERE}")
    return phrase("somebody of any other account") if is_anyone else parts[5]


def actions_words(names: tuple[str, ...], most: int = MOST_ACTIONS) -> str:
    """Return actions as a list; of many the first ones, and how many more there are."""
    return join_names(names, most, last=",")


def context_words(effect: Effect) -> str:
    """Return the context of the request that shows an effect; empty where it does not matter."""
    told = []
    for key, value in effect.witness.context:
        if value is None:
            told.append(phrase("{subject} is absent", subject=key))
        else:
            values = (value,) if isinstance(value, str) else value
            words = [phrase("any other value") if is_made_up(one) else one for one in values]
            told.append(phrase("{key} is {value}", key=key, value=join_messages(", ", list(dict.fromkeys(words)))))
    return join_messages(phrase(" and "), told)


def effect_words(found: Comparison, effect: Effect, most: int = MOST_ACTIONS) -> str:
    """Return what was gained or lost, in one line."""
    when = context_words(effect)
    names = actions_words(found.names(effect.actions), most)
    return f"{effect.kind.value} {names} on {effect.where}{f' when {when}' if when else ''}"


def witness_words(effect: Effect) -> str:
    """Return the request that shows an effect, with both answers."""
    witness = effect.witness
    before, now = (
        phrase("no such principal") if verdict is None else phrase(_VERDICTS[verdict])
        for verdict in (witness.old, witness.new)
    )
    return phrase(
        "{action} on {resource}: {before} before, {now} now",
        action=witness.action,
        resource=witness.resource,
        before=before,
        now=now,
    )


def text_words(change: TextChange) -> str:
    """Return what a change in what is written does."""
    if change.has_effect or change.gives is not None:
        return phrase("changes access")
    return phrase("cannot be told") if change.is_doubtful else phrase("no change in effect")


def lines(found: Comparison) -> Iterator[str]:
    """Yield the whole comparison as text, line by line."""
    yield sentence(found)
    told: set[Effect] = set()
    for standing in found.principals.values():
        told.update(standing.effects)
        yield from _standing_lines(found, standing, standing.effects)
    for standing in found.resources.values():
        others = tuple(effect for effect in standing.effects if effect not in told)
        if others or standing.doubts:
            yield from _standing_lines(found, standing, others, is_resource=True)
    silent = [change for change in found.texts if not change.has_effect]
    if silent:
        yield ""
        yield "Written otherwise:"
        yield from (f"  {text_words(change):<20} {change.cause.sentence}" for change in silent)
    yield ""
    yield "Not compared:"
    yield from (f"  {limit}" for limit in found.limits)
    yield f"  Actions that AWS does not list as of {found.actions_as_of} and no policy names."


def _standing_lines(
    found: Comparison, standing: PrincipalDiff, effects: tuple[Effect, ...], *, is_resource: bool = False
) -> Iterator[str]:
    if standing.status is Status.UNCHANGED and not standing.doubts:
        return
    yield ""
    status = "inconclusive" if standing.status is Status.CANNOT_TELL else standing.status.value
    yield f"{standing.arn} ({'access to it: ' if is_resource else ''}{status})"
    for effect in effects:
        who = f"{principal_words(effect.principal)} " if is_resource else ""
        yield f"  {who}{effect_words(found, effect)}"
        yield from (f"    by: {cause.sentence}" for cause in effect.causes)
        yield f"    shown by {witness_words(effect)}"
    yield from (f"  inconclusive: {doubt}" for doubt in standing.doubts)
