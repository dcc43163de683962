"""Privilege escalation: attack paths to administrator, to other accounts, and from external principals."""

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from iamdesk.attack_paths.administrators import Principal
from iamdesk.attack_paths.catalog import actions_of, catalog
from iamdesk.attack_paths.types import AttackPath, Remediation, Step
from iamdesk.attack_paths.types import State as StepState
from iamdesk.checks.aws_tools import origin_of
from iamdesk.checks.check import CheckResult, check
from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.condition_strength import Attempt, ConditionStrength
from iamdesk.checks.external_trust import external_attempt, matching_accounts, trusted_accounts
from iamdesk.checks.federation import token_attempts
from iamdesk.checks.finding import Evidence, Severity, State
from iamdesk.checks.remediation_commands import edit_command
from iamdesk.checks.targets import ACCOUNTS, PRINCIPALS, ROLES
from iamdesk.checks.words import enumerated
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import join_messages, mark, nphrase, phrase, with_translation
from iamdesk.inventory.references import last_of_arn, name_of
from iamdesk.inventory.trust import trusted_names
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalType
from iamdesk.snapshot.model import Account, RoleDetail, UserDetail
from iamdesk.whatif.edits import EditAction

_STANDARDS = ("NIST 800-53 AC-6", "SOC 2 CC6.3")
_MAX_REMEDIATIONS = 50
_TAG = "aws:principaltag/"
_PASSES = "iam:PassRole"
_MAX_ENTERED = 20
"""Accounts that a principal enters with a finding for each; more are one finding."""
_ENTERED = "entered accounts"
"""Object of the finding about many accounts that are entered."""
_FURTHER = "further accounts"
"""Object of the finding about accounts that are reached through others."""


def path_text(path: AttackPath) -> str:
    """Return a path as text: ``by assuming the role (deploy), then by changing …``."""
    return join_messages(phrase(", then "), [_step_text(step) for step in path.steps])


_KEYS_LEFT = "fewer than two access keys"
"""What is true of most users, and so no reason for a lower severity."""


def _step_text(step: Step) -> str:
    if step.target == step.source:
        return phrase("by {how}", how=step.how)
    return phrase("by {how} ({target})", how=step.how, target=last_of_arn(step.target))


def _evidence(path: AttackPath, *, with_decisions: bool = True) -> tuple[Evidence, ...]:
    """Return the evidence of a path; the decisions take most time, and one open trust policy may make thousands."""
    found = [Evidence(phrase("Requires {fact}.", fact=fact)) for fact in path.needs]
    for step in path.steps:
        becomes = phrase(
            "{source} reaches {goal} by {how}.",
            source=last_of_arn(step.source),
            goal=step.goal.name,
            how=step.how,
        )
        found.append(Evidence(becomes))
        if with_decisions:
            found += [
                Evidence(phrase("Evaluated {question}.", question=proof.request_text), proof.decision)
                for proof in step.proof
            ]
    return tuple(found)


def _before(remediation: Remediation, path: AttackPath) -> str:
    """Return what to find out before a change is made, since it may stop a job, and what it leaves open."""
    edit = remediation.edits[0]
    sentence = phrase("First make sure that no deployment or job needs the permission: it would fail.")
    if edit.act is EditAction.PUT_INLINE_POLICY and ":user/" in edit.subject:
        sentence = phrase(
            "First make sure that {name} does not need the permission. If no other holder needs it either, "
            "change the policy that grants it instead.",
            name=last_of_arn(edit.subject),
        )
    passes = any(
        proof.decision.request.action == _PASSES
        for step in path.steps
        if step.source == edit.subject
        for proof in step.proof
    )
    if edit.act is not EditAction.PUT_INLINE_POLICY or not passes or _PASSES in remediation.what:
        return sentence
    roles = phrase(
        "{name} can still pass roles: list those that the job passes, with iam:PassedToService.",
        name=last_of_arn(edit.subject),
    )
    return join_messages(" ", (sentence, roles))


def _administrator_role(survey: CheckContext, path: AttackPath) -> str:
    """Return the ARN of the role that a path ends at, if it is an administrator whatever the path does to it."""
    last = path.steps[-1]
    is_role = ":role/" in last.target and last.target != last.source and survey.reach.knows(last.target)
    return last.target if is_role and survey.reach.reached(last.target).is_administrator else ""


def _with_remediation(survey: CheckContext) -> frozenset[str]:
    """Return the principals whose path gets a remediation: the first with a proven path, in the snapshot's order.

    Trying a change takes tenths of a second. The result does not depend on how the work is distributed.
    """

    return survey.once("with remediation", lambda: survey.reach.first_to_administration(_MAX_REMEDIATIONS))


def _to_administration(
    survey: CheckContext, account: Account, principal: Principal, *, one_step: bool
) -> Iterator[CheckResult]:
    if not survey.reach.knows(principal.arn):
        return
    reached = survey.reach.reached(principal.arn)
    proven, maybe = reached.to_administration, reached.maybe_to_administration
    nearest = proven if proven is not None else maybe
    if reached.is_administrator or nearest is None or (nearest == 1) != one_step:
        return
    path = survey.reach.attack_path(principal.arn)
    if path is None:
        return
    remediation = (
        survey.reach.remediation(path) if proven is not None and principal.arn in _with_remediation(survey) else None
    )
    remediation_command = ""
    advice = phrase(
        "Restrict {actions} to the principals that need the permission, and to the resources of their job.",
        actions=enumerated(actions_of(path.steps[0].path_id)),
    )
    if remediation is not None:
        remediation_command = edit_command(survey.snapshot, account.account_id, remediation.edits)
        ended = phrase("This ends this attack path; others may remain.")
        if remediation.remaining:
            left = remediation.remaining[0]
            ended = nphrase(
                "This ends this attack path, but {name} can still become {goal} directly, {way}.",
                "This ends this attack path, but {name} can still become {goal} in {count:,} steps, {way}.",
                len(left.steps),
                goal=left.goal.name,
                name=name_of(principal),
                way=path_text(left),
            )
        advice = join_messages(" ", (remediation.what, ended))
        role = _administrator_role(survey, path)
        if role and remediation.edits[0].act is EditAction.PUT_INLINE_POLICY:  # of one principal, and a finding itself
            better = phrase(
                "Remove administrator access from role {role}: this ends all attack paths that end at it. Until then:",
                role=last_of_arn(role),
            )
            advice = join_messages(" ", (better, advice))
        if remediation.carriers:
            others = nphrase(
                "{count:,} other principal would lose the permission as well.",
                "{count:,} other principals would lose the permission as well.",
                len(remediation.carriers),
            )
            advice = join_messages(" ", (advice, others))
        advice = join_messages(" ", (advice, _before(remediation, path)))
        if origin := origin_of(remediation.edits[0].subject):
            remediation_command = ""
            advice = phrase(
                "Do not change {name} by hand: an AWS tool maintains it ({origin}). Review who can act through "
                "the tool, and whether it is still needed.",
                name=last_of_arn(remediation.edits[0].subject.partition("#")[0]),
                origin=phrase(origin),
            )
    words = {"name": name_of(principal), "goal": path.goal.name, "way": path_text(path)}
    if proven is not None:
        sentence = nphrase(
            "{name} can become {goal} directly, {way}.",
            "{name} can become {goal} in {count:,} steps, {way}.",
            len(path.steps),
            **words,
        )
        through = _administrator_role(survey, path)
        yield CheckResult(
            sentence, _evidence(path), remediation=advice, remediation_command=remediation_command, through=through
        )
    else:
        yield CheckResult(
            nphrase(
                "{name} may be able to become {goal} directly, {way}; this requires {facts}.",
                "{name} may be able to become {goal} in {count:,} steps, {way}; this requires {facts}.",
                len(path.steps),
                facts=enumerated(path.needs),
                **words,
            ),
            _evidence(path, with_decisions=False),
            state=State.INCONCLUSIVE,
            is_likely=path.needs == (catalog().facts[_KEYS_LEFT],),
            remediation=advice,
        )


@check(
    "CHN-01",
    over=PRINCIPALS,
    severity=(Severity.HIGH, "A principal inside the account becomes administrator, with no further requirement."),
    title=mark("Can become administrator in one step"),
    question="Can a user or role that is not an administrator become one in a single step?",
    remediation=mark(
        "Remove one of the permissions that the step needs, or restrict it to the resources that the job needs."
    ),
    standards=_STANDARDS,
)
def one_step(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Report a shortest path with its evidence, and the change that ends it and affects the fewest others."""
    yield from _to_administration(survey, account, principal, one_step=True)


@check(
    "CHN-02",
    over=PRINCIPALS,
    severity=(Severity.HIGH, "As CHN-01, with more calls. Below Prowler: the caller is inside the account."),
    title=mark("Can become administrator in several steps"),
    question="Can a user or role become an administrator in several steps, through other principals?",
    remediation=mark(
        "End the path at the step that the fewest principals need: restrict a trust policy, or remove a permission of "
        "a step."
    ),
    standards=_STANDARDS,
)
def several_steps(survey: CheckContext, account: Account, principal: Principal) -> Iterator[CheckResult]:
    """As CHN-01, for paths of two or more steps."""
    yield from _to_administration(survey, account, principal, one_step=False)


@check(
    "CHN-03",
    over=PRINCIPALS,
    severity=(Severity.MEDIUM, "What is gained depends on the other account, and is ranked by the findings there."),
    title=mark("Can reach another account"),
    question="Can a user or role become a principal of another captured account?",
    remediation=mark(
        "Name the roles that need access in the other account's trust policies, instead of the whole account."
    ),
    standards=("NIST 800-53 AC-4",),
)
def other_account(survey: CheckContext, _account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Report each account that it enters from its own; high if it can become an administrator there.

    Accounts behind those are one finding: their number grows with the organization, and what leads into each is a
    finding of the role that enters it. Many entered ones are one finding, too: roles that trust the whole organization
    in each account would give a finding for each pair of accounts.
    """
    if not survey.reach.knows(principal.arn):
        return
    accounts = survey.reach.reached(principal.arn).accounts
    if not accounts:
        return
    administered = survey.reach.administered(principal.arn)
    entered = survey.reach.entered(principal.arn)
    if len(entered) > _MAX_ENTERED:
        yield _many_accounts(
            survey,
            principal,
            nphrase(
                "{name} can access {count:,} account directly: {accounts}.",
                "{name} can access {count:,} accounts directly: {accounts}.",
                len(entered),
                name=name_of(principal),
                accounts=enumerated(entered),
            ),
            entered,
            administered,
            _ENTERED,
        )
    for account_id in entered if len(entered) <= _MAX_ENTERED else ():
        path = _path_into(survey, principal, account_id, is_administered=account_id in administered)
        words = {"name": name_of(principal), "account": account_id, "way": path_text(path)}
        if account_id in administered:
            sentence = phrase("{name} can become an administrator of account {account}, {way}.", **words)
        else:
            sentence = phrase("{name} can access account {account}, {way}.", **words)
        severity = Severity.HIGH if account_id in administered else None
        yield CheckResult(sentence, _evidence(path), object=account_id, severity=severity)
    further = [account_id for account_id in accounts if account_id not in entered]
    if further:
        yield _many_accounts(
            survey,
            principal,
            nphrase(
                "{name} can reach {count:,} further account through other accounts: {accounts}.",
                "{name} can reach {count:,} further accounts through other accounts: {accounts}.",
                len(further),
                name=name_of(principal),
                accounts=enumerated(further),
            ),
            further,
            administered,
            _FURTHER,
        )


def _path_into(survey: CheckContext, principal: Principal, account_id: str, *, is_administered: bool) -> AttackPath:
    """Return a shortest path to another account: to its administrator, or to a principal of it."""
    if is_administered:
        path = survey.reach.attack_path(principal.arn, account_id, maybe=False)
    else:
        path = next(survey.reach.paths_into(principal.arn, account_id), None)
    if path is None:
        raise LookupError(f"no path into account {account_id}, which is reached")
    return path


def _many_accounts(
    survey: CheckContext,
    principal: Principal,
    sentence: str,
    accounts: Sequence[str],
    all_administered: Container[str],
    about: str,
) -> CheckResult:
    """Return one finding about several accounts, with one path as an example."""
    administered = [one for one in accounts if one in all_administered]
    if administered:
        more = phrase("It can become an administrator of {accounts}.", accounts=enumerated(administered))
        sentence = join_messages(" ", (sentence, more))
    example = (administered or accounts)[0]
    return CheckResult(
        sentence,
        _evidence(_path_into(survey, principal, example, is_administered=bool(administered))),
        object=about,
        severity=Severity.HIGH if administered else None,
    )


class _ExternalCaller(NamedTuple):
    """An external principal that can assume a role."""

    who: str
    key: str
    """Identifies the caller in fingerprints; does not change with the wording."""
    attempt: Attempt
    state: State = State.FOUND
    """Cannot tell for an account that may be the management account of an organization that was not captured."""

    @property
    def severity(self) -> Severity:
        if self.state is State.INCONCLUSIVE:
            return Severity.MEDIUM
        return Severity.CRITICAL if self.attempt.strength < ConditionStrength.SECRET else Severity.HIGH

    @property
    def capitalized(self) -> str:
        """``who``, to begin a sentence."""
        return with_translation(f"{self.who[:1].upper()}{self.who[1:]}", self.who)


def _external_callers(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[_ExternalCaller]:
    """Yield the external principals that can assume a role with keys that they choose or know.

    Not the services of another account, which people there cannot make use the role as they like: TRU-04.
    """
    external_principal = external_attempt(survey, account, role)
    if external_principal is not None:
        yield _ExternalCaller(phrase("anyone with an AWS account"), "anybody", external_principal)
    for trusted in trusted_accounts(survey, role):
        if trusted.services:
            continue
        yield _ExternalCaller(
            matching_accounts(trusted.account_id) or phrase("account {account}", account=trusted.account_id),
            f"account {trusted.account_id}",
            min((trusted.without_external_id, trusted.with_external_id), key=lambda attempt: attempt.strength),
            State.INCONCLUSIVE if trusted.is_perhaps_own else State.FOUND,
        )
    for one in token_attempts(survey, role):
        yield _ExternalCaller(one.token.who, one.token.key, one.attempt)


@check(
    "CHN-04",
    over=ROLES,
    severity=(
        Severity.CRITICAL,
        "An external principal becomes administrator, with no further requirement. High if it needs an external "
        "ID or meets another condition.",
    ),
    title=mark("Attack path from outside to administrator"),
    question="Can a role that is assumable from outside the organization become an administrator?",
    remediation=mark(
        "Restrict the trust policy to the principals that need the role, or end the path from the role to "
        "administrator."
    ),
    standards=("NIST 800-53 AC-3",),
)
def external_to_administrator(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Report each external principal that can assume the role; the role may be an administrator itself."""
    path = survey.reach.attack_path(role.arn, maybe=False) if _is_known(survey, role) else None
    if path is None:
        return
    for caller in _external_callers(survey, account, role):
        who, attempt = caller.who, caller.attempt
        if attempt.strength > ConditionStrength.SECRET:
            continue
        sentence = phrase(
            "{who} can assume the role {role}, which is an administrator.", who=caller.capitalized, role=role.role_name
        )
        if path.steps:
            sentence = phrase(
                "{who} can assume the role {role} and become {goal}, {way}.",
                who=caller.capitalized,
                role=role.role_name,
                goal=path.goal.name,
                way=path_text(path),
            )
        yield CheckResult(
            sentence,
            (Evidence(phrase("Evaluated as {who}.", who=who), attempt.decision), *_evidence(path)),
            object=caller.key,
            severity=caller.severity,
            state=caller.state,
        )


@check(
    "CHN-05",
    over=ROLES,
    severity=(
        Severity.HIGH,
        "An external principal reads sensitive data, through a role that was shared on purpose.",
    ),
    title=mark("Attack path from outside to sensitive data"),
    question="Can a role that is assumable from outside the organization reach sensitive data?",
    remediation=mark(
        "Restrict the trust policy to the principals that need the role, and the role to the data that they need."
    ),
    standards=("ISO 27001:2022 A.8.3",),
)
def external_to_data(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """As CHN-04, for all objects, secrets, parameters or tables, unless CHN-04 reports the role."""
    if not _is_known(survey, role) or survey.reach.attack_path(role.arn, maybe=False) is not None:
        return
    reached = survey.reach.reached(role.arn)
    data = (*reached.reads, *reached.data)
    if not data:
        return
    path = survey.reach.attack_path(role.arn, data[0], maybe=False)
    for caller in _external_callers(survey, account, role):
        who, attempt = caller.who, caller.attempt
        if attempt.strength <= ConditionStrength.SECRET:
            yield CheckResult(
                phrase(
                    "{who} can assume the role {role} and read {data}.",
                    who=caller.capitalized,
                    role=role.role_name,
                    data=enumerated(map(phrase, data)),
                ),
                (
                    Evidence(phrase("Evaluated as {who}.", who=who), attempt.decision),
                    *(_evidence(path) if path else ()),
                ),
                object=caller.key,
                severity=caller.severity,
                state=caller.state,
            )


def _is_known(survey: CheckContext, role: RoleDetail) -> bool:
    return survey.reach.knows(role.arn)


@check(
    "CHN-06",
    over=ACCOUNTS,
    severity=(Severity.LOW, "No role gains anything that one of the others does not have."),
    title=mark("Role assumption cycle"),
    question="Can roles of the account assume each other in a cycle?",
    remediation=mark(
        "Break the cycle at a trust that is not needed: a principal with one of the roles can assume all of them, and "
        "renew its sessions indefinitely."
    ),
)
def role_cycle(survey: CheckContext, account: Account, _: Account) -> Iterator[CheckResult]:
    """Report cycles of role assumption: a session that can be renewed does not end."""
    for roles in survey.once("cycles", lambda: tuple(survey.reach.cycles())):
        own = [arn for arn in roles if arn.split(":", 5)[4] == account.account_id]
        if own and own[0] == roles[0]:
            yield CheckResult(
                phrase("{roles} can assume each other.", roles=enumerated(map(last_of_arn, roles))),
                tuple(Evidence(phrase("{arn} is in the cycle.", arn=arn)) for arn in roles[:20]),
                object=roles[0],
            )


@check(
    "CHN-08",
    over=ROLES,
    severity=(Severity.MEDIUM, "Also needs a permission in an identity policy of the account."),
    title=mark("Role assumable by the whole account"),
    question="Does a role trust its whole account, so that every principal there with sts:AssumeRole can assume it?",
    remediation=mark("Name the users and roles that need the role in its trust policy."),
    standards=("NIST 800-53 AC-6",),
)
def whole_account(survey: CheckContext, account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """List who can assume it, without administrators. One is enough if the role can read all data of a service."""
    root = f"arn:{account.partition}:iam::{account.account_id}:root"
    if not {root, account.account_id} & set(trusted_names(role.assume_role_policy_document)):
        return
    if not _is_known(survey, role):
        return
    reach = survey.reach
    assuming = [arn for arn in reach.assuming(role.arn) if arn != role.arn and not reach.is_administrator(arn)]
    if not assuming:
        return
    reached = reach.reached(role.arn)
    data = (*reached.reads, *reached.data)
    if data or len(assuming) >= survey.thresholds.assuming_principals:
        words = {"role": role.role_name, "names": enumerated(map(last_of_arn, assuming))}
        sentence = phrase("{role} trusts its whole account: {names} can assume it.", **words)
        if data:
            sentence = phrase(
                "{role} trusts its whole account: {names} can assume it and, through it, read {data}.",
                data=enumerated(map(phrase, data)),
                **words,
            )
        yield CheckResult(
            sentence,
            tuple(
                Evidence(
                    phrase("{name} can assume it.", name=last_of_arn(arn)), survey.ask(arn, "sts:AssumeRole", role.arn)
                )
                for arn in assuming[:3]
            ),
        )


def _tags_that_decide(document: Document) -> set[str]:
    """Return the principal tags that Allow statements of a policy test, keys in lower case."""
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
    severity=(Severity.MEDIUM, "Needs a caller that the trust policy names."),
    title=mark("Session tags that decide permissions can be chosen freely"),
    question="Does the trust policy let callers set session tags that the role's permissions depend on?",
    remediation=mark(
        "Restrict the values of tags that callers can set with aws:RequestTag conditions in the trust policy."
    ),
)
def session_tags(survey: CheckContext, _account: Account, role: RoleDetail) -> Iterator[CheckResult]:
    """Report a trust policy that allows sts:TagSession for any values, if a policy of the role tests the tag.

    Only for users and roles as callers: the identity provider sets the tags of federated users, services their own.
    """
    tags = _deciding_tags(survey, role)
    for statement in survey.evaluator.index.trust(role).statements if tags else ():
        if not statement.is_allow or statement.broken or not statement.covers_action("sts", "tagsession"):
            continue
        if not statement.not_principal and not any(
            entry.type is PrincipalType.AWS or entry.is_everyone for entry in statement.principals or ()
        ):
            continue
        tested = {test.key for test in statement.conditions}
        free = [tag for tag in tags if f"aws:requesttag/{tag}" not in tested]
        if free:
            yield CheckResult(
                phrase(
                    "Any principal that assumes {role} can set the session tag {tags}, on which the role's "
                    "permissions depend.",
                    role=role.role_name,
                    tags=enumerated(free),
                ),
                tuple(Evidence(phrase("Its policies test aws:PrincipalTag/{tag}.", tag=tag)) for tag in free),
            )
            return


@check(
    "CHN-10",
    over=PRINCIPALS,
    severity=(Severity.HIGH, "The principal decides its own permissions."),
    title=mark("Can change the tags that decide its permissions"),
    question="Can a user or role change its own tags, if its permissions depend on them?",
    remediation=mark(
        "Deny iam:TagUser, iam:TagRole, iam:UntagUser and iam:UntagRole for the tags that permissions depend on."
    ),
    standards=("NIST 800-53 AC-16",),
)
def tags_itself(survey: CheckContext, _account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Evaluate for each tag that an Allow of its own policies tests."""
    action = "iam:TagUser" if isinstance(principal, UserDetail) else "iam:TagRole"
    if not survey.applies_to_action(principal.arn, action):
        return
    for tag in _deciding_tags(survey, principal):
        decision = survey.ask_if_open(principal.arn, action, principal.arn, {"aws:TagKeys": [tag]})
        if decision is not None:
            yield CheckResult(
                phrase(
                    "{name} can set its own tag {tag}, on which its permissions depend.",
                    name=name_of(principal),
                    tag=tag,
                ),
                (Evidence(phrase("Evaluated whether it can set its tag {tag}.", tag=tag), decision),),
                object=tag,
                severity=Severity.HIGH if decision.decision is EvalDecision.ALLOWED else Severity.MEDIUM,
            )


@check(
    "CHN-11",
    over=PRINCIPALS,
    severity=(
        Severity.INFO,
        "Shows how much is lost with one credential; severe attack paths are reported separately.",
    ),
    title=mark("Large blast radius"),
    question="Can a user or role that cannot become an administrator become many other principals (by default 25)?",
    remediation=mark("Review which of these principals it needs to become, and remove its access to the others."),
)
def large_blast_radius(survey: CheckContext, _account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Report the number of principals that it can become, from a threshold on."""
    if not survey.reach.knows(principal.arn):
        return
    reached = survey.reach.reached(principal.arn)
    if reached.to_administration is None and reached.principals >= survey.thresholds.reachable_principals:
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
                "{name} can become {count:,} other principal and thereby read {data}.",
                "{name} can become {count:,} other principals and thereby read {data}.",
                count,
                name=name,
                data=data,
            )
        yield CheckResult(
            sentence,
            (Evidence(phrase("Every step is proven.")),),
        )


@check(
    "CHN-12",
    over=PRINCIPALS,
    severity=(
        Severity.MEDIUM,
        "A second principal is needed, which the caller does not control. Below Prowler: with one that it "
        "controls, it is CHN-01 or CHN-02.",
    ),
    title=mark("Can make other principals administrators"),
    question="Can a user or role that cannot become an administrator make another one an administrator?",
    remediation=mark(
        "Restrict the permission to the users, roles, groups and policies that the job needs, or require that what is "
        "changed has a permissions boundary (condition key iam:PermissionsBoundary)."
    ),
    standards=_STANDARDS,
)
def makes_administrators(survey: CheckContext, _account: Account, principal: Principal) -> Iterator[CheckResult]:
    """Report one principal that it can change, as an example; CHN-01 and CHN-02 report those with an attack path."""
    if not survey.reach.knows(principal.arn):
        return
    reached = survey.reach.reached(principal.arn)
    if reached.to_administration is not None or reached.maybe_to_administration is not None:
        return
    step = survey.reach.promotes(principal.arn)
    if step is None:
        return
    evidence = [
        Evidence(phrase("Evaluated {question}.", question=one.request_text), one.decision) for one in step.proof
    ]
    words = {"name": name_of(principal), "way": _step_text(step)}
    if step.state is StepState.PROVEN:
        sentence = phrase(
            "{name} cannot become an administrator, but can make other principals administrators, for example {way}.",
            **words,
        )
        yield CheckResult(sentence, tuple(evidence))
    else:
        sentence = phrase(
            "{name} may be able to make other principals administrators, for example {way}; this requires {facts}.",
            facts=enumerated(step.needs),
            **words,
        )
        needs = [Evidence(phrase("Requires {fact}.", fact=fact)) for fact in step.needs]
        yield CheckResult(sentence, (*needs, *evidence), state=State.INCONCLUSIVE, severity=Severity.LOW)
