"""What a line of a review says, in words: the same in the window, in the terminal and in the evidence."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from iamdesk.export.answer_words import short_arn
from iamdesk.review.decisions import Choice, LineDecision
from iamdesk.review.lines import EntitlementType, Line

TYPE_WORDS: Mapping[EntitlementType, str] = {
    EntitlementType.GROUP: "member of group",
    EntitlementType.MANAGED_POLICY: "managed policy",
    EntitlementType.INLINE_POLICY: "inline policy",
    EntitlementType.TRUST: "may be assumed by",
    EntitlementType.ACCESS_KEY: "access key",
    EntitlementType.RESOURCE_GRANT: "let in by resource",
    EntitlementType.PERMISSION_SET: "permission set",
}
CHOICE_WORDS: Mapping[Choice, str] = {
    Choice.UNDECIDED: "Undecided",
    Choice.KEEP: "Keep",
    Choice.REVOKE: "Revoke",
    Choice.MODIFY: "Modify",
    Choice.EXCEPT: "Except",
}
CLASS_WORDS: Mapping[str, str] = {
    "human": "a person",
    "machine": "a machine",
    "third_party": "somebody outside",
    "root": "the root user",
    "unknown": "unknown",
}


def holder_name(line: Line) -> str:
    """Return the holder as people know it."""
    display = line.evidence.get("display")
    return str(display) if display else short_arn(line.holder_arn)


def entitlement_words(line: Line) -> str:
    """Return what is held: ``managed policy ReadOnlyAccess``."""
    word = TYPE_WORDS[line.type]
    return line.name if line.type is EntitlementType.ACCESS_KEY else f"{word} {line.name}"


def decision_words(decision: LineDecision) -> str:
    """Return what stands on a line: ``Except until 2027-01-31, seconded``."""
    word = CHOICE_WORDS[decision.choice]
    until = f" until {decision.expiry.isoformat()}" if decision.expiry else ""
    return f"{word}{until}{', seconded' if decision.second else ''}"


def power_words(power: Mapping[str, Any] | None) -> str:
    """Return what a holder can effectively do: ``812 actions: 40 permissions management, 300 write …``."""
    if not power:
        return ""
    count = int(power.get("actions", 0))
    if not count:
        return "nothing"
    levels = power.get("by_level", {})
    order = ("Permissions management", "Write", "Tagging", "Read", "List")
    parts = [f"{levels[level]:,} {level.lower()}" for level in order if levels.get(level)]
    return f"{count:,} {'action' if count == 1 else 'actions'}: {', '.join(parts)}"


def administration_words(line: Line) -> str:
    """Return whether the holder is an administrator or becomes one; empty where that is not asked."""
    told = line.evidence.get("administration")
    if not told:
        return ""
    steps = told.get("steps")
    in_steps = "" if steps is None else f" in {steps} {'step' if steps == 1 else 'steps'}"
    match told.get("reaches"):
        case "is":
            return "Administrator"
        case "reaches":
            return f"Becomes administrator{in_steps}"
        case "may reach":
            return f"May become administrator{in_steps}"
    return "No"


def is_privileged(line: Line) -> str:
    """Return ``yes``, ``no`` or ``cannot_tell``: whether the holder is an administrator or becomes one."""
    told = line.evidence.get("administration") or {}
    return {"is": "yes", "reaches": "yes", "may reach": "cannot_tell"}.get(str(told.get("reaches")), "no")


def last_used_words(line: Line) -> str:
    """Return when the holder (or the key) was last used: a day, ``never seen`` or ``unknown``."""
    if "last_used" not in line.evidence:
        return "unknown"
    used = line.evidence["last_used"]
    return datetime.fromisoformat(str(used)).date().isoformat() if used else "never seen"
