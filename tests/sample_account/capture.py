"""Make ``resources/samples/acme-prod.json`` anew: build the account in a fake AWS, print it with the real AWS CLI.

Run as ``make sample`` or ``python tests/sample_account/capture.py [OUTPUT]``; needs the extra ``sample``.
The account of ``definition.py`` is built in a moto server on the loopback interface, through its API as far as moto
goes; then ``aws iam get-account-authorization-details`` prints it, and what it prints is the file, byte for byte.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from sample_account.definition import (  # noqa: E402
    ACCOUNT_ID,
    GROUPS,
    OIDC_PROVIDERS,
    POLICIES,
    PRINCIPALS,
    ROLES,
    SAML_PROVIDERS,
    USERS,
)

OUTPUT = HERE.parents[1] / "resources" / "samples" / "acme-prod.json"
SEED = 20260930
"""Seeds moto's ids, so that a second run gives the same file."""

KEPT = f"AttachmentCount>`0` || contains(Arn, ':{ACCOUNT_ID}:')"
QUERY = (
    "{UserDetailList:UserDetailList,GroupDetailList:GroupDetailList,"
    f"RoleDetailList:RoleDetailList,Policies:Policies[?{KEPT}]}}"
)
"""moto lists all 1,580 AWS managed policies; this keeps those that are attached, and the account's own."""

SETTINGS = {
    # moto: the account, and AWS's managed policies with their documents
    "MOTO_ACCOUNT_ID": ACCOUNT_ID,
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    # AWS CLI and boto3: nothing of the person's own settings, no proxy, no pager
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_PAGER": "",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}

DISTURBING = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IAM", "AWS_CA_BUNDLE")


@contextmanager
def moto_server() -> Iterator[tuple[str, int]]:
    """Run a moto server in this process, on a free port of the loopback interface."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # else a line for each of some 250 calls
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield server.get_host_and_port()
    finally:
        server.stop()


def seed_ids(host: str, port: int) -> None:
    connection = HTTPConnection(host, port)
    connection.request("POST", f"/moto-api/seed?a={SEED}")
    status = connection.getresponse().status
    connection.close()
    if status != 200:
        raise SystemExit(f"moto did not take the seed: HTTP {status}")


def tag_list(tags: Any) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def is_current(document: dict[str, Any]) -> bool:
    """Whether moto takes the document: it refuses Version 2008-10-17, which AWS keeps for documents of old."""
    return bool(document["Version"] == "2012-10-17")


def build(iam: Any) -> None:
    """Build the account through the API."""
    for provider in OIDC_PROVIDERS:
        iam.create_open_id_connect_provider(Url=f"https://{provider}", ClientIDList=["sts.amazonaws.com"])
    for name in SAML_PROVIDERS:
        iam.create_saml_provider(Name=name, SAMLMetadataDocument="x" * 1000)
    for policy in POLICIES:
        (_, first), *later = policy.versions
        iam.create_policy(
            PolicyName=policy.name,
            Path=policy.path,
            Description=policy.description,
            PolicyDocument=json.dumps(first),
        )
        for number, (_, document) in enumerate(later, start=2):
            iam.create_policy_version(
                PolicyArn=policy.arn, PolicyDocument=json.dumps(document), SetAsDefault=number == policy.default
            )
    for group in GROUPS:
        iam.create_group(GroupName=group.name, Path=group.path)
        for arn in group.attached:
            iam.attach_group_policy(GroupName=group.name, PolicyArn=arn)
        for name, document in group.inline.items():
            iam.put_group_policy(GroupName=group.name, PolicyName=name, PolicyDocument=json.dumps(document))
    for user in USERS:
        iam.create_user(UserName=user.name, Path=user.path, Tags=tag_list(user.tags))
        for name in user.groups:
            iam.add_user_to_group(GroupName=name, UserName=user.name)
        for arn in user.attached:
            iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
        for name, document in user.inline.items():
            if is_current(document):
                iam.put_user_policy(UserName=user.name, PolicyName=name, PolicyDocument=json.dumps(document))
    for role in ROLES:
        boundary = {"PermissionsBoundary": role.boundary} if role.boundary else {}
        iam.create_role(
            RoleName=role.name,
            Path=role.path,
            AssumeRolePolicyDocument=json.dumps(role.trust),
            Tags=tag_list(role.tags),
            **boundary,
        )
        for arn in role.attached:
            iam.attach_role_policy(RoleName=role.name, PolicyArn=arn)
        for name, document in role.inline.items():
            iam.put_role_policy(RoleName=role.name, PolicyName=name, PolicyDocument=json.dumps(document))
        if role.instance_profile:
            iam.create_instance_profile(InstanceProfileName=role.name, Path=role.path)
            iam.add_role_to_instance_profile(InstanceProfileName=role.name, RoleName=role.name)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=9, tzinfo=UTC)


def complete_what_moto_lacks() -> None:
    """Set in the server's memory what no call to moto can set, before anything is printed.

    Dates in the past, last use of roles, boundaries of users (moto 5.2 has none), how often a policy is a boundary, ids
    with AWS's prefixes (moto has them for roles only), the one document with Version 2008-10-17, and name and id of
    managed policies under the names by which moto 5.2 looks for them when it prints (it forgets them otherwise).
    """
    from moto.iam.models import iam_backends
    from moto.iam.utils import generate_access_key_id_from_account_id

    backend = iam_backends[ACCOUNT_ID]["aws"]

    def unique_id(prefix: str) -> str:
        return str(generate_access_key_id_from_account_id(ACCOUNT_ID, prefix, total_length=21))

    boundaries = [holder.boundary for holder in PRINCIPALS]
    for policy in POLICIES:
        kept = backend.managed_policies[policy.arn]
        kept.create_date = day(policy.versions[0][0])
        kept.update_date = day(policy.versions[-1][0])
        for version, (created, _) in zip(kept.versions, policy.versions, strict=True):
            version.create_date = day(created)
    for policy in backend.managed_policies.values():
        policy.permissions_boundary_usage_count = boundaries.count(policy.arn)
        policy.policy_name, policy.policy_id = policy.name, unique_id("ANPA")
    for group in GROUPS:
        kept = backend.groups[group.name]
        kept.id = unique_id("AGPA")
        kept.create_date = day(group.created)
    for user in USERS:
        kept = backend.users[user.name]
        kept.id = unique_id("AIDA")
        kept.create_date = day(user.created)
        for name, document in user.inline.items():
            if not is_current(document):
                kept.put_policy(name, json.dumps(document))
        if user.boundary:
            kept.permissions_boundary = {
                "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                "PermissionsBoundaryArn": user.boundary,
            }
    for role in ROLES:
        kept = backend.get_role(role.name)
        kept.create_date = day(role.created)
        if role.last_used:
            kept.last_used, kept.last_used_region = datetime.fromisoformat(role.last_used[0]), role.last_used[1]
        if role.instance_profile:
            profile = backend.get_instance_profile(role.name)
            profile.id = unique_id("AIPA")
            profile.create_date = day(role.created)


def print_with_the_cli(endpoint: str) -> bytes:
    """Return what the AWS CLI prints."""
    command = ["iam", "get-account-authorization-details", "--endpoint-url", endpoint, "--output", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "awscli", *command, "--query", QUERY], check=False, capture_output=True, timeout=120
    )
    sys.stderr.buffer.write(done.stderr)
    if done.returncode != 0:
        raise SystemExit(f"aws ended with exit status {done.returncode}")
    return done.stdout


def capture(output: Path) -> None:
    """Build the account, print it, and write the file."""
    import boto3

    with moto_server() as (host, port):
        seed_ids(host, port)
        endpoint = f"http://{host}:{port}"
        build(boto3.client("iam", endpoint_url=endpoint))
        complete_what_moto_lacks()
        output.write_bytes(print_with_the_cli(endpoint))


if __name__ == "__main__":
    for name in DISTURBING:
        os.environ.pop(name, None)
    os.environ.update(SETTINGS)
    capture(Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT)
