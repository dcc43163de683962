"""Principals of the snapshot on parts of resources: who can do something on a part alone has a row that names it."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request, load_snapshot
from iamdesk.access import part_access
from iamdesk.access.organization_evaluator import OrganizationEvaluator
from iamdesk.access.who_can import KnownAccess, Share
from iamdesk.evaluate.request import EvalDecision
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.reader import load_catalogue
from iamdesk.snapshot.resources import Resource

from ..builders.arns import ID, user_arn
from ..builders.captures import NOW, account, role, snapshot, user
from ..builders.statements import allow, deny, document
from ..some_of import PROOFS

BOUNDED = settings(max_examples=200 if PROOFS else 25, deadline=None, suppress_health_check=list(HealthCheck))
BUCKET = "arn:aws:s3:::pay"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ID}:table/t1"
ENTRIES = [
    *(f"{BUCKET}/*", f"{BUCKET}/pub/*", f"{BUCKET}/*/in", f"{BUCKET}/pub/a", "arn:aws:s3:::p*/pri?/*", "*"),
    f"{BUCKET}/home/${{aws:username}}/*",
    f"{BUCKET}/${{aws:PrincipalTag/team, 'pub'}}/*",
]
KEYS = ["k", "pub/a", "pub/x/in", "x/in", "pri1/k", "home/ana/k", "home/ben/in", "red/k", "home/pub/a"]
ACTIONS = ["s3:GetObject", "s3:PutObject"]


@st.composite
def statements(draw: st.DrawFn, **more: Any) -> dict[str, Any]:
    condition = draw(st.sampled_from([None, None, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}]))
    make, is_negated = draw(st.sampled_from([allow, allow, deny])), draw(st.integers(0, 5)) == 0
    named = draw(st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=2, unique=True))
    made = make(draw(st.sampled_from([*ACTIONS, "s3:*"])), named, condition, **more)
    if is_negated:
        made["NotResource"] = made.pop("Resource")
    return made


def documents(**more: Any) -> st.SearchStrategy[Any]:
    return st.lists(statements(**more), min_size=1, max_size=3).map(lambda drawn: document(*drawn))


def whole_of(evaluator: Evaluator, *arns: str) -> dict[str, KnownAccess]:
    rows = [row for arn in arns for row in evaluator.access_to_resource(arn, external=False)]
    found = {row.who.principal: KnownAccess() for row in rows}
    for row in rows:
        known = found[row.who.principal]
        allowed, conditional = ({one.action for one in of} for of in (row.allowed, row.conditional))
        found[row.who.principal] = KnownAccess(known.allowed | allowed, known.conditional | conditional)
    return found


def is_on(shares: Iterable[Share], text: str, name: str) -> bool:
    def among(entries: Iterable[str]) -> bool:
        filled = [one.replace("${aws:username}", name) for one in entries]
        return all(fnmatchcase(text, one.replace("${aws:PrincipalTag/team, 'pub'}", TEAMS[name])) for one in filled)

    return not shares or any(among(one.entries) and not any(map(among, one.exceptions)) for one in shares)


OPEN = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
TEAMS = {"ana": "red", "ben": "pub"}


@BOUNDED
@given(documents(), documents(), st.none() | documents(Principal={"AWS": [user_arn("ana"), f"arn:aws:iam::{ID}:root"]}))
def test_whoever_can_act_on_a_part_has_a_row_and_no_row_says_more(ana: Any, ben: Any, policy: Any) -> None:
    users = (user("ana", ana, Tags=[{"Key": "team", "Value": "red"}]), user("ben", ben))
    resource = Resource(arn=BUCKET, account_id=ID, policy=policy)
    held = snapshot(account(*users)).model_copy(update={"resources": (resource,)})
    evaluator = Evaluator(held, now=lambda: NOW)
    whole = whole_of(evaluator, BUCKET, f"{BUCKET}/*")
    found = evaluator.access_to_parts(resource, whole)
    assert found.is_complete
    for name in TEAMS:
        known = whole.get(user_arn(name), KnownAccess())
        own = [row for row in found.rows if row.principal == user_arn(name)]
        for action in ACTIONS:
            rows = [row for row in own if any(one.action == action for one in row.actions)]
            for key in KEYS:
                text = f"{BUCKET}/{key}"
                decision = evaluator.decide(Request(user_arn(name), action, text))
                named = {row.decision for row in rows if is_on(row.shares, text, name)}
                told = (name, action, text, ana, ben, policy, found.rows)
                # A row under conditions beside one without: the part of one is within the other's.
                best = next((one for one in OPEN if one in named), None)
                if decision in OPEN and not known.has(action, decision):
                    assert best is decision, told
                assert best in (None, decision), told


def test_a_table_index_and_what_no_principal_can_do() -> None:
    resource = Resource(arn=TABLE, account_id=ID)
    users = (user("ana", document(allow("dynamodb:Query", f"{TABLE}/index/*"))), user("ben"))
    evaluator = Evaluator(snapshot(account(*users)).model_copy(update={"resources": (resource,)}), now=lambda: NOW)
    (row,) = evaluator.access_to_parts(resource, whole_of(evaluator, TABLE)).rows
    assert (row.principal, row.decision) == (user_arn("ana"), EvalDecision.ALLOWED)
    assert row.shares == (Share((f"{TABLE}/index/*",), ()),)
    assert [one.action for one in row.actions] == ["dynamodb:Query"]


def test_an_entry_whose_variable_is_not_known_names_itself_alone() -> None:
    """IAM User Guide, "Policy variables": ``aws:userid`` of a role is ``ID:SESSION-NAME``: the caller chooses."""
    entities = (
        user("ana", document(allow("s3:GetObject", f"{BUCKET}/pub/*"))),
        role("app", document(allow("s3:GetObject", f"{BUCKET}/${{aws:userid}}/*"))),
    )
    resource = Resource(arn=BUCKET, account_id=ID)
    evaluator = Evaluator(snapshot(account(*entities)).model_copy(update={"resources": (resource,)}), now=lambda: NOW)
    found = {one.principal.rpartition("/")[2]: one for one in evaluator.access_to_parts(resource, {}).rows}
    assert found["app"].decision is EvalDecision.CONDITIONAL
    assert found["app"].shares == (Share((f"{BUCKET}/${{aws:userid}}/*",), ()),)


def test_more_parts_than_are_evaluated_are_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_access, "MAX_ENTRIES", 3)
    users = [user(f"u{number}", document(allow("s3:GetObject", f"{BUCKET}/p{number}/*"))) for number in range(4)]
    resource = Resource(arn=BUCKET, account_id=ID)
    evaluator = Evaluator(snapshot(account(*users)).model_copy(update={"resources": (resource,)}), now=lambda: NOW)
    assert not evaluator.access_to_parts(resource, {}).is_complete
    assert evaluator.access_to_parts(resource.model_copy(update={"arn": "arn:aws:s3:::other"}), {}).is_complete


def test_account_by_account_is_the_whole() -> None:
    path = sample_snapshot().parent / "acme-organization"
    catalogue = load_catalogue(path)
    assert catalogue is not None
    whole, apart = Evaluator(load_snapshot(path), now=lambda: NOW), OrganizationEvaluator(catalogue, now=lambda: NOW)
    seen = 0
    for resource in whole.snapshot.resources:
        expected = whole.access_to_parts(resource, {})
        assert sorted(apart.access_to_parts(resource, {}).rows) == sorted(expected.rows)
        seen += len(expected.rows)
    assert seen
