"""AWS CLI commands that revoke entitlements. iamdesk never runs them."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from iamdesk.checks.words import enumerated
from iamdesk.escaping import visible
from iamdesk.export.evidence.columns import DecidedFinding, DecidedLine
from iamdesk.export.evidence.remediation_shell import END, HELPERS
from iamdesk.export.files.shell_script import is_odd, script_head
from iamdesk.export.text.review import entitlement_words
from iamdesk.export.text.review_effect import is_guardrail
from iamdesk.inventory.permission_sets import permission_set_of_arn
from iamdesk.inventory.references import is_service_linked_arn
from iamdesk.review.completion import DRAFT
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.item_effect import effect_of
from iamdesk.review.items import EntitlementType, ReviewItem

_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}")
"""Valid IAM names (IAM User Guide, "IAM and AWS STS quotas", name requirements)."""
_ACCOUNT = re.compile(r"[0-9]{12}")
_NAMED = (EntitlementType.GROUP, EntitlementType.PERMISSION_SET)
"""Entitlements whose name is a word of the script."""
_MAX_NAMED = 5


def command(line: ReviewItem) -> tuple[str, ...]:
    """Return the command that revokes an entitlement as a list of words; empty if there is no single one."""
    name = line.holder_arn.rpartition("/")[2]
    kind = line.holder_kind
    if by_aws(line):
        return ()
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


def by_aws(line: ReviewItem) -> str:
    """Return what to change where only AWS can change the holder, a role; empty for all other entitlements.

    Source: AWS re:Post Knowledge Center, "Cannot perform the operation on the protected role AWSReservedSSO"; IAM
    Identity Center User Guide, "IAM roles created by IAM Identity Center"; IAM User Guide, "Service-linked roles".
    """
    if line.type is EntitlementType.RESOURCE_GRANT:  # in the policy of a resource, not of the role
        return ""
    if is_service_linked_arn(line.holder_arn):
        return "only the AWS service can change its service-linked role: change it in that service"
    name = permission_set_of_arn(line.holder_arn)
    if name is None:
        return ""
    return (
        f"only IAM Identity Center can change this role: change the permission set {name}, which changes it in all "
        f"accounts, or remove its assignments in account {line.account_id}"
    )


def command_text(line: ReviewItem) -> str:
    """Return the command as a shell line; empty if there is no single one."""
    return visible(shlex.join(command(line)))


def remediation_script(
    review_id: str,
    rows: Iterable[DecidedLine],
    fixes: Iterable[DecidedFinding],
    incomplete: str = "",
    relying: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Iterator[str]:
    """Yield the lines of a shell script that carries out the revocations, by default as a dry run.

    It can be interrupted and repeated, continues after failures, saves what restores each entitlement before it revokes
    it, keeps policies with Deny statements unless WIDEN is set, and logs each outcome for `close_out`. Guardrails,
    roles that only AWS can change and changes without a single command are left to be done by hand. Commands that fix
    findings are comments: they need a review.

    ``incomplete`` says why the review is not complete; then the script says that it is a draft, also when it is run.
    ``relying`` has by revoked entitlement the other revoked ones that grant the same (`EvidenceContext.relying`).
    """
    draft = f"{DRAFT}: " if incomplete else ""
    yield script_head(f"{draft}Revocations decided in the access review {review_id}", "remediation.sh")
    yield HELPERS
    yield f"review={shlex.quote(visible(review_id))}"
    if incomplete:
        yield f"printf '%s\\n' {shlex.quote(visible(f'{DRAFT}. {incomplete}'))} >&2"
    if relying:
        together = (
            f"{len(relying):,} of these entitlements grant what others of them grant, too. Revoking all of them can "
            "take more than each alone: section 6 of the statement says how much"
        )
        yield f"# {together}."
        yield f"printf '%s\\n' {shlex.quote(f'note: {together}')} >&2"
    yield ""
    yield "items() {"
    yield ":"
    count = 0
    for row in rows:
        if row.decision.choice is not ReviewDecision.REVOKE:
            continue
        count += 1
        line = row.line
        yield f"# {visible(line.holder_arn)}: {visible(entitlement_words(line))}"
        if affected := _affected(line):
            yield f"#   {visible(affected)}{' if it alone is revoked' if row.line_id in relying else ''}"
        if others := relying.get(row.line_id):
            yield f"#   {visible(relying_text(others))}"
        if row.decision.comment:
            yield f"#   reason: {visible(row.decision.comment)}"
        if called := _call(row):
            yield called
        else:
            what = visible(f"{_by_hand(line)} ({entitlement_words(line)} of {line.holder_arn})")
            yield f"# by hand: {visible(_by_hand(line))}"
            yield shlex.join(("by_hand", row.line_id, visible(line.account_id), what))
        yield ""
    yield "}"
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


def relying_text(others: Sequence[str]) -> str:
    """Return that other revoked entitlements grant the same as one."""
    return f"Also revoked is what grants the same, or some of it: {enumerated(others, _MAX_NAMED)}."


def _affected(line: ReviewItem) -> str:
    """Return who is affected if an entitlement is revoked, by its evidence; empty if that is not known."""
    affects = effect_of(line).get("affects")
    if not affects:
        return ""
    if line.type is EntitlementType.TRUST:  # a provider or an account is no number of principals
        return f"affected: {enumerated(map(str, line.evidence.get('trusts', ())), _MAX_NAMED)}, who lose the role"
    names = ", ".join(map(str, affects["names"]))
    more = affects["principals"] - len(affects["names"])
    others = f" and {more:,} more" if names and more > 0 else ""
    listed = f": {names}{others}" if names else ""
    return f"affected: {affects['principals']:,}, {affects['losing']:,} lose and {affects['gaining']:,} gain{listed}"


def _call(row: DecidedLine) -> str:
    """Return the line of the script that revokes an entitlement; empty if that is to be done by hand."""
    line = row.line
    words = command(line)
    if not words or line.type is EntitlementType.BOUNDARY or is_guardrail(line) or _is_odd(line):
        return ""
    name, kind = line.holder_arn.rpartition("/")[2], line.holder_kind
    undo: tuple[str, ...]
    what: tuple[str, ...]
    match line.type:
        case EntitlementType.INLINE_POLICY:
            undo = ("aws", "iam", f"put-{kind}-policy", *words[3:], "--policy-document")  # the script adds the file
            function, what = "take_inline", (line.name,)
        case EntitlementType.MANAGED_POLICY:
            undo = ("aws", "iam", f"attach-{kind}-policy", *words[3:])
            function, what = "take_managed", (line.entitlement_id,)
        case EntitlementType.GROUP:
            undo = ("aws", "iam", "add-user-to-group", *words[3:])
            function, what = "take_membership", (line.name,)
        case EntitlementType.CONSOLE_PASSWORD:
            undo = ("echo", f"by hand: set a new password, aws iam create-login-profile --user-name {name}")
            function, what = "take_password", ()
        case _:
            options = dict(zip(words[3::2], words[4::2], strict=True))
            undo = ("aws", "sso-admin", "create-account-assignment", *words[3:])
            kind, name = "permission-set", line.name
            function = "take_assignment"
            what = (options["--instance-arn"], line.entitlement_id, options["--principal-id"])
    return shlex.join((function, row.line_id, line.account_id, kind, name, shlex.join(undo), *what, *words))


def _is_odd(line: ReviewItem) -> bool:
    holder = line.holder_arn.rpartition("/")[2]
    if not _ACCOUNT.fullmatch(line.account_id):
        return True
    if line.type is EntitlementType.INLINE_POLICY and not (_NAME.fullmatch(holder) and _NAME.fullmatch(line.name)):
        return True  # the names become part of a file name
    if any(" " in one for one in (holder, line.entitlement_id)) or (line.type in _NAMED and " " in line.name):
        return True  # the script looks names up in lists that are separated by spaces
    return is_odd((holder, line.name, line.entitlement_id))


def _by_hand(line: ReviewItem) -> str:
    if owned := by_aws(line):
        return owned
    match line.type:
        case EntitlementType.TRUST:
            return "remove the principal from the role's trust policy (aws iam update-assume-role-policy)"
        case EntitlementType.ACCESS_KEY:
            return "find the key (aws iam list-access-keys), deactivate it, and delete it later"
        case EntitlementType.BOUNDARY:
            return "the boundary limits its holder: review what the holder can do without it, then delete it"
        case EntitlementType.ROOT_ACCESS:
            return (
                "the root user stays: sign in as root and delete its access keys; the password of a member account's "
                "root user can be deleted with centralized root access"
            )
        case EntitlementType.RESOURCE_GRANT:
            return "remove the principal from the resource policy"
    if is_guardrail(line) and not _is_odd(line):
        return (
            f"a guardrail, revoking it widens access: look at who can do more without it, then run {command_text(line)}"
        )
    return "check the names before you use them in a command"
