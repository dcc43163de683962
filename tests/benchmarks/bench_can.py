"""How fast single questions are answered, with the explanation and as bare words, and how fast policies are indexed.

    python tests/benchmarks/bench_can.py [--questions 2000] [--roles 5000 …] [--snapshot FILE]

The yardsticks, in the same run: reading one principal's entry with ``json.loads`` (what a question costs at least if it
were answered from text), and with pydantic.
"""

import gc
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from questions import ask_about, open_account, parser_of

from iamdesk import Evaluator, Request
from iamdesk.snapshot.model import RoleDetail


def microseconds(work: Callable[[Any], object], items: Sequence[Any]) -> list[float]:
    taken = []
    for item in items:
        started = time.perf_counter()
        work(item)
        taken.append((time.perf_counter() - started) * 1e6)
    return sorted(taken)


def told(name: str, taken: Sequence[float]) -> None:
    p95 = taken[int(len(taken) * 0.95)]
    print(f"{name:<44} median {statistics.median(taken):9.1f} µs   p95 {p95:9.1f} µs", flush=True)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--questions", type=int, default=2000)
    options = parser.parse_args()
    snapshot = open_account(options)
    evaluator = Evaluator(snapshot)

    gc.collect()
    started = time.perf_counter()
    evaluator.prepare()
    taken = time.perf_counter() - started
    index = evaluator.population().index
    statements = sum(len(document.statements) for document in index.documents)
    print(f"index {index.principals:,} principals, {statements:,} statements, policies read: {taken:.2f} s")

    roles = random.Random(3).sample(snapshot.accounts[0].roles, min(500, len(snapshot.accounts[0].roles)))
    texts = [role.model_dump_json(by_alias=True, exclude_unset=True) for role in roles]
    told("json.loads of one role's entry", microseconds(json.loads, texts))
    told("pydantic, of one role's entry", microseconds(RoleDetail.model_validate_json, texts))

    pairs = ask_about(evaluator, options.pairs)
    pick = random.Random(4)
    principals = list(evaluator.principals())
    asked = [Request(pick.choice(principals), *pick.choice(pairs)) for _ in range(options.questions)]
    told("can, with the explanation, first time", microseconds(evaluator.can, asked))
    told("can, with the explanation", microseconds(evaluator.can, asked))
    told("the bare word, first time", microseconds(evaluator.decide, asked))
    told("the bare word", microseconds(evaluator.decide, asked))
    wrong = sum(evaluator.can(one).decision is not evaluator.decide(one) for one in asked[:500])
    print(f"of {min(500, len(asked))} answers, {wrong} differ")


if __name__ == "__main__":
    main()
