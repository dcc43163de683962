"""What an item says of those whom a trust policy lets in, and of what a trust policy grants as well."""

import pytest

from iamdesk.export.text.review_effect import effect_words, suggestion_words
from iamdesk.review.item_effect import effect_of

from ..builders.captures import ID, account, allow, document, role, role_arn, snapshot, trusting, user, user_arn
from .test_effects_evidence import by_name, made

GONE = "AIDACKCEVSQ6C2EXAMPLE"
PROVIDER = f"arn:aws:iam::{ID}:oidc-provider/token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        (trusting({"AWS": user_arn("ana")}), "1 principal can assume the role."),
        (
            trusting(
                {"Federated": PROVIDER},
                "sts:AssumeRoleWithWebIdentity",
                {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/*"}},
            ),
            "Who can assume the role, under conditions (token.actions.githubusercontent.com:sub): every "
            "identity that the provider token.actions.githubusercontent.com vouches for.",
        ),
        (
            trusting({"AWS": ["arn:aws:iam::777788889999:root", user_arn("ana")]}),
            "Who can assume the role: every principal that account 777788889999 allows to, 1 principal of the "
            "snapshot.",
        ),
        (
            trusting({"AWS": "*"}, condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
            "Who can assume the role, under conditions (aws:PrincipalOrgID): principals of any account that meet "
            "them, up to 3 principals of the snapshot.",
        ),
        (
            trusting({"AWS": f"arn:aws:sts::{ID}:assumed-role/builder/session"}),
            "1 principal can assume the role.",
        ),
        # Sessions of GetFederationToken cannot call AssumeRole: IAM User Guide, "Compare AWS STS credentials".
        (
            trusting({"AWS": [user_arn("ana"), f"arn:aws:sts::{ID}:federated-user/bob"]}),
            "1 principal can assume the role.",
        ),
        (
            trusting({"AWS": [user_arn("ana"), GONE]}),
            "1 principal can assume the role. It names 1 deleted principal (AIDACKCEVSQ6C2EXAMPLE): no one can "
            "assume the role by it.",
        ),
        (
            trusting({"AWS": "arn:aws:iam::999988887777:root", "Service": "ec2.amazonaws.com"}),
            "Who can assume the role: every principal that account 999988887777 allows to, the service "
            "ec2.amazonaws.com.",
        ),
        (
            trusting({"AWS": ["arn:aws:iam::444455556666:role/X", "999988887777", user_arn("ana")]}),
            "Who can assume the role: arn:aws:iam::444455556666:role/X, every principal that account 999988887777 "
            "allows to, 1 principal of the snapshot.",
        ),
        (
            trusting({"Service": "sns.amazonaws.com"}, condition={"StringEquals": {"aws:SourceAccount": ID}}),
            "Who can assume the role, under conditions (aws:SourceAccount): the service sns.amazonaws.com.",
        ),
        (
            trusting({"AWS": "arn:aws:iam::444455556666:user/x"}, condition={"StringEquals": {"sts:ExternalId": "e"}}),
            "Who can assume the role, under conditions (sts:ExternalId): arn:aws:iam::444455556666:user/x.",
        ),
        (
            trusting({"AWS": "*"}, condition={"StringEquals": {"aws:PrincipalAccount": ID}}),
            "3 principals can assume the role.",
        ),
        (
            trusting({"AWS": "*"}, condition={"ArnEquals": {"aws:PrincipalArn": user_arn("ana")}}),
            "1 principal can assume the role.",
        ),
        (
            trusting({"AWS": user_arn("ana")}, condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
            "Who can assume the role, under conditions (aws:MultiFactorAuthPresent): up to 1 principal of the "
            "snapshot.",
        ),
    ],
)
def test_who_cannot_be_counted_is_said_in_words(trust: object, words: str) -> None:
    items = by_name(made(snapshot(account(role("r", trust=trust), role("builder"), user("ana")))))
    line = next(one for (holder, kind, _), one in items.items() if (holder, kind) == ("r", "trust"))
    gives, revoking = effect_words(line)
    assert gives.startswith(words.rstrip("."))
    assert "they can no longer assume the role" in revoking
    assert "lost" not in revoking
    assert ("cannot be listed" in revoking) == ("any account" in words)


def test_a_trust_policy_of_deleted_principals_lets_nobody_in() -> None:
    """Their unique IDs are never given again (IAM User Guide, "IAM identifiers")."""
    names = [GONE, "AROADBQP57FF2AEXAMPLE"]
    items = by_name(made(snapshot(account(role("r", trust=trusting({"AWS": names})), user("ana")))))
    item = items["r", "trust", ", ".join(names)]
    assert effect_words(item) == (
        "It names 2 deleted principals (AIDACKCEVSQ6C2EXAMPLE and AROADBQP57FF2AEXAMPLE): no one can assume the role "
        "by them.",
        "Revoking it is proved to change nothing.",
    )
    assert (effect_of(item)["tier"], effect_of(item)["suggestion"]["decision"]) == (5, "revoke")
    both = trusting({"AWS": GONE, "Service": "ec2.amazonaws.com"})
    items = by_name(made(snapshot(account(role("r", trust=both)))))
    assert effect_of(items["r", "trust", f"{GONE}, ec2.amazonaws.com"])["status"] != "proved"


def test_federated_users_cannot_assume_a_role() -> None:
    """IAM User Guide, "Compare AWS STS credentials": of STS, they can call GetCallerIdentity alone."""
    bob = f"arn:aws:sts::{ID}:federated-user/bob"
    items = by_name(made(snapshot(account(role("r", trust=trusting({"AWS": bob})), user("ana")))))
    item = items["r", "trust", bob]
    assert effect_words(item) == ("0 principals can assume the role.", "Revoking it is proved to change nothing.")
    assert effect_of(item)["tier"] == 5


def test_a_trust_policy_of_all_but_some_says_so() -> None:
    """AWS does not accept it in trust policies; a snapshot made otherwise may have it."""
    but = {"Effect": "Allow", "NotPrincipal": {"AWS": user_arn("ana")}, "Action": "sts:AssumeRole"}
    items = by_name(made(snapshot(account(role("r", trust=document(but)), user("ana"), user("ben")))))
    assert ("r", "trust", f"everyone except {user_arn('ana')}") in items


def test_what_a_trust_policy_grants_as_well_is_named() -> None:
    assume = document(allow("sts:AssumeRole", role_arn("r")))
    items = by_name(
        made(
            snapshot(
                account(role("r", document(allow()), trust=trusting({"AWS": user_arn("ana")})), user("ana", assume))
            )
        )
    )
    item = items["ana", "inline_policy", "inline-1"]
    assert effect_words(item) == (
        f"Grants nothing besides 1 action that is also granted by: trust policy of {role_arn('r')}.",
        f"Revoking it is proved to change nothing, provided that this is kept: trust policy of {role_arn('r')}.",
    )
    assert f"provided that this is kept: trust policy of {role_arn('r')}" in suggestion_words(item)
    assert effect_of(item)["covered_by"] == [
        {"name": f"trust policy of {role_arn('r')}", "type": "trust", "actions": 1}
    ]
