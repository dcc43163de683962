"""Review items and decisions as text, for window, terminal and evidence."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from iamdesk.aws.condition_keys import spelled
from iamdesk.export.text.decision import short_arn
from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.items import EntitlementType, ReviewItem

TYPE_WORDS: Mapping[EntitlementType, str] = {
    EntitlementType.GROUP: mark("member of group"),
    EntitlementType.MANAGED_POLICY: mark("managed policy"),
    EntitlementType.INLINE_POLICY: mark("inline policy"),
    EntitlementType.TRUST: mark("assumable by"),
    EntitlementType.ACCESS_KEY: mark("access key"),
    EntitlementType.RESOURCE_GRANT: mark("grant on resource"),
    EntitlementType.PERMISSION_SET: mark("permission set"),
    EntitlementType.BOUNDARY: mark("permissions boundary"),
    EntitlementType.CONSOLE_PASSWORD: mark("console password"),
    EntitlementType.ROOT_ACCESS: mark("root user"),
}
CHOICE_WORDS: Mapping[ReviewDecision, str] = {
    ReviewDecision.UNDECIDED: mark("Undecided"),
    ReviewDecision.KEEP: mark("Keep"),
    ReviewDecision.REVOKE: mark("Revoke"),
    ReviewDecision.MODIFY: mark("Modify"),
    ReviewDecision.FIX: mark("Fix"),
    ReviewDecision.FALSE_POSITIVE: mark("False positive"),
    ReviewDecision.EXCEPT: mark("Exception"),
}
ACCEPT_WORD = mark("Accept the risk")
"""`ReviewDecision.EXCEPT` on a finding."""
CLASS_WORDS: Mapping[str, str] = {
    "human": mark("a person"),
    "machine": mark("a machine"),
    "third_party": mark("a third party"),
    "root": mark("the root user"),
    "unknown": mark("unknown"),
}


_LEVELS: Mapping[str, str] = {
    "Permissions management": mark("{count:,} permissions management"),
    "Write": mark("{count:,} write"),
    "Tagging": mark("{count:,} tagging"),
    "Read": mark("{count:,} read"),
    "List": mark("{count:,} list"),
}


def holder_name(line: ReviewItem) -> str:
    """Return the display name of the holder, or the short form of its ARN."""
    display = line.evidence.get("display")
    return str(display) if display else short_arn(line.holder_arn)


def entitlement_words(line: ReviewItem) -> str:
    """Return the entitlement with its type: ``managed policy ReadOnlyAccess``."""
    if line.type in (EntitlementType.ACCESS_KEY, EntitlementType.CONSOLE_PASSWORD, EntitlementType.ROOT_ACCESS):
        return line.name
    return phrase("{kind} {name}", kind=phrase(TYPE_WORDS[line.type]), name=line.name)


def widening_words(denying: Sequence[ReviewItem]) -> str:
    """Return the warning before revoking policies with only Deny statements (`ONLY_DENIES`); empty for none."""
    if len(denying) == 1:
        return phrase(
            "{policy} contains only Deny statements: revoking it can give {holder} more access.",
            policy=denying[0].name,
            holder=holder_name(denying[0]),
        )
    if not denying:
        return ""
    return nphrase(
        "{count} of these policies contains only Deny statements: revoking it can give more access.",
        "{count} of these policies contain only Deny statements: revoking them can give more access.",
        len(denying),
    )


def decision_words(decision: ItemDecision) -> str:
    """Return a decision on an entitlement: ``Exception until 2027-01-31, second approval``."""
    return _decision_words(phrase(CHOICE_WORDS[decision.choice]), decision)


def finding_decision_words(decision: ItemDecision) -> str:
    """Return a decision on a finding: ``Accept the risk until 2027-01-31``."""
    return _decision_words(phrase(finding_choice_word(decision.choice)), decision)


def finding_choice_word(choice: ReviewDecision) -> str:
    """Return the word of a decision on a finding."""
    return ACCEPT_WORD if choice is ReviewDecision.EXCEPT else CHOICE_WORDS[choice]


def _decision_words(words: str, decision: ItemDecision) -> str:
    if decision.expiry:
        words = phrase("{choice} until {day}", choice=words, day=decision.expiry.isoformat())
    return phrase("{decision}, second approval", decision=words) if decision.second else words


def power_words(power: Mapping[str, Any] | None) -> str:
    """Return a summary of effective permissions: ``812 actions: 40 permissions management, 300 write …``."""
    if not power:
        return ""
    count = int(power.get("actions", 0))
    if not count:
        return phrase("nothing")
    levels = power.get("by_level", {})
    order = ("Permissions management", "Write", "Tagging", "Read", "List")
    parts = [phrase(_LEVELS[level], count=levels[level]) for level in order if levels.get(level)]
    return nphrase(
        "{count:,} action: {levels}", "{count:,} actions: {levels}", count, levels=join_messages(", ", parts)
    )


def condition_keys(line: ReviewItem) -> tuple[str, ...]:
    """Return the condition keys of what an entitlement allows, as AWS spells them."""
    return tuple(dict.fromkeys(spelled(str(key)) for key in line.evidence.get("conditions", ())))


def administration_words(line: ReviewItem) -> str:
    """Return whether the holder is or can become an administrator; empty if that was not evaluated."""
    administration = line.evidence.get("administration")
    if not administration:
        return ""
    steps = administration.get("steps")
    match administration.get("reaches"):
        case "is":
            return phrase("Administrator")
        case "reaches" if steps is None:
            return phrase("Can become administrator")
        case "reaches":
            return nphrase(
                "Can become administrator in {count} step", "Can become administrator in {count} steps", steps
            )
        case "may reach" if steps is None:
            return phrase("May become administrator")
        case "may reach":
            return nphrase(
                "May become administrator in {count} step", "May become administrator in {count} steps", steps
            )
        case "no":
            return phrase("No")
    return phrase("Cannot tell")


def is_privileged(line: ReviewItem) -> str:
    """Return ``yes``, ``no`` or ``cannot_tell``: whether the holder is or can become an administrator.

    It is ``cannot_tell`` for holders that are not in the snapshot.
    """
    administration = line.evidence.get("administration") or {}
    return {"is": "yes", "reaches": "yes", "no": "no"}.get(str(administration.get("reaches")), "cannot_tell")


def last_used_words(line: ReviewItem) -> str:
    """Return when the holder or key was last used: a date, ``never used`` or ``unknown``."""
    if "last_used" not in line.evidence:
        return phrase("unknown")
    used = line.evidence["last_used"]
    return datetime.fromisoformat(str(used)).date().isoformat() if used else phrase("never used")
