"""Which review items the changes between two snapshots affect: these need a new decision.

Changes are known by their effects: access that somebody gained or lost, with the causes. An effect affects an item

- that changed itself and gives (or takes) the access: then only on such items, and on others that speak of the very
  request, which somebody else's Deny decides;
- of the one who gained or lost it, where the item may allow anything of it, for what limits or describes the holder,
  and for what a resource says;
- of a resource (or a role's trust), where it names who gained or lost access to it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from iamdesk.diff.matching import may_meet
from iamdesk.diff.normal_form import EVERYTHING, ResourceScope
from iamdesk.diff.result import Cause, ChangeKind, Comparison, Effect, Kind, Status
from iamdesk.i18n import phrase
from iamdesk.review.items import EntitlementType, ReviewItem, account_root
from iamdesk.review.revocation_tests import OF_HOLDERS
from iamdesk.snapshot.model import Snapshot

_TEXTS = frozenset({ChangeKind.MANAGED_POLICY, ChangeKind.AWS_POLICY, ChangeKind.INLINE_POLICY})
_GIVING = _TEXTS | {ChangeKind.ATTACHMENT, ChangeKind.MEMBERSHIP}
"""Changes in what a principal carries."""
_SAID_BY_RESOURCES = frozenset({ChangeKind.RESOURCE_POLICY, ChangeKind.GRANTS, ChangeKind.TRUST})
_OF_WHOM_THEY_NAME = frozenset({ChangeKind.RESOURCE_TAGS, ChangeKind.GRANTS})
"""Changes that affect the principals they apply to, never a delegation to a whole account."""
_ORGANIZATION_KEYS = ("aws:principalorg", "aws:principalaccount")


def id_in_one_spelling(line: ReviewItem) -> str:
    """Return the id of a line with the account that a resource lets in spelled as an ARN."""
    if line.type is not EntitlementType.RESOURCE_GRANT or not line.holder_arn.isdecimal():
        return line.line_id
    return replace(line, holder_arn=account_root(line.holder_arn, line.entitlement_id)).line_id


class Changes:
    """Finds what a comparison says about review items."""

    def __init__(
        self, found: Comparison, before: Iterable[ReviewItem], now: Iterable[ReviewItem], new: Snapshot
    ) -> None:
        self._found = found
        self._groups_with: dict[str, set[str]] = {}
        """By policy key, the groups that carry it."""
        self._gives: dict[str, set[str]] = {}
        """By holder, what gives it permissions."""
        for line in now:
            if line.holder_kind == "group":
                self._groups_with.setdefault(line.entitlement_id, set()).add(line.holder_arn)
            if line.type in OF_HOLDERS:
                self._gives.setdefault(line.holder_arn, set()).add(line.entitlement_id)
        self._let_in: dict[str, set[str]] = {}
        """By resource, whom its policies name, in either snapshot."""
        for line in (*before, *now):
            if line.type is EntitlementType.RESOURCE_GRANT:
                self._let_in.setdefault(line.entitlement_id, set()).add(line.holder_arn)
        self._written: dict[str, str] = {}
        """By policy key, that its text changed."""
        self._anew: dict[str, str] = {}
        for text in found.texts:
            if text.cause.kind in _TEXTS:
                self._written[text.cause.subject] = text.cause.sentence
            if text.cause.kind is ChangeKind.RECREATED:
                self._anew[text.cause.subject] = text.cause.sentence
        self._accounts: Mapping[str, str | None] = {one.arn: one.account_id for one in new.resources}
        roots = {arn.split(":", 5)[4]: one for arn, one in found.principals.items() if arn.endswith(":root")}
        self._joined = [account for account, one in roots.items() if one.status is Status.CREATED]
        """Accounts that only the new snapshot holds."""

    def reasons(self, line: ReviewItem, earlier: ReviewItem) -> Iterator[str]:
        """Yield why a line that was there before is to be decided anew; nothing where its effect is the same."""
        if line.holder_arn in self._anew:
            yield self._anew[line.holder_arn]
        match line.type:
            case EntitlementType.TRUST:
                yield from self._of_trust(line)
            case EntitlementType.RESOURCE_GRANT:
                yield from self._of_resource(line)
            case EntitlementType.PERMISSION_SET:
                yield from self._of_permission_set(line, earlier)
            case EntitlementType.ACCESS_KEY:
                if line.evidence.get("rotated") != earlier.evidence.get("rotated"):
                    yield phrase("The key is another one than before.")
                yield from self._of_holder(line, every_effect=True)
            case _ if line.holder_kind == "group":
                yield from self._of_group(line)
            case _:
                yield from self._of_holder(line, every_effect=False)
        before, now = (one.evidence.get("administration", {}).get("reaches") for one in (earlier, line))
        if line.holder_kind == "group" and "is" not in (before, now):
            return  # the rest is said of its members, who have lines of their own
        if before != now and None not in (before, now):
            yield phrase(
                "Whether its holder becomes an administrator changed: {before} before, {now} now.",
                before=before,
                now=now,
            )

    # ── what a principal carries ─────────────────────────────────────────────────────────────────────────────────────

    def _of_holder(self, line: ReviewItem, *, every_effect: bool) -> Iterator[str]:
        standing = self._found.principals.get(line.holder_arn)
        if standing is None:
            yield phrase("The comparison does not know its holder.")
            return
        yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in standing.doubts)
        for effect in standing.effects:
            for cause in effect.causes:
                if every_effect or self._is_of(line, effect, cause):
                    yield cause.sentence

    def _is_of(self, line: ReviewItem, effect: Effect, cause: Cause) -> bool:
        """Return whether an effect that a cause has on the holder is one of what the line gives."""
        speaks = any(_is_carried_by(line, *one) for one in effect.carriers)
        if cause.kind in _GIVING:
            if cause.kind is ChangeKind.ATTACHMENT and cause.subject != line.holder_arn:
                # What the group gives is other than before; a Deny of its bears on whatever else allows the request.
                return line.entitlement_id == cause.subject or (speaks and not self._is_taken_away(cause, effect))
            subject = cause.subject if cause.kind in _TEXTS else cause.detail
            given = self._gives.get(line.holder_arn, set())
            givers = {one for one in given if one == subject or one in self._groups_with.get(subject, ())}
            if givers:
                return line.entitlement_id in givers or speaks
            return speaks and not self._is_taken_away(cause, effect)
        if cause.kind in _SAID_BY_RESOURCES and self._is_by_resource(effect):
            return speaks  # the resource itself lets them in, or did: that is asked there
        # What limits the holder, is known of it or denies it changed: asked of whatever allows anything of it.
        return speaks or any(_is_carried_by(line, *one) for one in effect.allowing)

    @staticmethod
    def _is_taken_away(cause: Cause, effect: Effect) -> bool:
        """Return whether access went with what gave it."""
        return effect.kind is Kind.LOST and cause.kind in (ChangeKind.ATTACHMENT, ChangeKind.MEMBERSHIP)

    def _is_by_resource(self, effect: Effect) -> bool:
        """Return whether a resource's own policy names who gained or lost access, and is enough: in one account."""
        account = effect.principal.split(":", 5)[4] if effect.principal.count(":") >= 5 else ""
        return any(
            owner.split(":", 5)[4] == account or self._accounts.get(owner) == account
            for owner, _ in effect.carriers
            if owner in self._let_in or owner in self._found.resources
        )

    def _of_group(self, line: ReviewItem) -> Iterator[str]:
        standing = self._found.principals.get(line.holder_arn)
        if standing is None:
            yield phrase("The comparison does not know the group.")
            return
        yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in standing.doubts)
        if standing.status is not Status.UNCHANGED and line.entitlement_id in self._written:
            yield self._written[line.entitlement_id]

    # ── what a resource, or a role, lets in ──────────────────────────────────────────────────────────────────────────

    def _of_trust(self, line: ReviewItem) -> Iterator[str]:
        role = line.holder_arn
        standing = self._found.resources.get(role)
        if standing is not None:
            yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in standing.doubts)
            for effect in standing.effects:
                is_named = any(owner == role for owner, _ in effect.carriers)
                if is_named or not all(cause.kind in _OF_WHOM_THEY_NAME for cause in effect.causes):
                    yield from (cause.sentence for cause in effect.causes)
        own = self._found.principals.get(role)
        for effect in own.effects if own is not None else ():  # session tags, which a trust policy lets in
            yield from (cause.sentence for cause in effect.causes if cause.subject == line.entitlement_id)
        names = [str(one) for one in line.evidence.get("trusts", ())]
        for name in names:
            yield from self._of_named(name, role, "sts", role.split(":", 5)[4])
            yield from self._of_joined(name, line)

    def _of_resource(self, line: ReviewItem) -> Iterator[str]:
        arn, name = line.entitlement_id, line.holder_arn
        owner = self._accounts.get(arn) or arn.split(":", 5)[4]
        yield from self._of_named(name, arn, arn.split(":", 3)[2], owner)
        yield from self._of_joined(name, line)
        others = self._let_in.get(arn, set()) - {name}
        if name == EVERYTHING:
            yield from self._of_everyone(arn, others)
        standing = self._found.resources.get(arn)
        if standing is None:
            return
        yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in standing.doubts)
        delegates = name == account_root(owner, arn)
        for effect in standing.effects:
            if not _names(name, effect.principal) or effect.principal in others:
                continue  # who is named has an item
            if delegates and all(cause.kind in _OF_WHOM_THEY_NAME for cause in effect.causes):
                continue
            yield from (cause.sentence for cause in effect.causes)

    def _of_named(self, name: str, arn: str, service: str, owner: str) -> Iterator[str]:
        """Yield what changed for a principal that a resource names, and bears on what it can do there."""
        standing = self._found.principals.get(name)
        if standing is None or name.endswith(":root"):
            return
        is_own = name.split(":", 5)[4] == owner
        for effect in standing.effects:
            # In one account the resource's word is enough: what else the principal is given changes nothing of it,
            # but what denies does.
            causes = [
                cause for cause in effect.causes if not is_own or cause.kind not in _GIVING or _is_denial(cause, effect)
            ]
            if causes and self._is_about(effect, arn, service):
                yield from (cause.sentence for cause in causes)

    def _of_everyone(self, arn: str, others: set[str]) -> Iterator[str]:
        """Yield what denies somebody what a resource lets everyone do: who is named has an item."""
        for who, standing in self._found.principals.items():
            for effect in standing.effects if who not in others else ():
                if any(owner == arn for owner, _ in effect.carriers):
                    yield from (cause.sentence for cause in effect.causes if _is_denial(cause, effect))

    def _is_about(self, effect: Effect, arn: str, service: str) -> bool:
        """Return whether an effect may be one on a resource, or on what lies in it."""
        names = self._found.names(effect.actions)
        if not any(name == EVERYTHING or name.lower().startswith(f"{service}:") for name in names):
            return False
        if effect.where != EVERYTHING and not effect.where.startswith("arn:"):
            return True  # everything but some
        place = ResourceScope(False, frozenset({effect.where}))
        return any(may_meet(place, ResourceScope(False, frozenset({one}))) for one in (arn, f"{arn}/*"))

    def _of_joined(self, name: str, line: ReviewItem) -> Iterator[str]:
        """Yield that an account is new among those that are let in: nobody of it was there to be compared."""
        keys = line.evidence.get("conditions", ())
        for account in self._joined:
            is_meant = _account_of(name) == account and account != line.account_id
            by_organization = name == "*" and any(str(key).startswith(_ORGANIZATION_KEYS) for key in keys)
            if is_meant or by_organization:
                yield phrase(
                    "Account {account} joined the organization: it is not in the old snapshot, and may have access "
                    "now.",
                    account=account,
                )

    def _of_permission_set(self, line: ReviewItem, earlier: ReviewItem) -> Iterator[str]:
        if line.evidence.get("members") != earlier.evidence.get("members"):
            yield phrase("The members of the group changed.")
        role = line.evidence.get("role")
        if role != earlier.evidence.get("role"):
            yield phrase("It stands for another role than before.")
        standing = self._found.principals.get(str(role))
        if standing is None:
            if role is None:
                yield phrase("Cannot tell: The role of the permission set is not in the snapshot.")
            return
        yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in standing.doubts)
        yield from (cause.sentence for effect in standing.effects for cause in effect.causes)


def _is_denial(cause: Cause, effect: Effect) -> bool:
    """Return whether something else allowed the request all along, so that a change in what is carried denied it."""
    return any(key not in (cause.subject, cause.detail) and owner != cause.detail for owner, key in effect.carriers)


def _is_carried_by(line: ReviewItem, owner: str, key: str) -> bool:
    if line.type is EntitlementType.GROUP:
        return line.entitlement_id == owner
    return owner == line.holder_arn and line.entitlement_id == key


def _account_of(name: str) -> str:
    return name if name.isdecimal() else name.split(":", 5)[4] if name.count(":") >= 5 else ""


def _names(holder: str, principal: str) -> bool:
    """Return whether what a resource's policy names covers a principal."""
    account = _account_of(principal)
    if holder in ("*", principal) or (account and holder == account):
        return True
    return bool(account) and holder.endswith(":root") and f":{account}:" in holder
