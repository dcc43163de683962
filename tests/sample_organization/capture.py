"""Make ``resources/samples/acme-organization`` anew: build the organization in a fake AWS, capture it with the AWS CLI.

Run as ``make sample`` or ``python tests/sample_organization/capture.py [FOLDER]``; needs the extra ``sample``.
Every file is what the AWS CLI prints, byte for byte, at the place that the layout of a bundle gives it: this is the way
by hand that the guide describes (``bundle.md``), as a program.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

from sample_account.capture import DISTURBING, KEPT, SETTINGS, seed_ids  # noqa: E402
from sample_organization import definition as acme  # noqa: E402

from iamdesk.snapshot.cli_commands import CALLS  # noqa: E402
from iamdesk.snapshot.layout import Scope  # noqa: E402

OUTPUT = HERE.parents[1] / "resources" / "samples" / "acme-organization"
PORT = 5017
"""Fixed, for the addresses of queues hold it."""

type Credentials = dict[str, str]


# --- building


def clients(endpoint: str, credentials: Credentials) -> Any:
    import boto3

    session = boto3.Session(
        aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=credentials.get("AWS_SESSION_TOKEN"),
        region_name=acme.REGION,
    )
    return lambda service: session.client(service, endpoint_url=endpoint)


@cache
def in_account(endpoint: str, account: str) -> Credentials:
    """Credentials of an account: the management account's own, or a role's in a member account."""
    own = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    if account == acme.MANAGEMENT:
        return own
    arn = acme.role(acme.ACCESS_ROLE, account)
    given = clients(endpoint, own)("sts").assume_role(RoleArn=arn, RoleSessionName="capture")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def build_organization(organizations: Any) -> None:
    """The tree and its policies; member accounts get the ids that the definition says, which no call can choose."""
    from moto.organizations import utils

    identity = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    (root,) = organizations.list_roots()["Roots"]
    places = {"root": root["Id"]}
    for kind in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
        organizations.enable_policy_type(RootId=root["Id"], PolicyType=kind)
    for unit, account in acme.UNITS.items():
        made = organizations.create_organizational_unit(ParentId=root["Id"], Name=unit)["OrganizationalUnit"]
        places[unit] = made["Id"]
        utils.make_random_account_id = lambda account=account: account
        name = acme.NAMES[account]
        organizations.create_account(AccountName=name, Email=f"aws+{name}@acme.example")
        organizations.move_account(AccountId=account, SourceParentId=root["Id"], DestinationParentId=made["Id"])
    for name, (place, content) in acme.SCPS.items():
        attach(organizations, name, "SERVICE_CONTROL_POLICY", content, places[place])
    organizations.detach_policy(PolicyId="p-FullAWSAccess", TargetId=places["Sandbox"])
    content = acme.only_our_organization(identity)
    attach(organizations, "OnlyOurOrganization", "RESOURCE_CONTROL_POLICY", content, root["Id"])


def attach(organizations: Any, name: str, kind: str, content: acme.Document, target: str) -> None:
    made = organizations.create_policy(Name=name, Type=kind, Description=name, Content=json.dumps(content))
    organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=target)


def build_principals(iam: Any, account: str) -> None:
    for principal in acme.PRINCIPALS:
        if principal.account != account:
            continue
        kind = "User" if principal.trust is None else "Role"
        name = {f"{kind}Name": principal.name}
        if principal.trust is None:
            iam.create_user(**name)
        elif principal.name != acme.ACCESS_ROLE:  # that one AWS, and moto, make with the account
            iam.create_role(**name, AssumeRolePolicyDocument=json.dumps(principal.trust))
        for policy, content in principal.inline.items():
            getattr(iam, f"put_{kind.lower()}_policy")(**name, PolicyName=policy, PolicyDocument=json.dumps(content))
        for arn in principal.attached:
            getattr(iam, f"attach_{kind.lower()}_policy")(**name, PolicyArn=arn)


def complete_what_moto_lacks(account: str) -> None:
    """Set name and id of managed policies under the names by which moto 5.2 looks for them when it prints."""
    from moto.iam.models import iam_backends

    for policy in iam_backends[account]["aws"].managed_policies.values():
        policy.policy_name, policy.policy_id = policy.name, policy.id


def build_resources(client: Any) -> None:
    """The resources of the production account."""
    from moto.kms import models as kms_models

    kms_models.generate_key_id = lambda *_: acme.KEY
    s3 = client("s3")
    for bucket, policy in acme.BUCKET_POLICIES.items():
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": acme.REGION})
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        )
    s3.put_bucket_tagging(Bucket=acme.DATA, Tagging={"TagSet": [{"Key": "team", "Value": "orders"}]})
    every = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=acme.BLOCKED, PublicAccessBlockConfiguration=dict.fromkeys(every, True))
    client("sqs").create_queue(QueueName="orders", Attributes={"Policy": json.dumps(acme.QUEUE_POLICY)})
    kms = client("kms")
    key = kms.create_key(Policy=json.dumps(acme.KEY_POLICY), Description="orders")["KeyMetadata"]["KeyId"]
    if key != acme.KEY:
        raise SystemExit(f"moto made the key {key}")
    grantee = acme.role("report", acme.PROD)
    kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Decrypt"])
    secrets = client("secretsmanager")
    secrets.create_secret(Name=acme.SECRET, SecretString="not-captured")
    secrets.put_resource_policy(SecretId=acme.SECRET, ResourcePolicy=json.dumps(acme.SECRET_POLICY))


# --- capturing


@dataclass(slots=True)
class Bundle:
    """The folder that is being filled, and its manifest."""

    root: Path
    endpoint: str
    files: list[dict[str, Any]] = field(default_factory=list)

    def capture(
        self, name: str, *arguments: str, options: tuple[str, ...] = (), account: str = "", region: str = ""
    ) -> Any:
        """Run one command, write down what it prints, and return it; None where AWS gave an error."""
        service, command = name.split()
        call = CALLS[service, command]
        where = ("--region", region) if call.scope is Scope.REGION else ()
        credentials = in_account(self.endpoint, account or acme.MANAGEMENT)
        words = [service, command, *options, *where, "--output", "json"]
        done = subprocess.run(
            [sys.executable, "-m", "awscli", *words, "--endpoint-url", self.endpoint],
            check=False,
            capture_output=True,
            timeout=120,
            env={**os.environ, **credentials},
        )
        entry: dict[str, Any] = {
            "path": call.file(*arguments, account=account, region=region),
            "command": ["aws", *words],
            "captured_at": now(),
        }
        self.files.append(entry)
        if done.returncode != 0:
            entry["error"] = error_of(done.stderr.decode())
            return None
        if not done.stdout.strip():  # the CLI prints nothing for an empty answer
            done.stdout = b"{}\n"
        file = self.root / entry["path"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(done.stdout)
        entry |= {"size": len(done.stdout), "sha256": hashlib.sha256(done.stdout).hexdigest()}
        return json.loads(done.stdout)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def error_of(text: str) -> dict[str, str]:
    """Return code and message of "An error occurred (CODE) when calling the … operation: MESSAGE"."""
    head, _, message = text.strip().partition(": ")
    code = head.partition("(")[2].partition(")")[0]
    if not code:
        raise SystemExit(text)
    return {"code": code, "message": message}


def capture_organization(bundle: Bundle) -> None:
    bundle.capture("organizations describe-organization")
    roots = bundle.capture("organizations list-roots")["Roots"]
    bundle.capture("organizations list-accounts")
    parents = [root["Id"] for root in roots]
    for parent in parents:
        asked = ("--parent-id", parent)
        units = bundle.capture("organizations list-organizational-units-for-parent", parent, options=asked)
        parents += [unit["Id"] for unit in units["OrganizationalUnits"]]
        bundle.capture("organizations list-accounts-for-parent", parent, options=asked)
    for kind in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
        for policy in bundle.capture("organizations list-policies", kind, options=("--filter", kind))["Policies"]:
            for command in ("describe-policy", "list-targets-for-policy"):
                options = ("--policy-id", policy["Id"])
                bundle.capture(f"organizations {command}", policy["Id"], options=options)


def capture_account(bundle: Bundle, account: str) -> None:
    kept = KEPT.replace(acme.PROD, account)
    query = (
        "{UserDetailList:UserDetailList,GroupDetailList:GroupDetailList,"
        f"RoleDetailList:RoleDetailList,Policies:Policies[?{kept}]}}"
    )
    bundle.capture("iam get-account-authorization-details", options=("--query", query), account=account)
    for command in ("get-account-summary", "get-account-password-policy", "list-open-id-connect-providers"):
        bundle.capture(f"iam {command}", account=account)
    for bucket in bundle.capture("s3api list-buckets", account=account)["Buckets"]:
        name = bucket["Name"]
        for command in (
            "get-bucket-policy",
            "get-bucket-acl",
            "get-bucket-ownership-controls",
            "get-public-access-block",
            "get-bucket-location",
            "get-bucket-tagging",
        ):
            bundle.capture(f"s3api {command}", name, options=("--bucket", name), account=account)
    capture_region(bundle, account, acme.REGION)


def capture_region(bundle: Bundle, account: str, region: str) -> None:
    def run(name: str, *arguments: str, options: tuple[str, ...] = ()) -> Any:
        return bundle.capture(name, *arguments, options=options, account=account, region=region)

    for key in run("kms list-keys")["Keys"]:
        asked = ("--key-id", key["KeyId"])
        run("kms get-key-policy", key["KeyId"], options=(*asked, "--policy-name", "default"))
        run("kms list-grants", key["KeyId"], options=asked)
    for url in run("sqs list-queues").get("QueueUrls", []):
        options = ("--queue-url", url, "--attribute-names", "All")
        run("sqs get-queue-attributes", url.rpartition("/")[2], options=options)
    for secret in run("secretsmanager list-secrets")["SecretList"]:
        run("secretsmanager get-resource-policy", secret["Name"], options=("--secret-id", secret["Name"]))
    run("ec2 describe-vpc-endpoints")


def capture(output: Path, endpoint: str) -> None:
    started = now()
    shutil.rmtree(output, ignore_errors=True)
    bundle = Bundle(output, endpoint)
    capture_organization(bundle)
    for account in acme.NAMES:
        capture_account(bundle, account)
    manifest = {
        "format": "iamdesk-bundle",
        "version": 1,
        "tool": "the AWS CLI, by tests/sample_organization/capture.py",
        "started_at": started,
        "finished_at": now(),
        "caller": {"account": acme.MANAGEMENT, "arn": acme.user("maria", acme.MANAGEMENT)},
        "accounts": list(acme.NAMES),
        "regions": [acme.REGION],
        "files": bundle.files,
    }
    (output / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    started = ThreadedMotoServer(ip_address="127.0.0.1", port=PORT, verbose=False)
    started.start()
    try:
        yield f"http://127.0.0.1:{PORT}"
    finally:
        started.stop()


def main(output: Path) -> None:
    for endpoint in server():
        seed_ids("127.0.0.1", PORT)
        build_organization(clients(endpoint, in_account(endpoint, acme.MANAGEMENT))("organizations"))
        for account in acme.NAMES:
            build_principals(clients(endpoint, in_account(endpoint, account))("iam"), account)
            complete_what_moto_lacks(account)
        build_resources(clients(endpoint, in_account(endpoint, acme.PROD)))
        capture(output, endpoint)


if __name__ == "__main__":
    for disturbing in DISTURBING:
        os.environ.pop(disturbing, None)
    # Without MOTO_ACCOUNT_ID moto tells accounts by the credentials; the management account is then its own default.
    wanted = {name: value for name, value in SETTINGS.items() if name != "MOTO_ACCOUNT_ID"}
    os.environ.update(wanted | {"AWS_DEFAULT_REGION": acme.REGION})
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT)
