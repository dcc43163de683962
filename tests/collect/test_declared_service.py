"""A service with resource policies is added by its declaration alone: collected, read, titled, evaluated.

EventBridge Schemas, the example of CONTRIBUTING.md, stands for the new service. Its declaration lies in a folder of the
test, and a process of its own finds it there: in this one, the services are known already.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ..recipes import recipe

ACCOUNT = "111122223333"
REGISTRY = f"arn:aws:schemas:eu-west-1:{ACCOUNT}:registry/orders"
READER = f"arn:aws:iam::{ACCOUNT}:role/reader"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
(DECLARATION,) = recipe("a service with resource policies")
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Readers",
            "Effect": "Allow",
            "Principal": {"AWS": READER},
            "Action": "schemas:DescribeRegistry",
            "Resource": REGISTRY,
        }
    ],
}
ANSWERS: dict[str, Any] = {
    "/v1/registries": {
        "Registries": [
            {"RegistryArn": REGISTRY, "RegistryName": "orders"},
            {"RegistryArn": f"{REGISTRY}-old", "RegistryName": "orders-old"},
        ]
    },
    "/v1/policy": {"Policy": json.dumps(POLICY), "RevisionId": "1"},
}
CALLER = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:user/auditor</Arn><UserId>AIDAEXAMPLE</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
CHILD = f"""
import json, sys
from pathlib import Path

import iamdesk.snapshot.resource_services as services

services.__path__.insert(0, sys.argv[1])  # before anything reads them

from iamdesk.api import Workbench
from iamdesk.collect.options import Kind, Options
from iamdesk.collect.policy import least_privilege
from iamdesk.collect.start import collect
from iamdesk.evaluate.request import Request
from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.schemas import bundle_schemas
from iamdesk.viewmodel.resource_tree import resource_name, service_title
from iamdesk.whatif.edits import Edit, EditAction

bundle = Path(sys.argv[2])
skip = frozenset(Kind) - {{Kind.RESOURCE_POLICIES}}
options = Options(bundle, regions=("eu-west-1",), endpoint_url=sys.argv[3], skip=skip)
captured = collect(options, lambda _status: None, lambda: False)
manifest = json.loads((bundle / "manifest.json").read_text())
details = bundle / "accounts" / "{ACCOUNT}" / "iam" / "get-account-authorization-details.json"
details.parent.mkdir(parents=True)
roles = [
    {{
        "RoleName": name, "RoleId": "AROA" + name.upper().ljust(16, "X"), "Path": "/",
        "Arn": "arn:aws:iam::{ACCOUNT}:role/" + name, "CreateDate": "2026-01-01T00:00:00Z",
        "AssumeRolePolicyDocument": {{"Version": "2012-10-17", "Statement": []}},
        "InstanceProfileList": [], "RolePolicyList": [], "AttachedManagedPolicies": [], "Tags": [],
    }}
    for name in ("reader", "other")
]
whole = {{"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": roles, "Policies": [], "IsTruncated": False}}
details.write_text(json.dumps(whole))
opened = Workbench().open_snapshot(bundle)
registry = next(one for one in opened.snapshot.resources if one.arn == "{REGISTRY}")
asked = {{role: Request(role, "schemas:DescribeRegistry", registry.arn) for role in ("{READER}", "{OTHER}")}}
edit = Edit(EditAction.SET_POLICY, registry.arn + "#policy", document=registry.policy)
print(json.dumps({{
    "commands": [entry["command"] for entry in manifest["files"] if "error" not in entry],
    "actions": [one for one in least_privilege()["Statement"][0]["Action"] if one.startswith("schemas:")],
    "schemas": [path for path in bundle_schemas() if path.startswith("schemas/")],
    "lines": [call.command_line for call in CALLS.values() if call.service == "schemas"],
    "resources": {{one.arn: [one.policy is not None, one.is_policy_captured] for one in opened.snapshot.resources}},
    "title": service_title(registry.arn),
    "name": resource_name(registry.arn),
    "decisions": {{role: str(opened.ask(request).decision) for role, request in asked.items()}},
    "changes": [one.sentence for one in opened.changes(asked["{OTHER}"]).changes],
    "what-if": [list(one.words) for one in Workbench.what_if(opened, [edit]).commands],
}}))
"""


class _Aws(BaseHTTPRequestHandler):
    """AWS, as far as it knows the new service. Everything else is denied."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parse_qs(body.decode("latin-1")).get("Action") == ["GetCallerIdentity"]:
            self._send(200, "text/xml", CALLER)
            return
        parts = urlsplit(self.path)
        is_without = parse_qs(parts.query).get("registryName") == ["orders-old"]
        if parts.path not in ANSWERS or is_without:
            code = "NotFoundException" if is_without else "AccessDeniedException"
            self._send(
                404 if is_without else 403, "application/json", json.dumps({"Code": code, "Message": code}), code
            )
            return
        self._send(200, "application/json", json.dumps(ANSWERS[parts.path]))

    do_GET = do_POST = do_PUT = do_HEAD = _answer  # noqa: N815 - the names that the server looks for

    def _send(self, status: int, kind: str, text: str, code: str = "") -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        if code:
            self.send_header("x-amzn-ErrorType", code)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def aws() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Aws)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.usefixtures("signed_in")
def test_a_service_is_added_by_its_declaration_alone(aws: str, tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "schemas.py").write_text(DECLARATION)
    words = [sys.executable, "-c", CHILD, str(tmp_path / "services"), str(tmp_path / "bundle"), aws]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)

    assert found["commands"] == [
        ["aws", "schemas", "get-resource-policy", "--registry-name", "orders", "--region", "eu-west-1"],
        ["aws", "schemas", "list-registries", "--region", "eu-west-1"],
    ]
    assert found["actions"] == ["schemas:GetResourcePolicy", "schemas:ListRegistries"]
    assert found["schemas"] == ["schemas/get-resource-policy.json", "schemas/list-registries.json"]
    assert found["lines"] == ["aws schemas list-registries", "aws schemas get-resource-policy --registry-name REGISTRY"]
    assert found["resources"] == {REGISTRY: [True, True], f"{REGISTRY}-old": [False, True]}
    assert (found["title"], found["name"]) == ("EventBridge Schemas", "orders")
    assert found["decisions"] == {READER: "allowed", OTHER: "implicitDeny"}
    assert any("the registry policy of registry/orders" in sentence for sentence in found["changes"])
    assert found["what-if"][0][:5] == ["aws", "schemas", "put-resource-policy", "--registry-name", "orders"]
