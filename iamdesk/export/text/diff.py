"""Access changes between two snapshots as text, for the terminal and the window."""

from collections import Counter
from collections.abc import Iterator

from iamdesk.aws.condition_keys import spelled
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
from iamdesk.evaluate.unknown_context.test_values import is_made_up
from iamdesk.export.text.decision import DECISION_WORDS
from iamdesk.i18n import join_messages, join_names, mark, nphrase, phrase

_OTHER_ACCESS = (Status.CHANGED, Status.CREATED, Status.DELETED)
MAX_ACTIONS = 6
"""Number of actions listed before the others are counted."""


def sentence(found: Comparison) -> str:
    """Return a summary of the comparison in one sentence."""
    counts = Counter(one.status for one in found.principals.values() if not is_group(one.arn))
    changed = sum(counts[status] for status in _OTHER_ACCESS)
    groups = sum(one.status in _OTHER_ACCESS for one in found.principals.values() if is_group(one.arn))
    parts = []
    if changed:
        parts.append(
            nphrase("Access of {count:,} principal changed", "Access of {count:,} principals changed", changed)
        )
    if groups:
        parts.append(nphrase("{count:,} group changed", "{count:,} groups changed", groups))
    external = sum(
        any(effect.principal not in found.principals for effect in one.effects) for one in found.resources.values()
    )
    if external and parts:
        parts.append(
            nphrase(
                "access of external principals to {count:,} resource changed",
                "access of external principals to {count:,} resources changed",
                external,
            )
        )
    elif external:
        parts.append(
            nphrase(
                "Access of external principals to {count:,} resource changed",
                "Access of external principals to {count:,} resources changed",
                external,
            )
        )
    elif not parts:
        parts.append(phrase("No access changes"))
    if counts[Status.INCONCLUSIVE]:
        parts.append(phrase("inconclusive for {count:,}", count=counts[Status.INCONCLUSIVE]))
    parts.append(phrase("proved unchanged for {count:,}", count=counts[Status.UNCHANGED]))
    doubtful = sum(1 for one in found.resources.values() if one.doubts)
    if doubtful:
        parts.append(
            nphrase(
                "except for access to {count:,} resource, which is inconclusive",
                "except for access to {count:,} resources, which is inconclusive",
                doubtful,
            )
        )
    return join_messages("", (join_messages(", ", parts), "."))


def is_group(arn: str) -> bool:
    """Return whether an ARN is a group's: its members have what it grants, it makes no request itself."""
    return ":group/" in arn and arn.split(":", 5)[5].startswith("group/")


def principal_words(arn: str) -> str:
    """Return a principal's name (the end of its ARN), or a description of a placeholder for many principals."""
    if arn == ANY_SERVICE:
        return phrase("AWS services that no statement names")
    parts = arn.split(":", 5)
    if len(parts) < 6 or not parts[5]:
        return arn
    if parts[5] == f"role/{ANYONE}":
        return phrase("any principal of account {account}", account=parts[4])
    if parts[5] == f"user/{ANYONE}":
        return phrase("any user of account {account}", account=parts[4])
    if parts[5] == f"federated-user/{ANYONE}":
        return phrase("any federated user of account {account}", account=parts[4])
    is_anyone = parts[5].rpartition("/")[2] == ANYONE_ANYWHERE
    return phrase("any principal of any other account") if is_anyone else parts[5]


def actions_words(names: tuple[str, ...], most: int = MAX_ACTIONS) -> str:
    """Return a list of at most ``most`` actions, and the number of others."""
    return join_names(names, most, last=",")


def context_words(effect: Effect) -> str:
    """Return one request context in which an access change occurs; empty if it does not depend on the context.

    It may occur in others: the condition of a policy can have several values.
    """
    parts = []
    for key, value in effect.witness.context:
        if value is None:
            parts.append(phrase("{subject} is absent", subject=spelled(key)))
        else:
            values = (value,) if isinstance(value, str) else value
            words = [phrase("any other value") if is_made_up(one) else one or phrase("empty") for one in values]
            parts.append(
                phrase("{key} is {value}", key=spelled(key), value=join_messages(", ", list(dict.fromkeys(words))))
            )
    return join_messages(phrase(" and "), parts)


def effect_words(found: Comparison, effect: Effect, most: int = MAX_ACTIONS) -> str:
    """Return an access change in one line."""
    when = context_words(effect)
    names = actions_words(found.names(effect.actions), most)
    return f"{effect.kind.value} {names} on {effect.where}{f', for example when {when}' if when else ''}"


_WITNESS = mark("{action} on {resource}: {before} before, {now} now")
_PLANNED = mark("{action} on {resource}: {before} today, {now} after these changes")


def witness_words(effect: Effect, *, is_planned: bool = False) -> str:
    """Return a request that proves an access change, with both decisions; ``is_planned``: of changes to try."""
    witness = effect.witness
    before, now = (
        phrase("no such principal") if decision is None else phrase(DECISION_WORDS[decision])
        for decision in (witness.old, witness.new)
    )
    return phrase(
        _PLANNED if is_planned else _WITNESS,
        action=witness.action,
        resource=witness.resource,
        before=before,
        now=now,
    )


def text_words(change: TextChange) -> str:
    """Return the effect of a changed policy text; also a JSON value (``export.diff``)."""
    if change.has_effect or change.gives is not None:
        return phrase("changes access")
    return phrase("inconclusive") if change.is_doubtful else phrase("no change in effect")


def lines(found: Comparison, *, is_planned: bool = False) -> Iterator[str]:
    """Yield the comparison as lines of text; ``is_planned``: with changes that are only tried."""
    yield sentence(found)
    listed: set[Effect] = set()
    for principal in found.principals.values():
        listed.update(principal.effects)
        yield from _diff_lines(found, principal, principal.effects, is_planned=is_planned)
    for resource in found.resources.values():
        others = tuple(effect for effect in resource.effects if effect not in listed)
        if others or resource.doubts:
            yield from _diff_lines(found, resource, others, is_resource=True, is_planned=is_planned)
    reworded = [change for change in found.texts if not change.has_effect]
    if reworded:
        yield ""
        yield "Reworded:"
        for change in reworded:
            effect = "inconclusive" if change.is_doubtful else text_words(change)
            yield f"  {effect:<20} {change.cause.sentence}"
    yield ""
    yield "Not compared:"
    yield from (f"  {limit}" for limit in found.limits)
    yield f"  Actions that are not in the AWS action data of {found.actions_as_of} and that no policy names."


def cause_sentences(effect: Effect) -> tuple[str, ...]:
    """Return the causes of an effect, one sentence each, and how access can be gained by what went away."""
    sentences = tuple(cause.sentence for cause in effect.causes)
    return (
        (*sentences, phrase("Deny statements that applied before no longer do."))
        if effect.is_by_lost_deny
        else sentences
    )


def _diff_lines(
    found: Comparison, diff: PrincipalDiff, effects: tuple[Effect, ...], *, is_resource: bool = False, is_planned: bool
) -> Iterator[str]:
    if diff.status is Status.UNCHANGED and not diff.doubts:
        return
    yield ""
    status = "inconclusive" if diff.status is Status.INCONCLUSIVE else diff.status.value
    yield f"{diff.arn} ({'access to it: ' if is_resource else ''}{status})"
    if is_group(diff.arn) and not effects and not is_resource:
        yield "  what it grants changed; what its members gained or lost is listed with them"
    for effect in effects:
        who = f"{principal_words(effect.principal)} " if is_resource else ""
        yield f"  {who}{effect_words(found, effect)}"
        yield from (f"    cause: {sentence}" for sentence in cause_sentences(effect))
        yield f"    proof: {witness_words(effect, is_planned=is_planned)}"
    yield from (f"  inconclusive: {doubt}" for doubt in diff.doubts)
