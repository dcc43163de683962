"""The page of a user, role or group: is it an administrator, what does it reach, who can assume it, who is like it."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.evaluator import Evaluator
from iamdesk.access.similar_principals import SimilarPrincipal, identical_principals, similar_principals
from iamdesk.access.who_can import ANY_SERVICE, Access, PrincipalKind, Who
from iamdesk.attack_paths.administrators import administration
from iamdesk.attack_paths.evaluation_session import EvaluationSession
from iamdesk.attack_paths.types import AttackPath, AttackPaths, PrincipalExposure, State
from iamdesk.aws.data_classes import DataClass, data_classes
from iamdesk.evaluate.request import EvalDecision, RequestError
from iamdesk.export.access.who_can import who_words
from iamdesk.export.text.access import REACH_WORDS
from iamdesk.export.text.decision import short_arn
from iamdesk.i18n import join_messages, join_names, mark, nphrase, phrase, phrased
from iamdesk.inventory.references import Principal, is_service_linked
from iamdesk.inventory.relative_time import age_text
from iamdesk.inventory.workload_index import WorkloadIndex
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled
from iamdesk.review.principals import INCONCLUSIVE, Administrations
from iamdesk.snapshot.model import Account, GroupDetail, RoleDetail, UserDetail
from iamdesk.viewmodel.pages import MAX_LISTED, OpenTable, PageLine, PageSection, Part, Table, section
from iamdesk.viewmodel.tree import Badge, NodeKind
from iamdesk.viewmodel.workload_rows import runs_with_facts, runs_with_rows

ASSUME_ACTIONS = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
ENTERING_ACTIONS = {name.partition(":")[2].lower(): name for name in ASSUME_ACTIONS}
_COUNTED = (
    AccessExtent.ALLOWED,
    AccessExtent.CONDITIONAL,
    AccessExtent.AWAITING,
    AccessExtent.SOME,
    AccessExtent.SOME_CONDITIONAL,
)
_MAX_SERVICES = 4
_MAX_PATHS = 30
_NUMBERS = {1: mark("a single step"), 2: mark("two steps"), 3: mark("three steps")}


class PrincipalPages:
    """Makes the pages of the principals of one snapshot. Sections that are computed fast come first.

    Args:
        evaluator: The evaluator over the snapshot, or over the principal's account.
        who_can: Returns the rows of *who can* for an action and a resource; None where that would read every account
            of an organization: the page then says where to ask.
        workloads: What runs with which role.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        who_can: Callable[[str, str, Cancelled], Iterator[Access]] | None,
        workloads: WorkloadIndex,
    ) -> None:
        self._evaluator = evaluator
        self._workloads = workloads
        self._who_can = who_can

    def sections(self, arn: str, cancelled: Cancelled = never_cancelled) -> Iterator[PageSection]:
        """Yield the sections that need no attack paths; nothing for a key that is no principal.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        held = self._find(arn)
        if held is None:
            return
        account, principal = held
        if not isinstance(principal, GroupDetail):
            yield self._last_use(account, principal)
        if isinstance(principal, RoleDetail) and self._who_can is None:
            yield from self._trust_unasked(account, principal)
        elif isinstance(principal, RoleDetail):
            rows = self._assuming(principal, cancelled)
            yield _runs(principal, rows, self._workloads, account.account_id)
            yield _assumed_by(principal, rows)
        yield self._data(arn)
        if not isinstance(principal, GroupDetail):
            yield from self._similar(arn, cancelled)

    def escalation_unasked(self, arn: str, cancelled: Cancelled = never_cancelled) -> Iterator[PageSection]:
        """Yield the sentence and privilege escalation without attack paths: by its own policies alone."""
        held = self._find(arn)
        if held is None:
            return
        account, principal = held
        note = phrase("Attack paths are found for one account alone, or by the checks over all accounts.")
        if isinstance(principal, GroupDetail):
            sentence = phrase("Whether it makes its members administrators was not evaluated.")
        else:
            sentence = self._own_sentence(account, principal, cancelled)
            yield PageSection(Part.ESCALATION, note=note)
        yield PageSection(Part.SENTENCE, note=join_messages(" ", (sentence, note)))

    def _own_sentence(self, account: Account, principal: UserDetail | RoleDetail, cancelled: Cancelled) -> str:
        """Return whether its own policies make a principal an administrator."""
        inquiry = EvaluationSession(self._evaluator, cancelled)
        match administration(inquiry, account, principal).decision:
            case EvalDecision.ALLOWED:
                return phrase("Administrator of account {account}.", account=account.account_id)
            case EvalDecision.CONDITIONAL:
                return phrase("Administrator of account {account} under conditions.", account=account.account_id)
        if self._evaluator.index.carried(principal.arn).missing:
            return phrase("Whether it is an administrator is not known: some of its policies were not captured.")
        return phrase("Not an administrator by its own policies.")

    def _trust_unasked(self, account: Account, role: RoleDetail) -> Iterator[PageSection]:
        yield _runs(role, [], self._workloads, account.account_id, is_asked=False)
        note = phrase("Who can evaluates it over all accounts, which are read one by one.")
        trust = self._evaluator.index.trust(role) if role.assume_role_policy_document is not None else None
        actions = [
            action
            for name, action in ENTERING_ACTIONS.items()
            if trust is not None
            and any(one.is_allow and one.covers_action("sts", name) for one in trust.statements if not one.broken)
        ]
        table = OpenTable(Table.WHO_CAN, actions[0] if actions else ASSUME_ACTIONS[0], role.arn)
        yield PageSection(Part.ASSUMED_BY, note=note, table=table)

    def escalation(self, arn: str, reach: AttackPaths) -> Iterator[PageSection]:
        """Yield the sections by the attack paths of the snapshot: the sentence, and privilege escalation."""
        held = self._find(arn)
        if held is None:
            return
        account, principal = held
        if isinstance(principal, GroupDetail):
            yield self._of_group(account, principal, reach)
        else:
            yield self._sentence(account, principal, reach)
            yield _escalation(arn, reach)

    def _find(self, arn: str) -> tuple[Account, Principal] | None:
        for account in self._evaluator.snapshot.accounts:
            for principals in (account.users, account.roles, account.groups):
                for one in principals:
                    if one.arn == arn:
                        return account, one
        return None

    # Administrator

    def _sentence(self, account: Account, principal: UserDetail | RoleDetail, reach: AttackPaths) -> PageSection:
        arn = principal.arn
        state = Administrations(self._evaluator, reach).of(arn)["reaches"]
        try:
            exposure = reach.reached(arn)
        except RequestError:
            return PageSection(Part.SENTENCE, note=phrase("Whether it is an administrator is not known."))
        parts = [_administrator_sentence(exposure, reach.attack_path(arn), state)]
        if exposure.is_administrator:  # for attack paths, also who is one only under conditions, such as with MFA
            inquiry = EvaluationSession(self._evaluator)
            if administration(inquiry, account, principal).decision is EvalDecision.CONDITIONAL:
                parts = [phrase("Administrator of account {account} under conditions.", account=account.account_id)]
        if exposure.reads and not exposure.is_administrator:
            parts.append(phrase("Can read {data}.", data=join_names([phrased(one) for one in exposure.reads])))
        return PageSection(Part.SENTENCE, note=join_messages(" ", parts))

    def _of_group(self, account: Account, group: GroupDetail, reach: AttackPaths) -> PageSection:
        state = Administrations(self._evaluator, reach).of_group(account, group, bool(group.attached_managed_policies))
        sentence = {
            "is": mark("Its policies make its members administrators."),
            "reaches": mark("A member can become an administrator."),
            "may reach": mark("A member is or may become an administrator, by this group or by other policies."),
            INCONCLUSIVE: mark("Whether it makes its members administrators is not known."),
        }.get(state["reaches"], mark("Its policies do not make its members administrators."))
        return PageSection(Part.SENTENCE, note=phrase(sentence))

    # Access

    def _data(self, arn: str) -> PageSection:
        population = self._evaluator.population()
        position = population.position(arn)
        position = population.group_position(arn) if position is None else position
        if position is None:
            note = phrase("Its ARN is irregular: no principal of that ARN can make a request.")
            return PageSection(Part.DATA, note=note)
        counts, services = _by_data_class(self._evaluator, position)
        lines = [
            PageLine(_class_words(name), _extent_words(counts[name], services[name]))
            for name in DataClass
            if counts[name]
        ]
        table = OpenTable(Table.EFFECTIVE_PERMISSIONS)
        if lines:
            return section(Part.DATA, lines, table=table, count=0)
        return PageSection(Part.DATA, note=phrase("Its policies allow no action."), table=table)

    # Use

    def _last_use(self, account: Account, principal: UserDetail | RoleDetail) -> PageSection:
        snapshot = self._evaluator.snapshot
        latest = snapshot.latest
        facts = next((one for one in snapshot.account_facts if one.account_id == account.account_id), None)
        lines: list[PageLine] = []
        is_known = False
        if isinstance(principal, RoleDetail) and principal.role_last_used is not None:
            is_known = True
            lines += _used(phrase("Role"), principal.role_last_used.last_used_date, latest)
        report = facts.credential_report if facts is not None else None
        entry = next((one for one in report.entries if one.arn == principal.arn), None) if report is not None else None
        if entry is not None:
            is_known = True
            for name, is_active, moment in (
                (phrase("Password"), entry.password_enabled, entry.password_last_used),
                (phrase("Access key 1"), entry.access_key_1_active, entry.access_key_1_last_used_date),
                (phrase("Access key 2"), entry.access_key_2_active, entry.access_key_2_last_used_date),
            ):
                if is_active or moment is not None:
                    lines += _used(name, moment, latest)
        accessed = (
            next((one for one in (facts.last_accessed or ()) if one.arn == principal.arn), None) if facts else None
        )
        if accessed is not None:
            is_known = True
            used = [one for one in accessed.services if one.last_authenticated is not None]
            newest = max((one.last_authenticated for one in used if one.last_authenticated), default=None)
            detail = phrase("{used:,} of {count:,} services", used=len(used), count=len(accessed.services))
            if newest is not None:
                detail = join_messages(" · ", (detail, age_text(newest, latest)))
            lines.append(PageLine(phrase("Services"), detail))
        if not is_known:
            return PageSection(Part.LAST_USE, note=phrase("Its use was not captured."))
        if not lines:
            return PageSection(Part.LAST_USE, note=phrase("It has no password and no access key."))
        return section(Part.LAST_USE, lines, count=0)

    # Similar principals

    def _similar(self, arn: str, cancelled: Cancelled) -> Iterator[PageSection]:
        kinds = self._kind_of
        same = identical_principals(self._evaluator, arn, cancelled)
        note = "" if same else phrase("No other principal of the account has the same policies.")
        lines = [PageLine(short_arn(one), "", one, kinds(one)) for one in same[:MAX_LISTED]]
        yield section(Part.IDENTICAL, lines, note, count=len(same))
        near = similar_principals(self._evaluator, arn, cancelled)
        note = "" if near else phrase("No other principal of the account differs by only one policy.")
        lines = [
            PageLine(short_arn(one.principal), _difference(one), one.principal, kinds(one.principal))
            for one in near[:MAX_LISTED]
        ]
        yield section(Part.NEARLY_IDENTICAL, lines, note, count=len(near))

    def _kind_of(self, arn: str) -> NodeKind:
        role = self._evaluator.index.roles.get(arn)
        if role is None:
            return NodeKind.USER
        return NodeKind.SERVICE_LINKED_ROLE if is_service_linked(role) else NodeKind.ROLE

    # Trust

    def _assuming(self, role: RoleDetail, cancelled: Cancelled) -> list[tuple[str, Access]] | None:
        """Return who can assume a role, by which action; None if its trust policy is missing."""
        if role.assume_role_policy_document is None or self._who_can is None:
            return None
        trust = self._evaluator.index.trust(role)
        found = []
        for name, action in ENTERING_ACTIONS.items():
            if not any(one.is_allow and one.covers_action("sts", name) for one in trust.statements if not one.broken):
                continue
            for row in self._who_can(action, role.arn, cancelled):
                if cancelled():
                    raise WorkCancelled
                found.append((action, row))
        return found


type _Counts = dict[DataClass, Counter[AccessExtent]]
type _Services = dict[DataClass, Counter[str]]


def _by_data_class(evaluator: Evaluator, position: int) -> tuple[_Counts, _Services]:
    """Return the number of actions by data class and extent, and by data class and service."""
    counts: _Counts = {one: Counter() for one in DataClass}
    services: _Services = {one: Counter() for one in DataClass}
    for service, found in evaluator.reaches_of(position).items():
        classes = data_classes(service)
        for extent in _COUNTED:
            bits = found.actions.get(extent, 0)
            for name, those in classes.items():
                if count := (bits & those).bit_count():
                    counts[name][extent] += count
                    services[name][service] += count
    return counts, services


def _class_words(name: DataClass) -> str:
    return phrase("billing") if name is DataClass.MONEY else phrase(name.value)


_WORST = (DataClass.PERMISSIONS, DataClass.DELETE_DATA, DataClass.WRITE_DATA, DataClass.READ_DATA)
"""What an external caller should be able to do least; the other classes follow in their own order."""


def data_words(evaluator: Evaluator, arn: str) -> str:
    """Return what a principal can do in a few words, the worst first: ``permissions 66, delete data 6, read data 62``.

    The numbers are of actions.
    """
    position = evaluator.population().position(arn)
    if position is None:
        return phrase("not known")
    counts, _ = _by_data_class(evaluator, position)
    parts = [
        phrase("{what} {count:,}", what=_class_words(name), count=counts[name].total())
        for name in sorted(DataClass, key=lambda one: (one not in _WORST, one in _WORST and _WORST.index(one)))
        if counts[name]
    ]
    return join_messages(", ", parts) if parts else phrase("nothing")


def _administrator_sentence(exposure: PrincipalExposure, path: AttackPath | None, state: str) -> str:
    if exposure.is_administrator:
        return phrase("Administrator of account {account}.", account=exposure.account)
    steps = exposure.to_administration
    if steps is None:
        steps = exposure.maybe_to_administration
    if steps is None or path is None or not path.steps:
        if state == INCONCLUSIVE:
            return phrase("Whether it is an administrator is not known: some of its policies were not captured.")
        return phrase("Not an administrator, and no attack path from it to one was found.")
    count = phrase(_NUMBERS[steps]) if steps in _NUMBERS else phrase("{count:,} steps", count=steps)
    first = path.steps[0]
    values = {"count": count, "how": first.how, "through": short_arn(first.target)}
    itself = first.target == first.source
    if exposure.to_administration is None:
        values["facts"] = join_names(path.needs) or phrase("that nothing prevents it that was not captured")
        if itself:
            return phrase("Not an administrator; may become one in {count}, by {how}. This requires {facts}.", **values)
        return phrase(
            "Not an administrator; may become one in {count} through {through}, by {how}. This requires {facts}.",
            **values,
        )
    if itself:
        return phrase("Not an administrator; can become one in {count}, by {how}.", **values)
    return phrase("Not an administrator; can become one in {count} through {through}, by {how}.", **values)


def _escalation(arn: str, reach: AttackPaths) -> PageSection:
    table = OpenTable(Table.ATTACK_PATHS)
    try:
        exposure = reach.reached(arn)
        paths = [one for one in reach.attack_paths(arn, most=_MAX_PATHS) if one.steps]
    except RequestError:
        return PageSection(Part.ESCALATION, note=phrase("Its ARN is irregular: it has no attack paths."))
    lines = []
    for path in paths:
        first = path.steps[0]
        steps = nphrase("{count:,} step", "{count:,} steps", len(path.steps))
        certainty = () if path.state is State.PROVEN else (phrase("possible"),)
        detail = join_messages(" · ", (phrase("by {how}", how=first.how), steps, *certainty))
        mark_of = NodeKind.USER if ":user/" in first.target else NodeKind.ROLE
        name = phrase("itself") if first.target == arn else short_arn(first.target)
        lines.append(PageLine(name, detail, first.target, mark_of))
    parts = []
    if exposure.is_administrator:
        parts.append(phrase("It is an administrator already."))
    elif not lines:
        parts.append(phrase("No attack path to administrator was found."))
    if exposure.principals:
        parts.append(
            nphrase(
                "It can become {count:,} other principal.",
                "It can become {count:,} other principals.",
                exposure.principals,
            )
        )
    if exposure.accounts:
        parts.append(phrase("It reaches accounts {accounts}.", accounts=join_names(exposure.accounts, 4)))
    if exposure.data:
        data = join_names([phrased(one) for one in exposure.data])
        parts.append(phrase("As another principal it can read {data}.", data=data))
    return section(Part.ESCALATION, lines, join_messages(" ", parts), table)


def _extent_words(counts: Counter[AccessExtent], services: Counter[str]) -> str:
    """Return the number of actions by extent, and the services with most of them."""
    extents = [
        phrase("{count:,} {extent}", count=counts[extent], extent=phrase(REACH_WORDS[extent]))
        for extent in _COUNTED
        if counts[extent]
    ]
    named = join_names([name for name, _ in services.most_common()], _MAX_SERVICES, last=",")
    return join_messages(" · ", (join_messages(", ", extents), named))


def _used(name: str, moment: datetime | None, latest: datetime | None) -> list[PageLine]:
    return [PageLine(name, phrase("never") if moment is None else age_text(moment, latest))]


def _difference(one: SimilarPrincipal) -> str:
    if one.has_other_boundary:
        return phrase("other permissions boundary")
    if one.more and one.fewer:
        return phrase("{more} in place of {fewer}", more=one.more, fewer=one.fewer)
    return phrase("also has {more}", more=one.more) if one.more else phrase("does not have {fewer}", fewer=one.fewer)


def _is_service(row: Access) -> bool:
    return row.kind is PrincipalKind.SERVICE


def _runs(
    role: RoleDetail,
    rows: list[tuple[str, Access]] | None,
    workloads: WorkloadIndex,
    account: str,
    *,
    is_asked: bool = True,
) -> PageSection:
    """Return what runs with a role: captured resources by kind, instance profiles, services that can assume it."""
    lines = [
        PageLine(
            phrase("{kind}: {count:,}", kind=one.title, count=len(one.resources)),
            join_messages(" · ", (join_names([name for _, name in one.resources], _MAX_SERVICES), one.how)),
        )
        for one in runs_with_rows(workloads, role.arn)
    ]
    ((_, known),) = runs_with_facts(workloads, account, role.arn)
    note = "" if lines else phrase("Resources that run with it: {known}.", known=known)
    lines += [
        PageLine(one.instance_profile_name, phrase("instance profile"), one.arn, NodeKind.INSTANCE_PROFILE)
        for one in role.instance_profile_list
    ]
    if rows is None:
        trust = phrase("The trust policy was not captured: which services can assume it is not known.")
        return section(Part.RUNS, lines, join_messages(" ", [*filter(None, (note, trust))]))
    services = [
        PageLine(caller_name(row.who), _detail(action, row), "", caller_mark(row.who))
        for action, row in rows
        if _is_service(row)
    ]
    if not services and is_asked:
        note = join_messages(" ", [*filter(None, (note, phrase("No AWS service can assume it.")))])
    return section(Part.RUNS, [*lines, *services], note)


def _assumed_by(role: RoleDetail, rows: list[tuple[str, Access]] | None) -> PageSection:
    if rows is None:
        note = phrase("The trust policy was not captured: who can assume the role is not known.")
        return PageSection(Part.ASSUMED_BY, note=note)
    lines = [
        PageLine(
            caller_name(row.who),
            _detail(action, row),
            "" if row.is_external else row.principal,
            caller_mark(row.who),
        )
        for action, row in rows
        if not _is_service(row)
    ]
    external = sum(row.is_external for _, row in rows if not _is_service(row))
    note = ""
    if external:
        note = nphrase("{count:,} of them is external.", "{count:,} of them are external.", external)
    if not lines:
        note = phrase("No principal of the snapshot and no external principal can assume it.")
        if any(_is_service(row) for _, row in rows):
            note = phrase("Only AWS services can assume it.")
    action = next(iter(dict.fromkeys(action for action, _ in rows)), ASSUME_ACTIONS[0])
    return section(Part.ASSUMED_BY, lines, note, OpenTable(Table.WHO_CAN, action, role.arn))


def caller_name(who: Who) -> str:
    """Return the name of a caller of *who can*, also of those that no policy names."""
    if who.principal == ANY_SERVICE:
        return phrase("any AWS service")
    return phrase("anyone") if who.kind is PrincipalKind.ANYONE else short_arn(who.principal)


def _detail(action: str, row: Access) -> str:
    """Return what a caller is, how it assumes a role if not by the plain action, and whether under conditions."""
    how = {
        ASSUME_ACTIONS[1]: [phrase("with SAML")],
        ASSUME_ACTIONS[2]: [phrase("with a web identity")],
    }.get(action, [])
    when = [phrase("under conditions")] if row.decision is EvalDecision.CONDITIONAL else []
    return join_messages(" · ", [who_words(row.who), *how, *when])


def caller_mark(who: Who) -> NodeKind | Badge | None:
    """Return the mark of a caller of *who can*: what it is; None for an AWS service."""
    if who.is_external:
        return None if who.kind is PrincipalKind.SERVICE else Badge.EXTERNAL_ACCESS
    return {PrincipalKind.USER: NodeKind.USER, PrincipalKind.ROOT_USER: NodeKind.ACCOUNT}.get(who.kind, NodeKind.ROLE)
