"""The commands that capture what is missing are those of the layout, with nothing of the snapshot but an account id."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.layout import Kind, place_of
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.viewmodel.capture_commands import capture_commands
from iamdesk.viewmodel.coverage import captured_data

from ..snapshot.bundles import ACCOUNT, HERE, IAM, OTHER, S3, as_folder, details

KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"


def commands(root: Path, kind: Kind, **files: Any) -> tuple[str, ...]:
    bundle = as_folder(root, {f"{IAM}/get-account-authorization-details.json": details(), **files})
    return next(one.commands for one in captured_data(load_snapshot(bundle)) if one.kind is kind)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.AUTHORIZATION_DETAILS])
def test_each_writes_where_the_layout_has_its_output(tmp_path: Path, kind: Kind) -> None:
    folders, *lines = commands(tmp_path, kind)
    made = set(folders.removeprefix("mkdir -p ").split())
    calls = set()
    for line in lines:
        if ">" not in line:  # what has to be asked for first
            assert line.startswith("aws iam generate-")
            continue
        words = shlex.split(line)
        path = words[-1]
        assert path.rpartition("/")[0] in made
        assert words[-4:-1] == ["--output", "json", ">"]
        place = place_of(path.replace("ACCOUNT-ID", ACCOUNT).replace("REGION", "eu-west-1"))
        assert place is not None
        assert CALLS[place.service, place.command].words == tuple(words[:3])
        assert CALLS[place.service, place.command].kind is kind
        calls.add((place.service, place.command))
    assert calls == {(call.service, call.command) for call in CALLS.values() if call.kind is kind} - {
        call for call in calls if call[0] == "mediastore"
    } - {(call.service, call.command) for call in CALLS.values() if call.service == "mediastore"}


def test_one_account_stands_in_the_command_and_several_do_not(tmp_path: Path) -> None:
    assert f"> {IAM}/get-account-summary.json" in commands(tmp_path / "one", Kind.ACCOUNT_SETTINGS)[2]
    other = {f"accounts/{OTHER}/iam/get-account-authorization-details.json": details(OTHER)}
    assert "accounts/ACCOUNT-ID/" in commands(tmp_path / "two", Kind.ACCOUNT_SETTINGS, **other)[2]
    summary = {f"accounts/{OTHER}/iam/get-account-summary.json": {"SummaryMap": {"Users": 1}}}
    aliases = {f"accounts/{OTHER}/iam/list-account-aliases.json": {"AccountAliases": []}}
    left = commands(tmp_path / "left", Kind.ACCOUNT_SETTINGS, **other, **summary, **aliases)
    assert f"> {IAM}/get-account-summary.json" in "\n".join(left)
    one = {**other, f"{IAM}/get-account-summary.json": {"SummaryMap": {"Users": 1}}}
    lacks = "\n".join(commands(tmp_path / "lacks", Kind.ACCOUNT_SETTINGS, **one))
    assert f"> accounts/{OTHER}/iam/get-account-summary.json" in lacks
    assert "> accounts/ACCOUNT-ID/iam/list-account-aliases.json" in lacks


def test_only_what_is_missing_or_failed_is_asked_for(tmp_path: Path) -> None:
    files = {
        f"{IAM}/list-saml-providers.json": {"SAMLProviderList": []},
        f"{IAM}/list-open-id-connect-providers.json": "{",
    }
    lines = commands(tmp_path, Kind.IDENTITY_PROVIDERS, **files)
    assert "list-saml-providers" not in "\n".join(lines)
    assert "list-open-id-connect-providers" in "\n".join(lines)


def test_what_a_resource_lacks_is_asked_for_again_and_of_no_account_by_name(tmp_path: Path) -> None:
    files = {
        f"accounts/{OTHER}/iam/get-account-authorization-details.json": details(OTHER),
        f"accounts/{OTHER}/s3api/list-buckets.json": {"Buckets": []},
        f"{S3}/list-buckets.json": {"Buckets": [{"Name": "a"}, {"Name": "b"}]},
        f"{S3}/get-bucket-tagging/a.json": {"TagSet": []},
        f"{HERE}/kms/list-keys.json": {"Keys": [{"KeyId": "k", "KeyArn": KEY}]},
        f"{HERE}/kms/list-resource-tags/k.json": {"Tags": []},
    }
    lines = "\n".join(commands(tmp_path, Kind.TAGS, **files))
    assert OTHER not in lines
    assert "> accounts/ACCOUNT-ID/s3api/get-bucket-tagging/BUCKET.json" in lines, "bucket b lacks its tags"
    assert "kms list-resource-tags" not in lines, "the only key has them"


def test_details_follow_the_lists_that_an_account_lacks(tmp_path: Path) -> None:
    files = {
        f"accounts/{OTHER}/iam/get-account-authorization-details.json": details(OTHER),
        f"{IAM}/list-saml-providers.json": {"SAMLProviderList": []},
        f"{IAM}/list-open-id-connect-providers.json": {"OpenIDConnectProviderList": []},
        f"{IAM}/get-saml-provider/x.json": {},
    }
    lines = "\n".join(commands(tmp_path, Kind.IDENTITY_PROVIDERS, **files))
    assert f"> accounts/{OTHER}/iam/list-saml-providers.json" in lines
    assert "> accounts/ACCOUNT-ID/iam/get-saml-provider/PROVIDER.json" in lines


def test_no_text_of_a_snapshot_gets_into_a_command(tmp_path: Path) -> None:
    """They are made to be pasted into a shell."""
    evil = "$(touch evil);`id`"
    user = {"UserName": "x", "Arn": f"arn:aws:iam::{evil}:user/x"}
    path = tmp_path / "account.json"
    path.write_text(json.dumps({"UserDetailList": [user]}))
    snapshot = load_snapshot(path)
    for kind in Kind:
        for line in capture_commands(snapshot, kind, [account.account_id for account in snapshot.accounts]):
            assert "evil" not in line
            assert "`id" not in line
