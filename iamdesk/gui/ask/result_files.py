"""The result of a request or of a use case as text and as JSON, for saving."""

from collections.abc import Mapping

from iamdesk.explain.decision import EvaluationResult
from iamdesk.explain.suggestions import Changes
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.export.decision.text_file import command_line, result_text
from iamdesk.export.decision.use_case import to_use_case_result, use_case_command, use_case_text
from iamdesk.export.files.json_bytes import json_bytes
from iamdesk.gui.widgets.save_to_file import Render
from iamdesk.use_cases.types import UseCaseResult

_INDENT = 2


def of_decision(decision: EvaluationResult, snapshot_path: str, changes: Changes | None) -> Mapping[str, Render]:
    """Return what renders a result, by suffix: what *Copy result* copies, and what `iamdesk can` prints."""

    def as_text() -> str:
        return f"{result_text(decision, snapshot_path, changes)}\n{command_line(decision.request, snapshot_path)}\n"

    return {
        ".txt": lambda _progress, _cancelled: as_text().encode(),
        ".json": lambda _progress, _cancelled: json_bytes(to_evaluation_result(decision, changes), _INDENT),
    }


def of_use_case(result: UseCaseResult, snapshot_path: str) -> Mapping[str, Render]:
    """Return what renders the result of a use case, by suffix."""

    def as_text() -> str:
        return f"{use_case_text(result, snapshot_path)}\n{use_case_command(result.request, snapshot_path)}\n"

    return {
        ".txt": lambda _progress, _cancelled: as_text().encode(),
        ".json": lambda _progress, _cancelled: json_bytes(to_use_case_result(result), _INDENT),
    }
