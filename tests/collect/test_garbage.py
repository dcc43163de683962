"""An AWS that answers rubbish (a proxy's page, nothing, another call's answer): gaps or one sentence, no traceback."""

from pathlib import Path

import pytest

from iamdesk import load_snapshot
from iamdesk.collect.options import CollectError

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
