"""The change of a *modify* decision: as text, and what it does to access."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from iamdesk.diff.result import Comparison, Effect, Kind
from iamdesk.export.text.diff import actions_words, principal_words, sentence
from iamdesk.gui.core.locale import number
from iamdesk.i18n import ntr, tr, translate
from iamdesk.progress import Cancelled, Progress
from iamdesk.review.item_effect import effect_of
from iamdesk.review.items import ReviewItem
from iamdesk.whatif.edits import Edit, WhatIfError, edit_from_json

if TYPE_CHECKING:
    from iamdesk.api import SnapshotSession

_EXAMPLES = 3
_ACTIONS = 3
_LONGEST = 4000
"""Characters of a document that are part of the text."""


def change_text(edits: Iterable[Edit]) -> str:
    """Return changes as the text of a decision, with their documents: without them, they could not be carried out."""
    return "; ".join(map(_change, edits))


def _change(edit: Edit) -> str:
    if edit.document is None:
        return edit.sentence
    document = json.dumps(edit.document, ensure_ascii=False, separators=(",", ":"))
    if len(document) > _LONGEST:
        sha256 = hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{edit.sentence} (document of {len(document)} characters, SHA-256 {sha256})"
    return f"{edit.sentence} = {document}"


def suggested_edits(item: ReviewItem) -> tuple[Edit, ...]:
    """Return the change that is suggested for an entitlement, as a what-if edit; none if there is none."""
    value = (effect_of(item).get("suggestion") or {}).get("edit")
    try:
        return (edit_from_json(value),) if value else ()
    except WhatIfError:
        return ()  # of another version of iamdesk


def effect_of_edits(
    opened: "SnapshotSession", edits: tuple[Edit, ...], progress: Progress, cancelled: Cancelled
) -> tuple[str, ...]:
    """Return what changes do to access, in lines. Takes seconds for thousands of principals.

    Raises:
        WhatIfError: one of them cannot be applied.
        WorkCancelled: ``cancelled`` returned True.
    """
    from iamdesk.api import Workbench

    return tuple(comparison_lines(Workbench.what_if(opened, edits, progress, cancelled).comparison))


def comparison_lines(found: Comparison) -> Iterator[str]:
    """Yield who loses and gains access, the summary of the comparison, and examples."""
    effects = found.effects()
    parts = [part for kind in (Kind.LOST, Kind.GAINED) if (part := _sum(effects, kind))]
    yield " ".join((*parts, translate(sentence(found))))
    shown = sorted(effects, key=lambda one: one.kind is Kind.LOST)[:_EXAMPLES]  # what is gained comes first
    for one in shown:
        words = (
            tr("{who} gains {actions} on {where}")
            if one.kind is Kind.GAINED
            else tr("{who} loses {actions} on {where}")
        )
        yield words.format(
            who=translate(principal_words(one.principal)),
            actions=translate(actions_words(found.names(one.actions), _ACTIONS)),
            where=one.where,
        )
    if (more := len(effects) - len(shown)) > 0:
        yield tr("and {count} more").format(count=number(more))


def _sum(effects: Iterable[Effect], kind: Kind) -> str:
    """Return how many principals lose or gain how many different actions; empty if none does."""
    principals: set[str] = set()
    actions = 0
    for one in effects:
        if one.kind is kind:
            principals.add(one.principal)
            actions |= one.actions
    if not principals:
        return ""
    words = (
        ntr("{count} principal gains {actions} actions.", "{count} principals gain {actions} actions.", len(principals))
        if kind is Kind.GAINED
        else ntr(
            "{count} principal loses {actions} actions.", "{count} principals lose {actions} actions.", len(principals)
        )
    )
    return words.format(count=number(len(principals)), actions=number(actions.bit_count()))
