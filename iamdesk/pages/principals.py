"""Every root user, user and role of a snapshot in a table: credentials, last use, entitlements, administrators."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.types import AttackPaths
from iamdesk.checks.credentials import keys_of
from iamdesk.export.text.review import entitlement_words
from iamdesk.i18n import phrase
from iamdesk.inventory.permission_sets import permission_set_of
from iamdesk.inventory.references import is_service_linked, title_of
from iamdesk.inventory.relative_time import age_text, in_utc
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.review.entitlements import scope_without_access
from iamdesk.review.principals import INCONCLUSIVE, Administrations
from iamdesk.snapshot.account_details import AccountFacts, CredentialReportEntry, LastAccessed
from iamdesk.snapshot.model import Account, RoleDetail, Snapshot, UserDetail
from iamdesk.viewmodel.pages import AdministratorState, PrincipalEntry
from iamdesk.viewmodel.tree import NodeKind

_CHECK_EVERY = 64
_ROOT = "<root_account>"
_STATES = {
    "is": AdministratorState.IS,
    "reaches": AdministratorState.BECOMES,
    "may reach": AdministratorState.MAY_BECOME,
    "no": AdministratorState.NO,
    INCONCLUSIVE: AdministratorState.UNKNOWN,
}


def principal_entries(
    snapshot: Snapshot, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
) -> Iterator[PrincipalEntry]:
    """Yield every principal of a snapshot: of each account the root user, then users and roles.

    Sources: the credential report (IAM user guide, "Get credential reports"), ``RoleLastUsed`` of
    ``get-account-authorization-details``, and the services last accessed, as far as they were captured.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    organization = snapshot.organization
    names = {node.id: node.name for node in organization.nodes} if organization is not None else {}
    facts = {one.account_id: one for one in snapshot.account_facts}
    total = sum(1 + len(account.users) + len(account.roles) for account in snapshot.accounts)
    done = 0
    for account in snapshot.accounts:
        name = account.alias or names.get(account.account_id, "")
        entries = _Entries(account, name, facts.get(account.account_id), snapshot.latest)
        yield entries.of_root()
        done += 1
        principals: tuple[UserDetail | RoleDetail, ...] = (*account.users, *account.roles)
        for principal in principals:
            if done % _CHECK_EVERY == 0:
                if cancelled():
                    raise WorkCancelled
                progress(done, total)
            yield entries.of(principal)
            done += 1
    progress(total, total)


class _Entries:
    """Makes the entries of one account."""

    def __init__(self, account: Account, name: str, facts: AccountFacts | None, latest: datetime | None) -> None:
        self._account = account
        self._name = name
        self._latest = latest
        report = facts.credential_report if facts is not None else None
        entries = report.entries if report is not None else ()
        self._report = {one.arn: one for one in entries if one.user != _ROOT}
        self._root = next((one for one in entries if one.user == _ROOT), None)
        accessed: Sequence[LastAccessed] = (facts.last_accessed or ()) if facts is not None else ()
        self._accessed = {one.arn: one for one in accessed}

    def of_root(self) -> PrincipalEntry:
        """Return the entry of the root user."""
        arn = f"arn:{self._account.partition}:iam::{self._account.account_id}:root"
        return self._entry(arn, phrase("root user"), NodeKind.ACCOUNT, None, self._root, None)

    def of(self, principal: UserDetail | RoleDetail) -> PrincipalEntry:
        """Return the entry of a user or role."""
        created, name = principal.create_date, title_of(principal)
        if isinstance(principal, UserDetail):
            return self._entry(principal.arn, name, NodeKind.USER, created, self._report.get(principal.arn), None)
        kind = NodeKind.ROLE
        if is_service_linked(principal):
            kind = NodeKind.SERVICE_LINKED_ROLE
        elif permission_set_of(principal) is not None:
            kind = NodeKind.PERMISSION_SET
        return self._entry(principal.arn, name, kind, created, None, principal)

    def _entry(
        self,
        arn: str,
        name: str,
        kind: NodeKind,
        created: datetime | None,
        credentials: CredentialReportEntry | None,
        role: RoleDetail | None,
    ) -> PrincipalEntry:
        text, used = self._last_use(arn, credentials, role)
        keys = keys_of(credentials) if credentials is not None else None
        made = [one.created for one in keys or () if one.created is not None]
        return PrincipalEntry(
            arn=arn,
            name=name,
            kind=kind,
            account=self._account.account_id,
            account_name=self._name,
            created=None if created is None else in_utc(created).date(),
            last_used=text,
            used=used,
            has_password=credentials.password_enabled if credentials is not None else None,
            has_mfa=credentials.mfa_active if credentials is not None else None,
            keys=None if keys is None else len(keys),
            oldest_key=in_utc(min(made, key=in_utc)).date() if made else None,
        )

    def _last_use(
        self, arn: str, credentials: CredentialReportEntry | None, role: RoleDetail | None
    ) -> tuple[str, date | str | None]:
        """Return the latest use that any captured data has, in words and as a day."""
        moments: list[datetime | None] = []
        is_known = False
        if role is not None and role.role_last_used is not None:
            is_known = True
            moments.append(role.role_last_used.last_used_date)
        if credentials is not None:
            is_known = True
            moments += [credentials.password_last_used]
            moments += [credentials.access_key_1_last_used_date, credentials.access_key_2_last_used_date]
        if (accessed := self._accessed.get(arn)) is not None:
            is_known = True
            moments += [one.last_authenticated for one in accessed.services]
        latest = max((moment for moment in moments if moment is not None), key=in_utc, default=None)
        if latest is not None:
            return age_text(latest, self._latest), in_utc(latest).date()
        if not is_known:
            return phrase("not captured"), "unknown"
        if credentials is not None and credentials.password_enabled is False and not keys_of(credentials):
            return phrase("no password, no access key"), None
        return phrase("never"), "never"


def entitlements_held(evaluator: Evaluator, cancelled: Cancelled = never_cancelled) -> Mapping[str, tuple[str, ...]]:
    """Return in words what a new review would ask about, by holder; holders out of scope are not in it.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    scope = scope_without_access(evaluator, cancelled)
    found: dict[str, list[str]] = {one.arn: [] for one in scope.population if one.in_scope}
    for line in scope.lines:
        found.setdefault(line.holder_arn, []).append(entitlement_words(line))
    return {holder: tuple(names) for holder, names in found.items()}


def administrators(
    evaluator: Evaluator,
    reach: AttackPaths,
    principals: Sequence[str],
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> Mapping[str, tuple[AdministratorState, int | None]]:
    """Return whether users and roles are or become administrators, and in how many steps.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    known = Administrations(evaluator, reach)
    found: dict[str, tuple[AdministratorState, int | None]] = {}
    for done, arn in enumerate(principals):
        if done % _CHECK_EVERY == 0:
            if cancelled():
                raise WorkCancelled
            progress(done, len(principals))
        state = known.of(arn)
        found[arn] = (_STATES[state["reaches"]], state["steps"])
    return found
