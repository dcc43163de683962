"""Separation of duties: principals that hold two duties which a company keeps apart.

The pairs are data (``resources/data/separation-of-duties.json``); a company names its own file of the same format in
the environment variable ``IAMDESK_SEPARATION_OF_DUTIES``, for window, command line and workers alike.
"""

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from iamdesk.attack_paths.administrators import Principal, is_administrator
from iamdesk.checks.broad_access import allowed_requests, evaluation
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Severity
from iamdesk.checks.requested_regions import with_regions
from iamdesk.checks.targets import PRINCIPALS
from iamdesk.checks.words import enumerated
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.references import name_of
from iamdesk.resource_files import resources
from iamdesk.snapshot.model import Account

VARIABLE = "IAMDESK_SEPARATION_OF_DUTIES"
"""Environment variable with the path of a company's own pairs."""

type _Action = Annotated[str, Field(pattern=r"^[a-z0-9-]+:[A-Za-z0-9]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DutyPair(_Strict):
    """Two duties that no principal should hold both: one of its actions is enough to hold a duty."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    """Its name in findings, and part of their fingerprints."""
    first: Annotated[tuple[_Action, ...], Field(min_length=1)]
    second: Annotated[tuple[_Action, ...], Field(min_length=1)]
    says: tuple[str, str] | None = None
    """Both duties in words, after "can": ``delete data``, ``delete its backups``."""


class _File(_Strict):
    format: Literal["iamdesk-separation-of-duties/1"]
    about: str = ""
    source: str = ""
    pairs: tuple[DutyPair, ...]


def duty_pairs() -> tuple[DutyPair, ...]:
    """Return the pairs: a company's own, or those that come with iamdesk.

    Raises:
        OSError: The company's file cannot be read.
        ValueError: It is not of the format.
    """
    own = os.environ.get(VARIABLE)
    return _read(Path(own)) if own else _read(Path(str(resources() / "data" / "separation-of-duties.json")))


@lru_cache(maxsize=4)
def _read(path: Path) -> tuple[DutyPair, ...]:
    return _File.model_validate_json(path.read_bytes()).pairs


@check(
    "SOD-01",
    over=PRINCIPALS,
    severity=(Severity.MEDIUM, "Needs the bad intent of one person; nothing is gained beyond the two duties."),
    title=mark("Duties that should be separated"),
    question="Can a user or role that is not an administrator perform two duties that have to be separated?",
    remediation=mark(
        "Give one of the two duties to another user or role. If no one else can take it, record who checks the work."
    ),
    standards=("NIST 800-53 AC-5", "PCI DSS 4.0 7.2.4", "SOC 2 CC6.3", "ISO 27001:2022 A.5.3"),
)
def both_duties(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """On any resource, in some Region, whatever else the context; what other conditions limit is left out."""
    for pair in survey.once("duty pairs", duty_pairs):
        held = [allowed_requests(survey, account, principal, duty) for duty in (pair.first, pair.second)]
        if not all(held) or is_administrator(survey, account, principal):
            continue
        actions, others = (enumerated(one.action for one in requests) for requests in held)
        words = {"name": name_of(principal), "actions": actions, "others": others}
        sentence = phrase(
            "{name} holds two duties that should be separated ({pair}): it is allowed {actions}, and also {others}.",
            pair=pair.id,
            **words,
        )
        if pair.says is not None:
            first, second = map(phrase, pair.says)
            sentence = phrase(
                "{name} can {first} ({actions}) and {second} ({others}).", first=first, second=second, **words
            )
        yield CheckResult(
            with_regions(sentence, (*held[0], *held[1])),
            tuple(evaluation(survey, principal, requests[0]) for requests in held),
            object=pair.id,
        )
