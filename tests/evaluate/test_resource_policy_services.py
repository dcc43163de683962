"""The table of what services let other accounts and unsigned callers call: total, with a page for everything."""

import json
import re
from collections import Counter
from typing import Any

import jsonschema
import pytest

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.resource_policy_services import OtherAccounts, Unsigned, facts_of, services
from iamdesk.evaluate.service_rules import action_rule_class
from iamdesk.resource_files import resources

from ..each_case import each_case
from ..rules import rule

TABLE: dict[str, Any] = json.loads((resources() / "data" / "resource-policy-services.json").read_text(encoding="utf-8"))
ENTRIES: dict[str, dict[str, Any]] = TABLE["services"]
WITHOUT_RESOURCE_POLICIES = {"cognito-idp", "cognito-identity"}
"""Of these only what takes no credentials is told."""
WRITES_POLICY = re.compile(
    r"(Put|Add|Create)\w*(Resource|Permissions?|Cluster|Project|Channel|Sink|Domain|Function|FileSystem|Model)Policy"
    r"|(Put|Add)Permission"
)
NOT_ON_RESOURCES = {
    **dict.fromkeys(("appsync", "arc-region-switch", "mpa"), "on no resource type of the action list: for RAM shares"),
    "sso": "inline policies of permission sets: they end up in roles",
    "xray": "one policy for the account, for the services that send spans",
}
"""Services with an action that writes resource policies, and why they are not in the table."""

PAGE = {"type": "string", "pattern": r"^[A-Z].+, .+"}
NAMES = {"type": "array", "items": {"type": "string", "pattern": "^[A-Za-z0-9]+$"}, "minItems": 1, "uniqueItems": True}
SOME = {"type": "object", "required": ["actions", "source"], "properties": {"actions": NAMES, "source": PAGE}}
SCHEMA = {
    "type": "object",
    "required": ["format", "about", "dated", "general", "services"],
    "properties": {
        "format": {"const": "iamdesk-resource-policy-services/1"},
        "dated": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
        "services": {"type": "object", "additionalProperties": {"$ref": "#/$defs/service"}},
    },
    "$defs": {
        "service": {
            "type": "object",
            "required": ["types", "source", "other_accounts"],
            "additionalProperties": False,
            "properties": {
                "types": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
                "source": PAGE,
                "other_accounts": {"type": "array", "items": {"$ref": "#/$defs/across"}},
                "unsigned": {"type": "array", "items": {"$ref": "#/$defs/unsigned"}, "minItems": 1},
                "of_shares": {"type": "object", "required": ["source"], "properties": {"source": PAGE}},
                "shared_by_setting": {
                    "type": "object",
                    "required": ["types", "source"],
                    "properties": {"types": {"type": "array", "items": {"type": "string"}}, "source": PAGE},
                },
                "both_sides": {"type": "object", "required": ["source"], "properties": {"source": PAGE}},
                "by_grants": SOME,
                "by_grants_alone": SOME,
                "beside_policy": SOME,
                "types_alone": {"type": "object", "required": ["source"], "properties": {"source": PAGE}},
                "owner_root_always": SOME,
                "reserved_by_aws": {
                    "type": "array",
                    "items": {**SOME, "required": ["prefix", "actions", "source"]},
                },
            },
        },
        "across": {
            "type": "object",
            "required": ["class", "actions"],
            "additionalProperties": False,
            "properties": {
                "class": {"enum": [str(one) for one in OtherAccounts]},
                "source": PAGE,
                "actions": NAMES,
                "others_too": {"const": True},
            },
            "if": {"properties": {"class": {"const": "not-documented"}}},
            "else": {"required": ["source"]},
        },
        "unsigned": {
            "type": "object",
            "required": ["class", "actions"],
            "additionalProperties": False,
            "properties": {
                "class": {"enum": [str(one) for one in Unsigned]},
                "source": PAGE,
                "actions": {"anyOf": [NAMES, {"const": "*"}]},
                "key": {"type": "string"},
                "value": {"type": "string"},
                "without_key": {"type": "string"},
                "open_by_setting": {"const": True},
            },
            "if": {"properties": {"class": {"const": "not-documented"}}},
            "else": {"required": ["source"]},
            "dependentRequired": {"key": ["value", "without_key"]},
        },
    },
}


def actions_on(service: str, types: set[str]) -> set[str]:
    """The service's actions that act on one of the resource types."""
    listed = reference().actions_of(service)
    return {action.name for action in listed if any(kind.name in types for kind in action.resource_types)}


def test_the_table_is_of_its_form() -> None:
    jsonschema.validate(TABLE, SCHEMA, cls=jsonschema.Draft202012Validator)


@rule("D1", "D8")
@each_case("service", ENTRIES)
def test_every_action_on_a_resource_with_a_policy_is_in_one_class(service: str) -> None:
    entry = ENTRIES[service]
    assert reference().service_exists(service)
    classes = Counter(name for one in entry["other_accounts"] for name in one["actions"])
    wanted = actions_on(service, set(entry["types"]))
    unclassed = wanted - classes.keys()
    assert not unclassed, f"{service}: give them a class in resource-policy-services.json: {sorted(unclassed)}"
    assert max(classes.values(), default=1) == 1
    every = {action.name for action in reference().actions_of(service)}
    assert classes.keys() <= every
    known = {kind.name for action in reference().actions_of(service) for kind in action.resource_types}
    assert set(entry["types"]) | facts_of(service).shared_by_setting <= known
    assert bool(entry["types"]) == (service not in WITHOUT_RESOURCE_POLICIES)


def test_services_that_write_resource_policies_are_in_the_table() -> None:
    writing = {
        service
        for service in reference().services()
        for action in reference().actions_of(service)
        if WRITES_POLICY.fullmatch(action.name)
    }
    assert len(writing) > 30
    assert writing - ENTRIES.keys() - NOT_ON_RESOURCES.keys() == set()


@rule("D1", "E5")
@each_case("service", ENTRIES)
def test_what_the_table_says_of_an_action_tells_it_apart(service: str) -> None:
    """Evaluating many requests at once takes one action for another only where the table makes no difference."""
    facts = facts_of(service)
    seen: dict[object, object] = {}
    for action in reference().actions_of(service):
        name = action.name.lower()
        is_write = action.access_level not in ("Read", "List")
        decides = (
            facts.across_accounts(name) is OtherAccounts.OWNER_ALONE,
            facts.without_signature(name),
            name in facts.owner_root_always,
            name in facts.by_grants,
            name in facts.by_grants_alone,
            name in facts.beside_policy,
            facts.is_reserved(name, "alias/aws/s3"),
        )
        assert seen.setdefault(action_rule_class(service, name, is_write), decides) == decides, name


@rule("D1", "D8")
@pytest.mark.parametrize("service", [service for service, entry in ENTRIES.items() if "types_alone" in entry])
def test_where_nothing_else_takes_a_policy_none_opens_actions_on_other_resources(service: str) -> None:
    types, facts = set(ENTRIES[service]["types"]), facts_of(service)
    found = set()
    for action in reference().actions_of(service):
        own, name = {kind.name for kind in action.resource_types}, action.name.lower()
        if own and not own & types:
            found.add(name)
            assert facts.across_accounts(name) is OtherAccounts.OWNER_ALONE
            assert name in facts.beside_policy
    assert found == facts.without_policy
    assert len(found) > 100
    assert "startjobrun" in found
    assert not found & {"gettable", "tagresource", "createintegration"}


@rule("E10", "D8")
def test_what_takes_no_credentials_is_what_the_models_of_aws_say() -> None:
    session = pytest.importorskip("botocore.session").get_session()
    for service in WITHOUT_RESOURCE_POLICIES:
        model = session.get_service_model(service)
        open_calls = {name for name in model.operation_names if model.operation_model(name).auth_type == "none"}
        found = {name for name, one in facts_of(service).unsigned.items() if one is Unsigned.NO_CREDENTIALS}
        assert found == {name.lower() for name in open_calls}
    federation = {"assumerolewithsaml", "assumerolewithwebidentity"}
    assert {name for name, one in facts_of("sts").unsigned.items() if one is not Unsigned.NEVER} == federation


@rule("I1")
def test_what_kms_gives_to_other_accounts_is_the_list_of_its_guide() -> None:
    works = {name for name, one in facts_of("kms").other_accounts.items() if one is OtherAccounts.WORKS}
    assert len(works) == 20
    every = {action.name.lower() for action in reference().actions_of("kms")}
    assert {name for name in every if name.startswith("generate")} - {"generaterandom"} <= works
    assert facts_of("kms").across_accounts("a-new-action") is OtherAccounts.OWNER_ALONE
    assert facts_of("kms").by_grants == works - {"listgrants", "revokegrant", "getkeyrotationstatus"}


def test_of_a_service_that_is_not_listed_nothing_is_documented() -> None:
    facts = facts_of("a-new-service")
    assert facts.across_accounts("call") is OtherAccounts.NOT_DOCUMENTED
    assert facts.without_signature("call") is Unsigned.NEVER


def test_the_counts_by_class(record_property: Any) -> None:
    """Most is not documented; what is must not get less unseen."""
    counts = Counter(one for facts in services().values() for one in facts.other_accounts.values())
    record_property("classes", {str(name): number for name, number in counts.items()})
    assert counts[OtherAccounts.WORKS] >= 280
    assert counts[OtherAccounts.OWNER_ALONE] >= 150
