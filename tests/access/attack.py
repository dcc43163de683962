"""An attack on the bulk evaluator: random organizations, random requests, all answers beside the engine's.

    python -m tests.access.attack [--worlds 300] [--requests 30] [--seed 1]

Every request is put to all principals of a snapshot at once, in a random context, and so are all actions that fit the
resource together; what the engine answers to one of them alone is what has to be among the answers. Each difference is
printed, and the exit status is 1.
"""

import argparse
import random
import sys
from collections.abc import Iterator
from dataclasses import replace

from iamdesk import Evaluator, Request, RequestError
from iamdesk.access.bulk_evaluator import RequestMoment
from iamdesk.access.principal_index import indexes_of
from iamdesk.access.request_grid import RequestGrid, grid_on
from iamdesk.aws.action_sets import service_actions
from iamdesk.evaluate.engine import decide_request
from iamdesk.evaluate.request import EvalDecision, MissingContextMode

from ..diff.attack import request, snapshot, world
from .worlds import NOON

_PER_GROUND = 12


def alone(evaluator: Evaluator, asked: Request) -> EvalDecision:
    """Return the engine's answer; it is asked anew, and nothing that was remembered takes part."""
    return decide_request(evaluator.evaluation_request(asked))


def answers(evaluator: Evaluator, grid: RequestGrid, asked: Request) -> dict[tuple[int, int], EvalDecision]:
    """Return what everybody is answered, by position and request."""
    found: dict[tuple[int, int], EvalDecision] = {}
    moment = RequestMoment(NOON, asked.context, asked.unknown_context)
    for answer in evaluator.bulk().decisions(grid, evaluator.population().regular, moment):
        for position in indexes_of(answer.members):
            for bit in indexes_of(answer.cells):
                if (position, bit) in found:
                    raise AssertionError(f"answered twice: {asked}")
                found[position, bit] = answer.decision
    return found


def differences(
    evaluator: Evaluator, asked: Request, rng: random.Random
) -> Iterator[tuple[Request, EvalDecision, EvalDecision]]:
    """Yield (request, in bulk, alone) where these differ."""
    subjects = evaluator.population().index.subjects
    for (position, _), verdict in answers(
        evaluator, evaluator.bulk().request(asked.action, asked.resource), asked
    ).items():
        one = replace(asked, principal=subjects[position])
        if (engine := alone(evaluator, one)) is not verdict:
            yield one, verdict, engine
    service = asked.action.partition(":")[0]
    grid = grid_on(service, asked.resource)
    together = list(answers(evaluator, grid, asked).items())
    for (position, bit), verdict in rng.sample(together, min(len(together), _PER_GROUND)):
        action = service_actions(service).actions[bit].full_name
        one = replace(asked, principal=subjects[position], action=action)
        if (engine := alone(evaluator, one)) is not verdict:
            yield one, verdict, engine


def attack(seed: int, requests: int) -> Iterator[tuple[Request, EvalDecision, EvalDecision]]:
    """Make an organization, and ask."""
    rng = random.Random(seed)
    evaluator = Evaluator(snapshot(world(rng), "attacked"), now=lambda: NOON)
    principals = list(evaluator.population().principals())
    for _ in range(requests):
        asked = request(rng, principals)
        asked = replace(asked, unknown_context=rng.choice(list(MissingContextMode)), resource_account=None)
        try:
            yield from differences(evaluator, asked, rng)
        except RequestError:
            continue


def main() -> None:
    """Attack, and print what is found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--worlds", type=int, default=300)
    parser.add_argument("--requests", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    faults = 0
    for seed in range(options.seed, options.seed + options.worlds):
        for asked, bulk, engine in attack(seed, options.requests):
            faults += 1
            print(f"world {seed}: {bulk} in bulk, {engine} alone: {asked}", flush=True)
    print(f"{options.worlds * options.requests:,} questions to everybody in {options.worlds} worlds: {faults} differ")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
