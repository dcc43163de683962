"""How long many accounts take to open, and how much memory: a folder of large accounts, a bundle of small files.

    PYTHONPATH=. python tests/benchmarks/bench_organization.py            # made here: 4 accounts, 20,000 small files
    PYTHONPATH=. python tests/benchmarks/bench_organization.py FOLDER     # what lies there

Each is opened in an interpreter of its own, so that its memory is its own.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from account import Size, make_account

MEASURE = """
import json, resource, sys, threading, time
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.snapshot import many_files
from iamdesk.viewmodel.tree_builder import build_outline

pauses, last, going = [], time.perf_counter(), True
def watch():
    global last
    while going:
        time.sleep(0.001)
        now = time.perf_counter()
        pauses.append(now - last)
        last = now

watcher = threading.Thread(target=watch, daemon=True)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
watcher.start()
start = time.perf_counter()
snapshot = load_snapshot(sys.argv[1])
read = time.perf_counter() - start
build_outline(snapshot)
whole = time.perf_counter() - start
going = False
print(json.dumps({
    "accounts": len(snapshot.accounts),
    "bytes": sum(file.size for file in snapshot.files),
    "files": len(snapshot.files),
    "problems": len(snapshot.problems),
    "read": read,
    "whole": whole,
    "pause": max(pauses),
    "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before,
}))
"""


def measure(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    megabytes = found["bytes"] / 1e6
    print(
        f"{path.name}: {found['accounts']} accounts in {found['files']:,} files, {megabytes:,.0f} MB, "
        f"{found['problems']} problems: read in {found['read']:.1f} s ({megabytes / found['read']:.0f} MB/s), with its "
        f"tree {found['whole']:.1f} s; longest pause {found['pause'] * 1000:.0f} ms; "
        f"memory {found['memory'] / 1024:,.0f} MiB"
    )


def make_accounts(root: Path, number: int) -> Path:
    for count in range(number):
        account = f"{100000000000 + count}"
        text = json.dumps(make_account(Size(roles=5000)), indent=4).replace("111122223333", account)
        (root / f"{account}.json").write_text(text)
    return root


def make_bundle(root: Path, number: int) -> Path:
    """A bundle of many small files: the buckets, and what is asked about each."""
    where = root / "accounts" / "111122223333"
    details = where / "iam" / "get-account-authorization-details.json"
    details.parent.mkdir(parents=True)
    details.write_text(json.dumps({"UserDetailList": [{"UserName": "a", "Arn": "arn:aws:iam::111122223333:user/a"}]}))
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement] * 4})
    outputs = {
        "get-bucket-policy": {"Policy": policy},
        "get-bucket-acl": {"Owner": {"ID": "c" * 64}, "Grants": []},
        "get-public-access-block": {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
        "get-bucket-location": {"LocationConstraint": "eu-west-1"},
    }
    for command, output in outputs.items():
        folder = where / "s3api" / command
        folder.mkdir(parents=True)
        text = json.dumps(output, indent=4)
        for count in range(number // len(outputs)):
            (folder / f"bucket-{count}.json").write_text(text)
    return root


def main() -> None:
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, make, number in (("large accounts", make_accounts, 4), ("small files", make_bundle, 20_000)):
            root = Path(folder) / name
            root.mkdir()
            measure(make(root, number))


if __name__ == "__main__":
    main()
