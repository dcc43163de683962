"""How a resource-based statement names a caller: it decides which limits a grant goes past."""

from dataclasses import replace
from typing import Any

import pytest

from iamdesk.evaluate.principal import Caller, parse_caller
from iamdesk.evaluate.principal_match import (
    Grant,
    is_partly_exempt,
    match_gateway_endpoint_principal,
    match_principal,
    names_session_of,
)
from iamdesk.policy.document import parse_document
from iamdesk.policy.statement import Statement

from ..each_case import each_case
from ..rules import rule

A, B = "111122223333", "444455556666"
USER, ROOT = f"arn:aws:iam::{A}:user/team/ana", f"arn:aws:iam::{A}:root"
ROLE, SESSION = f"arn:aws:iam::{A}:role/app/deploy", f"arn:aws:sts::{A}:assumed-role/deploy/ci"
FEDERATED = f"arn:aws:sts::{A}:federated-user/ana"
SAML, OIDC = f"arn:aws:iam::{A}:saml-provider/corp", "accounts.google.com"
SERVICE = "lambda.amazonaws.com"
WHOLE = {"AWS": A}


def caller(text: str) -> Caller:
    return parse_caller(text)


def statement(effect: str = "Allow", **principal: Any) -> Statement:
    one = {"Effect": effect, "Action": "*", "Resource": "*", **principal}
    return parse_document({"Version": "2012-10-17", "Statement": [one]}).statements[0]


def grant(principal: Any, who: str) -> Grant | None:
    return match_principal(statement(Principal=principal), caller(who), has_boundary=False)


@rule("E1", "E2", "E3", "E5", "E8", "E9", "C2", "C3")
@each_case(
    ("principal", "who", "expected"),
    [
        ("*", USER, Grant.EVERYONE),
        ("*", "anonymous", Grant.EVERYONE),
        ("*", SERVICE, Grant.EVERYONE),
        ({"AWS": "*"}, OIDC, Grant.EVERYONE),
        ({"AWS": USER}, USER, Grant.EXACT),
        ({"AWS": USER}, FEDERATED, Grant.USER),
        ({"AWS": f"arn:aws:iam::{A}:user/ana"}, FEDERATED, Grant.USER),
        ({"AWS": f"arn:aws:iam::{B}:user/ana"}, FEDERATED, None),
        ({"AWS": f"arn:aws:iam::{A}:user/bob"}, FEDERATED, None),
        ({"AWS": FEDERATED}, FEDERATED, Grant.EXACT),
        ({"AWS": FEDERATED}, USER, None),
        ({"AWS": USER}, f"arn:aws:iam::{A}:user/ana", None),
        ({"AWS": ROLE}, ROLE, Grant.ROLE),
        ({"AWS": ROLE}, SESSION, Grant.ROLE),
        ({"AWS": f"arn:aws:iam::{A}:role/deploy"}, SESSION, Grant.ROLE),
        ({"AWS": f"arn:aws:iam::{B}:role/deploy"}, SESSION, None),
        ({"AWS": f"arn:aws:iam::{A}:role/deployer"}, SESSION, None),
        ({"AWS": f"arn:aws:iam::{A}:user/deploy"}, SESSION, None),
        ({"AWS": SESSION}, SESSION, Grant.EXACT),
        ({"AWS": SESSION}, ROLE, None),
        ({"AWS": f"{SESSION}2"}, SESSION, None),
        ({"AWS": A}, USER, Grant.ACCOUNT),
        ({"AWS": ROOT}, SESSION, Grant.ACCOUNT),
        ({"AWS": ROOT}, ROOT, Grant.ACCOUNT),
        ({"AWS": B}, USER, None),
        ({"AWS": f"arn:aws-cn:iam::{A}:root"}, USER, None),
        ({"AWS": A}, "anonymous", None),
        ({"AWS": A}, SAML, None),
        ({"AWS": ROOT}, SAML, None),
        ({"AWS": SAML}, SAML, None),
        ({"Service": SERVICE}, SERVICE, Grant.EXACT),
        ({"Service": "sns.amazonaws.com"}, SERVICE, None),
        ({"Service": USER}, USER, None),
        ({"AWS": SERVICE}, SERVICE, None),
        ({"Federated": SAML}, SAML, Grant.EXACT),
        ({"Federated": OIDC}, OIDC, Grant.EXACT),
        ({"Federated": "www.amazon.com"}, OIDC, None),
        ({"Federated": USER}, USER, None),
        ({"CanonicalUser": "79a59df900b949e55d96a1e698fba"}, USER, None),
    ],
)
def test_how_a_statement_names_the_caller(principal: Any, who: str, expected: Grant | None) -> None:
    assert grant(principal, who) is expected


@rule("E1")
def test_a_statement_without_principal_names_nobody() -> None:
    assert match_principal(statement(), caller(USER), has_boundary=False) is None
    assert match_principal(statement(), caller("anonymous"), has_boundary=False) is None


@rule("C3", "C4")
def test_of_several_names_the_most_generous_counts() -> None:
    names = [("*", Grant.EVERYONE), (SESSION, Grant.EXACT), (ROLE, Grant.ROLE), (A, Grant.ACCOUNT)]
    order = [Grant.EXACT, Grant.EVERYONE, Grant.ROLE, Grant.ACCOUNT]
    for number, first in enumerate(order):
        rest = [text for text, kind in names if kind in order[number:]]
        assert grant({"AWS": rest}, SESSION) is first
        assert grant({"AWS": rest[::-1]}, SESSION) is first


CHAINS = [
    (USER, [USER, A]),
    (SESSION, [SESSION, ROLE, ROOT]),
    (ROLE, [ROLE, A]),
    (FEDERATED, [FEDERATED, USER, A]),
    (ROOT, [A]),
]


@rule("E6")
@pytest.mark.parametrize(("who", "chain"), CHAINS)
def test_a_deny_to_all_but_some_spares_whom_it_lists_with_all_that_they_come_from(who: str, chain: list[str]) -> None:
    full = statement("Deny", NotPrincipal={"AWS": chain})
    assert match_principal(full, caller(who), has_boundary=False) is None
    assert not is_partly_exempt(full, caller(who), has_boundary=False)
    for left_out in range(len(chain)):
        part = [text for number, text in enumerate(chain) if number != left_out] or [B]
        one = statement("Deny", NotPrincipal={"AWS": part})
        assert match_principal(one, caller(who), has_boundary=False) is Grant.NOT_LISTED
        assert is_partly_exempt(one, caller(who), has_boundary=False) is (part != [B])


@rule("E6")
def test_a_deny_to_all_but_everyone_strikes_nobody() -> None:
    one = statement("Deny", NotPrincipal="*")
    for who in (USER, SESSION, SERVICE, "anonymous"):
        assert match_principal(one, caller(who), has_boundary=False) is None
        assert not is_partly_exempt(one, caller(who), has_boundary=False)


@rule("E6", "E8")
def test_a_deny_to_all_but_a_service_spares_the_service() -> None:
    one = statement("Deny", NotPrincipal={"Service": SERVICE})
    assert match_principal(one, caller(SERVICE), has_boundary=False) is None
    assert match_principal(one, caller("sns.amazonaws.com"), has_boundary=False) is Grant.NOT_LISTED
    assert not is_partly_exempt(one, caller("sns.amazonaws.com"), has_boundary=False)


@rule("E7")
def test_a_deny_to_all_but_some_strikes_whoever_has_a_boundary() -> None:
    one = statement("Deny", NotPrincipal={"AWS": [USER, A]})
    assert match_principal(one, caller(USER), has_boundary=True) is Grant.NOT_LISTED
    assert not is_partly_exempt(one, caller(USER), has_boundary=True)


@rule("E6")
def test_an_allow_to_all_but_some_leaves_out_whom_it_lists_in_any_way() -> None:
    for listed in (USER, A, ROOT, "*"):
        one = statement("Allow", NotPrincipal={"AWS": listed})
        assert match_principal(one, caller(USER), has_boundary=False) is None
        assert not is_partly_exempt(one, caller(USER), has_boundary=False)
    other = statement("Allow", NotPrincipal={"AWS": [B, SESSION]})
    assert match_principal(other, caller(USER), has_boundary=False) is Grant.NOT_LISTED
    assert match_principal(other, caller("anonymous"), has_boundary=True) is Grant.NOT_LISTED


@rule("E6")
def test_a_statement_that_names_principals_exempts_nobody_in_part() -> None:
    assert not is_partly_exempt(statement("Deny", Principal={"AWS": USER}), caller(USER), has_boundary=False)


@rule("B9")
@pytest.mark.parametrize(
    ("principal", "who", "expected"),
    [
        ({"Principal": "*"}, USER, Grant.EVERYONE),
        ({"Principal": {"AWS": A}}, USER, None),
        ({"Principal": {"AWS": A}}, ROOT, Grant.ACCOUNT),
        ({"Principal": {"AWS": USER}}, USER, None),
        ({"NotPrincipal": "*"}, USER, None),
        ({"NotPrincipal": {"AWS": ROOT}}, ROOT, None),
        ({"NotPrincipal": {"AWS": ROOT}}, USER, Grant.NOT_LISTED),
        ({"NotPrincipal": {"Service": SERVICE}}, USER, Grant.NOT_LISTED),
        ({}, USER, None),
    ],
)
def test_a_gateway_knows_everybody_and_the_root_user(
    principal: dict[str, Any], who: str, expected: Grant | None
) -> None:
    assert match_gateway_endpoint_principal(statement(**principal), caller(who)) is expected


@rule("E3", "J2")
def test_a_role_may_be_in_the_session_that_is_named() -> None:
    """Where the role's id is not known, any will do; a session of another role or account is none of its sessions."""
    named = names_session_of(statement(Principal={"AWS": SESSION}), caller(ROLE))
    assert named is not None
    assert (named.operator_text, [value.text for value in named.values]) == ("StringLike", ["*:ci"])
    known = names_session_of(statement(Principal={"AWS": SESSION}), replace(caller(ROLE), unique_id="AROAEXAMPLE"))
    assert known is not None
    assert (known.operator_text, [value.text for value in known.values]) == ("StringEquals", ["AROAEXAMPLE:ci"])
    assert names_session_of(statement(Principal={"AWS": SESSION}), caller(f"arn:aws:iam::{B}:role/deploy")) is None
    assert names_session_of(statement(Principal={"AWS": ROLE}), caller(ROLE)) is None
    assert names_session_of(statement(Principal={"AWS": SESSION}), caller(SESSION)) is None


def test_thousands_of_entries_name_the_same_as_each_of_them():
    """Of many entries, only those are compared that can name the caller: none that does is left out."""
    callers = [
        *("arn:aws:iam::111122223333:user/team/ana", "arn:aws:iam::111122223333:role/x/Ops", "anonymous"),
        *("arn:aws:sts::111122223333:assumed-role/Ops/s", "arn:aws:sts::111122223333:federated-user/ana"),
        *("arn:aws:iam::111122223333:root", "ec2.amazonaws.com", "arn:aws:iam::111122223333:saml-provider/idp"),
        *("arn:aws:iam::111122223333:oidc-provider/gitlab.com", "accounts.google.com"),
    ]
    principals = [
        *({"AWS": one} for one in callers[:6]),
        *({"AWS": one} for one in ("*", "111122223333", "AIDAANA", "arn:aws:iam::111122223333:user/ana")),
        {"Service": "ec2.amazonaws.com"},
        *({"Federated": one} for one in callers[-3:]),
        {"CanonicalUser": "c" * 64},
    ]
    others = [f"arn:aws:iam::{444400000000 + number}:user/u{number}" for number in range(40)]
    for text in callers:
        caller = replace(parse_caller(text), unique_id="AIDAANA", canonical_id="c" * 64)
        for principal in principals:
            listed = {**principal, "AWS": [*others, *([principal["AWS"]] if "AWS" in principal else [])]}
            alone, among = (
                parse_document({"Statement": {"Effect": "Allow", "Principal": one, "Action": "*"}}).statements[0]
                for one in (principal, listed)
            )
            assert match_principal(among, caller, False) is match_principal(alone, caller, False), (text, principal)
            assert len(list(among.principals.with_keys(["111122223333"]))) < len(others)
