"""What principals can become: by one step, by several, across accounts, and how far strangers get through a role."""

from collections.abc import Iterator
from typing import NamedTuple

from iamdesk.attack_paths.administrators import Principal
from iamdesk.attack_paths.types import AttackPath
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.condition_strength import ConditionStrength, Entry
from iamdesk.checks.external_trust import stranger_entry, trusted_accounts
from iamdesk.checks.federation import stranger_entries
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.targets import ACCOUNTS, PRINCIPALS, ROLES
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import join_messages, mark, nphrase, phrase, with_translation
from iamdesk.inventory.references import last_of_arn, name_of
from iamdesk.inventory.trust import trusted_names
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalType
from iamdesk.snapshot.model import Account, RoleDetail, UserDetail

_STANDARDS = ("NIST 800-53 AC-6", "SOC 2 CC6.3")
_MANY_ASSUME = 5
"""More principals than this make the trust in a whole account worth a look."""
_MOST_CUTS_TRIED = 50
_FAR = 25
"""Becoming so many others is far."""
_TAG = "aws:principaltag/"


def told(way: AttackPath) -> str:
    """Return a way in words: ``by assuming the role deploy, then by changing …``."""
    steps = []
    for step in way.steps:
        if step.target == step.source:
            steps.append(phrase("by {how}", how=step.how))
        else:
            steps.append(phrase("by {how} ({target})", how=step.how, target=last_of_arn(step.target)))
    return join_messages(phrase(", then "), steps)


def _evidence(way: AttackPath, *, with_answers: bool = True) -> tuple[Evidence, ...]:
    """Return what a way rests on; the answers take longest, and thousands may hang on one open trust policy."""
    found = [Evidence(phrase("Needs {fact}.", fact=fact)) for fact in way.needs]
    for step in way.steps:
        becomes = phrase(
            "{source} becomes {goal} by {how} ({path_id}).",
            source=last_of_arn(step.source),
            goal=step.goal.name,
            how=step.how,
            path_id=step.path_id,
        )
        found.append(Evidence(becomes))
        if with_answers:
            found += [
                Evidence(phrase("Asked {question}.", question=proof.says), proof.decision) for proof in step.proof
            ]
    return tuple(found)


def _whose_cut_is_tried(survey: CheckContext) -> frozenset[str]:
    """Return the first principals with a proven way, in the snapshot's order: trying a change takes tenths of a second.

    The same ones however the work is shared out.
    """

    return survey.once("whose cut is tried", lambda: survey.reach.first_to_administration(_MOST_CUTS_TRIED))


def _to_administration(survey: CheckContext, principal: Principal, *, one_step: bool) -> Iterator[CheckResult]:
    if not survey.reach.knows(principal.arn):
        return
    reached = survey.reach.reached(principal.arn)
    proven, maybe = reached.to_administration, reached.maybe_to_administration
    nearest = proven if proven is not None else maybe
    if reached.is_administrator or nearest is None or (nearest == 1) != one_step:
        return
    way = survey.reach.way(principal.arn)
    if way is None:
        return
    cut = survey.reach.cut(way) if proven is not None and principal.arn in _whose_cut_is_tried(survey) else None
    remedy = None
    if cut is not None:
        remedy = join_messages(" ", (cut.what, phrase("This ends this attack path; others may remain.")))
        if cut.carriers:
            others = nphrase(
                "{count:,} other principal would lose it, too.",
                "{count:,} other principals would lose it, too.",
                len(cut.carriers),
            )
            remedy = join_messages(" ", (remedy, others))
    words = {"name": name_of(principal), "goal": way.goal.name, "way": told(way)}
    if proven is not None:
        sentence = nphrase(
            "{name} gets to be {goal} in {count:,} step, {way}.",
            "{name} gets to be {goal} in {count:,} steps, {way}.",
            len(way.steps),
            **words,
        )
        yield CheckResult(sentence, _evidence(way), remedy=remedy)
    else:
        yield CheckResult(
            nphrase(
                "{name} may get to be {goal} in {count:,} step, {way}; it takes {facts}.",
                "{name} may get to be {goal} in {count:,} steps, {way}; it takes {facts}.",
                len(way.steps),
                facts=enumerated(way.needs),
                **words,
            ),
            _evidence(way, with_answers=False),
            state=State.CANNOT_TELL,
            severity=Severity.MEDIUM,
        )


@check(
    "CHN-01",
    over=PRINCIPALS,
    title=mark("Can become administrator in one step"),
    severity=Severity.HIGH,
    question="Can a user or role that is not an administrator become one in a single step?",
    remedy=mark(
        "Take away one of the permissions that the step needs, or bind it to the resources that the work needs."
    ),
    standards=_STANDARDS,
)
def one_step(survey: CheckContext, _account: Account, principal: Principal) -> Iterator[CheckResult]:
    """The way with what proves it, and the change that stops it with least harm to others."""
    yield from _to_administration(survey, principal, one_step=True)


@check(
    "CHN-02",
    over=PRINCIPALS,
    title=mark("Can become administrator in several steps"),
    severity=Severity.HIGH,
    question="Can a user or role become an administrator in several steps, through other principals?",
    remedy=mark("Cut the chain where fewest need it: a trust policy that names too many, or a permission on its way."),
    standards=_STANDARDS,
)
def several_steps(survey: CheckContext, _account: Account, principal: Principal) -> Iterator[CheckResult]:
    """As CHN-01, by a chain."""
    yield from _to_administration(survey, principal, one_step=False)


@check(
    "CHN-03",
    over=PRINCIPALS,
    title=mark("Can reach another account"),
    severity=Severity.MEDIUM,
    question="Can a user or role become a principal of another captured account?",
    remedy=mark(
        "Have the other account's trust policies name the roles that need to come, instead of the whole account."
    ),
    standards=("NIST 800-53 AC-4",),
)
def other_account(survey: CheckContext, _account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Severity is high where it comes to administer the other account."""
    if not survey.reach.knows(principal.arn):
        return
    reached = survey.reach.reached(principal.arn)
    for account_id in reached.accounts:
        administers = survey.reach.way(principal.arn, account_id, maybe=False)
        if administers is not None and administers.steps:
            yield CheckResult(
                phrase(
                    "{name} gets to administer account {account}, {way}.",
                    name=name_of(principal),
                    account=account_id,
                    way=told(administers),
                ),
                _evidence(administers),
                object=account_id,
                severity=Severity.HIGH,
            )
            continue
        entered = next(survey.reach.ways_into(principal.arn, account_id), None)
        if entered is not None:
            yield CheckResult(
                phrase(
                    "{name} gets into account {account}, {way}.",
                    name=name_of(principal),
                    account=account_id,
                    way=told(entered),
                ),
                _evidence(entered),
                object=account_id,
            )


class _Outsider(NamedTuple):
    """Somebody of outside who gets into a role."""

    who: str
    entry: Entry
    state: State = State.FOUND
    """Cannot tell: of an account that may be the one that manages the organization, of which nothing is captured."""

    @property
    def severity(self) -> Severity:
        if self.state is State.CANNOT_TELL:
            return Severity.MEDIUM
        return Severity.CRITICAL if self.entry.hold < ConditionStrength.SECRET else Severity.HIGH

    @property
    def at_first(self) -> str:
        """Who it is as a sentence begins."""
        return with_translation(f"{self.who[:1].upper()}{self.who[1:]}", self.who)


def _outsiders(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[_Outsider]:
    """Yield who of outside gets into a role with no more than they can arrange or know."""
    external_principal = stranger_entry(survey, account, role)
    if external_principal is not None:
        yield _Outsider(phrase("anybody"), external_principal)
    for trusted in trusted_accounts(survey, role):
        yield _Outsider(
            phrase("account {account}", account=trusted.account_id),
            min((trusted.without_external_id, trusted.with_external_id), key=lambda entry: entry.hold),
            State.CANNOT_TELL if trusted.is_perhaps_own else State.FOUND,
        )
    for one in stranger_entries(survey, role):
        yield _Outsider(one.token.who, one.entry)


@check(
    "CHN-04",
    over=ROLES,
    title=mark("External principals can become administrator through the role"),
    severity=Severity.CRITICAL,
    question="Can a role that is assumable from outside the organization become an administrator?",
    remedy=mark("Name exactly who may come in the trust policy, or cut the way from the role to administration."),
    standards=("NIST 800-53 AC-3",),
)
def outsiders_to_administration(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Who can arrange or knows what the trust policy asks; a role that is an administrator needs no step."""
    way = survey.reach.way(role.arn, maybe=False) if _is_known(survey, role) else None
    if way is None:
        return
    for outsider in _outsiders(survey, account, role):
        who, entry = outsider.who, outsider.entry
        if entry.hold > ConditionStrength.SECRET:
            continue
        sentence = phrase(
            "{who} gets into the role {role}, which is an administrator.", who=outsider.at_first, role=role.role_name
        )
        if way.steps:
            sentence = phrase(
                "{who} gets into the role {role} and gets to be {goal}, {way}.",
                who=outsider.at_first,
                role=role.role_name,
                goal=way.goal.name,
                way=told(way),
            )
        yield CheckResult(
            sentence,
            (Evidence(phrase("Asked as {who}.", who=who), entry.decision), *_evidence(way)),
            object=who,
            severity=outsider.severity,
            state=outsider.state,
        )


@check(
    "CHN-05",
    over=ROLES,
    title=mark("External principals can reach sensitive data through the role"),
    severity=Severity.HIGH,
    question="Can a role that is assumable from outside the organization reach sensitive data?",
    remedy=mark("Name exactly who may come in the trust policy, and give the role only the data that they need."),
    standards=("ISO 27001:2022 A.8.3",),
)
def outsiders_to_data(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """As CHN-04, for all objects, secrets, parameters or tables; administration is told there."""
    if not _is_known(survey, role) or survey.reach.way(role.arn, maybe=False) is not None:
        return
    reached = survey.reach.reached(role.arn)
    data = (*reached.reads, *reached.data)
    if not data:
        return
    way = survey.reach.way(role.arn, data[0], maybe=False)
    for outsider in _outsiders(survey, account, role):
        who, entry = outsider.who, outsider.entry
        if entry.hold <= ConditionStrength.SECRET:
            yield CheckResult(
                phrase(
                    "{who} gets into the role {role} and gets to read {data}.",
                    who=outsider.at_first,
                    role=role.role_name,
                    data=enumerated(map(phrase, data)),
                ),
                (Evidence(phrase("Asked as {who}.", who=who), entry.decision), *(_evidence(way) if way else ())),
                object=who,
                severity=outsider.severity,
                state=outsider.state,
            )


def _is_known(survey: CheckContext, role: RoleDetail) -> bool:
    return survey.reach.knows(role.arn)


@check(
    "CHN-06",
    over=ACCOUNTS,
    title=mark("Role assumption cycle"),
    severity=Severity.LOW,
    question="Can roles of the account assume each other in a circle?",
    remedy=mark(
        "Break the circle where it is not needed: whoever has one of the roles has them all, and keeps them for as "
        "long as they like."
    ),
)
def circle(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """A session that can always be had anew does not end."""
    for roles in survey.once("circles", lambda: tuple(survey.reach.cycles())):
        own = [arn for arn in roles if arn.split(":", 5)[4] == account.account_id]
        if own and own[0] == roles[0]:
            yield CheckResult(
                phrase("{roles} can assume each other.", roles=enumerated(map(last_of_arn, roles))),
                tuple(Evidence(phrase("{arn} is in the circle.", arn=arn)) for arn in roles[:20]),
                object=roles[0],
            )


@check(
    "CHN-08",
    over=ROLES,
    title=mark("Role assumable by the whole account"),
    severity=Severity.MEDIUM,
    question="Does a role trust its whole account, so that every principal there with sts:AssumeRole can assume it?",
    remedy=mark("Name the users and roles that need it in the trust policy."),
    standards=("NIST 800-53 AC-6",),
)
def whole_account(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Tells who gets in, administrators left out: they get in anyway."""
    root = f"arn:{account.partition}:iam::{account.account_id}:root"
    if not {root, account.account_id} & set(trusted_names(role.assume_role_policy_document)):
        return
    if not _is_known(survey, role):
        return
    reach = survey.reach
    getting_in = [arn for arn in reach.assuming(role.arn) if arn != role.arn and not reach.is_administrator(arn)]
    if len(getting_in) >= _MANY_ASSUME:
        yield CheckResult(
            phrase(
                "{role} trusts its whole account: {names} may assume it.",
                role=role.role_name,
                names=enumerated(map(last_of_arn, getting_in)),
            ),
            tuple(
                Evidence(
                    phrase("{name} may assume it.", name=last_of_arn(arn)), survey.ask(arn, "sts:AssumeRole", role.arn)
                )
                for arn in getting_in[:3]
            ),
        )


def _tags_that_decide(document: Document) -> set[str]:
    """Return the principal tags on which Allow statements of a policy hang, keys in lower case."""
    return {
        key.removeprefix(_TAG)
        for statement in document.statements
        if statement.is_allow and statement.broken is None
        for key in statement.context_keys()
        if key.startswith(_TAG)
    }


def _deciding_tags(survey: CheckContext, principal: Principal) -> list[str]:
    carried = survey.evaluator.index.carried(principal.arn).identity
    return sorted(set().union(*(_tags_that_decide(policy.document) for policy in carried))) if carried else []


@check(
    "CHN-09",
    over=ROLES,
    title=mark("Session tags that decide permissions can be chosen freely"),
    severity=Severity.MEDIUM,
    question="Does the trust policy let callers set session tags that the role's permissions depend on?",
    remedy=mark("Bind the tags that callers may set with aws:RequestTag conditions in the trust policy."),
)
def session_tags(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """The trust policy allows sts:TagSession without saying which values, and a policy of the role tests the tag.

    Of users and roles: tags of who comes with an assertion or a token are the identity provider's, those of a service
    its own.
    """
    tags = _deciding_tags(survey, role)
    for statement in survey.evaluator.index.trust(role).statements if tags else ():
        if not statement.is_allow or statement.broken or not statement.covers_action("sts", "tagsession"):
            continue
        if not statement.not_principal and not any(
            entry.type is PrincipalType.AWS or entry.is_everyone for entry in statement.principals or ()
        ):
            continue
        bound = {test.key for test in statement.conditions}
        free = [tag for tag in tags if f"aws:requesttag/{tag}" not in bound]
        if free:
            yield CheckResult(
                phrase(
                    "Whoever assumes {role} may set the session tag {tags}, which decides what it may do.",
                    role=role.role_name,
                    tags=enumerated(free),
                ),
                tuple(Evidence(phrase("Its policies test aws:PrincipalTag/{tag}.", tag=tag)) for tag in free),
            )
            return


@check(
    "CHN-10",
    over=PRINCIPALS,
    title=mark("Can change the tags that decide its permissions"),
    severity=Severity.HIGH,
    question="Can a user or role change its own tags, if its permissions depend on them?",
    remedy=mark(
        "Deny iam:TagUser, iam:TagRole and iam:UntagUser, iam:UntagRole for the tags that permissions hang on."
    ),
    standards=("NIST 800-53 AC-16",),
)
def tags_itself(survey: CheckContext, _account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Asked for each tag that an Allow of its own policies tests."""
    action = "iam:TagUser" if isinstance(principal, UserDetail) else "iam:TagRole"
    if not survey.speaks_of(principal.arn, action):
        return
    for tag in _deciding_tags(survey, principal):
        decision = survey.ask(principal.arn, action, principal.arn, {"aws:TagKeys": [tag]})
        if decision.decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
            yield CheckResult(
                phrase(
                    "{name} may set its own tag {tag}, on which its permissions hang.", name=name_of(principal), tag=tag
                ),
                (Evidence(phrase("Asked whether it may set its tag {tag}.", tag=tag), decision),),
                object=tag,
                severity=Severity.HIGH if decision.decision is EvalDecision.ALLOWED else Severity.MEDIUM,
            )


@check(
    "CHN-11",
    over=PRINCIPALS,
    title=mark("Large blast radius"),
    severity=Severity.INFO,
    question="How many other principals can a user or role become that cannot become an administrator?",
    remedy=mark("See which of them it needs, and take the others away."),
)
def gets_far(survey: CheckContext, _account: Account, principal: Principal) -> Iterator[CheckResult]:
    """For the reviewer: how far it reaches, told where it is far."""
    if not survey.reach.knows(principal.arn):
        return
    reached = survey.reach.reached(principal.arn)
    if reached.to_administration is None and reached.principals >= _FAR:
        count, name = reached.principals, name_of(principal)
        sentence = nphrase(
            "{name} can become {count:,} other principal.",
            "{name} can become {count:,} other principals.",
            count,
            name=name,
        )
        if reached.data:
            data = enumerated(map(phrase, reached.data))
            sentence = nphrase(
                "{name} can become {count:,} other principal and gets to read {data}.",
                "{name} can become {count:,} other principals and gets to read {data}.",
                count,
                name=name,
                data=data,
            )
        yield CheckResult(
            sentence,
            (Evidence(phrase("Every step is proven.")),),
        )
