"""What the lines of the diagram say: the API actions of a step, ``PassRole + CreateFunction …``. No Qt."""

from collections.abc import Iterable

from iamdesk.api import Workbench
from iamdesk.attack_paths.types import Step

_SHOWN = 2
"""Actions of a step that a line shows; the table and the step's panel have all."""


def actions_of(path_id: str) -> tuple[str, ...]:
    """Return the actions of a technique in order, with their services."""
    return Workbench.actions_of_technique(path_id)


def edge_words(steps: Iterable[Step]) -> str:
    """Return the words of a line: the actions of its first technique, and the number of other techniques."""
    ids = list(dict.fromkeys(step.path_id for step in steps))
    if not ids:
        return ""
    words = _words(ids[0])
    return f"{words}, +{len(ids) - 1}" if len(ids) > 1 else words


def _words(path_id: str) -> str:
    names = [action.partition(":")[2] for action in actions_of(path_id)]
    if not names:
        return path_id
    return " + ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
