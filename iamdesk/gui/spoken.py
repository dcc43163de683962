"""Answers in the language of the window. What is made is English; here it is put into words for the reader."""

from dataclasses import replace

from iamdesk.explain.changes import Change, Changes
from iamdesk.explain.decision import Assumption, Decision
from iamdesk.export.answer_words import otherwise_words
from iamdesk.index.nodes import Node, NodeKind
from iamdesk.language import ENGLISH, chosen, error_words, shown, tr


def row_text(node: Node) -> str:
    """Return what a row of the tree shows: the headings are ours, everything else is named by the snapshot."""
    return tr(node.text) if node.kind is NodeKind.SECTION else shown(node.text)


def capital(text: str) -> str:
    """Return the text with a capital letter in front, the others as they are."""
    return f"{text[:1].upper()}{text[1:]}"


def error_sentence(error: BaseException) -> str:
    """Return what an error says as a sentence in the language of the window; not for those that begin with a name."""
    return f"{capital(error_words(error))}."


def spoken(decision: Decision) -> Decision:
    """Return the answer with its sentences in the language of the window."""
    if chosen() == ENGLISH:
        return decision
    return replace(
        decision,
        sentence=shown(decision.sentence),
        layers=tuple(replace(one, title=shown(one.title), sentence=shown(one.sentence)) for one in decision.layers),
        statements=tuple(replace(one, sentence=shown(one.sentence)) for one in decision.statements),
        condition_words=tuple(map(shown, decision.condition_words)),
        denial_words=tuple(map(shown, decision.denial_words)),
    )


def spoken_changes(changes: Changes) -> Changes:
    """Return the ways to turn an answer around in the language of the window."""
    if chosen() == ENGLISH:
        return changes
    return replace(changes, reason=shown(changes.reason), changes=tuple(map(_spoken_change, changes.changes)))


def _spoken_change(change: Change) -> Change:
    additions = tuple(replace(one, place=shown(one.place)) for one in change.additions)
    sentence = shown(change.sentence)  # begins with a verb of ours: what is to be done
    return replace(change, sentence=capital(sentence), caveat=shown(change.caveat), additions=additions)


def assumption_words(assumption: Assumption) -> str:
    """Return what an answer rests on, and what it would be otherwise."""
    return f"{shown(assumption.message)}{shown(otherwise_words(assumption))}"
