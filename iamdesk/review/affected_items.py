"""Review items that are affected by changes between two snapshots, and need a new decision.

Changes are given as effects: access that a principal gained, with the causes; less access alone affects no item. An
effect affects an item

- that changed and grants (or denies) the access; then only such items and others that apply to the same request,
  whose decision depends on another policy's Deny;
- of the principal that gained it, if the item may allow any of it and the cause is a guardrail, an attribute of
  the principal, or a resource policy; also the trust policy of a role that gained it;
- of a resource (or a role's trust policy), if it names the principal that gained access to it.

Changes of credentials (a replaced key, MFA, the root user's keys) affect the items of these credentials.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from iamdesk.diff.matching import may_meet
from iamdesk.diff.normal_form import ResourceScope
from iamdesk.diff.result import Cause, ChangeKind, Comparison, Effect, Kind, PrincipalDiff, Status
from iamdesk.i18n import phrase
from iamdesk.policy.canonical_form import EVERYTHING
from iamdesk.review.after_revocation import OF_HOLDERS
from iamdesk.review.items import EntitlementType, ReviewItem, account_of, account_root, covers
from iamdesk.review.principals import INCONCLUSIVE
from iamdesk.snapshot.model import Snapshot

_TEXTS = frozenset({ChangeKind.MANAGED_POLICY, ChangeKind.AWS_POLICY, ChangeKind.INLINE_POLICY})
_GIVING = _TEXTS | {ChangeKind.ATTACHMENT, ChangeKind.MEMBERSHIP}
"""Changes of the policies attached to a principal."""
_BY_RESOURCES = frozenset({ChangeKind.RESOURCE_POLICY, ChangeKind.GRANTS, ChangeKind.TRUST})
_OF_WHOM_THEY_NAME = frozenset({ChangeKind.RESOURCE_TAGS, ChangeKind.GRANTS})
"""Changes that affect the principals they apply to, never a delegation to a whole account."""
_ORGANIZATION_KEYS = ("aws:principalorg", "aws:principalaccount")


class Changes:
    """Finds the effects of a comparison on review items."""

    def __init__(
        self, found: Comparison, before: Iterable[ReviewItem], now: Iterable[ReviewItem], new: Snapshot
    ) -> None:
        self._found = _gains(found)
        self._groups_with: dict[str, set[str]] = {}
        """By policy key, the groups that it is attached to."""
        self._gives: dict[str, set[str]] = {}
        """By holder, the entitlements that grant it permissions."""
        for line in now:
            if line.holder_kind == "group":
                self._groups_with.setdefault(line.entitlement_id, set()).add(line.holder_arn)
            if line.type in OF_HOLDERS:
                self._gives.setdefault(line.holder_arn, set()).add(line.entitlement_id)
        self._admitted: dict[str, set[str]] = {}
        """By resource, the principals that its policies name in either snapshot."""
        for line in (*before, *now):
            if line.type is EntitlementType.RESOURCE_GRANT:
                self._admitted.setdefault(line.entitlement_id, set()).add(line.holder_arn)
        self._written: dict[str, str] = {}
        """By policy key, a sentence that its text changed."""
        self._recreated: dict[str, str] = {}
        """By ARN, a sentence that the principal was created again."""
        for text in found.texts:
            if text.cause.kind in _TEXTS:
                self._written[text.cause.subject] = text.cause.sentence
            if text.cause.kind is ChangeKind.RECREATED:
                self._recreated[text.cause.subject] = text.cause.sentence
        self._by_id: dict[str, dict[str, None]] = {}
        """By resource or role, sentences that a principal which its policy named by unique ID was created again."""
        for diff in found.principals.values():
            for effect in diff.effects:
                for cause in effect.causes:
                    if cause.kind is ChangeKind.RECREATED:
                        for owner, _ in effect.carriers:
                            self._by_id.setdefault(owner, {})[cause.sentence] = None
        self._accounts: Mapping[str, str | None] = {one.arn: one.account_id for one in new.resources}
        roots = {arn.split(":", 5)[4]: one for arn, one in found.principals.items() if arn.endswith(":root")}
        self._joined = [account for account, one in roots.items() if one.status is Status.CREATED]
        """Accounts that are only in the new snapshot."""

    def reasons(self, line: ReviewItem, earlier: ReviewItem) -> Iterator[str]:
        """Yield why an item of the previous review needs a new decision; nothing if its effect is unchanged."""
        if line.holder_arn in self._recreated:
            yield self._recreated[line.holder_arn]
        match line.type:
            case EntitlementType.TRUST:
                yield from self._of_trust(line)
            case EntitlementType.RESOURCE_GRANT:
                yield from self._of_resource(line)
            case EntitlementType.PERMISSION_SET:
                yield from self._of_permission_set(line, earlier)
            case EntitlementType.ACCESS_KEY:
                if line.evidence.get("rotated") != earlier.evidence.get("rotated"):
                    yield phrase("The access key was replaced.")
                yield from self._of_holder(line, every_effect=True)
            case EntitlementType.CONSOLE_PASSWORD:
                if line.evidence.get("changed") != earlier.evidence.get("changed"):
                    yield phrase("The password is not the same as before.")
                yield from _of_credentials(line, earlier)
                yield from self._of_holder(line, every_effect=True)
            case EntitlementType.ROOT_ACCESS:
                yield from _of_credentials(line, earlier)
                yield from self._of_holder(line, every_effect=True)
            case EntitlementType.BOUNDARY:
                yield from self._of_holder(line, every_effect=True)
            case _ if line.holder_kind == "group":
                yield from self._of_group(line)
            case _:
                yield from self._of_holder(line, every_effect=False)
        before, now = (one.evidence.get("administration", {}).get("reaches") for one in (earlier, line))
        if line.holder_kind == "group" and "is" not in (before, now):
            return  # the members have items of their own
        if before != now and None not in (before, now) and (now == INCONCLUSIVE or _rank(now) > _rank(before)):
            yield phrase(
                "Whether the holder is or can become an administrator changed from “{before}” to “{now}”.",
                before=before,
                now=now,
            )

    def is_less(self, line: ReviewItem) -> bool:
        """Return whether the holder or the resource lost access, by whatever entitlement."""
        one, other = self._found.principals.get(line.holder_arn), self._found.resources.get(line.entitlement_id)
        return any(diff is not None and diff.status is Status.CHANGED for diff in (one, other))

    # ── entitlements of a principal ──────────────────────────────────────────────────────────────────────────────────

    def _of_holder(self, line: ReviewItem, *, every_effect: bool) -> Iterator[str]:
        diff = self._found.principals.get(line.holder_arn)
        if diff is None:
            yield phrase("The comparison does not contain the holder.")
            return
        yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in diff.doubts)
        for effect in diff.effects:
            for cause in effect.causes:
                if every_effect or self._is_of(line, effect, cause):
                    yield cause.sentence

    def _is_of(self, line: ReviewItem, effect: Effect, cause: Cause) -> bool:
        """Return whether an effect that a cause has on the holder is an effect on this item."""
        applies = any(_is_carried_by(line, *one) for one in effect.carriers)
        if cause.kind in _GIVING:
            if cause.kind is ChangeKind.ATTACHMENT and cause.subject != line.holder_arn:
                # The group grants other permissions; a Deny of the group affects all items that allow the request.
                return line.entitlement_id == cause.subject or applies
            subject = cause.subject if cause.kind in _TEXTS else cause.detail
            given = self._gives.get(line.holder_arn, set())
            givers = {one for one in given if one == subject or one in self._groups_with.get(subject, ())}
            return line.entitlement_id in givers or applies
        if cause.kind in _BY_RESOURCES and self._is_by_resource(effect):
            return applies  # the item of the resource is affected
        # A guardrail, an attribute or a Deny of the holder changed: all items that allow any of it are affected.
        return applies or any(_is_carried_by(line, *one) for one in effect.allowing)

    def _is_by_resource(self, effect: Effect) -> bool:
        """Return whether a resource policy of the same account names the principal: then it is sufficient by itself."""
        account = effect.principal.split(":", 5)[4] if effect.principal.count(":") >= 5 else ""
        return any(
            owner.split(":", 5)[4] == account or self._accounts.get(owner) == account
            for owner, _ in effect.carriers
            if owner in self._admitted or owner in self._found.resources
        )

    def _of_group(self, line: ReviewItem) -> Iterator[str]:
        diff = self._found.principals.get(line.holder_arn)
        if diff is None:
            yield phrase("The comparison does not contain the group.")
            return
        yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in diff.doubts)
        if diff.status is not Status.UNCHANGED and line.entitlement_id in self._written:
            yield self._written[line.entitlement_id]

    # ── trust policies and resource policies ─────────────────────────────────────────────────────────────────────────

    def _of_trust(self, line: ReviewItem) -> Iterator[str]:
        role = line.holder_arn
        diff = self._found.resources.get(role)
        if diff is not None:
            yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in diff.doubts)
            for effect in diff.effects:
                is_named = any(owner == role for owner, _ in effect.carriers)
                if is_named or not all(cause.kind in _OF_WHOM_THEY_NAME for cause in effect.causes):
                    yield from (cause.sentence for cause in effect.causes)
        yield from self._of_holder(line, every_effect=True)  # whoever assumes the role can do what it can do
        names = [str(one) for one in line.evidence.get("trusts", ())]
        if any(map(_is_unique_id, names)):
            yield from self._by_id.get(role, ())
        for name in names:
            yield from self._of_named(name, role, "sts", role.split(":", 5)[4])
            yield from self._of_joined(name, line)

    def _of_resource(self, line: ReviewItem) -> Iterator[str]:
        arn, name = line.entitlement_id, line.holder_arn
        owner = self._accounts.get(arn) or arn.split(":", 5)[4]
        yield from self._of_named(name, arn, arn.split(":", 3)[2], owner)
        yield from self._of_joined(name, line)
        if _is_unique_id(name):
            yield from self._by_id.get(arn, ())
        others = self._admitted.get(arn, set()) - {name}
        if name == EVERYTHING:
            yield from self._of_everyone(arn, others)
        diff = self._found.resources.get(arn)
        if diff is None:
            return
        yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in diff.doubts)
        delegates = name == account_root(owner, arn)
        for effect in diff.effects:
            if not covers(name, effect.principal) or effect.principal in others:
                continue  # named principals have their own items
            if delegates and all(cause.kind in _OF_WHOM_THEY_NAME for cause in effect.causes):
                continue
            yield from (cause.sentence for cause in effect.causes)

    def _of_named(self, name: str, arn: str, service: str, owner: str) -> Iterator[str]:
        """Yield changes of a principal named by a resource policy that affect its access to the resource."""
        diff = self._found.principals.get(name)
        if diff is None or name.endswith(":root"):
            return
        is_own = name.split(":", 5)[4] == owner
        for effect in diff.effects:
            # In the same account the resource policy is sufficient: other grants of the principal do not matter, but a
            # Deny does.
            causes = [
                cause for cause in effect.causes if not is_own or cause.kind not in _GIVING or _is_denial(cause, effect)
            ]
            if causes and self._is_about(effect, arn, service):
                yield from (cause.sentence for cause in causes)

    def _of_everyone(self, arn: str, others: set[str]) -> Iterator[str]:
        """Yield new denials of access that a resource policy allows everyone; named principals have their own items."""
        for arn_of_principal, diff in self._found.principals.items():
            for effect in diff.effects if arn_of_principal not in others else ():
                if any(owner == arn for owner, _ in effect.carriers):
                    yield from (cause.sentence for cause in effect.causes if _is_denial(cause, effect))

    def _is_about(self, effect: Effect, arn: str, service: str) -> bool:
        """Return whether an effect may be on a resource, or on an object in it."""
        names = self._found.names(effect.actions)
        if not any(name == EVERYTHING or name.lower().startswith(f"{service}:") for name in names):
            return False
        if effect.where != EVERYTHING and not effect.where.startswith("arn:"):
            return True  # everything but some
        place = ResourceScope(False, frozenset({effect.where}))
        return any(may_meet(place, ResourceScope(False, frozenset({one}))) for one in (arn, f"{arn}/*"))

    def _of_joined(self, name: str, line: ReviewItem) -> Iterator[str]:
        """Yield that an allowed account is new: its principals could not be compared."""
        keys = line.evidence.get("conditions", ())
        for account in self._joined:
            is_meant = account_of(name) == account and account != line.account_id
            by_organization = name == "*" and any(str(key).startswith(_ORGANIZATION_KEYS) for key in keys)
            if is_meant or by_organization:
                yield phrase(
                    "Account {account} joined the organization: it is not in the previous snapshot, and may have "
                    "access now.",
                    account=account,
                )

    def _of_permission_set(self, line: ReviewItem, earlier: ReviewItem) -> Iterator[str]:
        if line.evidence.get("members") != earlier.evidence.get("members"):
            yield phrase("The members of the group changed.")
        role = line.evidence.get("role")
        if role != earlier.evidence.get("role"):
            yield phrase("The role of the permission set changed.")
        diff = self._found.principals.get(str(role))
        if diff is None:
            if role is None:
                yield phrase("Cannot tell: the role of the permission set is not in the snapshot.")
            return
        yield from (phrase("Cannot tell: {doubt}", doubt=doubt) for doubt in diff.doubts)
        yield from (cause.sentence for effect in diff.effects for cause in effect.causes)


def _of_credentials(line: ReviewItem, earlier: ReviewItem) -> Iterator[str]:
    """Yield changes of an item's credentials, which no policy shows: MFA, and the root user's password and keys."""
    before, now = earlier.evidence, line.evidence
    if before.get("mfa") != now.get("mfa"):
        yield phrase("MFA was activated.") if now.get("mfa") else phrase("MFA is no longer active.")
    if before.get("password") != now.get("password"):
        yield phrase("The root user's console password was enabled or disabled.")
    if before.get("access_keys") != now.get("access_keys"):
        yield phrase("The number of active access keys of the root user changed.")


def _is_denial(cause: Cause, effect: Effect) -> bool:
    """Return whether another policy allows the request in both snapshots, so that the cause is a Deny."""
    return any(key not in (cause.subject, cause.detail) and owner != cause.detail for owner, key in effect.carriers)


def _is_carried_by(line: ReviewItem, owner: str, key: str) -> bool:
    if line.type is EntitlementType.GROUP:
        return line.entitlement_id == owner
    return owner == line.holder_arn and line.entitlement_id == key


def _is_unique_id(name: str) -> bool:
    """Return whether a policy names a principal by its unique ID (`AIDA…`, `AROA…`), or perhaps does."""
    return name.startswith(("AIDA", "AROA"))


def _gains(found: Comparison) -> Comparison:
    """Return a comparison without what was lost: less access alone needs no new decision."""

    def gained(diffs: Mapping[str, PrincipalDiff]) -> dict[str, PrincipalDiff]:
        return {
            arn: replace(one, effects=tuple(effect for effect in one.effects if effect.kind is Kind.GAINED))
            for arn, one in diffs.items()
        }

    return replace(found, principals=gained(found.principals), resources=gained(found.resources))


def _rank(reaches: str) -> int:
    return _REACHES.index(reaches) if reaches in _REACHES else 0


_REACHES = ("no", INCONCLUSIVE, "may reach", "reaches", "is")
"""How near an administrator a principal is (`Administrations`), in ascending order."""
