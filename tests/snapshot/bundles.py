"""Bundles to test with: outputs as the AWS CLI prints them, by path, written as a folder or as a zip archive."""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ACCOUNT = "111122223333"
OTHER = "222222222222"
REGION = "eu-west-1"
IAM = f"accounts/{ACCOUNT}/iam"
S3 = f"accounts/{ACCOUNT}/s3api"
HERE = f"accounts/{ACCOUNT}/{REGION}"


def details(account: str = ACCOUNT, **lists: Any) -> dict[str, Any]:
    """What get-account-authorization-details prints of an account with one user and one role."""
    return {
        "UserDetailList": [{"UserName": "alice", "Arn": f"arn:aws:iam::{account}:user/staff/alice"}],
        "GroupDetailList": [],
        "RoleDetailList": [{"RoleName": "app", "Arn": f"arn:aws:iam::{account}:role/app"}],
        "Policies": [],
        **lists,
    }


def allow(resource: str, principal: Any = "*", action: str = "*") -> str:
    """A resource policy, as the services print it: JSON text."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def as_bytes(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content, indent=4)).encode()


def as_folder(root: Path, files: Mapping[str, Any], name: str = "bundle") -> Path:
    for path, content in files.items():
        file = root / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(as_bytes(content))
    return root / name


def as_zip(root: Path, files: Mapping[str, Any], name: str = "bundle.zip", top: str = "") -> Path:
    with zipfile.ZipFile(root / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(f"{top}{path}", as_bytes(content))
    return root / name


def as_zip_in_a_folder(root: Path, files: Mapping[str, Any]) -> Path:
    return as_zip(root, files, top="capture/")


FORMS: Mapping[str, Callable[[Path, Mapping[str, Any]], Path]] = {
    "folder": as_folder,
    "zip": as_zip,
    "zip with a folder around": as_zip_in_a_folder,
}
