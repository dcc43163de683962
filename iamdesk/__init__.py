"""iamdesk: access reviews of AWS accounts, offline and with proof.

From Python::

    from iamdesk import load_snapshot, Evaluator, Request
    answer = Evaluator(load_snapshot(path)).can(Request(principal=…, action=…, resource=…))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iamdesk.access.evaluator import Evaluator
    from iamdesk.evaluate.request import Request, RequestError
    from iamdesk.explain.decision import Decision
    from iamdesk.snapshot.errors import SnapshotError
    from iamdesk.snapshot.model import Snapshot
    from iamdesk.snapshot.reader import load_snapshot

__all__ = ["Decision", "Evaluator", "Request", "RequestError", "Snapshot", "SnapshotError", "load_snapshot"]

_HOME = {
    "Decision": "iamdesk.explain.decision",
    "Evaluator": "iamdesk.access.evaluator",
    "Request": "iamdesk.evaluate.request",
    "RequestError": "iamdesk.evaluate.request",
    "Snapshot": "iamdesk.snapshot.model",
    "SnapshotError": "iamdesk.snapshot.errors",
    "load_snapshot": "iamdesk.snapshot.reader",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `iamdesk --help` needs none of them."""
    if name not in _HOME:
        raise AttributeError(f"module 'iamdesk' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
