"""The details of a who-can row: what explains its result. No Qt: workers create them, too."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from iamdesk.escaping import visible
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.text.access import granting_statements, how_words, when_words
from iamdesk.i18n import tr, translate

if TYPE_CHECKING:
    from iamdesk.access.who_can import Access, Who

_MAX_WHO = 12


@dataclass(frozen=True, slots=True)
class RowDetails:
    """The details of a row: evaluated when it comes into sight."""

    how: str
    when: str
    tip: str
    """The statements by name, and the sentence of the result."""


class ExplainedRow(NamedTuple):
    """The details of one row, as a worker returns them."""

    who: "Who"
    details: RowDetails


def details_of(decision: EvaluationResult) -> RowDetails:
    """Return the details of a row from its result, in the language of the window."""
    statements = [f"{line.effect}: {translate(line.name)}" for line in granting_statements(decision)]
    conditions = translate(when_words(decision, _MAX_WHO))
    when = tr("When {ways}").format(ways=conditions) if conditions else ""
    return RowDetails(
        visible(translate(how_words(decision))),
        visible(translate(when_words(decision))),
        "\n".join(filter(None, (translate(decision.sentence), *statements, when))),
    )


def explained(access: "Access") -> ExplainedRow:
    """Return the details of a row and whose they are."""
    return ExplainedRow(access.who, details_of(access.explanation))
