"""The corpus by topic, and its files: one case a line under ``cases/``.

The files are what anybody can feed to ``iamdesk simulate``; the topics are where they are written. Write the files
anew with ``python -m tests.conformance.corpus`` from the project's root.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from .authoring import Json
from .topics import (
    conditions,
    crossed_callers,
    crossed_guardrails,
    crossed_language,
    crossed_services,
    fine_print,
    guardrails,
    language,
    limits,
    principals,
    resource_side,
    service_facts,
)
from .topics.operators import FAMILIES, family

FILES = Path(__file__).parent / "cases"

_TOPICS: Mapping[str, list[Json]] = {
    "identity": language.IDENTITY,
    "notaction_notresource": language.NOTACTION_NOTRESOURCE,
    "variables": language.VARIABLES,
    "documents": language.DOCUMENTS,
    "conditions_string": conditions.STRING,
    "conditions_numeric_date": conditions.NUMERIC_DATE,
    "conditions_ip": conditions.IP,
    "conditions_arn": conditions.ARN,
    "conditions_set": conditions.SET,
    "conditions_null_ifexists": conditions.NULL_IF_EXISTS,
    "boundaries": limits.BOUNDARIES,
    "sessions": limits.SESSIONS,
    "root": limits.ROOT_USER,
    "resource_policies": resource_side.RESOURCE_POLICIES,
    "cross_account": resource_side.CROSS_ACCOUNT,
    "kms": resource_side.KMS,
    "trust": resource_side.TRUST,
    "public_access": resource_side.PUBLIC_ACCESS,
    "scp": guardrails.SCP,
    "rcp": guardrails.RCP,
    "anonymous_services": guardrails.ANONYMOUS_SERVICES,
    "credentials": guardrails.CREDENTIALS,
    "access_points": principals.ACCESS_POINTS,
    "principal_kinds": principals.PRINCIPAL_KINDS,
    "crossed_callers": crossed_callers.CROSSED_CALLERS,
    "crossed_guardrails": crossed_guardrails.CROSSED_GUARDRAILS,
    "crossed_services": crossed_services.CROSSED_SERVICES,
    "crossed_language": crossed_language.CROSSED_LANGUAGE,
    "fine_print": fine_print.FINE_PRINT,
    "service_facts": service_facts.SERVICE_FACTS,
}


def _other_families() -> dict[str, list[Json]]:
    """Return the families of operators that are not part of a topic: each is a topic of its own."""
    written = {one["id"] for cases in _TOPICS.values() for one in cases}
    every = {f"conditions_{name}": family(name) for name in FAMILIES}
    return {topic: cases for topic, cases in every.items() if cases[0]["id"] not in written}


TOPICS: Mapping[str, list[Json]] = {**_TOPICS, **_other_families()}


def text_of(topic: str) -> str:
    """Return what a topic's file holds."""
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in TOPICS[topic])


def main() -> None:
    """Write all files anew."""
    FILES.mkdir(exist_ok=True)
    for topic in TOPICS:
        (FILES / f"{topic}.jsonl").write_text(text_of(topic), encoding="utf-8")


if __name__ == "__main__":
    main()
