"""The paths of a bundle: what is written is read back, on every file system."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.layout import Call, Place, Scope, in_path, place_of

from ..each_case import each_case

GUIDE = Path(__file__).resolve().parents[2] / "resources" / "help" / "bundle.md"
ON_WINDOWS = re.compile(r'[^<>:"/\\|?*\x00-\x1f]+')


@each_case("call", CALLS.values(), ids=lambda call: f"{call.service} {call.command}")
def test_path_of_each_command_says_the_command(call: Call) -> None:
    arguments = tuple(f"some/{word}:1" for word in call.arguments)
    path = call.file(*arguments, account="111122223333", region="eu-west-1")
    account = "" if call.scope is Scope.ORGANIZATION else "111122223333"
    region = "eu-west-1" if call.scope is Scope.REGION else ""
    assert place_of(path) == Place(call.service, call.command, account, region, arguments)
    assert place_of(f"{path}.gz") == place_of(path)


@each_case("call", CALLS.values(), ids=lambda call: f"{call.service} {call.command}")
def test_guide_tells_each_command_and_its_file(call: Call) -> None:
    assert f"| `{call.path}` | `{call.command_line}` |" in GUIDE.read_text(encoding="utf-8").splitlines()


@given(st.text(min_size=1, max_size=60))
def test_any_name_stands_in_a_path_and_is_read_back(name: str) -> None:
    encoded = in_path(name)
    assert ON_WINDOWS.fullmatch(encoded)
    assert not encoded.startswith(".")
    place = place_of(CALLS["sqs", "get-queue-attributes"].file(name, account="111122223333", region="eu-west-1"))
    assert place is not None
    assert place.arguments == ((name,) if "%~" not in encoded else ("",))


@pytest.mark.parametrize("name", ["con", "NUL", "aux.txt", "lpt1"])
def test_names_that_windows_reserves_are_spelled_out(name: str) -> None:
    assert in_path(name).startswith("%")


def test_names_too_long_for_a_path_differ_and_say_that_they_were_cut() -> None:
    first, second = in_path("é" * 300 + "1"), in_path("é" * 300 + "2")
    assert first != second
    assert len(f"{first}.json.gz") < 255
    place = place_of(f"accounts/111122223333/eu-west-1/sns/get-topic-attributes/{first}.json")
    assert place is not None
    assert place.arguments == ("",)


@pytest.mark.parametrize(
    "path",
    [
        "accounts/1111/iam/get-account-summary.json",
        "accounts/١١١١٢٢٢٢٣٣٣٣/iam/get-account-summary.json",
        "accounts/111122223333/get-account-summary.json",
        "account.json",
        "organization/readme.txt",
        "elsewhere/111122223333/iam/get-account-summary.json",
    ],
)
def test_a_path_of_another_shape_is_of_no_place(path: str) -> None:
    assert place_of(path) is None


@pytest.mark.parametrize(
    ("arguments", "account", "region"),
    [
        (("b",), "1111", "eu-west-1"),
        (("b",), "111122223333", "europe"),
        ((), "111122223333", "eu-west-1"),
        (("",), "111122223333", "eu-west-1"),
    ],
)
def test_a_path_is_refused_where_a_part_is_missing(arguments: tuple[str, ...], account: str, region: str) -> None:
    with pytest.raises(ValueError, match=r"arguments|account id|Region"):
        CALLS["kms", "get-key-policy"].file(*arguments, account=account, region=region)
