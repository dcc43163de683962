"""How long `iamdesk diff` takes where one organization policy applies to every principal: a lock of Regions is added.

    python tests/benchmarks/bench_diff.py                        # an account made here
    python tests/benchmarks/bench_diff.py --snapshot FILE        # of `aws iam get-account-authorization-details`
    python tests/benchmarks/bench_diff.py --keep FOLDER --pair-only    # writes the pair, compares nothing

Runs with two workers and with one, each as a user starts it.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from account import make_account

_MANAGEMENT = "999999999999"
_ORGANIZATION = f"arn:aws:organizations::{_MANAGEMENT}"
_FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_GLOBAL = ("iam:*", "sts:*", "organizations:*", "route53:*", "cloudfront:*", "support:*", "budgets:*", "shield:*")
_LOCK = {
    "Effect": "Deny",
    "NotAction": list(_GLOBAL),
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}},
}
"""As in AWS's example "Deny access to AWS based on the requested AWS Region" (Organizations User Guide)."""


def write_bundle(folder: Path, details: Any, *, locked: bool) -> Path:
    """Write a bundle of one account in an organization, whose root has the lock or not."""
    account = details["RoleDetailList"][0]["Arn"].split(":")[4]
    policies = {"p-FullAWSAccess": _FULL, **({"p-lock": _LOCK} if locked else {})}
    summaries = [
        {
            "Id": name,
            "Arn": f"{_ORGANIZATION}:policy/o-1/service_control_policy/{name}",
            "Name": name,
            "Type": "SERVICE_CONTROL_POLICY",
        }
        for name in policies
    ]
    root = {
        "Id": "r-1",
        "Arn": f"{_ORGANIZATION}:root/o-1/r-1",
        "Name": "Root",
        "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }
    member = {"Id": account, "Arn": f"{_ORGANIZATION}:account/o-1/{account}", "Name": "member", "Status": "ACTIVE"}
    organization = {
        "Id": "o-1",
        "Arn": f"{_ORGANIZATION}:organization/o-1",
        "FeatureSet": "ALL",
        "MasterAccountId": _MANAGEMENT,
    }
    files: dict[str, Any] = {
        f"accounts/{account}/iam/get-account-authorization-details.json": details,
        "organization/describe-organization.json": {"Organization": organization},
        "organization/list-roots.json": {"Roots": [root]},
        "organization/list-accounts.json": {"Accounts": [member]},
        "organization/list-accounts-for-parent/r-1.json": {"Accounts": [member]},
        "organization/list-organizational-units-for-parent/r-1.json": {"OrganizationalUnits": []},
        "organization/list-policies/SERVICE_CONTROL_POLICY.json": {"Policies": summaries},
    }
    for summary in summaries:
        name = summary["Id"]
        content = json.dumps({"Version": "2012-10-17", "Statement": [policies[name]]})
        policy = {"PolicySummary": summary, "Content": content}
        files[f"organization/describe-policy/{name}.json"] = {"Policy": policy}
        targets = [{"TargetId": "r-1", "Arn": root["Arn"], "Name": "Root", "Type": "ROOT"}]
        if name == "p-FullAWSAccess":  # every level needs an Allow
            targets.append({"TargetId": account, "Arn": member["Arn"], "Name": "member", "Type": "ACCOUNT"})
        files[f"organization/list-targets-for-policy/{name}.json"] = {"Targets": targets}
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(json.dumps(content), encoding="utf-8")
    return folder


def compare(old: Path, new: Path, workers: int) -> None:
    command = [sys.executable, "-m", "iamdesk", "--workers", str(workers), "diff", str(old), str(new)]
    before = os.times()
    started = time.perf_counter()
    with tempfile.TemporaryFile() as printed:
        subprocess.run([*command, "--format", "json"], check=True, stdout=printed)
        taken = time.perf_counter() - started
        printed.seek(0)
        digest = hashlib.file_digest(printed, "sha256").hexdigest()
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"{workers} worker(s): {taken:6.1f} s ({spent:.1f} s of processor); result {digest[:12]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--snapshot", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--pair-only", action="store_true")
    options = parser.parse_args()
    details = json.loads(options.snapshot.read_bytes()) if options.snapshot else make_account()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        old = write_bundle(folder / "old", details, locked=False)
        new = write_bundle(folder / "new", details, locked=True)
        for workers in () if options.pair_only else (2, 1):
            compare(old, new, workers)


if __name__ == "__main__":
    main()
