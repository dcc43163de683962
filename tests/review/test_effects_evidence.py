"""What items say of their effect: counts, status, tier and suggestion, on the sample account and its organization."""

from datetime import UTC, datetime
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.export.text.review_effect import (
    effect_summary,
    effect_words,
    exact_words,
    suggestion_words,
    tier_reason_words,
    tier_words,
    used_words,
)
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.review.effects_parallel import with_effects
from iamdesk.review.effects_proof import rounds
from iamdesk.review.entitlements import review_scope
from iamdesk.review.item_effect import ExactEffect, effect_of
from iamdesk.review.items import EntitlementType, ReviewItem, Scope
from iamdesk.snapshot.account_details import AccountFacts, LastAccessed, ServiceLastAccessed
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot

from ..builders.captures import (
    account,
    allow,
    document,
    group,
    managed,
    policy_arn,
    role,
    role_arn,
    snapshot,
    trusting,
    user,
    user_arn,
)

MOMENT = datetime(2026, 6, 1, 9, tzinfo=UTC)


def made(snapshot: Snapshot) -> Scope:
    evaluator = Evaluator(snapshot, lambda: MOMENT)
    return with_effects(evaluator, review_scope(evaluator))


def by_name(scope: Scope) -> dict[tuple[str, str, str], ReviewItem]:
    return {(one.holder_arn.rpartition("/")[2], one.type.value, one.name): one for one in scope.lines}


@pytest.fixture(scope="module")
def items() -> dict[tuple[str, str, str], ReviewItem]:
    return by_name(made(load_snapshot(sample_snapshot())))


def told(items: dict[tuple[str, str, str], ReviewItem], *key: str) -> Any:
    return effect_of(items[key[0], key[1], key[2]])


def test_every_item_has_an_effect_that_adds_up(items: dict[tuple[str, str, str], ReviewItem]) -> None:
    for item in items.values():
        effect = effect_of(item)
        assert effect["status"] in ("proved", "changed", "inconclusive")
        for counts in (effect["alone"], effect["revoke"]["lost"], effect["revoke"]["gained"]):
            assert sum(counts["by_level"].values()) == counts["actions"] == sum(counts["by_class"].values())
        assert 0 <= effect["tier"] <= 5
        assert effect["used"]["basis"]
        assert (effect["kind"] == "guardrail") <= (not effect["revoke"]["lost"]["actions"])
        if effect["status"] == "proved":
            assert not effect["revoke"]["lost"]["actions"] + effect["revoke"]["gained"]["actions"]


def test_two_lines_decide(items: dict[tuple[str, str, str], ReviewItem]) -> None:
    own = items["ana.moreno", "group", "AllStaff"]
    assert effect_words(own) == (
        "Grants 13 actions (permissions 8, list and metadata 5); 5 also granted by other entitlements.",
        "Revoking it: 8 lost, 0 gained.",
    )
    lock = items["Engineers", "managed_policy", "RegionLock"]
    gives, revoking = effect_words(lock)
    assert gives.startswith("GUARDRAIL: Denies every action except")
    assert "when the requested Region is none of eu-west-1 and eu-central-1" in gives
    assert revoking.startswith("Revoking it gives 6 principals more access: ")
    assert effect_summary(lock) == "GUARDRAIL: widens 6"


def test_lines_of_a_group_say_for_how_many_members(items: dict[tuple[str, str, str], ReviewItem]) -> None:
    """12 of 12 actions were "also granted", and yet 11 lost: the one for some members, the other for others."""
    assert effect_words(items["AllStaff", "managed_policy", "SelfManageCredentials"]) == (
        "Grants 12 actions (permissions 8, list and metadata 4); other entitlements also grant 12 to at least one of "
        "the 21 principals that have it.",
        "Revoking it: 18 of 21 principals lose access, 11 actions in all; 0 gained.",
    )
    assert effect_words(items["DataScience", "managed_policy", "AnalystSandbox"])[1] == (
        "Revoking it: 3 of 3 principals lose access, 1 action in all; 0 gained; of the lost actions, 1 only in part: "
        "still allowed on other resources or under conditions."
    )
    for item in items.values():
        effect = effect_of(item)
        if effect["revoke"]["lost"]["actions"] and effect["affects"]["principals"] > 1:
            assert effect["affects"]["losing"] > 0, "the sentence says how many lose"


def test_exact_comparison_says_nothing_of_what_was_not_found(items: dict[tuple[str, str, str], ReviewItem]) -> None:
    item = items["Administrators", "managed_policy", "RequireMfa"]
    doubts = ("One statement is inconclusive.",)
    assert exact_words(ExactEffect(0, 22_234, doubts), item).startswith(
        "Comparison with a copy without it: gains at least 22,234. One"
    )
    assert exact_words(ExactEffect(3, 0, doubts), item).startswith(
        "Comparison with a copy without it: loses at least 3. One"
    )
    assert "no change was found. One" in exact_words(ExactEffect(0, 0, doubts), item)


def test_what_changes_nothing_is_proved_and_may_go(items: dict[tuple[str, str, str], ReviewItem]) -> None:
    """A boundary, a Deny of everything, or another policy make it idle."""
    for key in (
        ("elena.petrov", "group", "AllStaff"),
        ("metrics-exporter", "managed_policy", "PowerUserAccess"),
        ("ines.costa", "group", "AllStaff"),
    ):
        effect = told(items, *key)
        assert (effect["status"], effect["tier"]) == ("proved", 5)
        assert effect["suggestion"]["decision"] == "revoke"
        shown = effect["suggestion"]["request"]
        assert shown["before"] == shown["after"]
    assert (
        told(items, "metrics-exporter", "managed_policy", "PowerUserAccess")["shadowed_by"][0]["name"] == "Quarantine"
    )


def test_policy_of_a_group_without_members_says_so(items: dict[tuple[str, str, str], ReviewItem]) -> None:
    interns = next(one for one in items.values() if one.holder_arn.endswith("group/Interns"))
    assert effect_words(interns)[1] == (
        "Revoking it changes nothing now: the group has no members. A member: 6,992 lost, 0 gained."
    )


def test_what_may_go_names_what_has_to_stay(items: dict[tuple[str, str, str], ReviewItem]) -> None:
    covered = [one for one in items.values() if effect_of(one).get("covered_by") and _may_go(one)]
    assert covered
    for one in covered:
        assert ", provided that this is kept: " in suggestion_words(one)
    staff = next(one for one in items.values() if one.name == "AllStaff" and one.holder_arn.endswith("/ines.costa"))
    assert "nothing, provided that this is kept: Administrators. Example: " in suggestion_words(staff)


def _may_go(item: ReviewItem) -> bool:
    return bool(effect_of(item)["suggestion"]["decision"] == "revoke")


def test_guardrails_are_kept_and_a_request_shows_why(items: dict[tuple[str, str, str], ReviewItem]) -> None:
    for key in (
        ("uwe.brandt", "boundary", "ContractorBoundary"),
        ("metrics-exporter", "managed_policy", "Quarantine"),
        ("SiteReliability", "managed_policy", "AuditTrailProtection"),
        ("ci-legacy-deployer", "group", "MachineUsers"),
    ):
        effect = told(items, *key)
        assert (effect["kind"], effect["status"]) == ("guardrail", "changed")
        assert effect["suggestion"]["decision"] == "keep"
        shown = effect["suggestion"]["request"]
        assert shown["before"] != "allowed"
        assert shown["after"] in ("allowed", "conditional")
        assert "without it" in suggestion_words(items[key])


def test_tiers(items: dict[tuple[str, str, str], ReviewItem]) -> None:
    assert told(items, "acme-bootstrap", "managed_policy", "LegacyFullAccess")["tier"] == 0
    assert told(items, "Engineers", "managed_policy", "RegionLock")["tier"] == 0
    assert told(items, "SiteReliability", "managed_policy", "AuditTrailProtection")["tier"] == 1
    assert told(items, "organization-inventory", "managed_policy", "IAMReadOnlyAccess")["tier"] == 4
    assert told(items, "legacy-etl", "managed_policy", "DataLakeReader")["tier"] == 3
    root = next(one for one in items.values() if one.type is EntitlementType.ROOT_ACCESS)
    assert effect_of(root)["tier"] == 0


def test_the_only_path_to_administration_is_tier_0() -> None:
    """Whatever the data class of its actions: the code of a function whose role is an administrator is data alone."""
    trusted = trusting({"Service": "lambda.amazonaws.com"})
    passing = document(
        allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]), allow("s3:ListBucket")
    )
    captured = snapshot(
        account(
            user("passes", passing),
            user("changes", document(allow("iam:UpdateAssumeRolePolicy"))),
            user("signs-in", document(allow(["iam:CreateLoginProfile", "iam:UpdateLoginProfile"]))),
            user("joins", groups=["passing"]),
            user("reads", document(allow("s3:GetObject"))),
            group("passing", passing),
            user("admin", document(allow())),
            role("admin", document(allow()), trust=trusted),
        )
    )
    items = by_name(made(captured))
    for name in ("passes", "changes", "signs-in"):
        assert told(items, name, "inline_policy", "inline-1")["tier"] == 0, name
    assert told(items, "joins", "group", "passing")["tier"] == 0
    assert told(items, "passing", "inline_policy", "inline-1")["tier"] == 0
    assert told(items, "reads", "inline_policy", "inline-1")["tier"] == 3


OWN_USER = "arn:aws:iam::*:user/${aws:username}"
OWN_KEYS = document(allow(["iam:CreateAccessKey", "iam:UpdateLoginProfile", "iam:EnableMFADevice"], OWN_USER))
RUNNING = ["lambda:CreateFunction", "lambda:InvokeFunction"]


def test_what_a_path_does_not_need_is_not_tier_0(items: dict[tuple[str, str, str], ReviewItem]) -> None:
    """Own credentials, tags, and what only somebody else's path needs: these administer nothing."""
    for name in ("ana.moreno", "deepak.rao", "grace.lin", "quentin.roy"):
        assert told(items, name, "group", "AllStaff")["tier"] == 1, name
    assert told(items, "AllStaff", "managed_policy", "SelfManageCredentials")["tier"] == 1
    assert told(items, "GitHubActionsDeploy", "managed_policy", "TaggingRules")["tier"] == 3
    assert told(items, "farid.haddad", "group", "Deployers")["tier"] == 0
    captured = snapshot(
        account(
            user("keys", document(allow("iam:CreateAccessKey", user_arn("admin"))), OWN_KEYS),
            user("admin", document(allow())),
        )
    )
    made_items = by_name(made(captured))
    assert told(made_items, "keys", "inline_policy", "inline-1")["tier"] == 0
    assert told(made_items, "keys", "inline_policy", "inline-2")["tier"] == 1, "other actions, on its own user alone"


def test_removing_boundaries_and_tagging_principals_are_permissions() -> None:
    """Without a boundary that holds somebody, administration does not depend on removing boundaries."""
    remove = document(allow("iam:DeleteUserPermissionsBoundary"))
    held = user("held", document(allow()), boundary=policy_arn("limit"))
    limit = managed(policy_arn("limit"), document(allow("s3:*")))
    alone = by_name(made(snapshot(account(user("del", remove), user("tag", document(allow("iam:TagRole")))))))
    assert told(alone, "del", "inline_policy", "inline-1")["tier"] == 1
    assert told(alone, "tag", "inline_policy", "inline-1")["tier"] == 1
    both = document(allow(["iam:DeleteUserPermissionsBoundary", "iam:CreateAccessKey"]))
    path = by_name(made(snapshot(account(user("del", both), held, limit))))
    assert told(path, "del", "inline_policy", "inline-1")["tier"] == 0


def test_every_tier_0_has_a_reason(items: dict[tuple[str, str, str], ReviewItem]) -> None:
    for key, item in items.items():
        assert bool(tier_reason_words(item)) == (effect_of(item)["tier"] == 0), key
    (root,) = (item for item in items.values() if item.type is EntitlementType.ROOT_ACCESS)
    assert tier_words(root) == "Tier 0: administration depends on it. It is the root user of the account."
    trust = items["reporting", "trust", "lambda.amazonaws.com"]
    assert tier_reason_words(trust) == "It gives access to an administrator."
    assert tier_reason_words(items["Engineers", "managed_policy", "RegionLock"]) == (
        "Without it, actions that grant permissions, or remove limits of permissions, become possible."
    )


def test_what_all_of_several_paths_need_is_tier_0() -> None:
    """Without passing roles no path is left; without one of two services the other path is as long, and both say so."""
    trusted = trusting({"Service": ["lambda.amazonaws.com", "glue.amazonaws.com"]})
    captured = snapshot(
        account(
            user(
                "two",
                document(allow("iam:PassRole")),
                document(allow(RUNNING)),
                document(allow("glue:CreateDevEndpoint")),
            ),
            user("whole", document(allow(["iam:PassRole", *RUNNING])), document(allow(["iam:PassRole", *RUNNING]))),
            role("admin", document(allow()), trust=trusted),
        )
    )
    items = by_name(made(captured))
    passing = told(items, "two", "inline_policy", "inline-1")
    assert (passing["tier"], passing["path"]["state"], passing["path"]["ends"]) == (0, "proven", True)
    for one in (2, 3):
        part = told(items, "two", "inline_policy", f"inline-{one}")
        assert (part["tier"], part["path"]["ends"], part["path"]["whole"]) == (0, False, False)
        assert "or there is another path" in tier_reason_words(items["two", "inline_policy", f"inline-{one}"])
    for one in (1, 2):
        twice = told(items, "whole", "inline_policy", f"inline-{one}")
        assert (twice["tier"], twice["status"], twice["path"]["ends"]) == (0, "proved", False)
        assert tier_reason_words(items["whole", "inline_policy", f"inline-{one}"]).endswith(
            "there is also another path."
        )


def test_each_of_two_permissions_that_are_granted_twice_is_tier_0() -> None:
    """No single policy makes the path, and none ends it: one person could keep all of them with one pair of eyes."""
    passing, running = document(allow("iam:PassRole")), document(allow(RUNNING))
    elsewhere = document({"Effect": "Allow", "NotAction": "iam:Attach*", "Resource": "*"})
    attaching = document(allow("iam:Attach*"))
    captured = snapshot(
        account(
            user("twice", passing, passing, running, running, document(allow("s3:GetObject"))),
            user("joins", passing, running, groups=["passing", "running"]),
            group("passing", passing),
            group("running", running),
            user("halves", elsewhere, elsewhere, attaching, attaching),
            role("admin", document(allow()), trust=trusting({"Service": "lambda.amazonaws.com"})),
        )
    )
    items = by_name(made(captured))
    tiers = [told(items, "twice", "inline_policy", f"inline-{one}")["tier"] for one in (1, 2, 3, 4, 5)]
    assert tiers == [0, 0, 0, 0, 3]
    for key in ("inline_policy", "inline-1"), ("inline_policy", "inline-2"), ("group", "passing"), ("group", "running"):
        assert told(items, "joins", *key)["tier"] == 0, key
    for name in ("passing", "running"):
        assert told(items, name, "inline_policy", "inline-1")["tier"] == 0, name
    assert [told(items, "halves", "inline_policy", f"inline-{one}")["tier"] for one in (1, 2, 3, 4)] == [0, 0, 0, 0]
    assert tier_reason_words(items["halves", "inline_policy", "inline-3"]) == (
        "It grants some of what makes its holders administrators; another entitlement grants it, too."
    )


def test_a_path_that_goes_on_is_not_said_to_end() -> None:
    """What is lost only on other resources leaves the path as it is."""
    passing = document(allow("iam:PassRole", role_arn("admin")))
    captured = snapshot(
        account(
            user("more", passing, document(allow(["iam:PassRole", *RUNNING])), document(allow(RUNNING))),
            role("admin", document(allow()), trust=trusting({"Service": "lambda.amazonaws.com"})),
        )
    )
    items = by_name(made(captured))
    assert told(items, "more", "inline_policy", "inline-2")["path"]["ends"] is None
    assert tier_reason_words(items["more", "inline_policy", "inline-2"]) == (
        "With it alone, a principal can become an administrator by creating a Lambda function with the role and "
        "invoking it; there may also be another path."
    )


def test_each_of_two_that_make_an_administrator_is_tier_0() -> None:
    """Keeping both keeps an administrator: neither may go without a second approval, though each alone changes nothing.

    A policy that gives less and is covered by them is tier 5 as before.
    """
    captured = snapshot(account(user("ana", document(allow()), document(allow()), document(allow("s3:GetObject")))))
    items = by_name(made(captured))
    tiers = [told(items, "ana", "inline_policy", f"inline-{one}")["tier"] for one in (1, 2, 3)]
    assert tiers == [0, 0, 5]
    assert tier_words(items["ana", "inline_policy", "inline-1"]) == (
        "Tier 0: administration depends on it. It makes its holders administrators; so does another entitlement."
    )


def test_membership_in_an_empty_group_that_the_member_may_change_is_the_path() -> None:
    """It changes no permission, and without it the path is gone; of two such groups, neither is."""
    changing = document(allow("iam:PutGroupPolicy"))
    captured = snapshot(
        account(
            user("one", changing, groups=["empty"]),
            user("two", changing, groups=["empty", "other"]),
            user("none", groups=["empty"]),
            group("empty"),
            group("other"),
        )
    )
    items = by_name(made(captured))
    membership = told(items, "one", "group", "empty")
    assert (membership["tier"], membership["status"], membership["path"]["state"]) == (0, "proved", "proven")
    assert suggestion_words(items["one", "group", "empty"]).startswith(
        "Revoke: revoking it changes no permission, but ends a path to administrator or makes it longer"
    )
    assert [told(items, *key)["tier"] for key in (("two", "group", "empty"), ("none", "group", "empty"))] == [5, 5]


def test_the_only_policy_of_its_own_that_a_user_may_change_is_the_path() -> None:
    own = managed(policy_arn("own"), document(allow("s3:GetObject", "arn:aws:s3:::a/*")))
    captured = snapshot(
        account(
            user(
                "changes",
                document(allow("iam:CreatePolicyVersion", policy_arn("own"))),
                attached=[policy_arn("own")],
            ),
            own,
        )
    )
    items = by_name(made(captured))
    assert told(items, "changes", "managed_policy", "own")["tier"] == 0
    assert told(items, "changes", "inline_policy", "inline-1")["tier"] == 0


def test_a_round_affects_nobody_twice() -> None:
    affected = [(0, ["a"]), (1, ["b"]), (2, ["a", "c"]), (3, ["c"]), (4, ["a"])]
    found = rounds(affected)
    assert sorted(number for one in found for number in one) == [0, 1, 2, 3, 4]
    for one in found:
        names = [arn for number in one for arn in dict(affected)[number]]
        assert len(names) == len(set(names))


def test_use_is_told_with_its_basis_and_unused_permissions_may_go() -> None:
    snapshot = load_snapshot(sample_snapshot())
    arn = "arn:aws:iam::111122223333:user/machines/backup-agent"
    never = LastAccessed(arn=arn, job_creation_date=MOMENT, services=(ServiceLastAccessed(service_namespace="s3"),))
    facts = AccountFacts(account_id="111122223333", last_accessed=(never,))
    item = by_name(made(snapshot.model_copy(update={"account_facts": (facts,)})))[
        "backup-agent", "inline_policy", "BackupBucketWrite"
    ]
    effect = effect_of(item)
    assert effect["used"]["basis"] == "service last accessed"
    assert (effect["used"]["services"], effect["used"]["services_used"]) == (1, 0)
    assert (effect["suggestion"]["decision"], effect["suggestion"]["reason"]) == ("revoke", "unused")
    assert "0 of 1 services used in the 400 days before 2026-06-01" in used_words(item)


def test_the_sample_organization_has_effects_under_its_guardrails() -> None:
    """What an SCP denies is latent: given, and not possible."""
    scope = made(load_snapshot(resources() / "samples" / "acme-organization"))
    effects = [effect_of(one) for one in scope.lines]
    assert all(effects)
    assert any(one.type is EntitlementType.RESOURCE_GRANT for one in scope.lines)
    assert any(one["type"] == "scp" for effect in effects for one in effect["shadowed_by"])
