"""What binds a line to the text of a policy."""

from typing import Any

from iamdesk.policy.document import parse_document
from iamdesk.review.journal import digest


class Documents:
    """Tells of policy documents, of each once: the same text stands in thousands of principals."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[Any, dict[str, Any], bool]] = {}

    def about(self, document: Any) -> dict[str, Any]:
        """Return a document's digest and the condition keys of what it allows; one that is not held is told."""
        return {"missing": True} if document is None else self._known(document)[1]

    def only_denies(self, document: Any) -> bool:
        """Return whether a document has statements, all of which deny; one that is not held may allow."""
        return document is not None and self._known(document)[2]

    def _known(self, document: Any) -> tuple[Any, dict[str, Any], bool]:
        known = self._told.get(id(document))
        if known is None:  # the document is kept beside: its id is its own for as long
            known = self._told[id(document)] = (document, *_about(document))
        return known


def _about(document: Any) -> tuple[dict[str, Any], bool]:
    statements = parse_document(document).statements
    allowing = [statement for statement in statements if statement.is_allow]
    keys = {test.key for statement in allowing for test in statement.conditions}
    told = {"document_sha256": digest(document), **({"conditions": sorted(keys)} if keys else {})}
    return told, bool(statements) and not allowing
