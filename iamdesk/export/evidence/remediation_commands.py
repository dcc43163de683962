"""AWS CLI commands that revoke entitlements. iamdesk never runs them."""

import re
import shlex
from collections.abc import Iterable, Iterator

from iamdesk.escaping import visible
from iamdesk.export.evidence.columns import DecidedFinding, DecidedLine
from iamdesk.export.evidence.remediation_shell import END, HELPERS
from iamdesk.export.files.shell_script import is_odd, script_head
from iamdesk.export.text.review import entitlement_words
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.items import EntitlementType, ReviewItem

_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}")
"""Valid IAM names (IAM User Guide, "IAM and AWS STS quotas", name requirements)."""


def command(line: ReviewItem) -> tuple[str, ...]:
    """Return the command that revokes an entitlement as a list of words; empty if there is no single one."""
    name = line.holder_arn.rpartition("/")[2]
    kind = line.holder_kind
    match line.type:
        case EntitlementType.GROUP:
            return ("aws", "iam", "remove-user-from-group", "--user-name", name, "--group-name", line.name)
        case EntitlementType.MANAGED_POLICY if kind in ("user", "group", "role"):
            policy = ("--policy-arn", line.entitlement_id)
            return ("aws", "iam", f"detach-{kind}-policy", f"--{kind}-name", name, *policy)
        case EntitlementType.INLINE_POLICY if kind in ("user", "group", "role"):
            return ("aws", "iam", f"delete-{kind}-policy", f"--{kind}-name", name, "--policy-name", line.name)
        case EntitlementType.PERMISSION_SET:
            return _assignment(line)
        case EntitlementType.BOUNDARY if kind in ("user", "role"):
            return ("aws", "iam", f"delete-{kind}-permissions-boundary", f"--{kind}-name", name)
        case EntitlementType.CONSOLE_PASSWORD:
            return ("aws", "iam", "delete-login-profile", "--user-name", name)
    return ()


def _assignment(line: ReviewItem) -> tuple[str, ...]:
    parts = line.entitlement_id.split("/")
    if len(parts) != 3:  # arn:aws:sso:::permissionSet/ssoins-…/ps-…
        return ()
    kind = "GROUP" if ":::group/" in line.holder_arn else "USER"
    return (
        *("aws", "sso-admin", "delete-account-assignment"),
        *("--instance-arn", f"{parts[0].rpartition(':')[0]}:instance/{parts[1]}"),
        *("--target-id", line.account_id, "--target-type", "AWS_ACCOUNT"),
        *("--permission-set-arn", line.entitlement_id),
        *("--principal-type", kind, "--principal-id", line.holder_arn.rpartition("/")[2]),
    )


def command_text(line: ReviewItem) -> str:
    """Return the command as a shell line; empty if there is no single one."""
    return visible(shlex.join(command(line)))


def remediation_script(review_id: str, rows: Iterable[DecidedLine], fixes: Iterable[DecidedFinding]) -> Iterator[str]:
    """Yield the lines of a shell script that carries out the revocations, by default as a dry run.

    It continues if an entitlement is already gone or a command fails, saves inline policies before it deletes them, and
    keeps policies with Deny statements unless WIDEN is set. Commands that fix findings are comments: they need a
    review.
    """
    yield script_head(f"Revocations decided in the access review {review_id}", "remediation.sh")
    yield HELPERS
    count = 0
    for row in rows:
        if row.decision.choice is not ReviewDecision.REVOKE:
            continue
        count += 1
        yield f"# {visible(row.line.holder_arn)}: {visible(entitlement_words(row.line))}"
        if row.decision.comment:
            yield f"#   reason: {visible(row.decision.comment)}"
        called = "" if _is_odd(row.line) else _call(row.line)
        yield called or f"# by hand: {_by_hand(row.line)}"
        yield ""
    if not count:
        yield "# No entitlement was revoked."
    for fix in fixes:
        if fix.decision.choice is not ReviewDecision.FIX:
            continue
        what = f"{fix.text('check_id')} on {fix.text('subject_arn')}: {fix.text('finding')}"
        yield f"# fix {visible(what)}"
        suggested = fix.text("remediation_snippet")
        yield f"#   suggested command, review it first: {visible(suggested)}" if suggested else "#   by hand"
        yield ""
    yield END


def _call(line: ReviewItem) -> str:
    """Return the line of the script that revokes an entitlement; empty if there is no single command."""
    words = command(line)
    if not words or line.type is EntitlementType.BOUNDARY:  # what limits is taken away by hand
        return ""
    name = line.holder_arn.rpartition("/")[2]
    match line.type:
        case EntitlementType.INLINE_POLICY:
            return shlex.join(("take_inline", line.account_id, line.holder_kind, name, line.name))
        case EntitlementType.MANAGED_POLICY:
            return shlex.join(("take_managed", line.account_id, line.entitlement_id, *words))
        case EntitlementType.GROUP:
            return shlex.join(("take_membership", line.account_id, line.name, *words))
    return shlex.join(("take_away", line.account_id, *words))


def _is_odd(line: ReviewItem) -> bool:
    holder = line.holder_arn.rpartition("/")[2]
    if line.type is EntitlementType.INLINE_POLICY and not (_NAME.fullmatch(holder) and _NAME.fullmatch(line.name)):
        return True  # the names become part of a file name
    return is_odd((holder, line.name, line.entitlement_id, line.account_id))


def _by_hand(line: ReviewItem) -> str:
    match line.type:
        case EntitlementType.TRUST:
            return "remove the principal from the role's trust policy (aws iam update-assume-role-policy)"
        case EntitlementType.ACCESS_KEY:
            return "find the key (aws iam list-access-keys), deactivate it, and delete it later"
        case EntitlementType.BOUNDARY:
            return "the boundary limits its holder: look at what the holder can do without it, then delete it"
        case EntitlementType.ROOT_ACCESS:
            return "sign in as root and delete its access keys and password, or use centralized root access"
        case EntitlementType.RESOURCE_GRANT:
            return "remove the principal from the resource policy"
    return "check the names before you use them in a command"
