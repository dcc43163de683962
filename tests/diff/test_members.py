"""Accounts that are not in the organization, or that join or leave it between two snapshots."""

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Comparison
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.organization import Organization

from ..builders.captures import ID, NOW, account, allow, deny, document, snapshot, user, user_arn

OUTSIDE = "444455556666"
ROOT = {"id": "r-1", "name": "root", "policy_ids": ["p-FullAWSAccess", "p-limits"]}
MEMBER = {"id": ID, "parent_id": "r-1", "policy_ids": ["p-FullAWSAccess"]}


def captured(name: str, *nodes: dict[str, object], accounts: tuple[str, ...] = (ID,)) -> Snapshot:
    organization = Organization.model_validate(
        {
            "id": "o-1",
            "management_account_id": "999999999999",
            "nodes": [ROOT, *nodes],
            "lists_every_account": True,
            "policies": [
                {
                    "id": "p-limits",
                    "type": "SERVICE_CONTROL_POLICY",
                    "name": "Limits",
                    "content": document(deny("sqs:SendMessage")),
                }
            ],
        }
    )
    held = [account(user("ana", document(allow("sqs:*")), account=one), number=one) for one in accounts]
    return snapshot(*held).model_copy(update={"organization": organization, "sha256": name})


def causes(found: Comparison) -> set[str]:
    return {cause.sentence for effect in found.principals[user_arn("ana")].effects for cause in effect.causes}


def test_account_that_joins_or_leaves_is_not_moved() -> None:
    without, within = captured("without"), captured("within", MEMBER)
    assert causes(compare_snapshots(without, within, NOW)) == {f"Account {ID} joined the organization."}
    assert causes(compare_snapshots(within, without, NOW)) == {f"Account {ID} left the organization."}


def test_account_outside_lacks_no_service_control_policies() -> None:
    both = captured("old", MEMBER, accounts=(ID, OUTSIDE)), captured("new", MEMBER, accounts=(ID, OUTSIDE))
    assert not any("ervice control policies" in one for one in compare_snapshots(*both, NOW).limits)


def test_accounts_without_captured_service_control_policies_are_named() -> None:
    nowhere = {"id": OUTSIDE, "parent_id": "r-1", "policy_ids": None}
    both = [captured(name, MEMBER, nowhere, accounts=(ID, OUTSIDE)) for name in ("old", "new")]
    limits = compare_snapshots(*both, NOW).limits
    assert f"Service control policies of {OUTSIDE}: in neither snapshot." in limits
