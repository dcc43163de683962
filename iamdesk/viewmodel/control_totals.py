"""Control totals: AWS's own counts of an account, compared with the snapshot.

A difference means that something is missing, or that the account changed between two calls of the capture.
"""

from collections.abc import Iterator, Mapping

from iamdesk.i18n import mark, phrase
from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.viewmodel.types import ControlTotal

__all__ = ["REPORT", "SUMMARY", "ControlTotal", "control_totals"]

SUMMARY = mark("account summary")
REPORT = mark("credential report")
_ROOT = "<root_account>"


def control_totals(snapshot: Snapshot) -> tuple[ControlTotal, ...]:
    """Return every comparison that is possible, account by account, including those that agree."""
    facts = {known.account_id: known for known in snapshot.account_facts}
    return tuple(
        total
        for account in snapshot.accounts
        if account.account_id in facts
        for total in _of_account(account, facts[account.account_id])
    )


def _of_account(account: Account, facts: AccountFacts) -> Iterator[ControlTotal]:
    if facts.summary is not None:
        yield from _by_summary(account, facts, facts.summary)
    if facts.credential_report is not None:
        counted = {entry.user for entry in facts.credential_report.entries} - {_ROOT}
        held = {user.user_name for user in account.users}
        yield ControlTotal(
            account.account_id,
            phrase("Users"),
            phrase(REPORT),
            len(counted),
            len(held),
            tuple(sorted(counted - held)),
            tuple(sorted(held - counted)),
        )


def _by_summary(account: Account, facts: AccountFacts, summary: Mapping[str, int]) -> Iterator[ControlTotal]:
    # The names of the summary's keys: IAM API reference, GetAccountSummary.
    held = {
        "Users": (mark("Users"), len(account.users) + _broken(account, "UserDetailList")),
        "Groups": (mark("Groups"), len(account.groups) + _broken(account, "GroupDetailList")),
        "Roles": (mark("Roles"), len(account.roles) + _broken(account, "RoleDetailList")),
        "Policies": (
            mark("Customer managed policies"),
            sum(not policy.is_aws_managed for policy in account.policies) + _broken(account, "Policies"),
        ),
    }
    if facts.open_id_connect_providers is not None and facts.saml_providers is not None:
        providers = len(facts.open_id_connect_providers) + len(facts.saml_providers)
        held["Providers"] = (mark("Identity providers"), providers)
    for key, (what, number) in held.items():
        if key in summary:
            yield ControlTotal(account.account_id, phrase(what), phrase(SUMMARY), summary[key], number)


def _broken(account: Account, list_name: str) -> int:
    entries = (entry for entry in account.broken if entry.list_name == list_name)
    return sum((entry.arn or "").split(":", 5)[4:5] != ["aws"] for entry in entries)
