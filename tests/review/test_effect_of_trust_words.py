"""What an item says of those whom a trust policy lets in, and of what a trust policy grants as well."""

import pytest

from iamdesk.export.text.review_effect import effect_words, suggestion_words
from iamdesk.review.item_effect import effect_of

from ..builders.captures import ID, account, allow, document, role, role_arn, snapshot, trusting, user, user_arn
from .test_effects_evidence import by_name, made

PROVIDER = f"arn:aws:iam::{ID}:oidc-provider/token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        (trusting({"AWS": user_arn("ana")}), "Allows 1 principal to assume the role."),
        (
            trusting(
                {"Federated": PROVIDER},
                "sts:AssumeRoleWithWebIdentity",
                {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/*"}},
            ),
            "Allows to assume the role, under conditions (token.actions.githubusercontent.com:sub): everyone that the "
            "identity provider token.actions.githubusercontent.com lets in.",
        ),
        (
            trusting({"AWS": ["arn:aws:iam::777788889999:root", user_arn("ana")]}),
            "Allows to assume the role: every principal that account 777788889999 lets assume it, 1 principal of the "
            "snapshot.",
        ),
        (
            trusting({"AWS": "*"}, condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
            "Allows to assume the role, under conditions (aws:principalorgid): anyone, of any account",
        ),
        (
            trusting({"AWS": f"arn:aws:sts::{ID}:assumed-role/builder/session"}),
            "Allows 1 principal to assume the role.",
        ),
    ],
)
def test_who_cannot_be_counted_is_said_in_words(trust: object, words: str) -> None:
    items = by_name(made(snapshot(account(role("r", trust=trust), role("builder"), user("ana")))))
    line = next(one for (holder, kind, _), one in items.items() if (holder, kind) == ("r", "trust"))
    gives, revoking = effect_words(line)
    assert gives.startswith(words.rstrip("."))
    assert "they cannot assume the role any more" in revoking
    assert "lost" not in revoking


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
