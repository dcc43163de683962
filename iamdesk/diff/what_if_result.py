"""Changes, tried: the copy, and what carries them out."""

from dataclasses import dataclass

from iamdesk.diff.result import Comparison
from iamdesk.snapshot.model import Snapshot
from iamdesk.whatif.commands import CliCommand


@dataclass(frozen=True, slots=True)
class WhatIfResult:
    """What changes come to."""

    snapshot: Snapshot
    """A copy with the changes made."""
    comparison: Comparison
    """Of the snapshot as it is with the copy."""
    commands: tuple[CliCommand, ...]
    """In the order of the changes."""
