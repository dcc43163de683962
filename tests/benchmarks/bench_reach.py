"""What everybody in an account of 6,000 principals can become: everything once, then one row for each.

python tests/benchmarks/bench_reach.py [--roles 5000 …] [--snapshot FILE]
"""

import time

from questions import open_account, parser_of

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph


def main() -> None:
    evaluator = Evaluator(open_account(parser_of(__doc__).parse_args()))
    evaluator.prepare()
    began, cpu = time.perf_counter(), time.process_time()
    reach = AttackPathGraph(evaluator)
    print(f"steps of everybody: {time.perf_counter() - began:.1f} s, {time.process_time() - cpu:.1f} s of processor")
    began = time.perf_counter()
    rows = list(reach.exposures())
    print(f"rows of {len(rows):,} principals: {time.perf_counter() - began:.1f} s")
    getting = sum(not row.is_administrator and row.to_administration is not None for row in rows)
    print(f"{sum(row.is_administrator for row in rows):,} administrators, {getting:,} more get there")


if __name__ == "__main__":
    main()
