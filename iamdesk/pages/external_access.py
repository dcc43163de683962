"""External access: who outside enters which role or resource, under which condition, and what it can do there."""

from collections.abc import Callable, Iterator
from datetime import date

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.who_can import Access, PrincipalKind, Who
from iamdesk.attack_paths.types import AttackPaths, State
from iamdesk.evaluate.request import EvalDecision, Request, RequestError
from iamdesk.export.access.who_can import who_words
from iamdesk.export.text.access import when_words
from iamdesk.export.text.decision import short_arn
from iamdesk.i18n import join_names, nphrase, phrase
from iamdesk.inventory.relative_time import age_text
from iamdesk.inventory.trust import trusted_names
from iamdesk.pages.principal_page import ENTERING_ACTIONS, caller_name, data_words
from iamdesk.pages.resource_page import part_words
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.snapshot.model import RoleDetail, Snapshot
from iamdesk.snapshot.resources import Resource
from iamdesk.viewmodel.pages import ExternalEntry

_SERVICE_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn")


class ExternalAccess:
    """Finds external access in one snapshot, entry by entry.

    Args:
        snapshot: The snapshot.
        evaluator_for: Returns the evaluator of a principal's or resource's account, by its ARN.
    """

    def __init__(self, snapshot: Snapshot, evaluator_for: Callable[[str], Evaluator]) -> None:
        self._snapshot = snapshot
        self._evaluator_for = evaluator_for

    def entries(
        self, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
    ) -> Iterator[ExternalEntry]:
        """Yield every external caller of each role, then of each resource; AWS services are left out.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        own = {account.account_id for account in self._snapshot.accounts}
        roles = [one for account in self._snapshot.accounts for one in account.roles if _may_enter(one, own)]
        resources = [one for one in self._snapshot.resources if not one.is_only_tagged]
        whole = len(roles) + len(resources)
        for done, role in enumerate(roles):
            progress(done, whole)
            yield from self._into(role, cancelled)
        for done, resource in enumerate(resources, len(roles)):
            progress(done, whole)
            yield from self._on(resource, cancelled)
        progress(whole, whole)

    def _into(self, role: RoleDetail, cancelled: Cancelled) -> Iterator[ExternalEntry]:
        evaluator = self._evaluator_for(role.arn)
        trust = evaluator.index.trust(role)
        can_do: str | None = None
        for name, action in ENTERING_ACTIONS.items():
            if not any(one.is_allow and one.covers_action("sts", name) for one in trust.statements if not one.broken):
                continue
            for row in evaluator.external_access(Request("", action, role.arn), cancelled):
                if cancelled():
                    raise WorkCancelled
                if row.kind is PrincipalKind.SERVICE:
                    continue
                if can_do is None:
                    can_do = data_words(evaluator, role.arn)
                yield ExternalEntry(
                    who=row.principal,
                    who_text=_name(row.who),
                    who_kind=who_words(row.who),
                    is_anyone=row.kind is PrincipalKind.ANYONE,
                    target=role.arn,
                    target_text=short_arn(role.arn),
                    action=action,
                    decision=row.decision,
                    condition=_condition(row),
                    can_do=can_do,
                    part="",
                    last_used=self._last_use(role),
                    used=_day_of_last_use(role),
                    is_role=True,
                )

    def _last_use(self, role: RoleDetail) -> str:
        if role.role_last_used is None:
            return phrase("not captured")
        moment = role.role_last_used.last_used_date
        return phrase("never") if moment is None else age_text(moment, self._snapshot.latest)

    def _on(self, resource: Resource, cancelled: Cancelled) -> Iterator[ExternalEntry]:
        for found in self._evaluator_for(resource.arn).external_access_by_part(resource, cancelled):
            if found.who.kind is PrincipalKind.SERVICE:
                continue
            rows = [row for _, row in found.rows]
            conditions = dict.fromkeys(filter(None, (_condition(row) for row in rows[:_MAX_EXPLAINED])))
            names = [row.request.action for row in rows]
            name = short_arn(resource.arn)
            part, some = (part_words(found.shares, resource.arn, most) for most in (None, _MAX_PARTS))
            yield ExternalEntry(
                who=found.who.principal,
                who_text=_name(found.who),
                who_kind=who_words(found.who),
                is_anyone=found.who.kind is PrincipalKind.ANYONE,
                target=resource.arn,
                target_text=phrase("{resource}: only {part}", resource=name, part=some) if some else name,
                action=names[0] if len(names) == 1 else "",
                decision=found.decision,
                condition=join_names(list(conditions), 2, last="or"),
                can_do=join_names(names, 3, last=","),
                part=part,
                last_used="",
                used=None,
                is_role=False,
            )


def _day_of_last_use(role: RoleDetail) -> date | str:
    if role.role_last_used is None:
        return "unknown"
    moment = role.role_last_used.last_used_date
    return "never" if moment is None else moment.date()


_MAX_PARTS = 3
"""Number of parts of a resource that the name of an entry's resource contains."""
_MAX_EXPLAINED = 12
"""Number of an entry's actions whose conditions are listed."""


def administrator_texts(entry: ExternalEntry, reach: AttackPaths) -> tuple[str, int | None]:
    """Return what an entry's role becomes, in words, and the number of steps to administrator: 0 if it is one.

    None for a resource, and for a role without an attack path.
    """
    if not entry.is_role:
        return "", None
    try:
        exposure = reach.reached(entry.target)
        path = reach.attack_path(entry.target)
    except RequestError:
        return phrase("not known"), None
    if exposure.is_administrator:
        return phrase("at once"), 0
    if path is None or not path.steps:
        return phrase("no attack path"), None
    steps = nphrase("{count:,} step", "{count:,} steps", len(path.steps))
    if path.state is not State.PROVEN:
        return phrase("{steps}, possible", steps=steps), len(path.steps)
    return steps, len(path.steps)


def _may_enter(role: RoleDetail, own: set[str]) -> bool:
    """Return whether a trust policy may allow anyone but services and whole principals of the snapshot's accounts.

    Reads the captured value, so that thousands of roles are passed over fast. ``NotPrincipal`` is no name.
    """
    document = role.assume_role_policy_document
    names = trusted_names(document)
    if isinstance(document, dict) and "NotPrincipal" in str(document.get("Statement")):
        return True
    return any(not _is_inside(name, own) for name in names)


def _is_inside(name: str, own: set[str]) -> bool:
    if name.endswith(_SERVICE_SUFFIXES) and not name.startswith("cognito-identity."):
        return True
    if name in own:
        return True
    parts = name.split(":", 5)
    return len(parts) == 6 and parts[2] in ("iam", "sts") and parts[4] in own and "-provider/" not in parts[5]


def _name(who: Who) -> str:
    """Return the name of an external caller, with its account."""
    parts = who.principal.split(":", 5)
    if len(parts) < 6 or not parts[4] or who.kind in (PrincipalKind.ACCOUNT, PrincipalKind.PROVIDER):
        return caller_name(who)
    return phrase("{name} of account {account}", name=caller_name(who), account=parts[4])


def _condition(row: Access) -> str:
    return "" if row.decision is EvalDecision.ALLOWED else when_words(row.explanation)
