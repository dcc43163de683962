"""What of a review the statement tells in full, taken in one reading: at most some thousand lines."""

from iamdesk.export.evidence.columns import DecidedFinding, DecidedLine, Excepted, excepted
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.text.review import is_privileged
from iamdesk.review.decisions import ReviewDecision

MOST_PRIVILEGED = 200
MOST_LINES = 2000
MOST_PRINCIPALS = 2000
"""Principals whose telling questions are quoted; findings quote theirs all the same."""


class ReportSample:
    """What is told in full, taken in one reading."""

    def __init__(self, source: EvidenceContext) -> None:
        self.lines: list[DecidedLine] = []
        self.privileged: dict[str, list[DecidedLine]] = {}
        self.exceptions: list[Excepted] = []
        self.findings: list[DecidedFinding] = []
        self.reviewers: dict[tuple[str, str], int] = {}
        """By name and account: how many entitlements and findings they decided."""
        self.seconds: dict[str, int] = {}
        self.verdicts: dict[str, list[tuple[str, str, str]]] = {}
        """By ARN of a privileged principal, what was quoted of it: what it may, the decision, deciding statements."""
        self.administrators: dict[str, None] = {}
        """ARNs of administrators and of who becomes one, at most `MOST_PRINCIPALS`."""
        for row in source.rows():
            if len(self.lines) < MOST_LINES:
                self.lines.append(row)
            if is_privileged(row.line) == "yes":
                arn = row.line.holder_arn
                if len(self.administrators) < MOST_PRINCIPALS:
                    self.administrators[arn] = None
                if arn in self.privileged or len(self.privileged) < MOST_PRIVILEGED:
                    self.privileged.setdefault(arn, []).append(row)
            self._take(row, source)
        for found in source.findings():
            if len(self.findings) < MOST_LINES:
                self.findings.append(found)
            self._take(found, source)

    def _take(self, row: DecidedLine | DecidedFinding, source: EvidenceContext) -> None:
        if row.decision.choice is ReviewDecision.EXCEPT and len(self.exceptions) < MOST_LINES:
            self.exceptions.append(excepted(row, source.today))
        if row.decided is not None:
            who = (row.decided.reviewer, row.decided.account)
            self.reviewers[who] = self.reviewers.get(who, 0) + 1
        if row.decision.second:
            self.seconds[row.decision.second] = self.seconds.get(row.decision.second, 0) + 1
