"""An AWS that answers rubbish (a proxy's page, nothing, another call's answer): gaps or one sentence, no traceback."""

from pathlib import Path

import pytest

from iamdesk import load_snapshot
from iamdesk.collect.options import NOT_FROM_AWS, CollectError

from .conftest import Collect
from .gate import Gate

RUBBISH = {
    "nothing": b"",
    "a page": b"<html><body>Sign in to the proxy</body></html>",
    "no markup": b"\xff\xfe\x00 not xml",
    "an empty object": b"{}",
    "a list": b"[]",
    "another answer": b'<A xmlns="x"><B><C>1</C></B></A>',
    "null": b"null",
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_instead_of_who_asks_is_one_sentence(name: str, gate: Gate, collected: Collect, tmp_path: Path) -> None:
    gate.answers = {"sts GetCallerIdentity": [RUBBISH[name]]}
    with pytest.raises(CollectError, match=r"^[^\n]+$"):
        collected(tmp_path / "bundle")


@pytest.mark.parametrize("name", ["nothing", "a page", "another answer", "an empty object"])
def test_rubbish_instead_of_any_answer_is_a_gap(name: str, gate: Gate, collected: Collect, tmp_path: Path) -> None:
    class Answers(dict[str, list[bytes]]):
        def __contains__(self, call: object) -> bool:
            return not str(call).startswith(("sts ", "iam GetAccountAuthorizationDetails"))

        def __missing__(self, _call: str) -> list[bytes]:
            return [RUBBISH[name]]

    gate.answers = Answers()
    captured = collected(tmp_path / "bundle")
    assert captured is not None
    assert load_snapshot(tmp_path / "bundle").accounts


@pytest.mark.parametrize("account", ["../../../..", "1234", "", "12345678901x"])
def test_account_that_is_none_is_one_sentence(account: str, gate: Gate, collected: Collect, tmp_path: Path) -> None:
    identity = (
        f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{account}:user/a</Arn><UserId>A</UserId>"
        f"<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
    gate.answers = {"sts GetCallerIdentity": [identity.encode()]}
    with pytest.raises(CollectError, match="check that the endpoint belongs to AWS"):
        collected(tmp_path / "bundle")


def test_account_of_the_organization_that_is_none_is_one_sentence(
    gate: Gate, collected: Collect, tmp_path: Path
) -> None:
    gate.answers = {"organizations ListAccounts": [b'{"Accounts": [{"Id": "../..", "Status": "ACTIVE"}]}']}
    with pytest.raises(CollectError, match=r"^'\.\./\.\.' is not an account ID: expected twelve digits$"):
        collected(tmp_path / "bundle", role_name="Audit")


@pytest.mark.parametrize("name", ["a page", "another answer", "null", "a list"])
def test_what_aws_did_not_send_is_not_captured(name: str, gate: Gate, collected: Collect, tmp_path: Path) -> None:
    call = "kms ListKeys" if name in ("null", "a list") else "ec2 DescribeInstances"
    gate.answers = {call: [RUBBISH[name]]}
    captured = collected(tmp_path / "bundle")
    words = ("kms", "list-keys") if "kms" in call else ("ec2", "describe-instances")
    (failed,) = (one for one in captured.failed_calls if (one.service, one.operation) == words)
    assert failed.code == NOT_FROM_AWS
    assert not (tmp_path / "bundle" / failed.path).exists()
