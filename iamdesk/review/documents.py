"""What binds a line to the text of a policy."""

from typing import Any

from iamdesk.policy.document import parse_document
from iamdesk.review.journal import digest


class Documents:
    """Tells of policy documents, of each once: the same text stands in thousands of principals."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[Any, dict[str, Any]]] = {}

    def about(self, document: Any) -> dict[str, Any]:
        """Return a document's digest and the condition keys of what it allows; one that is not held is told."""
        if document is None:
            return {"missing": True}
        known = self._told.get(id(document))
        if known is None:  # the document is kept beside: its id is its own for as long
            known = self._told[id(document)] = (document, _about(document))
        return known[1]


def _about(document: Any) -> dict[str, Any]:
    keys = {
        test.key
        for statement in parse_document(document).statements
        if statement.is_allow
        for test in statement.conditions
    }
    return {"document_sha256": digest(document), **({"conditions": sorted(keys)} if keys else {})}
