"""Profiles by name: from both files of the AWS CLI, and nothing but names."""

from pathlib import Path

import pytest

from iamdesk.collect.start import profile_names

CONFIG = """
[default]
region = eu-west-1
[profile audit]
sso_session = acme
[ profile with space ]
[sso-session acme]
sso_start_url = https://example.com/[not a section]
[services local]
# [profile commented]
"""
CREDENTIALS = "[old]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = [x]\n"


def test_names_come_from_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "credentials").write_text(CREDENTIALS)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))

    assert profile_names() == ("audit", "default", "old", "with space")


def test_files_that_are_not_there_name_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path))

    assert profile_names() == ()
