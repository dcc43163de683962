"""Users that could be created under a name that the trust policy of a role takes."""

from collections.abc import Mapping, Sequence

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths.catalog import ASSUMES
from iamdesk.attack_paths.edge_targets import EdgeTargets
from iamdesk.attack_paths.evaluation_session import EvaluationSession
from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.policy.overlap import common_arn
from iamdesk.snapshot.model import Snapshot, UserDetail

_MAX_NAMES = 48
_NAMES = ("aws:principalarn", "aws:username")


def trusted_users(inquiry: EvaluationSession, targets: EdgeTargets) -> Mapping[int, Sequence[str]]:
    """Return, by role, users that do not exist and can assume it without a policy of their own.

    A condition of its trust policy names them by a pattern: IAM replaces names under ``Principal`` by unique ids.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-users
    """
    index = inquiry.evaluator.index
    creating = inquiry.evaluator.population().index.covering("iam", "createuser").statements.values()
    creatable = [entry.text for some in creating for one in some if one.is_allow for entry in one.resources or ()]
    found: dict[int, Sequence[str]] = {}
    for place in indexes_of(targets.roles) if creatable else ():
        _, partition, _, _, account, _ = targets.arns[place].split(":", 5)
        users = f"arn:{partition}:iam::{account}:user/"
        trust = index.trust(index.roles[targets.arns[place]])
        tests = (test for one in trust.statements if one.is_allow for test in one.conditions if test.key in _NAMES)
        values = [f"{users if test.key == _NAMES[1] else ''}{value.text}" for test in tests for value in test.values]
        named = filter(None, (common_arn(value, f"{users}*") for value in values))
        pairs = ((name, common_arn(name, other)) for name in named for other in creatable)
        names = dict.fromkeys(name for pair in pairs for name in pair if name and name not in targets.places)
        if names:
            found[place] = _assuming(inquiry.snapshot, targets.arns[place], tuple(names)[:_MAX_NAMES])
    return found


def _assuming(snapshot: Snapshot, role: str, users: Sequence[str]) -> Sequence[str]:
    """Return which of some users without policies could assume a role."""
    account = next(one for one in snapshot.accounts if any(each.arn == role for each in one.roles))
    new = tuple([UserDetail(arn=one, user_name=one.rpartition("/")[2]) for one in users])
    roles = tuple([one for one in account.roles if one.arn == role])
    alone = account.model_copy(update={"users": new, "groups": (), "roles": roles})
    evaluator = Evaluator(snapshot.model_copy(update={"accounts": (alone,)}))
    return [one for one in users if evaluator.decide(Request(one, ASSUMES, role)) is EvalDecision.ALLOWED]
