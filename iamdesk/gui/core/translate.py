"""Results in the language of the window. They are created in English and translated here."""

from dataclasses import replace

from iamdesk.explain.decision import Assumption, EvaluationResult
from iamdesk.explain.suggestions import Change, Changes
from iamdesk.export.text.decision import otherwise_words
from iamdesk.i18n import ENGLISH, chosen, error_words, tr, translate
from iamdesk.viewmodel.tree import Node, NodeKind


def row_text(node: Node) -> str:
    """Return the text of a row of the tree: headings are translated, names are not."""
    return tr(node.text) if node.kind is NodeKind.SECTION else translate(node.text)


def capital(text: str) -> str:
    """Return the text with its first letter in upper case."""
    return f"{text[:1].upper()}{text[1:]}"


def error_sentence(error: BaseException) -> str:
    """Return an error's message as a sentence in the language of the window; not for those that begin with a name."""
    return f"{capital(error_words(error))}."


def translated(decision: EvaluationResult) -> EvaluationResult:
    """Return the result with its sentences in the language of the window."""
    if chosen() == ENGLISH:
        return decision
    return replace(
        decision,
        sentence=translate(decision.sentence),
        layers=tuple(
            replace(one, title=translate(one.title), sentence=translate(one.sentence)) for one in decision.layers
        ),
        statements=tuple(replace(one, sentence=translate(one.sentence)) for one in decision.statements),
        condition_words=tuple(map(translate, decision.condition_words)),
        denial_words=tuple(map(translate, decision.denial_words)),
    )


def translated_changes(changes: Changes) -> Changes:
    """Return changes that would flip a decision in the language of the window."""
    if chosen() == ENGLISH:
        return changes
    return replace(changes, reason=translate(changes.reason), changes=tuple(map(_translated_change, changes.changes)))


def _translated_change(change: Change) -> Change:
    additions = tuple(replace(one, place=translate(one.place)) for one in change.additions)
    sentence = translate(change.sentence)  # begins with a verb, not a name
    return replace(change, sentence=capital(sentence), caveat=translate(change.caveat), additions=additions)


def assumption_words(assumption: Assumption) -> str:
    """Return the sentence of an assumption, with the decision without it."""
    return f"{translate(assumption.message)}{translate(otherwise_words(assumption))}"
