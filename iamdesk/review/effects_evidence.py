"""The effect of an entitlement as its item carries it (``evidence.effect``): counts, examples, tier and suggestion.

Bound by the item's digest; its keys are part of the review's format. A suggestion decides nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from iamdesk.access.access_change import ActionBits
from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.types import FirstSteps
from iamdesk.aws.action_sets import ACCESS_LEVELS, service_actions
from iamdesk.aws.data_classes import DataClass, data_classes
from iamdesk.explain.statement_summary import statement_reading
from iamdesk.policy.document import parse_document
from iamdesk.progress import Cancelled, never_cancelled
from iamdesk.review.carried_path import CarriedPaths
from iamdesk.review.effects import EffectFinder, EntitlementEffect, RelatedEntitlement, action_names, count_actions
from iamdesk.review.effects_of_entry import EntryEffects, effects_by_type
from iamdesk.review.effects_proof import EffectProof, merged
from iamdesk.review.effects_tier import baseline, tier_rule
from iamdesk.review.item_effect import (
    CHANGED,
    CREDENTIAL,
    GRANT,
    GUARDRAIL,
    INCONCLUSIVE,
    KEEP,
    MAX_ACTIONS_NAMED,
    MAX_NAMED,
    MODIFY,
    NEEDS_JUDGEMENT,
    PROVED,
    REVOKE,
)
from iamdesk.review.items import ONLY_DENIES, EntitlementType, ReviewItem
from iamdesk.review.journal import digest
from iamdesk.snapshot.account_details import LastAccessed

_MAX_SENTENCES = 2
_TRACKED_DAYS = 400
"""IAM User Guide, "Refine permissions using last accessed information": the tracking period of services."""
_BY_CLASS = (
    DataClass.PERMISSIONS,
    DataClass.LOGS_AND_SECURITY,
    DataClass.DELETE_DATA,
    DataClass.READ_DATA,
    DataClass.WRITE_DATA,
    DataClass.NETWORK,
    DataClass.MONEY,
    DataClass.METADATA,
)
"""From which class the example is taken: the first of which there is an action."""


class EffectEvidence:
    """Works out the evidence of the effects of a review's items. For one thread."""

    def __init__(
        self, finder: EffectFinder, items: Iterable[ReviewItem], first_steps: Mapping[str, FirstSteps]
    ) -> None:
        """Prepare the work.

        Args:
            finder: Finds the effects.
            items: All of the review, without effects.
            first_steps: As `Scope.first_steps`.
        """
        items = tuple(items)
        self._finder = finder
        self._paths = CarriedPaths(finder, first_steps)
        self._entries = EntryEffects(finder, items)
        self._holding = Counter((one.type, one.entitlement_id) for one in items)
        self._identical: dict[str, dict[str, set[tuple[EntitlementType, str]]]] = {}
        self._users: Counter[str] = Counter()
        self._used: dict[str, LastAccessed] = {}
        for facts in finder.evaluator.snapshot.account_facts:
            self._used.update({one.arn: one for one in facts.last_accessed or ()})
        self._is_captured = bool(self._used)
        for account in finder.evaluator.snapshot.accounts:
            self._users[account.account_id] = len(account.users)
        for item in items:
            same = self._identical.setdefault(_same(item), {})
            same.setdefault(item.holder_arn, set()).add((item.type, item.entitlement_id))

    @property
    def evaluator(self) -> Evaluator:
        """The evaluator of the snapshot."""
        return self._finder.evaluator

    def end_counts(self) -> None:
        """Free what counting needed, before proofs: these need as much memory of their own."""
        self._finder.forget()

    def affected(self, item: ReviewItem) -> tuple[str, ...]:
        """Return the principals that have an entitlement: of a group its members, or the group where it has none."""
        return self._finder.affected(item)

    def effect(self, item: ReviewItem, cancelled: Cancelled = never_cancelled) -> EntitlementEffect:
        """Return an item's effect, without proof.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        return self._entries.effect(item, cancelled)

    def of(self, item: ReviewItem, effect: EntitlementEffect, proof: EffectProof | None = None) -> dict[str, Any]:
        """Return the evidence of an item's ``effect``; ``proof`` is what an exact comparison says of it."""
        if proof is not None:
            effect = replace(
                effect,
                lost=merged(effect.lost, proof.lost),
                gained=merged(effect.gained, proof.gained),
                lost_in_part=merged(effect.lost_in_part, proof.lost),
                gained_in_part=merged(effect.gained_in_part, proof.gained),
                losing=tuple(dict.fromkeys((*effect.losing, *proof.losing))),
                gaining=tuple(dict.fromkeys((*effect.gaining, *proof.gaining))),
                doubts=(*effect.doubts, *proof.doubts),
            )
        is_proved = proof is not None and proof.is_unchanged and not effect.changes_anything
        status = PROVED if is_proved else self._status(item, effect)
        return self._effect_json(item, effect, self._kind(item, effect), status)

    def _effect_json(self, item: ReviewItem, effect: EntitlementEffect, kind: str, status: str) -> dict[str, Any]:
        changes = merged(effect.lost, effect.gained) if status == CHANGED else {}
        depends = changes or ({} if status == PROVED else effect.alone)
        is_nothing = status == PROVED
        path = self._paths.of(item, effect)
        rule = tier_rule(item, depends, path, is_nothing=is_nothing)
        effect_json: dict[str, Any] = {
            "kind": kind,
            "status": status,
            "alone": _counts(effect.alone),
            "revoke": {
                "lost": {**_counts(effect.lost, effect.lost_in_part), **_resources(effect, 1)},
                "gained": {**_counts(effect.gained, effect.gained_in_part), **_resources(effect, 2)},
            },
            "covered_by": [_related(one) for one in effect.covered_by[:MAX_NAMED]],
            "shadowed_by": [_related(one) for one in effect.shadowed_by[:MAX_NAMED]],
            "also_given": count_actions(effect.kept),
            "latent": count_actions(effect.latent),
            "affects": self._affects(item, effect),
            "used": self._usage(item, effect),
            "tier": rule.tier,
        }
        if path is not None:
            effect_json["path"] = {
                "state": path.state,
                "technique": path.technique,
                "ends": path.ends,
                **({} if path.is_whole else {"whole": False}),
            }
        if effect.behind is not None:
            effect_json["behind"] = {**_counts(effect.behind), "reads_all": list(effect.reads_all[:MAX_NAMED])}
        if effect.public is not None:
            effect_json["public"] = effect.public.value
        if kind == GUARDRAIL:
            effect_json["limits"] = list(self._limits(item))
        if effect.doubts:
            effect_json["doubts"] = list(dict.fromkeys(effect.doubts))[:MAX_NAMED]
        if effect.open:
            effect_json["conditional"] = count_actions(effect.open)
        effect_json["suggestion"] = self._suggestion(item, effect, kind, status, effect_json)
        return effect_json

    def _limits(self, item: ReviewItem) -> Iterator[str]:
        """Yield what a guardrail denies, or what a boundary allows at most, in words."""
        held = self._finder.evaluator.index.carried(item.holder_arn)
        if item.type is EntitlementType.BOUNDARY:
            statements = held.boundary.document.statements if held.boundary is not None else ()
        else:
            documents = [one.document for one in self._finder.gone(item)]
            statements = tuple(one for document in documents for one in document.statements if not one.is_allow)
        for statement in statements[:_MAX_SENTENCES]:
            yield str(statement_reading(statement, item.account_id))

    @staticmethod
    def _kind(item: ReviewItem, effect: EntitlementEffect) -> str:
        if effect.only_widens or item.evidence.get(ONLY_DENIES):
            return GUARDRAIL
        return effects_by_type()[item.type]

    def _status(self, item: ReviewItem, effect: EntitlementEffect) -> str:
        if effect.changes_anything:
            return CHANGED
        if effect.doubts:
            return INCONCLUSIVE
        if self._entries.admits_no_one(item, effect):
            return PROVED
        if effect.covered_by and effects_by_type()[item.type] == CREDENTIAL:
            return CHANGED  # one way less to come in
        if item.type is EntitlementType.GROUP and not effect.alone and not item.evidence.get(ONLY_DENIES):
            held = self._finder.evaluator.index.carried(item.entitlement_id)
            if not held.identity and not held.missing:
                return PROVED  # the group has no policies
        return INCONCLUSIVE

    def _affects(self, item: ReviewItem, effect: EntitlementEffect) -> dict[str, Any]:
        alike = self._identical[_same(item)]
        holding = sum((item.type, item.entitlement_id) in held for held in alike.values())
        changed = tuple(dict.fromkeys((*effect.losing, *effect.gaining)))
        return {
            "principals": len(effect.affected),
            "losing": len(effect.losing),
            "gaining": len(effect.gaining),
            "names": list((changed or effect.affected)[:MAX_NAMED]),
            **({"under_conditions": effect.under_conditions} if effect.under_conditions else {}),
            **({} if effect.outside is None else {"outside": list(effect.outside)}),
            **({"deleted": list(effect.deleted)} if effect.deleted else {}),
            "also_held_by": self._holding[item.type, item.entitlement_id] - 1,
            "identical": {"principals": len(alike) - 1, "hold": holding - 1},
        }

    def _usage(self, item: ReviewItem, effect: EntitlementEffect) -> dict[str, Any]:
        report = self._used.get(item.holder_arn)
        if report is None:
            basis = item.evidence.get("last_used_basis")
            if basis is None:
                return {"basis": "not captured"}
            return {"basis": str(basis), "last": item.evidence.get("last_used")}
        by_service = {one.service_namespace.lower(): one.last_authenticated for one in report.services}
        given = set(effect.alone)
        used = sorted(service for service in given if by_service.get(service) is not None)
        moments = [moment for service in used if (moment := by_service[service]) is not None]
        return {
            "basis": "service last accessed",
            "as_of": report.job_creation_date.isoformat() if report.job_creation_date else None,
            "period_days": _TRACKED_DAYS,
            "services": len(given),
            "reported": len(given & by_service.keys()),
            "services_used": len(used),
            "used": used[:MAX_NAMED],
            "last": max(moments).isoformat() if moments else None,
        }

    # ── what is suggested ────────────────────────────────────────────────────────────────────────────────────────────

    def _suggestion(
        self, item: ReviewItem, effect: EntitlementEffect, kind: str, status: str, effect_json: Mapping[str, Any]
    ) -> dict[str, Any]:
        if effect.only_widens:
            return self._shown(item, KEEP, "guardrail", effect.gained)
        if kind == GUARDRAIL or item.type is EntitlementType.ROOT_ACCESS:
            return {"decision": NEEDS_JUDGEMENT, "reason": kind}
        if kind == CREDENTIAL:
            is_unused = "last_used" in item.evidence and item.evidence["last_used"] is None
            return {"decision": REVOKE if is_unused else NEEDS_JUDGEMENT, "reason": "unused" if is_unused else status}
        if status == PROVED:
            reason = "ends path" if effect_json.get("path", {}).get("ends") else "changes nothing"
            return self._shown(item, REVOKE, reason, effect.kept or effect.alone)
        used = effect_json["used"]
        if used["basis"] == "service last accessed" and kind == GRANT and effect.lost and not effect.gained:
            lost = set(effect.lost)
            report = self._used[item.holder_arn]
            seen = {one.service_namespace.lower() for one in report.services if one.last_authenticated is not None}
            known = {one.service_namespace.lower() for one in report.services}
            if lost <= known and not lost & seen:
                return self._shown(item, REVOKE, "unused", effect.lost)
            unused = lost & known - seen
            if lost & seen and unused and lost <= known:
                made = self._shown(item, MODIFY, "used in part", {name: effect.lost[name] for name in sorted(unused)})
                edit = self._edit(item, unused)
                return {**made, "unused": sorted(unused)[:MAX_NAMED], **({"edit": edit} if edit else {})}
        if item.type is EntitlementType.GROUP:
            wanted, users = baseline(), self._users[item.account_id]
            held = self._holding[item.type, item.entitlement_id]
            if held >= wanted.principals and held >= wanted.share * users:
                return {**self._shown(item, KEEP, "baseline", effect.lost), "held_by": held, "users": users}
        return {"decision": NEEDS_JUDGEMENT, "reason": status}

    def _shown(self, item: ReviewItem, decision: str, reason: str, actions: ActionBits) -> dict[str, Any]:
        made: dict[str, Any] = {"decision": decision, "reason": reason}
        chosen = _broadest_service(actions)
        request = self._finder.example(item, *chosen) if chosen is not None else None
        return {**made, "request": request} if request else made

    def _edit(self, item: ReviewItem, unused: set[str]) -> dict[str, Any] | None:
        """Return the what-if edit that takes unused services out of an inline policy; None if it is not that plain."""
        if item.type is not EntitlementType.INLINE_POLICY:
            return None
        held = self._finder.evaluator.index.carried(item.holder_arn).identity
        document = next((one.document for one in held if one.key == item.entitlement_id), None)
        if document is None or any(not one.is_allow or one.not_action for one in document.statements):
            return None
        raw = self._raw(item)
        statements = raw.get("Statement") if raw is not None else None
        if raw is None or statements is None:
            return None
        kept = []
        for statement in statements if isinstance(statements, list) else [statements]:
            listed = statement.get("Action")
            names = listed if isinstance(listed, list) else [listed]
            left = [one for one in names if str(one).partition(":")[0].lower() not in unused]
            if left:
                kept.append({**statement, "Action": left})
        if not kept or not parse_document({**raw, "Statement": kept}).statements:
            return None
        return {"do": "set-policy", "subject": item.entitlement_id, "document": {**raw, "Statement": kept}}

    def _raw(self, item: ReviewItem) -> dict[str, Any] | None:
        index = self._finder.evaluator.index
        user, role = index.users.get(item.holder_arn), index.roles.get(item.holder_arn)
        group = index.group_arns.get(item.holder_arn)
        listed = (
            user.user_policy_list
            if user is not None
            else role.role_policy_list
            if role is not None
            else group.group_policy_list
            if group is not None
            else ()
        )
        found = next((one.policy_document for one in listed if one.policy_name == item.name), None)
        return found if isinstance(found, dict) else None


def _same(item: ReviewItem) -> str:
    """Return what the holders of items share who can do the same."""
    reach = item.evidence.get("holder") or {}
    if not reach.get("actions"):
        return f"{item.holder_kind} {item.holder_arn}"
    return f"{item.account_id} {item.holder_kind} {reach.get('reach_sha256')}"


def _related(one: RelatedEntitlement) -> dict[str, Any]:
    return {"name": one.name, "type": one.type, "actions": one.actions}


def _counts(actions: ActionBits, in_part: ActionBits | None = None) -> Mapping[str, Any]:
    effect_json, sha256 = _counts_json(tuple(sorted(actions.items())))
    return effect_json if in_part is None else {**effect_json, "in_part": count_actions(in_part), "sha256": sha256}


@lru_cache(maxsize=1 << 12)
def _counts_json(actions: tuple[tuple[str, int], ...]) -> tuple[Mapping[str, Any], str]:
    """Return the counts of actions and their digest; thousands of entitlements give the same, or nothing."""
    levels: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    for service, bits in actions:
        of_levels, of_classes = _counted(service, bits)
        levels.update(of_levels)
        classes.update(of_classes)
    count = count_actions(dict(actions))
    effect_json = {
        "actions": count,
        "by_level": {level: levels[level] for level in ACCESS_LEVELS if levels[level]},
        "by_class": {str(one): classes[one] for one in DataClass if classes[one]},
        **({"names": sorted(action_names(dict(actions)))} if 0 < count <= MAX_ACTIONS_NAMED else {}),
    }
    return effect_json, digest({service: f"{bits:x}" for service, bits in actions})


@lru_cache(maxsize=1 << 15)
def _counted(service: str, bits: int) -> tuple[Mapping[str, int], Mapping[str, int]]:
    levels = service_actions(service).by_level
    return (
        {level: count for level, of_level in levels.items() if (count := (bits & of_level).bit_count())},
        {one: count for one, of_class in data_classes(service).items() if (count := (bits & of_class).bit_count())},
    )


def _resources(effect: EntitlementEffect, which: int) -> dict[str, Any]:
    named = [(one[0], one[which]) for one in effect.resources if one[which]]
    return {"resources": [{"arn": arn, "actions": count} for arn, count in named[:MAX_NAMED]]} if named else {}


def _broadest_service(actions: ActionBits) -> tuple[str, int] | None:
    """Return the action by which a set is best shown, as (service, bit): of the class that matters most."""
    for one in _BY_CLASS:
        for service in sorted(actions):
            bits = actions[service] & data_classes(service)[one]
            if bits:
                return service, next(indexes_of(bits))
    return None
