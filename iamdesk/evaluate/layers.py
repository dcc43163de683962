"""All layers' words become one decision. This is the algorithm of `policy-evaluation`, line by line.

Some requests are several decisions, each with its own resource, and all of them must allow: one through an S3 access
point is one on the access point and one on the bucket (rule I11). They are called the *legs* of the request.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from iamdesk.evaluate.caller import Caller, CallerKind
from iamdesk.evaluate.credentials import CredentialDoubt
from iamdesk.evaluate.matching import StatementResult
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import Layer
from iamdesk.evaluate.truth import FALSE, MAYBE, TRUE, Truth
from iamdesk.evaluate.verdict import Verdict


class Slot(NamedTuple):
    """One layer, and for organization policies one of its levels."""

    layer: Layer
    level: int | None = None
    leg: int = 0
    """Of which leg of the request."""


IDENTITY, BOUNDARY, SESSION = Slot(Layer.IDENTITY), Slot(Layer.PERMISSIONS_BOUNDARY), Slot(Layer.SESSION)
RESOURCE, TRUST, ACL = Slot(Layer.RESOURCE), Slot(Layer.TRUST), Slot(Layer.ACL)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is fixed before any statement is looked at."""

    caller: Caller
    is_cross_account: bool
    slots: tuple[Slot, ...]
    """The layers in play; a layer that is not here places no limit (rule A5)."""
    is_trust: bool
    """Whether the resource policy is a role's trust policy (rule I2)."""
    needs_delegation: bool
    """Whether identity policies count only where the resource policy trusts the account: KMS keys, roles."""
    needs_both: bool
    """Whether the service wants identity and resource policy to allow, in one account too (rule D8)."""
    needs_no_permission: bool
    """Whether the call needs no permission (rule I3), or takes no credentials and the caller brings none."""
    refusal: str | None
    """Why it is refused whatever the policies say: ``credentials`` (I10), ``partition`` (D6), ``kms-cross-account``
    (I1), ``aws-owned`` (I1, I5), ``owner-alone`` (`resource_policy_services`)."""
    restricts_public: bool
    """Whether Block Public Access turns this caller away (rule I7)."""
    unlocks: bool = False
    """Whether the resource's own policy cannot deny it: the owner's root user repairs a policy."""
    further: "tuple[Situation, ...]" = ()
    """Those of the request's other legs; their slots are told without the leg."""
    doubt: CredentialDoubt | None = None
    """What is not known of the credentials that can keep them from making the call (rule I10)."""

    @property
    def legs(self) -> "tuple[Situation, ...]":
        """The situations of all legs."""
        return (self, *self.further)

    @property
    def hangs_on_credentials(self) -> bool:
        """Whether the answer can be another one for what is not known of the credentials."""
        return self.doubt is not None or (bool(self.further) and any(one.doubt is not None for one in self.further))

    def can_deny(self, layer: Layer) -> bool:
        """Return whether a Deny of a layer counts."""
        return not (self.unlocks and layer is Layer.RESOURCE)


@dataclass(frozen=True, slots=True)
class Tally:
    """The strongest Allow and Deny of each slot, and of the resource policy the grants by how they name the caller."""

    allow: Mapping[Slot, Truth]
    deny: Mapping[Slot, Truth]
    grants: Mapping[Grant, Truth]
    further: "tuple[Tally, ...]" = ()
    """Those of the request's other legs, as far as anything speaks there; slots are told without the leg."""

    @property
    def is_certain(self) -> bool:
        """Whether nothing in it hangs on something unknown."""
        if MAYBE in self.allow.values() or MAYBE in self.deny.values() or MAYBE in self.grants.values():
            return False
        return not self.further or all(one.is_certain for one in self.further)

    def of_leg(self, leg: int) -> "Tally":
        """Return what was counted on one leg."""
        if not leg:
            return self
        return self.further[leg - 1] if leg <= len(self.further) else _NOTHING


_NOTHING = Tally({}, {}, {})


class Ruling(NamedTuple):
    """One decision under one reading of what is unknown."""

    verdict: Verdict
    carried_by: frozenset[Slot]
    """Slots whose Allow statements carry an allowed request, or whose Deny statements refuse it."""
    lacking: tuple[Slot, ...]
    """Slots that were needed and have no Allow."""
    blocked_by: tuple[str, ...]
    """What took an otherwise granted request away (CONTRACT 3)."""


_RESOURCE_SIDE = frozenset({Layer.RESOURCE, Layer.TRUST, Layer.ACL})
"""Layers that grant from the resource's side."""


def tally(results: Iterable[tuple[StatementResult, Truth]]) -> Tally:
    """Sum up statements, each with the truth that is assumed of it."""
    counts: list[tuple[dict[Slot, Truth], dict[Slot, Truth], dict[Grant, Truth]]] = [({}, {}, {})]
    for result, truth in results:
        if truth is FALSE:
            continue
        policy = result.policy
        while policy.leg >= len(counts):
            counts.append(({}, {}, {}))
        allow, deny, grants = counts[policy.leg]
        slot = Slot(policy.layer, policy.level)
        side = allow if result.statement.is_allow else deny
        side[slot] = max(side.get(slot, FALSE), truth)
        if result.grant is not None and result.statement.is_allow and slot.layer in _RESOURCE_SIDE:
            grants[result.grant] = max(grants.get(result.grant, FALSE), truth)
    return Tally(*counts[0], tuple([Tally(*one) for one in counts[1:]]))


def with_allows(situation: Situation, counted: Tally, slots: Iterable[Slot], named: Grant) -> tuple[Situation, Tally]:
    """Return what would be decided if some slots had an Allow that matches.

    One in a policy of the resource's side names the caller as ``named``.
    """
    by_leg: dict[int, list[Slot]] = {}
    for slot in slots:
        by_leg.setdefault(slot.leg, []).append(slot._replace(leg=0) if slot.leg else slot)
    situations, tallies = list(situation.legs), [counted.of_leg(leg) for leg in range(len(situation.further) + 1)]
    for leg, added in by_leg.items():
        one, on_leg = situations[leg], tallies[leg]
        grants = on_leg.grants
        if any(slot.layer in _RESOURCE_SIDE for slot in added):
            grants = {**grants, named: TRUE}
        missing = [slot for slot in added if slot not in one.slots]
        if missing:
            situations[leg] = replace(one, slots=(*one.slots, *missing))
        tallies[leg] = Tally({**on_leg.allow, **dict.fromkeys(added, TRUE)}, on_leg.deny, grants)
    if not situation.further:
        return situations[0], tallies[0]
    return (
        replace(situations[0], further=tuple(situations[1:])),
        replace(tallies[0], further=tuple(tallies[1:])),
    )


def decide(situation: Situation, counted: Tally, optimistic: bool) -> Ruling:
    """Decide, taking what is unknown for the caller (``optimistic``) or against them (rule K6)."""
    if not situation.further:
        return _decide_leg(situation, counted, optimistic)
    rulings = [_decide_leg(one, counted.of_leg(leg), optimistic) for leg, one in enumerate(situation.legs)]
    return _all_of(rulings)


def decide_both(situation: Situation, counted: Tally) -> tuple[Ruling, Ruling]:
    """Decide with all that is unknown for the caller, and with all of it against them."""
    best = decide(situation, counted, optimistic=True)
    if counted.is_certain and not situation.hangs_on_credentials:
        return best, best
    return best, decide(situation, counted, optimistic=False)


def _all_of(rulings: Sequence[Ruling]) -> Ruling:
    """Join the rulings of all legs: each has to allow, and a Deny anywhere denies (rules A2, I11)."""
    told = [
        ruling._replace(
            carried_by=frozenset([slot._replace(leg=leg) for slot in ruling.carried_by]),
            lacking=tuple([slot._replace(leg=leg) for slot in ruling.lacking]),
        )
        for leg, ruling in enumerate(rulings)
    ]
    verdicts = {ruling.verdict for ruling in told}
    verdict = next(one for one in _STRONGEST_FIRST if one in verdicts)
    deciding = [ruling for ruling in told if ruling.verdict is verdict]
    # Only what every leg would grant otherwise was taken away by something.
    is_granted = all(ruling.blocked_by or ruling.verdict is Verdict.ALLOWED for ruling in told)
    blocked = dict.fromkeys(word for ruling in deciding for word in ruling.blocked_by)
    return Ruling(
        verdict,
        frozenset().union(*(ruling.carried_by for ruling in deciding)),
        tuple(slot for ruling in deciding for slot in ruling.lacking),
        tuple(blocked) if is_granted else (),
    )


_STRONGEST_FIRST = (Verdict.EXPLICIT_DENY, Verdict.IMPLICIT_DENY, Verdict.ALLOWED)


def _decide_leg(situation: Situation, counted: Tally, optimistic: bool) -> Ruling:
    enough_to_allow = MAYBE if optimistic else TRUE
    enough_to_deny = TRUE if optimistic else MAYBE
    allowing = {slot for slot, truth in counted.allow.items() if truth >= enough_to_allow}
    caller = situation.caller
    signed_in = caller.kind in _WITH_IDENTITY
    if situation.needs_no_permission:
        return Ruling(Verdict.ALLOWED, frozenset(), (), ())
    slots = situation.slots
    identity_ok = caller.kind is CallerKind.ROOT or (signed_in and IDENTITY in allowing)
    grants = {grant for grant, truth in counted.grants.items() if truth >= enough_to_allow}
    # An account principal only delegates inside its own account: it grants nothing by itself (rule C2).
    granted = identity_ok or bool(grants if situation.is_cross_account else grants - {Grant.ACCOUNT})
    if situation.refusal in _BEFORE_ANY_POLICY:
        return Ruling(Verdict.IMPLICIT_DENY, frozenset(), (), (str(situation.refusal),))
    if situation.doubt is not None and situation.doubt.is_told and not optimistic:
        return CREDENTIALS_REFUSED
    denying = tuple(
        slot for slot, truth in counted.deny.items() if truth >= enough_to_deny and situation.can_deny(slot.layer)
    )
    if denying:
        blocked = tuple(dict.fromkeys(slot.layer.value for slot in denying)) if granted else ()
        return Ruling(Verdict.EXPLICIT_DENY, frozenset(denying), (), blocked)
    if situation.refusal is not None:
        return Ruling(Verdict.IMPLICIT_DENY, frozenset(), (), (situation.refusal,))
    resource = TRUST if situation.is_trust else RESOURCE
    guardrails = [slot for slot in slots if slot.layer in (Layer.SCP, Layer.ENDPOINT)]
    limits = [slot for slot in slots if slot.layer in (Layer.PERMISSIONS_BOUNDARY, Layer.SESSION)]
    lacking = [slot for slot in guardrails if slot not in allowing]
    failing_limits = [slot for slot in limits if slot not in allowing]
    if caller.kind is CallerKind.FEDERATED_USER and SESSION not in slots:
        failing_limits.append(SESSION)  # rule C5
    carried: list[Slot] = []

    if caller.kind is CallerKind.ANONYMOUS:
        if grants & {Grant.EVERYONE, Grant.NOT_LISTED}:  # rule E10
            carried = [resource]
        else:
            lacking.append(resource)
    elif not signed_in:  # services and identity providers need the resource's word alone (rules E8, E9)
        if grants:
            carried = [resource]
        else:
            lacking.append(resource)
    elif situation.is_cross_account or situation.needs_both:  # rules D1, D2, D8
        carried = [IDENTITY, resource, *limits]
        lacking += [] if identity_ok else [IDENTITY]
        lacking += [] if grants else [resource]
        lacking += failing_limits
    else:
        carried, missing = _same_account(situation, identity_ok, grants, failing_limits, limits, resource)
        lacking += missing
    if lacking:
        blocked = tuple(dict.fromkeys(slot.layer.value for slot in lacking)) if granted else ()
        return Ruling(Verdict.IMPLICIT_DENY, frozenset(), tuple(lacking), blocked)
    if situation.restricts_public:
        return Ruling(Verdict.EXPLICIT_DENY, frozenset(), (), (Layer.BLOCK_PUBLIC_ACCESS.value,))
    if resource in carried and ACL in slots:
        carried.append(ACL)
    return Ruling(Verdict.ALLOWED, frozenset([*carried, *guardrails]), (), ())


CREDENTIALS_REFUSED = Ruling(Verdict.IMPLICIT_DENY, frozenset(), (), ("credentials",))
_BEFORE_ANY_POLICY = frozenset({"credentials", "partition"})
_WITH_IDENTITY = frozenset(
    {CallerKind.ROOT, CallerKind.USER, CallerKind.ROLE, CallerKind.SESSION, CallerKind.FEDERATED_USER}
)


PAST_LIMITS = frozenset({Grant.EVERYONE, Grant.NOT_LISTED, Grant.EXACT})
"""Grants of a resource policy that the caller's own limits do not take away (rule C3)."""
_WITHIN_LIMITS = frozenset({Grant.EXACT, Grant.ROLE, Grant.USER})
"""Those that are enough by themselves as far as these limits let pass (rules C3, C4)."""


def _same_account(
    situation: Situation,
    identity_ok: bool,
    grants: set[Grant],
    failing_limits: list[Slot],
    limits: list[Slot],
    resource: Slot,
) -> tuple[list[Slot], list[Slot]]:
    """Return the slots that carry the request, or those that lack an Allow (rules C1 to C5, I1, I2)."""
    missing: list[list[Slot]] = []
    if grants & PAST_LIMITS:
        # A role trust policy does not lift the caller's boundary: the specific page wins (rule I2).
        stopped = [BOUNDARY] if situation.is_trust and BOUNDARY in failing_limits else []
        if not stopped:
            return [resource], []
        missing.append(stopped)
    if grants & _WITHIN_LIMITS:
        if not failing_limits:
            return [resource, *limits], []
        missing.append(failing_limits)
    delegated = not situation.needs_delegation or Grant.ACCOUNT in grants
    if identity_ok and delegated and not failing_limits:
        return [IDENTITY, *limits, *([resource] if situation.needs_delegation else [])], []
    missing.append(
        [
            *([] if identity_ok else [IDENTITY]),
            *([] if delegated else [resource]),
            *failing_limits,
        ]
    )
    return [], min(missing, key=len)
