"""The items of a review that its statement lists: at most some thousand, read in one pass."""

from iamdesk.export.evidence.columns import DecidedFinding, DecidedLine, Excepted, excepted
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.controls import ControlResults
from iamdesk.export.text.review import is_privileged
from iamdesk.review.decisions import ReviewDecision

MAX_PRIVILEGED = 200
MAX_ITEMS = 2000
MAX_PRINCIPALS = 2000
"""Number of principals whose key permissions are quoted; requests of findings are always quoted."""


class ReportSample:
    """The listed items."""

    def __init__(self, source: EvidenceContext) -> None:
        self.lines: list[DecidedLine] = []
        self.privileged: dict[str, list[DecidedLine]] = {}
        self.exceptions: list[Excepted] = []
        self.findings: list[DecidedFinding] = []
        self.reviewers: dict[tuple[str, str], int] = {}
        """By name and system user, the number of entitlements and findings they decided."""
        self.seconds: dict[str, int] = {}
        self.verdicts: dict[str, list[tuple[str, str, str]]] = {}
        """By ARN of a privileged principal, its quoted requests: permission, decision, deciding statements."""
        self.administrators: dict[str, None] = {}
        """ARNs of principals that are or can become administrators, at most `MAX_PRINCIPALS`."""
        self.controls = ControlResults(source.people)
        for row in source.rows():
            self.controls.take(row, is_open=source.is_open(row))
            if len(self.lines) < MAX_ITEMS:
                self.lines.append(row)
            if is_privileged(row.line) == "yes":
                arn = row.line.holder_arn
                if len(self.administrators) < MAX_PRINCIPALS:
                    self.administrators[arn] = None
                if arn in self.privileged or len(self.privileged) < MAX_PRIVILEGED:
                    self.privileged.setdefault(arn, []).append(row)
            self._take(row, source)
        for found in source.findings():
            if len(self.findings) < MAX_ITEMS:
                self.findings.append(found)
            self._take(found, source)

    def _take(self, row: DecidedLine | DecidedFinding, source: EvidenceContext) -> None:
        if row.decision.choice is ReviewDecision.EXCEPT and len(self.exceptions) < MAX_ITEMS:
            self.exceptions.append(excepted(row, source.today))
        if row.decided is not None:
            who = (row.decided.reviewer, row.decided.account)
            self.reviewers[who] = self.reviewers.get(who, 0) + 1
        if row.decision.second:
            self.seconds[row.decision.second] = self.seconds.get(row.decision.second, 0) + 1
