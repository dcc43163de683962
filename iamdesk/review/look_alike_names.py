"""Names that may be one person's, as typed: with initials, without accents, or with letters of another alphabet.

A hint for a reader, never a decision: two people may well be called alike.
"""

import unicodedata

from iamdesk.review.decisions import same_person

_LOOK_ALIKE = str.maketrans(
    # Cyrillic, then Greek letters that look like Latin ones
    "аеёорсухіјѕԁһӏвкмнтгαειοκνρτυχηωγ",
    "aeeopcyxijsdhlbkmhtraeioknptuxnwy",
)


def may_be_same_person(one: str, other: str) -> bool:
    """Return whether two different names may be of one person.

    Either they look alike (accents, letters of another alphabet, an ``l`` for an ``I``), or their last words are equal
    and each word before is equal to or the initial of the other's.
    """
    if same_person(one, other):
        return False
    first, second = _words(one), _words(other)
    if not first or not second:
        return False
    if "".join(first) == "".join(second) or sorted(first) == sorted(second):
        return True
    if first[-1] != second[-1] or len(first) == 1 or len(second) == 1:
        return False
    return all(a == b or _is_initial(a, b) or _is_initial(b, a) for a, b in zip(first[:-1], second[:-1], strict=False))


def _is_initial(short: str, word: str) -> bool:
    return len(short) == 1 and word.startswith(short)


def _words(name: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold().translate(_LOOK_ALIKE))
    letters = "".join(one for one in folded if not unicodedata.combining(one)).translate(_LOOK_ALIKE)
    return "".join(one if one.isalnum() else " " for one in letters).split()
