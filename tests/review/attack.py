"""An attack on *proved to change nothing*: random requests to a snapshot and to copies without such entitlements.

    python -m tests.review.attack SNAPSHOT… [--requests 100000] [--seed N]
    python -m tests.review.attack --worlds 100 [--requests 100000] [--seed N]

Requests are made of what the snapshot's policies say: actions that their patterns cover, resources that their entries
name, with anything for wildcards and variables, and values of condition keys that their conditions compare. A request
of somebody who has the entitlement that is decided otherwise without it is a fault; the exit status is then 1.
"""

import argparse
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import indexes_of
from iamdesk.access.request_grid import grid_on, placeholder_arns
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.request import EvalDecision, Request, RequestError
from iamdesk.policy.arn import ArnError
from iamdesk.policy.statement import Statement
from iamdesk.review.effects import EffectFinder
from iamdesk.review.effects_parallel import with_effects
from iamdesk.review.effects_proof import edit_of, rounds
from iamdesk.review.entitlements import review_scope
from iamdesk.review.item_effect import PROVED, effect_of
from iamdesk.review.items import ReviewItem
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.whatif.apply import apply

from ..access.worlds import NOON
from ..diff.attack import snapshot as snapshot_of
from ..diff.attack import world

type Rng = random.Random
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_OF_CALLER = ("aws:principal", "aws:user", "aws:source", "aws:resource", "aws:via", "aws:secure")
"""Beginnings of keys that a request has by its caller, its resource and the way it comes."""
_FILLS = ("", "x", "x/y", "shared/x", "1", "ana")


@dataclass(frozen=True, slots=True)
class Fault:
    """A request that is decided otherwise without an entitlement of which it is proved that nothing changes."""

    item: ReviewItem
    request: Request
    was: EvalDecision | None
    now: EvalDecision | None


class Requests:
    """Makes requests at random of what a snapshot's policies say."""

    def __init__(self, evaluator: Evaluator, finder: EffectFinder) -> None:
        self._evaluator, self._finder = evaluator, finder
        self._resources = [one.arn for one in evaluator.snapshot.resources]
        self._resources += [role.arn for account in evaluator.snapshot.accounts for role in account.roles]
        self._services = reference().services()

    def of(self, rng: Rng, item: ReviewItem) -> Request | None:
        """Return a request of somebody who has an entitlement; None where no resource was found for its action."""
        holder = rng.choice(self._finder.affected(item))
        held = self._evaluator.index.carried(holder).identity
        gone = self._finder.gone(item)
        documents = [one.document for one in (gone if gone and rng.random() < 0.7 else held)]
        statements = [one for document in documents for one in document.statements if one.broken is None]
        said = rng.choice(statements) if statements else None
        action = self._action(rng, said)
        around = [one for one in held for one in one.document.statements if one.broken is None]
        context = {}
        for statement in around:
            for test in statement.conditions:
                if test.values and not test.key.startswith(_OF_CALLER) and rng.random() < 0.5:
                    text = _VARIABLE.sub("x", rng.choice(test.values).text)
                    context[test.key_text] = text.replace("*", rng.choice(_FILLS)) if rng.random() < 0.7 else "other"
        service, _, name = action.partition(":")
        bit = service_actions(service).positions[name.lower()]
        for _ in range(8):
            resource = self._resource(rng, action, said, holder)
            if _is_on(service, bit, resource):
                return Request(holder, action, resource, context)
        return None

    def _action(self, rng: Rng, said: Statement | None) -> str:
        if said is not None and rng.random() < 0.9:
            services = sorted(said.services) if said.services else [rng.choice(self._services)]
            service = rng.choice(services)
            if reference().service_exists(service):
                covered = list(indexes_of(service_actions(service).covered_by(said)))
                if covered:
                    return service_actions(service).actions[rng.choice(covered)].full_name
        return rng.choice(service_actions(rng.choice(self._services)).actions).full_name

    def _resource(self, rng: Rng, action: str, said: Statement | None, holder: str) -> str:
        drawn = rng.random()
        entries = [one.text for one in (said.resources or ()) if one.problem is None] if said is not None else []
        if entries and drawn < 0.6:
            text = rng.choice(entries)
            if text != "*":
                kept = text if rng.random() < 0.1 else _VARIABLE.sub(rng.choice((holder.rpartition("/")[2], "x")), text)
                parts = kept.split(":", 5)
                if len(parts) < 6:
                    return "*"
                plain = ("arn", "aws", action.partition(":")[0], "eu-west-1", holder.split(":")[4])
                head = [part if not {"*", "?"} & set(part) else one for part, one in zip(parts, plain, strict=False)]
                tail = "".join(rng.choice(_FILLS) if sign in "*?" else sign for sign in parts[5])
                return ":".join((*head, tail))
        if self._resources and drawn < 0.75:
            return rng.choice(self._resources) + rng.choice(("", "/x", "/shared/x"))
        service, _, name = action.lower().partition(":")
        listed = reference().action(service, name)
        if listed is None or not listed.resource_types:
            return "*"
        account = holder.split(":")[4]
        kind = rng.choice(listed.resource_types).name
        return next(iter(placeholder_arns(service, kind, "aws", account)), "*")


def _is_on(service: str, action: int, resource: str) -> bool:
    """Return whether an action is on resources such as this one."""
    if resource == "*":
        return not service_actions(service).actions[action].resource_types
    try:
        return bool(grid_on(service, resource).every >> action & 1)
    except ArnError:
        return False


def decided(evaluator: Evaluator, request: Request) -> EvalDecision | None:
    """Return the decision; a denial is a denial; None: it is no request."""
    try:
        found = evaluator.trace(request).decision
    except RequestError:
        return None
    return EvalDecision.IMPLICIT_DENY if found is EvalDecision.EXPLICIT_DENY else found


def proved_items(evaluator: Evaluator) -> Sequence[ReviewItem]:
    """Return the entitlements of a snapshot of which it is proved that nothing changes without them."""
    scope = with_effects(evaluator, review_scope(evaluator))
    return [one for one in scope.lines if effect_of(one)["status"] == PROVED and edit_of(one) is not None]


def attack(snapshot: Snapshot, rng: Rng, requests: int, counts: dict[str, int]) -> Iterator[Fault]:
    """Yield what is wrong among so many requests; ``counts`` takes the numbers of items, requests, allowed ones."""
    evaluator = Evaluator(snapshot, lambda: NOON)
    finder = EffectFinder(evaluator)
    items = proved_items(evaluator)
    counts["items"] = counts.get("items", 0) + len(items)
    if not items:
        return
    made = Requests(evaluator, finder)
    each = max(1, requests // len(items))
    for numbers in rounds((number, finder.affected(item)) for number, item in enumerate(items)):
        edits = [edit for number in numbers if (edit := edit_of(items[number])) is not None]
        changed = Evaluator(apply(snapshot, edits), lambda: NOON)
        for number in numbers:
            for _ in range(each):
                request = made.of(rng, items[number])
                if request is None:
                    continue
                was, now = decided(evaluator, request), decided(changed, request)
                counts["requests"] = counts.get("requests", 0) + (was is not None)
                counts["possible"] = counts.get("possible", 0) + (was not in (None, EvalDecision.IMPLICIT_DENY))
                if was is not now:
                    yield Fault(items[number], request, was, now)


def main() -> None:
    """Attack what is named, and print what is found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("snapshots", nargs="*", type=Path)
    parser.add_argument("--worlds", type=int, default=0)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    rng = random.Random(given.seed)
    faults = 0
    of_each = given.requests // max(1, len(given.snapshots) + given.worlds)
    for path in given.snapshots:
        faults += told(str(path.name), load_snapshot(path), rng, of_each)
    counts: dict[str, int] = {}
    for number in range(given.worlds):
        snapshot = snapshot_of(world(random.Random(given.seed + number)), f"world {number}")
        for fault in attack(snapshot, rng, of_each, counts):
            faults += 1
            print(number, fault.item.name, fault.item.holder_arn, fault.request, fault.was, fault.now, flush=True)
    if given.worlds:
        print(f"{given.worlds} worlds: {counts}", flush=True)
    sys.exit(faults > 0)


def told(name: str, snapshot: Snapshot, rng: Rng, requests: int) -> int:
    """Attack a snapshot, print what is found, and return the number of faults."""
    counts: dict[str, int] = {}
    faults = 0
    for fault in attack(snapshot, rng, requests, counts):
        faults += 1
        if faults < 20:
            print(name, fault.item.name, fault.item.holder_arn, fault.request, fault.was, fault.now, flush=True)
    print(f"{name}: {counts}, {faults} faults", flush=True)
    return faults


if __name__ == "__main__":
    main()
