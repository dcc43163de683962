"""Users and roles that could be created under a name that the trust policy of a role takes."""

from collections.abc import Mapping, Sequence

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.catalog import ASSUMES
from iamdesk.attack_paths.edge_targets import EdgeTargets
from iamdesk.attack_paths.evaluation_session import EvaluationSession
from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.policy.overlap import common_arn
from iamdesk.snapshot.model import RoleDetail, Snapshot, UserDetail

_MAX_NAMES = 48
_NAMES = ("aws:principalarn", "aws:username")
_RESERVED = (":role/aws-reserved/", ":role/aws-service-role/")


def trusted_names(inquiry: EvaluationSession, targets: EdgeTargets, kind: str) -> Mapping[int, Sequence[str]]:
    """Return, by role, users (or roles, by ``kind``) that do not exist and can assume it without a policy of their own.

    A condition of its trust policy names them by a pattern: IAM replaces names under ``Principal`` by unique ids.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-users
    """
    index = inquiry.evaluator.index
    creating = inquiry.evaluator.population().index.covering("iam", f"create{kind}").statements.values()
    creatable = [entry.text for some in creating for one in some if one.is_allow for entry in one.resources or ()]
    found: dict[int, Sequence[str]] = {}
    for place in indexes_of(targets.roles) if creatable else ():
        _, partition, _, _, account, _ = targets.arns[place].split(":", 5)
        own = f"arn:{partition}:iam::{account}:{kind}/"
        trust = index.trust(index.roles[targets.arns[place]])
        tests = (test for one in trust.statements if one.is_allow for test in one.conditions if test.key in _NAMES)
        values = [f"{own if test.key == _NAMES[1] else ''}{value.text}" for test in tests for value in test.values]
        named = filter(None, (common_arn(value, f"{own}*") for value in values))
        pairs = ((name, common_arn(name, other)) for name in named for other in creatable)
        names = dict.fromkeys(name for pair in pairs for name in pair if name and name not in targets.places)
        if new := [one for one in names if not any(reserved in one for reserved in _RESERVED)][:_MAX_NAMES]:
            found[place] = _assuming(inquiry.snapshot, targets.arns[place], new)
    return found


def _assuming(snapshot: Snapshot, role: str, new: Sequence[str]) -> Sequence[str]:
    """Return which of some users and roles without policies could assume a role."""
    account = next(one for one in snapshot.accounts if any(each.arn == role for each in one.roles))
    names = [(one, one.rpartition("/")[2]) for one in new]
    users = tuple([UserDetail(arn=arn, user_name=name) for arn, name in names if ":user/" in arn])
    roles = [one for one in account.roles if one.arn == role]
    roles += [RoleDetail(arn=arn, role_name=name) for arn, name in names if ":role/" in arn]
    alone = account.model_copy(update={"users": users, "groups": (), "roles": tuple(roles)})
    evaluator = Evaluator(snapshot.model_copy(update={"accounts": (alone,)}))
    return [one for one in new if evaluator.decide(Request(one, ASSUMES, role)) is EvalDecision.ALLOWED]
