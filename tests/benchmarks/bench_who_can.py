"""How fast "who can" and "what can" are over 6,000 principals, beside asking one by one.

    python tests/benchmarks/bench_who_can.py [--pairs 50] [--roles 5000 …] [--snapshot FILE]

The yardstick, in the same run, is the plain loop: the bare word for every principal, one after the other.
"""

import gc
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from questions import ask_about, open_account, parser_of

from iamdesk import Evaluator, Request
from iamdesk.access.resource_access import access_to_resource, fitting_actions
from iamdesk.evaluate.request import RequestError

_ON_A_SCREEN = 40


def milliseconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


def decide_each(evaluator: Evaluator, requests: list[Request]) -> list[Any]:
    return [evaluator.trace(request).decision for request in requests]


def has_actions(resource: str) -> bool:
    """Whether an action acts on a resource: some drawn ARNs have a form that AWS does not know."""
    try:
        return bool(fitting_actions(resource))
    except RequestError:
        return False


def told(name: str, taken: list[float], unit: str = "ms") -> None:
    p95 = sorted(taken)[int(len(taken) * 0.95)]
    print(f"{name:<52} median {statistics.median(taken):8.2f} {unit}   p95 {p95:8.2f} {unit}", flush=True)


def main() -> None:
    options = parser_of(__doc__).parse_args()
    snapshot = open_account(options)
    evaluator = Evaluator(snapshot)
    evaluator.prepare()
    pairs = ask_about(evaluator, options.pairs)
    principals = list(evaluator.principals())

    def who_can(action: str, resource: str) -> int:
        return sum(1 for _ in evaluator.who_can(action=action, resource=resource))

    first = [milliseconds(partial(who_can, *pair)) for pair in pairs]
    again = [milliseconds(partial(who_can, *pair)) for pair in pairs]
    others = [(action, resource if resource == "*" else f"{resource}-other") for action, resource in pairs]
    other = [milliseconds(partial(who_can, *pair)) for pair in others]
    one_by_one = []
    for action, resource in others[:5]:
        fresh = Evaluator(snapshot)
        asked = [Request(principal, action, resource) for principal in principals]
        fresh.trace(asked[0])
        one_by_one.append(milliseconds(partial(decide_each, fresh, asked)))
    print(f"{len(principals):,} principals, {len(pairs)} pairs of action and resource")
    told("who can, an action not asked before", first)
    told("who can, a resource not asked before", other)
    told("who can, asked again", again)
    told("one by one", one_by_one)

    resources = list(dict.fromkeys(resource for _, resource in pairs if resource != "*" and has_actions(resource)))[:10]
    all_fresh = Evaluator(snapshot)
    all_fresh.prepare()
    told(
        "every action on a resource, first",
        [milliseconds(partial(access_to_resource, all_fresh, one)) for one in resources],
    )
    told(
        "every action on a resource, again",
        [milliseconds(partial(access_to_resource, all_fresh, one)) for one in resources],
    )

    sample = principals[:: max(1, len(principals) // 300)]
    for_one = [milliseconds(partial(evaluator.what_can, who)) for who in sample]
    told("what can, of one principal, first", for_one)
    told("what can, of one principal, again", [milliseconds(partial(evaluator.what_can, who)) for who in sample])
    what_everybody_can(Evaluator(snapshot))


def what_everybody_can(evaluator: Evaluator) -> None:
    """Print how long the rows of the overview take, the first ones and all of them."""
    evaluator.prepare()
    gc.collect()
    rows = evaluator.access_matrix()
    first = list(rows)[:: max(1, len(rows) // _ON_A_SCREEN)][:_ON_A_SCREEN]
    print(
        f"what everybody can: {len(first)} rows {milliseconds(lambda: [rows[who] for who in first]):.0f} ms, ", end=""
    )
    print(f"all {len(rows):,} {milliseconds(lambda: list(rows.values())):.0f} ms, ", end="")
    print(f"again {milliseconds(lambda: list(evaluator.access_matrix().values())):.0f} ms")


if __name__ == "__main__":
    main()
