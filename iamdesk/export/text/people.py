"""Persons as text and as JSON, for the terminal and the evidence."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from iamdesk.i18n import nphrase, phrase
from iamdesk.review.items import ReviewItem
from iamdesk.review.people import STATE_WORDS, People, PersonAccess, PersonState


def people_words(people: People) -> str:
    """Return how many persons of a list have access, and how many left, moved or are unknown."""
    counts = Counter(one.state for one in people.access())
    known = len(people.persons)
    return phrase(
        "{persons}: {left:,} left, {moved:,} moved; {unknown}.",
        persons=nphrase("{count:,} person has access", "{count:,} people have access", known),
        left=counts[PersonState.LEFT],
        moved=counts[PersonState.MOVED],
        unknown=nphrase(
            "{count:,} user is not in the list", "{count:,} users are not in the list", counts[PersonState.UNKNOWN]
        ),
    )


def status_words(access: PersonAccess) -> str:
    """Return the state of a person with its day, or what it was before a move."""
    person = access.person
    word = phrase(STATE_WORDS[access.state])
    if person is None:
        return word
    if access.state is PersonState.LEFT and person.last_day:
        return phrase("{status} on {day}", status=word, day=person.last_day)
    if access.state is PersonState.MOVED and person.was:
        return phrase("{status}: before {was}", status=word, was=person.was)
    if access.state is PersonState.MOVED:
        return phrase("{status} on {day}", status=word, day=person.moved)
    return word


def person_words(access: PersonAccess) -> str:
    """Return a person in a line: name, e-mail address, status, manager, principals."""
    person = access.person
    parts = [access.name]
    if person is not None:
        parts += [f"<{person.email}>"] if person.email else []
        parts += [phrase("manager {name}", name=person.manager)] if person.manager else []
    parts += [status_words(access)]
    if person is not None:
        parts += [", ".join(arn.rpartition(":")[2] for arn in access.principals)]
    return "  ".join(parts)


def person_value(access: PersonAccess, items: Iterable[tuple[ReviewItem, str]]) -> dict[str, Any]:
    """Return a person as JSON object, with the items and how each is reached."""
    person = access.person
    return {
        "Person": person.key if person else None,
        "Name": person.name if person else None,
        "Email": person.email if person else None,
        "Status": access.state.value,
        "Manager": person.manager if person else None,
        "Principals": list(access.principals),
        "Reaches": [{"Arn": one.arn, "How": one.how} for one in access.reaches],
        "Entitlements": [{"Id": item.line_id, "Name": item.name, "Through": how or None} for item, how in items],
    }
