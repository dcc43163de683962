"""Access gained by what went away: the text says that it was denied before."""

import json
from pathlib import Path
from typing import Any

from iamdesk.api import Workbench
from iamdesk.export.text.diff import lines

ACCOUNT = "arn:aws:iam::111122223333"
LOST_DENY = "    cause: Deny statements that applied before no longer do."


def write(path: Path, *, groups: list[str], policies: list[str]) -> Path:
    def document(effect: str, action: str) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]}

    own = {"read": document("Allow", "s3:GetObject"), "more": document("Allow", "sqs:SendMessage")}
    user = {
        "UserName": "ana",
        "Arn": f"{ACCOUNT}:user/ana",
        "UserId": "AIDAANA",
        "GroupList": groups,
        "UserPolicyList": [{"PolicyName": name, "PolicyDocument": own[name]} for name in policies],
    }
    group = {
        "GroupName": "held",
        "Arn": f"{ACCOUNT}:group/held",
        "GroupId": "AGPAHELD",
        "GroupPolicyList": [{"PolicyName": "no", "PolicyDocument": document("Deny", "s3:*")}],
    }
    content = {"UserDetailList": [user], "GroupDetailList": [group], "RoleDetailList": [], "Policies": []}
    path.write_text(json.dumps(content))
    return path


def compared(old: Path, new: Path) -> list[str]:
    workbench = Workbench()
    found = workbench.compare(workbench.open_snapshot(old), workbench.open_snapshot(new))
    return list(lines(found))


def test_leaving_a_group_that_denied(tmp_path: Path) -> None:
    inside = write(tmp_path / "inside.json", groups=["held"], policies=["read"])
    outside = write(tmp_path / "outside.json", groups=[], policies=["read"])
    told = compared(inside, outside)
    assert any("user/ana left group/held." in line for line in told)
    assert LOST_DENY in told
    assert LOST_DENY not in compared(outside, inside), "lost by joining"


def test_a_policy_that_allows_is_no_lost_deny(tmp_path: Path) -> None:
    before = write(tmp_path / "before.json", groups=[], policies=["read"])
    after = write(tmp_path / "after.json", groups=[], policies=["read", "more"])
    assert LOST_DENY not in compared(before, after)
    assert LOST_DENY not in compared(after, before)
