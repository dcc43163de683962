"""The files that ship with iamdesk are found from the package, and the sample is a snapshot."""

import json

from iamdesk import resource_files


def test_resources_folder_holds_every_kind_of_resource() -> None:
    names = {entry.name for entry in resource_files.resources().iterdir() if entry.is_dir()}

    assert {"help", "icons", "samples"} <= names


def test_sample_snapshot_is_what_the_aws_cli_prints() -> None:
    sample = json.loads(resource_files.sample_snapshot().read_text(encoding="utf-8"))

    assert {"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"} <= sample.keys()
