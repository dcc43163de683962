"""How long policies that are made to hurt take: 6 KB of stars against long text, thousands of values, many variables.

    python tests/benchmarks/bench_hostile.py [--times 20]

Each question is asked of a policy that is read anew every time; "again" is the same with the policy read already, as in
a snapshot. Unknown keys are tried where the answer hangs on them. Budget: a policy of 6 KB of stars under 5 ms.
"""

import argparse
import statistics
import time
from typing import Any

from iamdesk.evaluate.request import MissingContextMode
from iamdesk.policy.document import parse_document
from iamdesk.policy.wildcards import Glob
from iamdesk.simulate.test_cases import evaluate_case

ACCOUNT = "111122223333"
LONG = "a" * 1000
STARS, MARKS = "*a" * 3000, "*?a" * 2000
TAG = "aws:PrincipalTag/t"


def case(statements: list[Any], **more: Any) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": statements}
    return {
        "principal": f"arn:aws:iam::{ACCOUNT}:user/ana",
        "action": "s3:GetObject",
        "resource": f"arn:aws:s3:::b/{LONG}",
        "resource_account": ACCOUNT,
        "identity_policies": [{"name": "p", "document": document}],
        **more,
    }


def one(resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "*", "Resource": resource, **elements}


def when(operator: str, key: str, values: Any) -> dict[str, Any]:
    return one(Condition={operator: {key: values}})


KNOWN = {"aws:username": "a" * 5000}
CASES: dict[str, tuple[dict[str, Any], MissingContextMode]] = {
    "6 KB of stars as resource": (case([one(f"arn:aws:s3:::{STARS}")]), MissingContextMode.ABSENT),
    "6 KB of stars and question marks as resource": (case([one(f"arn:aws:s3:::{MARKS}")]), MissingContextMode.ABSENT),
    "6 KB of stars as action": (case([{**one(), "Action": f"s3:{STARS}"}]), MissingContextMode.ABSENT),
    "6 KB of stars as value": (
        case([when("StringLike", "aws:username", STARS)], context=KNOWN),
        MissingContextMode.ABSENT,
    ),
    "6 KB of stars and question marks as value": (
        case([when("StringLike", "aws:username", MARKS)], context=KNOWN),
        MissingContextMode.ABSENT,
    ),
    "6 KB of stars as value, the key unknown": (case([when("StringLike", TAG, STARS)]), MissingContextMode.UNKNOWN),
    "500 values, the key unknown": (
        case([when("StringEquals", TAG, [f"v{number}" for number in range(500)])]),
        MissingContextMode.UNKNOWN,
    ),
    "5,000 values, the key unknown": (
        case([when("StringEquals", TAG, [f"v{number}" for number in range(5000)])]),
        MissingContextMode.UNKNOWN,
    ),
    "500 variables in a resource": (
        case([one("arn:aws:s3:::b/" + "".join(f"${{aws:PrincipalTag/{number}}}" for number in range(500)))]),
        MissingContextMode.UNKNOWN,
    ),
    "1,000 statements with a key each": (
        case([when("StringEquals", f"aws:PrincipalTag/{number}", "x") for number in range(1000)]),
        MissingContextMode.UNKNOWN,
    ),
}


def milliseconds(asked: dict[str, Any], unknown: MissingContextMode) -> float:
    started = time.perf_counter()
    evaluate_case(asked, unknown)
    return (time.perf_counter() - started) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    evaluate_case(case([one()]))  # what is read once in a process
    for name, (asked, unknown) in CASES.items():
        first = milliseconds(asked, unknown)
        taken = sorted(milliseconds(asked, unknown) for _ in range(options.times))
        print(f"{name:<48} first {first:8.2f} ms   again median {statistics.median(taken):8.2f} ms", flush=True)
    for name, pattern in (("stars", STARS), ("stars and question marks", MARKS)):
        compiled, text = Glob.of_text(pattern), "a" * 100_000
        started = time.perf_counter()
        compiled.matches(text)
        print(f"6 KB of {name} against 100,000 characters: {(time.perf_counter() - started) * 1e3:.2f} ms")
    started = time.perf_counter()
    parse_document({"Statement": [one(f"arn:aws:s3:::{STARS}{number}") for number in range(100)]})
    print(f"reading 100 statements of 6 KB of stars: {(time.perf_counter() - started) * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
