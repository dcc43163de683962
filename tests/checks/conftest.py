"""Small snapshots, written as AWS prints them and read by the real reader.

The tests of checks run as in a German window: what a check says is English all the same, and whatever it says of these
snapshots is held against the German catalogue besides.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.checks import registry
from iamdesk.checks.finding import Finding
from iamdesk.checks.thresholds import DEFAULT_THRESHOLDS, Thresholds
from iamdesk.i18n import choose
from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.snapshot.resources import Resource

from ..builders import entries
from ..builders.entries import allow, deny, document, trusting
from ..german import NOT_COLLECTED, choose_german, english_of_findings

ACCOUNT = "111122223333"
CREATED = "2026-01-10T08:00:00+00:00"
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"


_NOTHING_ATTACHED: dict[str, Any] = {"AttachedManagedPolicies": []}


def _own(statements: Iterable[Any]) -> list[tuple[str, dict[str, Any]]]:
    """One inline policy of some statements; none without any."""
    return [("inline", document(*statements))] if statements else []


class Make:
    """Builds entries of an account."""

    account = ACCOUNT
    github = GITHUB
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    allow, deny, document, trust = map(staticmethod, (allow, deny, document, trusting))

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def arn(self, rest: str, account: str = ACCOUNT) -> str:
        return f"arn:aws:iam::{account}:{rest}"

    def user(self, name: str, *statements: Any, **more: Any) -> dict[str, Any]:
        known = {"UserId": f"AIDA{name.upper():A<17}", "CreateDate": CREATED, "GroupList": [], **_NOTHING_ATTACHED}
        return entries.user(name, *_own(statements), **{**known, **more})

    def role(self, name: str, *statements: Any, **more: Any) -> dict[str, Any]:
        known = {
            "RoleId": f"AROA{name.upper():A<17}",
            "CreateDate": CREATED,
            "trust": trusting({"Service": "backup.amazonaws.com"}),
            "InstanceProfileList": [],
            "RoleLastUsed": {"LastUsedDate": "2026-03-01T00:00:00+00:00", "Region": "eu-west-1"},
            **_NOTHING_ATTACHED,
        }
        return entries.role(name, *_own(statements), **{**known, **more})

    def group(self, name: str, *statements: Any, **more: Any) -> dict[str, Any]:
        known = {"Path": "/", "GroupId": f"AGPA{name.upper():A<17}", "CreateDate": CREATED, **_NOTHING_ATTACHED}
        return entries.group(name, *_own(statements), **{**known, **more})

    def policy(self, name: str, *statements: Any, owner: str = ACCOUNT, **more: Any) -> dict[str, Any]:
        known = {
            "PolicyId": f"ANPA{name.upper():A<17}",
            "Path": "/",
            "IsAttachable": True,
            "CreateDate": CREATED,
            "UpdateDate": CREATED,
        }
        found = entries.managed(self.arn(f"policy/{name}", owner), document(*statements), **{**known, **more})
        if "PolicyVersionList" not in more:
            found["PolicyVersionList"][0]["CreateDate"] = CREATED
        return found

    def full_access(self) -> dict[str, Any]:
        return self.policy("AdministratorAccess", self.allow("*"), owner="aws")

    def attached(self, *arns: str) -> dict[str, Any]:
        return {"AttachedManagedPolicies": [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]}

    def boundary(self, arn: str) -> dict[str, Any]:
        return {
            "PermissionsBoundary": {
                "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                "PermissionsBoundaryArn": arn,
            }
        }

    def snapshot(
        self,
        *,
        users: Iterable[Any] = (),
        groups: Iterable[Any] = (),
        roles: Iterable[Any] = (),
        policies: Iterable[Any] = (),
        **more: Any,
    ) -> Snapshot:
        # Someone whose account is told by their ARN, so that every snapshot has an account.
        everyone = [self.user("anchor", self.allow("s3:ListAllMyBuckets")), *users]
        lists = {"users": everyone, "groups": groups, "roles": roles, "policies": policies}
        path = entries.write(self._folder / "account.json", **lists, **more)
        return load_snapshot(path)

    def resource(self, arn: str, *statements: Any, **more: Any) -> Resource:
        """A resource with a policy of these statements; without any, it has none."""
        policy = self.document(*statements) if statements else None
        return Resource.model_validate({"arn": arn, "account_id": ACCOUNT, "policy": policy, **more})

    def findings(
        self,
        check_id: str,
        *,
        facts: dict[str, Any] | None = None,
        beside: dict[str, Any] | None = None,
        thresholds: Thresholds = DEFAULT_THRESHOLDS,
        **parts: Any,
    ) -> list[Finding]:
        """Run one check; ``facts`` are what was captured of the account besides (`AccountFacts`).

        ``beside`` is what the snapshot holds beside its accounts: resources, the organization.
        """
        snapshot = self.snapshot(**parts)
        if facts is not None:
            told = AccountFacts.model_validate({"account_id": ACCOUNT, **facts})
            snapshot = snapshot.model_copy(update={"account_facts": (told,)})
        if beside is not None:
            snapshot = snapshot.model_copy(update=beside)
        found = list(registry.run(Evaluator(snapshot), only=(check_id,), thresholds=thresholds))
        assert english_of_findings(found, snapshot) == [], NOT_COLLECTED
        assert [one for one in found if one.title == registry.INCOMPLETE] == []
        return found


@pytest.fixture(autouse=True, scope="module")
def german() -> Iterator[None]:
    choose_german()
    yield
    choose("en")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return Make(tmp_path)


@pytest.fixture
def found(make: Make) -> Callable[..., list[Finding]]:
    """Run a check and return what it found, without the account's anchor."""

    def run(check_id: str, **parts: Any) -> list[Finding]:
        return [each for each in make.findings(check_id, **parts) if each.subject_name != "anchor"]

    return run
