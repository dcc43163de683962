"""The effect of an entitlement in words: the two lines by which a reviewer decides, and what is suggested."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from iamdesk.attack_paths.catalog import how_words
from iamdesk.aws.condition_keys import spelled
from iamdesk.evaluate.request import EvalDecision
from iamdesk.export.text.decision import DECISION_WORDS, short_arn
from iamdesk.i18n import join_messages, join_names, mark, nphrase, phrase
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.item_effect import (
    CHANGED,
    INCONCLUSIVE,
    KEEP,
    MODIFY,
    NEEDS_JUDGEMENT,
    PROVED,
    REVOKE,
    ExactEffect,
    effect_of,
)
from iamdesk.review.items import ONLY_DENIES, EntitlementType, ReviewItem

SUGGESTION_WORDS: Mapping[str, str] = {
    KEEP: mark("Keep"),
    REVOKE: mark("Revoke"),
    MODIFY: mark("Modify"),
    NEEDS_JUDGEMENT: mark("Needs judgment"),
}
STATUS_WORDS: Mapping[str, str] = {
    PROVED: mark("proved: nothing changes"),
    CHANGED: mark("access changes"),
    INCONCLUSIVE: mark("inconclusive"),
}
LARGE_LOSS = 1_000
"""Actions lost by revoking above which a reviewer is asked once more."""
GUARDRAIL_WORD = mark("GUARDRAIL")
_PATHS: Mapping[tuple[object, object, bool], str] = {
    ("administrator", True, True): mark("It makes its holders administrators."),
    ("administrator", True, False): mark("It grants some of what makes its holders administrators."),
    ("administrator", None, True): mark("It makes its holders administrators; perhaps another entitlement does, too."),
    ("administrator", None, False): mark(
        "It grants some of what makes its holders administrators; perhaps another entitlement grants it, too."
    ),
    ("administrator", False, True): mark("It makes its holders administrators; so does another entitlement."),
    ("administrator", False, False): mark(
        "It grants some of what makes its holders administrators; another entitlement grants it, too."
    ),
    ("proven", True, True): mark(
        "With it, a principal can become an administrator by {how}; without it, this path ends or becomes longer."
    ),
    ("proven", None, True): mark(
        "With it alone, a principal can become an administrator by {how}; there may also be another path."
    ),
    ("proven", None, False): mark(
        "With it, a principal can become an administrator by {how}; without it, this path may end or become longer."
    ),
    ("proven", False, True): mark(
        "With it alone, a principal can become an administrator by {how}; there is also another path."
    ),
    ("proven", False, False): mark(
        "A principal can become an administrator by {how}: it grants some of what this needs; another entitlement "
        "grants it, too, or there is another path."
    ),
    ("possible", True, True): mark(
        "With it, a principal may become an administrator by {how}; without it, this path ends or becomes longer."
    ),
    ("possible", None, True): mark(
        "With it, a principal may become an administrator by {how}; without it, this path may end or become longer."
    ),
}
"""Why administration depends on an entitlement, by `CarriedPath.state`, ``ends`` and ``is_whole``."""
_SAME_IN_PART = (("proven", True), ("possible", True), ("possible", None))
"""States and ends in which it does not matter whether the entitlement grants all."""
TIER_WORDS: Mapping[int, str] = {
    0: mark("Tier 0: administration depends on it"),
    1: mark("Tier 1: permissions, logs or security services depend on it"),
    2: mark("Tier 2: deletion of data, the network or billing depend on it"),
    3: mark("Tier 3: data depends on it"),
    4: mark("Tier 4: lists and metadata depend on it"),
    5: mark("Tier 5: nothing depends on it"),
}
_REASONS: Mapping[str, str] = {
    "guardrail": mark("without it, principals can do more"),
    "changes nothing": mark("revoking it is proved to change nothing"),
    "ends path": mark("revoking it changes no permission, but ends a path to administrator or makes it longer"),
    "unused": mark("no permission that would be lost was used"),
    "used in part": mark("some of its services were not used"),
    "baseline": mark("most users of the account have it"),
}
_CLASSES: Mapping[str, str] = {
    "permissions": mark("permissions {count:,}"),
    "read data": mark("read data {count:,}"),
    "write data": mark("write data {count:,}"),
    "delete data": mark("delete data {count:,}"),
    "logs and security": mark("logs and security {count:,}"),
    "network": mark("network {count:,}"),
    "money": mark("billing {count:,}"),
    "list and metadata": mark("list and metadata {count:,}"),
}


def is_guardrail(item: ReviewItem) -> bool:
    """Return whether an item is a guardrail: revoking it only widens access, or it only denies."""
    return bool(item.evidence.get(ONLY_DENIES)) or effect_of(item).get("kind") == "guardrail"


def widened_words(item: ReviewItem) -> str:
    """Return whom revoking a guardrail widens; empty if that is not known."""
    effect = effect_of(item)
    gaining = int(effect.get("affects", {}).get("gaining", 0))
    if not gaining and effect.get("status") == PROVED:
        return phrase(
            "{policy} contains only Deny statements: revoking it changes nothing now, and can widen access later.",
            policy=item.name,
        )
    if not gaining:
        return ""
    names = join_messages(", ", [short_arn(str(arn)) for arn in effect["affects"]["names"]])
    return nphrase(
        "{policy} is a guardrail: revoking it gives {count:,} principal ({names}) {actions:,} more actions.",
        "{policy} is a guardrail: revoking it gives {count:,} principals ({names}) {actions:,} more actions.",
        gaining,
        policy=item.name,
        names=names,
        actions=int(effect["revoke"]["gained"]["actions"]),
    )


def also_widens_words(items: Iterable[ReviewItem]) -> str:
    """Return the warning before entitlements are revoked that give access and limit it, too; empty for none.

    Such as a group with a policy that denies: who leaves it loses what it grants, and gains what it denied.
    """
    gained = [(item, count) for item in items if (count := _changed(item, "gained"))]
    if not gained:
        return ""
    item, most = max(gained, key=lambda one: one[1])
    if len(gained) > 1:
        return phrase(
            "Revoking {count:,} of these entitlements also gives more access: {actions:,} actions are gained by "
            "revoking {entitlement} of {holder}.",
            count=len(gained),
            actions=most,
            entitlement=item.name,
            holder=short_arn(item.holder_arn),
        )
    return phrase(
        "Revoking {entitlement} also gives {holder} more access: {lost:,} actions are lost, {gained:,} gained.",
        entitlement=item.name,
        holder=short_arn(item.holder_arn),
        lost=_changed(item, "lost"),
        gained=most,
    )


def large_loss_words(items: Iterable[ReviewItem]) -> str:
    """Return the warning before entitlements are revoked on which much depends; empty for none.

    Much is administration (tier 0), or more than `LARGE_LOSS` actions.
    """
    losing = [(item, count) for item in items if (count := _changed(item, "lost"))]
    if not losing:
        return ""
    item, most = max(losing, key=lambda one: (effect_of(one[0]).get("tier") == 0, one[1]))
    holder = short_arn(item.holder_arn)
    if effect_of(item).get("tier") == 0:
        return phrase(
            "Administration depends on {entitlement} of {holder}: {count:,} actions are lost.",
            entitlement=item.name,
            holder=holder,
            count=most,
        )
    if most <= LARGE_LOSS:
        return ""
    return phrase(
        "Revoking {entitlement} of {holder} removes more than {limit:,} actions: {count:,} are lost.",
        entitlement=item.name,
        holder=holder,
        limit=LARGE_LOSS,
        count=most,
    )


def relying_words(pairs: Iterable[tuple[ReviewItem, ReviewItem]]) -> str:
    """Return the warning before entitlements are revoked that rely on each other (`relying`); empty for none."""
    found = list(pairs)
    if not found:
        return ""
    one, other = found[0]
    return nphrase(
        "{count:,} pair of revoked entitlements grants the same, such as {one} of {holder} and {other} of "
        "{other_holder}: revoking both can take access that revoking one of them does not.",
        "{count:,} pairs of revoked entitlements grant the same, such as {one} of {holder} and {other} of "
        "{other_holder}: revoking both can take access that revoking one of them does not.",
        len(found),
        one=one.name,
        holder=short_arn(one.holder_arn),
        other=other.name,
        other_holder=short_arn(other.holder_arn),
    )


def proviso_words(item: ReviewItem) -> str:
    """Return what has to be kept so that revoking an entitlement takes no more than its effect says; may be empty."""
    effect = effect_of(item)
    names = [str(one["name"]) for one in effect.get("covered_by", ())]
    if len(names) > 1:  # one may be enough, or only all together: that is not worked out
        return phrase("{names}, or those of them that grant the same", names=join_names(names))
    if names:
        return names[0]
    if item.holder_kind == "group" and effect.get("also_given"):
        return phrase("what else grants the same to the members of the group")
    return ""


def _changed(item: ReviewItem, key: str) -> int:
    revoke = effect_of(item).get("revoke")
    return int(revoke[key]["actions"]) if revoke else 0


def effect_words(item: ReviewItem) -> tuple[str, ...]:
    """Return the two lines that decide: what an entitlement gives, what revoking it changes; none without effect."""
    effect = effect_of(item)
    if not effect:
        return ()
    affects = effect["affects"]
    if effect["status"] == CHANGED and item.holder_kind == "group" and affects["names"] == [item.holder_arn]:
        revoke = effect["revoke"]
        lost, gained = int(revoke["lost"]["actions"]), int(revoke["gained"]["actions"])
        return _gives(item, effect), phrase(
            "Revoking it changes nothing now: the group has no members. A member: {lost:,} lost, {gained:,} gained.",
            lost=lost,
            gained=gained,
        )
    return _gives(item, effect), _revoking(item, effect)


def exact_words(exact: ExactEffect, item: ReviewItem) -> str:
    """Return the numbers of an exact comparison, whether they are all, and why those of the item are others."""
    words = _exact_numbers(exact)
    if (exact.lost, exact.gained) == (_changed(item, "lost"), _changed(item, "gained")):
        return words
    return phrase("{words} The counts above come from requests without context values.", words=words)


def _exact_numbers(exact: ExactEffect) -> str:
    if exact.doubts:
        return _at_least(exact, exact.doubts[0])
    if not exact.lost and not exact.gained:
        return phrase("Exact comparison with a copy without it, for every resource and condition: nothing changes.")
    return phrase(
        "Exact comparison with a copy without it, for every resource and condition: loses {lost:,}, gains {gained:,}.",
        lost=exact.lost,
        gained=exact.gained,
    )


def _at_least(exact: ExactEffect, doubt: str) -> str:
    """Return the numbers of a comparison that may not be all of them."""
    if exact.lost and exact.gained:
        return phrase(
            "Comparison with a copy without it: loses at least {lost:,}, gains at least {gained:,}. {doubt}",
            lost=exact.lost,
            gained=exact.gained,
            doubt=doubt,
        )
    if exact.lost:
        return phrase(
            "Comparison with a copy without it: loses at least {lost:,}. {doubt}", lost=exact.lost, doubt=doubt
        )
    if exact.gained:
        return phrase(
            "Comparison with a copy without it: gains at least {gained:,}. {doubt}", gained=exact.gained, doubt=doubt
        )
    return phrase("Comparison with a copy without it: no change was found. {doubt}", doubt=doubt)


def effect_summary(item: ReviewItem) -> str:
    """Return the shortest form, for a narrow column: ``−9 actions``, ``GUARDRAIL: widens 7``, ``nothing changes``."""
    effect = effect_of(item)
    if not effect:
        return ""
    revoke = effect["revoke"]
    lost, gained = int(revoke["lost"]["actions"]), int(revoke["gained"]["actions"])
    if effect["kind"] == "guardrail":
        gaining = int(effect["affects"]["gaining"])
        if not gaining:
            return phrase("GUARDRAIL")
        return nphrase("GUARDRAIL: widens {count:,}", "GUARDRAIL: widens {count:,}", gaining)
    if effect["status"] == PROVED:
        return phrase("Nothing changes")
    if lost and gained:
        return phrase("Loses {lost:,}, gains {gained:,}", lost=lost, gained=gained)
    if lost and effect.get("public") == "allowed":
        return phrase("Ends public access")
    if lost:
        names = revoke["lost"].get("names", ())
        return phrase("Loses {lost:,}", lost=lost) if len(names) != 1 else phrase("Loses {action}", action=names[0])
    return phrase("Inconclusive") if effect["status"] == INCONCLUSIVE else phrase("No action lost")


def effect_totals(items: Iterable[ReviewItem]) -> Iterator[str]:
    """Yield how many items of a review change access, and how many are guardrails; nothing without effects."""
    counts: Counter[str] = Counter()
    guardrails = 0
    for item in items:  # one by one: a review may have hundreds of thousands
        if effect := effect_of(item):
            counts[str(effect["status"])] += 1
            guardrails += effect["kind"] == "guardrail"
    if not counts:
        return
    yield phrase(
        "Entitlements whose revocation changes access: {changed:,}; proved to change nothing: {proved:,}; "
        "inconclusive: {inconclusive:,}.",
        changed=counts[CHANGED],
        proved=counts[PROVED],
        inconclusive=counts[INCONCLUSIVE],
    )
    yield nphrase(
        "{count:,} entitlement is a guardrail: revoking it widens access.",
        "{count:,} entitlements are guardrails: revoking them widens access.",
        guardrails,
    )


def tier_words(item: ReviewItem) -> str:
    """Return the tier with what it means, and why administration depends on the item; empty without effect."""
    effect = effect_of(item)
    if not effect:
        return ""
    tier = phrase(TIER_WORDS[int(effect["tier"])])
    reason = tier_reason_words(item)
    return phrase("{tier}. {reason}", tier=tier, reason=reason) if reason else tier


def tier_reason_words(item: ReviewItem) -> str:
    """Return why administration depends on an entitlement of tier 0, as a sentence; empty for other tiers."""
    effect = effect_of(item)
    if not effect or effect["tier"] != 0:
        return ""
    path = effect.get("path")
    if not path:
        return _reason_without_path(item, effect)
    state, ends = path.get("state"), path.get("ends")
    words = _PATHS.get((state, ends, bool(path.get("whole", True)) or (state, ends) in _SAME_IN_PART), "")
    technique = str(path.get("technique", ""))
    try:
        return phrase(words, how=how_words(technique) if technique else "")
    except KeyError:  # of a review that another iamdesk wrote
        return ""


def _reason_without_path(item: ReviewItem, effect: Mapping[str, Any]) -> str:
    """Return by which of the other rules an entitlement is of tier 0 (``resources/data/review-tiers.json``)."""
    if item.type is EntitlementType.ROOT_ACCESS:
        return phrase("It is the root user of the account.")
    reaches = (item.evidence.get("administration") or {}).get("reaches")
    if item.type in _ENTRIES and reaches == "is":
        return phrase("It gives access to an administrator.")
    if item.type in _ENTRIES and reaches == "reaches":
        return phrase("It gives access to a principal that can become an administrator.")
    if effect["kind"] == "guardrail":
        return phrase("Without it, actions that grant permissions, or remove limits of permissions, become possible.")
    return phrase("Actions that grant permissions, or remove limits of permissions, depend on it.")


_ENTRIES = (
    EntitlementType.ACCESS_KEY,
    EntitlementType.CONSOLE_PASSWORD,
    EntitlementType.PERMISSION_SET,
    EntitlementType.TRUST,
)


def suggestion_words(item: ReviewItem) -> str:
    """Return what is suggested and why, with the request that shows it; empty without effect."""
    effect = effect_of(item)
    if not effect:
        return ""
    made = effect["suggestion"]
    decision = phrase(SUGGESTION_WORDS[str(made["decision"])])
    reason = _REASONS.get(str(made.get("reason")))
    if reason is None or made["decision"] == NEEDS_JUDGEMENT:
        return decision
    words = phrase("{decision}: {reason}", decision=decision, reason=phrase(reason))
    if made["decision"] == REVOKE and (others := proviso_words(item)):
        words = phrase("{suggestion}, provided that this is kept: {names}", suggestion=words, names=others)
    request = made.get("request")
    if not request:
        return words
    return phrase(
        "{suggestion}. Example: {principal}, {action} on {resource}: {before} with it, {after} without it",
        suggestion=words,
        principal=short_arn(str(request["principal"])),
        action=request["action"],
        resource=request["resource"],
        before=phrase(DECISION_WORDS[EvalDecision(request["before"])]),
        after=phrase(DECISION_WORDS[EvalDecision(request["after"])]),
    )


def suggested_decision(item: ReviewItem) -> ItemDecision | None:
    """Return the decision that is suggested, with its reason as comment; None if it needs judgement.

    The comment of *modify* says what to change.
    """
    made = effect_of(item).get("suggestion") or {}
    choices = {KEEP: ReviewDecision.KEEP, REVOKE: ReviewDecision.REVOKE, MODIFY: ReviewDecision.MODIFY}
    choice = choices.get(str(made.get("decision")))
    if choice is None:
        return None
    parts = [phrase("Suggested: {reason}.", reason=phrase(_REASONS[str(made["reason"])]))]
    if choice is ReviewDecision.MODIFY:
        parts.append(phrase("Remove the services that were not used: {names}.", names=", ".join(made["unused"])))
    return ItemDecision(choice, join_messages(" ", parts))


def used_words(item: ReviewItem) -> str:
    """Return what of it was used, with the basis and the period; empty without effect."""
    effect = effect_of(item)
    if not effect:
        return ""
    used = effect["used"]
    match used["basis"]:
        case "service last accessed":
            return phrase(
                "{used:,} of {services:,} services used in the {days} days before {day} "
                "(source: service last accessed)",
                used=used["services_used"],
                services=used["services"],
                days=used["period_days"],
                day=str(used["as_of"])[:10] if used["as_of"] else phrase("the report"),
            )
        case "not captured":
            return phrase("Use not captured")
    last = used.get("last")
    if not last:
        return phrase("Never used (source: {basis})", basis=used["basis"])
    return phrase("Last used {day} (source: {basis})", day=str(last)[:10], basis=used["basis"])


def _gives(item: ReviewItem, effect: Mapping[str, Any]) -> str:
    alone, count = effect["alone"], int(effect["alone"]["actions"])
    if effect["kind"] == "guardrail":
        limits = effect.get("limits") or ()
        if item.type is EntitlementType.BOUNDARY:
            return phrase("GUARDRAIL: permissions boundary. {limits}", limits=join_messages(" ", limits))
        return phrase("GUARDRAIL: {limits}", limits=join_messages(" ", limits)) if limits else phrase("GUARDRAIL.")
    if item.type is EntitlementType.TRUST:
        return join_messages(" ", [one for one in (_admits(item, effect), _role_words(item, effect)) if one])
    if effect["kind"] == "credential":
        return nphrase(
            "Credential with all permissions of its holder: {count:,} action.",
            "Credential with all permissions of its holder: {count:,} actions.",
            count,
        )
    if not count and (also := int(effect["also_given"])):
        return nphrase(
            "Grants nothing besides {count:,} action that is also granted by: {names}.",
            "Grants nothing besides {count:,} actions that are also granted by: {names}.",
            also,
            names=join_names([str(one["name"]) for one in effect["covered_by"]]) or proviso_words(item),
        )
    if not count:
        return phrase("Grants nothing.")
    parts = [phrase("Grants {actions}", actions=_actions_words(alone))]
    if public := _PUBLIC.get(effect.get("public")):
        parts = [phrase(public, actions=_actions_words(alone))]
    if also := int(effect["also_given"]):
        parts.append(_also_granted(also, int(effect["affects"]["principals"])))
    if latent := int(effect["latent"]):
        names = [str(one["name"]) for one in effect["shadowed_by"]]
        if names:
            parts.append(
                phrase("{count:,} denied or limited by {names}", count=latent, names=join_messages(", ", names))
            )
        else:
            parts.append(phrase("{count:,} denied or limited otherwise", count=latent))
    return phrase("{parts}.", parts=join_messages("; ", parts))


_PUBLIC: Mapping[object, str] = {
    "allowed": mark("PUBLIC: grants everyone {actions}"),
    "conditional": mark("PUBLIC under conditions: grants everyone {actions}"),
    "implicitDeny": mark(
        "Grants everyone {actions}, but is not public: conditions, other policies or Block Public Access prevent it"
    ),
}
"""What a grant to everyone gives, by the decision on anyone."""


def _actions_words(counts: Mapping[str, Any]) -> str:
    """Return a few actions by name, many by their number and classes: ``s3:GetObject (read data 1)``."""
    by_class = counts["by_class"]
    classes = join_messages(
        ", ", [phrase(words, count=by_class[name]) for name, words in _CLASSES.items() if by_class.get(name)]
    )
    if names := counts.get("names"):
        return phrase("{names} ({classes})", names=join_names(names), classes=classes)
    return nphrase(
        "{count:,} action ({classes})", "{count:,} actions ({classes})", int(counts["actions"]), classes=classes
    )


def _role_words(item: ReviewItem, effect: Mapping[str, Any]) -> str:
    """Return what the role of a trust policy can do and can become; empty for items of earlier builds."""
    behind, administration = effect.get("behind"), item.evidence.get("administration") or {}
    if behind is None or not effect["affects"]["losing"]:
        return ""
    reaches, steps = administration.get("reaches"), administration.get("steps") or 0
    if reaches == "is":
        return phrase("The role is an administrator.")
    can = phrase("The role has no permissions.")
    if behind["actions"]:
        can = phrase("The role can perform {actions}.", actions=_actions_words(behind))
    words = [can]
    if behind["reads_all"]:
        services = join_names(behind["reads_all"], last=",")
        words.append(phrase("It can read all data that no policy excludes, such as {services}.", services=services))
    if reaches == "reaches":
        words.append(
            nphrase(
                "It can become an administrator in {count:,} step.",
                "It can become an administrator in {count:,} steps.",
                int(steps),
            )
        )
    elif reaches == "may reach":
        words.append(
            nphrase(
                "It may become an administrator in {count:,} step.",
                "It may become an administrator in {count:,} steps.",
                int(steps),
            )
        )
    elif reaches != "no":
        words.append(phrase("Whether it can become an administrator is not known."))
    return join_messages(" ", words)


_WEB_IDENTITIES = frozenset(
    {"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}
)
"""Identity providers that are named without an ARN (IAM User Guide, "AWS JSON policy elements: Principal")."""


def _admits(item: ReviewItem, effect: Mapping[str, Any]) -> str:
    """Return whom a trust policy allows to assume the role; the number for a provider or account is not known."""
    affects = effect["affects"]
    named = [str(one) for one in item.evidence.get("trusts", ())]
    if "outside" in affects:
        return _admits_apart(item, affects)
    count = int(affects["losing"])
    outside = frozenset(map(str, affects["names"]))  # those that are no users or roles of the snapshot first
    keys = ", ".join(spelled(str(key)) for key in item.evidence.get("conditions", ()))
    who: dict[str, None] = {}
    for name in named:
        words = _whom(name, is_foreign=name in outside, has_conditions=bool(keys))
        if words:
            who.setdefault(words)
            count -= name in outside
        elif ":assumed-role/" in name and name in outside:
            count -= 1  # the session and its role are counted
    deleted = _deleted_words([str(one) for one in affects.get("deleted", ())])
    if not who and not count and deleted:
        return deleted
    words = _allowed_words(list(who), count, keys, is_uncertain=bool(keys and affects.get("under_conditions")))
    return phrase("{words} {deleted}", words=words, deleted=deleted) if deleted else words


def _admits_apart(item: ReviewItem, affects: Mapping[str, Any]) -> str:
    """Return the same with principals of the snapshot counted, and services and principals of others named apart."""
    outside = [str(one) for one in affects["outside"]]
    keys = ", ".join(spelled(str(key)) for key in item.evidence.get("conditions", ()))
    who: dict[str, None] = {}
    for name in map(str, item.evidence.get("trusts", ())):
        is_foreign = name in outside
        words = _whom(name, is_foreign=is_foreign, has_conditions=bool(keys)) if name != "*" or is_foreign else ""
        if not words and is_foreign and ":assumed-role/" not in name:
            words = phrase("the service {name}", name=name) if name.endswith(_SERVICES) else name
        if words:
            who.setdefault(words)
    count = int(affects["losing"]) - len(outside)
    deleted = _deleted_words([str(one) for one in affects.get("deleted", ())])
    if not who and not count and deleted:
        return deleted
    words = _allowed_words(list(who), count, keys, is_uncertain=bool(keys and affects.get("under_conditions")))
    return phrase("{words} {deleted}", words=words, deleted=deleted) if deleted else words


_SERVICES = (".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")


def _allowed_words(who: list[str], count: int, keys: str, *, is_uncertain: bool) -> str:
    """Return who is allowed to assume a role: groups in words, and a count of principals, which is the highest one."""
    if not who and not is_uncertain:
        return nphrase("{count:,} principal can assume the role.", "{count:,} principals can assume the role.", count)
    if count > 0 and is_uncertain:
        who.append(
            nphrase("up to {count:,} principal of the snapshot", "up to {count:,} principals of the snapshot", count)
        )
    elif count > 0:
        who.append(nphrase("{count:,} principal of the snapshot", "{count:,} principals of the snapshot", count))
    words = join_messages(", ", who)
    if keys:
        return phrase("Who can assume the role, under conditions ({keys}): {who}.", keys=keys, who=words)
    return phrase("Who can assume the role: {who}.", who=words)


def _deleted_words(names: Sequence[str]) -> str:
    if not names:
        return ""
    return nphrase(
        "It names {count:,} deleted principal ({names}): no one can assume the role by it.",
        "It names {count:,} deleted principals ({names}): no one can assume the role by them.",
        len(names),
        names=join_names(names, _MAX_DELETED),
    )


_MAX_DELETED = 5


def _whom(name: str, *, is_foreign: bool, has_conditions: bool) -> str:
    """Return in words whom a name of a trust policy represents if these cannot be counted; empty for one principal."""
    if name == "*" and has_conditions:
        return phrase("principals of any account that meet them")
    if name == "*":
        return phrase("anyone with an AWS account")
    if ":saml-provider/" in name or ":oidc-provider/" in name or name in _WEB_IDENTITIES:
        return phrase(
            "every identity that the provider {name} vouches for", name=name.partition("-provider/")[2] or name
        )
    if is_foreign and (name.isdecimal() or name.endswith(":root")):
        account = name.rpartition("::")[2].removesuffix(":root")
        return phrase("every principal that account {account} allows to", account=account)
    return ""


def _also_granted(count: int, principals: int) -> str:
    """Return how many actions remain without it; of several principals, that each of them remains to one at least."""
    if principals > 1:
        return phrase(
            "other entitlements also grant {count:,} to at least one of the {principals:,} principals that have it",
            count=count,
            principals=principals,
        )
    return phrase("{count:,} also granted by other entitlements", count=count)


def _revoking(item: ReviewItem, effect: Mapping[str, Any]) -> str:
    revoke, affects = effect["revoke"], effect["affects"]
    lost, gained = int(revoke["lost"]["actions"]), int(revoke["gained"]["actions"])
    if effect["status"] == PROVED:
        if others := proviso_words(item):
            return phrase("Revoking it is proved to change nothing, provided that this is kept: {names}.", names=others)
        return phrase("Revoking it is proved to change nothing.")
    doubts = effect.get("doubts") or ()
    if effect["status"] == INCONCLUSIVE:
        if doubts:
            return phrase("The effect of revoking it is not known: {doubt}", doubt=doubts[0])
        return phrase("Revoking it changes nothing as far as could be tested; this is not proved.")
    if item.type is EntitlementType.ROOT_ACCESS:
        return phrase(
            "The root user itself cannot be removed: revoking it means to delete its password and access keys, where "
            "the account is a member of an organization with centralized root access."
        )
    if item.type is EntitlementType.RESOURCE_GRANT and effect.get("public") == "allowed":
        return phrase(
            "Revoking it ends public access to {actions}. {doubt}",
            actions=_actions_words(revoke["lost"]),
            doubt=join_messages(" ", doubts[:1]),
        )
    if gained and not lost and (names := revoke["gained"].get("names")):
        return nphrase(
            "Revoking it gives {count:,} principal more access: {names}.",
            "Revoking it gives {count:,} principals more access: {names}.",
            int(affects["gaining"]),
            names=join_names(names),
        )
    if gained and not lost:
        return nphrase(
            "Revoking it gives {count:,} principal more access: {actions:,} actions.",
            "Revoking it gives {count:,} principals more access: {actions:,} actions.",
            int(affects["gaining"]),
            actions=gained,
        )
    if not lost and not gained:
        return phrase("Revoking it removes no action: other credentials or assignments grant the same.")
    if item.type is EntitlementType.TRUST:
        words = phrase("Revoking it: they can no longer assume the role")
        return phrase("{words}. {doubt}", words=words, doubt=doubts[0]) if doubts else phrase("{words}.", words=words)
    words = phrase("Revoking it: {lost:,} lost, {gained:,} gained", lost=lost, gained=gained)
    if not gained and (names := revoke["lost"].get("names")):
        words = phrase("Revoking it: {names} lost, 0 gained", names=join_names(names))
    if (principals := int(affects["principals"])) > 1:
        words = _revoking_of_several(lost, gained, int(affects["losing"]), int(affects["gaining"]), principals)
    if in_part := int(revoke["lost"].get("in_part", 0)):
        words = phrase(
            "{words}; of the lost actions, {count:,} only in part: still allowed on other resources or under "
            "conditions",
            words=words,
            count=in_part,
        )
    return phrase("{words}. {doubt}", words=words, doubt=doubts[0]) if doubts else phrase("{words}.", words=words)


def _revoking_of_several(lost: int, gained: int, losing: int, gaining: int, principals: int) -> str:
    words = nphrase(
        "Revoking it: {losing:,} of {principals:,} principals lose access, {count:,} action in all",
        "Revoking it: {losing:,} of {principals:,} principals lose access, {count:,} actions in all",
        lost,
        losing=losing,
        principals=principals,
    )
    if not gained:
        return phrase("{words}; 0 gained", words=words)
    return nphrase(
        "{words}; {gaining:,} gain access, {count:,} action in all",
        "{words}; {gaining:,} gain access, {count:,} actions in all",
        gained,
        words=words,
        gaining=gaining,
    )
