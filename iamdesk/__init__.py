"""iamdesk: access reviews of AWS accounts, offline and with proof.

From Python::

    from iamdesk import load_snapshot, Evaluator, Request
    result = Evaluator(load_snapshot(path)).can(Request(principal=…, action=…, resource=…))
    result.decision  # "allowed", "explicitDeny", "implicitDeny" or "conditional"

`Decision` is the public name of `EvaluationResult`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iamdesk.access.evaluator import Evaluator
    from iamdesk.errors import SnapshotError
    from iamdesk.evaluate.request import Request, RequestError
    from iamdesk.explain.decision import EvaluationResult
    from iamdesk.explain.decision import EvaluationResult as Decision
    from iamdesk.snapshot.model import Snapshot
    from iamdesk.snapshot.reader import load_snapshot

__all__ = [
    "Decision",
    "EvaluationResult",
    "Evaluator",
    "Request",
    "RequestError",
    "Snapshot",
    "SnapshotError",
    "load_snapshot",
]

_HOME = {
    "Decision": ("iamdesk.explain.decision", "EvaluationResult"),
    "EvaluationResult": ("iamdesk.explain.decision", "EvaluationResult"),
    "Evaluator": ("iamdesk.access.evaluator", "Evaluator"),
    "Request": ("iamdesk.evaluate.request", "Request"),
    "RequestError": ("iamdesk.evaluate.request", "RequestError"),
    "Snapshot": ("iamdesk.snapshot.model", "Snapshot"),
    "SnapshotError": ("iamdesk.errors", "SnapshotError"),
    "load_snapshot": ("iamdesk.snapshot.reader", "load_snapshot"),
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use: `iamdesk --help` needs none of them."""
    if name not in _HOME:
        raise AttributeError(f"module 'iamdesk' has no attribute {name!r}")
    module, attribute = _HOME[name]
    return getattr(import_module(module), attribute)
