"""Access changes between two snapshots as JSON.

The format is stable: ``DiffVersion`` has its version; members may be added::

    {
      "DiffVersion": "iamdesk-diff/1",
      "Old": {"Name", "Sha256"}, "New": {"Name", "Sha256"},
      "ActionsAsOf": date of the AWS action data that the result is based on,
      "Counts": {"Principals": {status: int, …}, "Gained": int, "Lost": int},
      "Principals": [{"Principal", "Status", "Effects": [effect], "Doubts": [str]}],     except unchanged ones
      "Resources": [{"Resource", "Status", "Effects": [effect], "Doubts": [str]}],    also access by external principals
      "Texts": [{"Kind", "Subject", "Detail", "Sentence", "Effect"}],
      "NotCompared": [str],
      "Figures": {"Principals", "Compared", "Groups", "Questions": int}
    }

    status: one of unchanged, changed, created, deleted, cannot tell
    effect: {"Principal", "Kind": gained or lost, "Actions": [str], "Resource", "Causes": [{"Kind", "Subject", "Detail",
             "Sentence"}], "Witness": {"Principal", "Action", "Resource", "ResourceAccount" (or null),
             "Context": {key: text or [text] or null},
             "Old", "New": decision, or null if the snapshot has no such principal}}
    "Effect" of a text: one of "changes access", "no change in effect", "cannot be told"
"""

from typing import Any

from iamdesk.diff.result import Cause, Comparison, Effect, Kind, PrincipalDiff, Status
from iamdesk.export.text.diff import text_words


def to_diff(found: Comparison) -> dict[str, Any]:
    """Return a comparison as a JSON object."""
    effects = found.effects()
    statuses = [one.status for one in found.principals.values()]
    return {
        "DiffVersion": "iamdesk-diff/1",
        "Old": {"Name": found.old_name, "Sha256": found.old_sha256},
        "New": {"Name": found.new_name, "Sha256": found.new_sha256},
        "ActionsAsOf": found.actions_as_of,
        "Counts": {
            "Principals": {status.value: statuses.count(status) for status in Status},
            "Gained": sum(effect.kind is Kind.GAINED for effect in effects),
            "Lost": sum(effect.kind is Kind.LOST for effect in effects),
        },
        "Principals": [
            _changes_of("Principal", found, one)
            for one in found.principals.values()
            if one.status is not Status.UNCHANGED
        ],
        "Resources": [_changes_of("Resource", found, one) for one in found.resources.values()],
        "Texts": [{**_cause(change.cause), "Effect": text_words(change)} for change in found.texts],
        "NotCompared": list(found.limits),
        "Figures": {
            "Principals": found.figures.principals,
            "Compared": found.figures.compared,
            "Groups": found.figures.groups,
            "Questions": found.figures.requests,
        },
    }


def _changes_of(name: str, found: Comparison, one: PrincipalDiff) -> dict[str, Any]:
    return {
        name: one.arn,
        "Status": one.status.value,
        "Effects": [_effect(found, effect) for effect in one.effects],
        "Doubts": list(one.doubts),
    }


def _effect(found: Comparison, effect: Effect) -> dict[str, Any]:
    witness = effect.witness
    return {
        "Principal": effect.principal,
        "Kind": effect.kind.value,
        "Actions": list(found.names(effect.actions)),
        "Resource": effect.where,
        "Causes": [_cause(cause) for cause in effect.causes],
        "Witness": {
            "Principal": witness.principal,
            "Action": witness.action,
            "Resource": witness.resource,
            "ResourceAccount": witness.resource_account,
            "Context": {key: list(value) if isinstance(value, tuple) else value for key, value in witness.context},
            "Old": None if witness.old is None else witness.old.value,
            "New": None if witness.new is None else witness.new.value,
        },
    }


def _cause(cause: Cause) -> dict[str, str]:
    return {"Kind": cause.kind.value, "Subject": cause.subject, "Detail": cause.detail, "Sentence": cause.sentence}
