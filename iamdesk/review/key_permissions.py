"""Key permissions: a short list of sensitive actions, with a principal's access to each."""

from collections.abc import Iterator
from dataclasses import dataclass

from iamdesk.access.effective_permissions import AccessExtent, ActionDecision, ResourceOrigin
from iamdesk.access.evaluator import Evaluator
from iamdesk.aws.action_sets import service_actions
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import mark, phrase

KEY_ACTIONS: tuple[tuple[str, str], ...] = (
    ("iam:CreateUser", mark("create users")),
    ("iam:CreateAccessKey", mark("create access keys")),
    ("iam:AttachUserPolicy", mark("attach policies to users")),
    ("iam:PutRolePolicy", mark("put inline policies on roles")),
    ("iam:UpdateAssumeRolePolicy", mark("change trust policies of roles")),
    ("iam:PassRole", mark("pass roles to services")),
    ("sts:AssumeRole", mark("assume roles")),
    ("organizations:LeaveOrganization", mark("leave the organization")),
    ("cloudtrail:StopLogging", mark("stop audit logging")),
    ("s3:GetObject", mark("read objects")),
    ("s3:DeleteObject", mark("delete objects")),
    ("s3:PutBucketPolicy", mark("change bucket policies")),
    ("secretsmanager:GetSecretValue", mark("read secrets")),
    ("ssm:GetParameter", mark("read parameters")),
    ("kms:Decrypt", mark("decrypt")),
    ("dynamodb:GetItem", mark("read tables")),
    ("rds:DeleteDBInstance", mark("delete databases")),
    ("lambda:UpdateFunctionCode", mark("change the code of functions")),
    ("ec2:TerminateInstances", mark("terminate instances")),
)
"""Actions with descriptions that can follow ``may``."""


@dataclass(frozen=True, slots=True)
class KeyPermission:
    """A principal's access to one key action."""

    action: str
    description: str
    reach: AccessExtent
    decisions: tuple[ActionDecision, ...]
    """Evaluated requests that are allowed or conditional, allowed ones first."""


def key_permissions(evaluator: Evaluator, principal: str, most: int = 2) -> Iterator[KeyPermission]:
    """Yield the key actions that a user, role or root user can perform, each with at most ``most`` requests.

    Yields nothing for a principal that is not in the snapshot.
    """
    position = evaluator.population().position(principal)
    if position is None:
        return
    for action, description in KEY_ACTIONS:
        service, _, name = action.partition(":")
        bit = service_actions(service).positions.get(name.lower())
        if bit is None:
            continue
        reach = evaluator.reach_of(position, service).reach_of(bit)
        if reach in (AccessExtent.NONE, AccessExtent.DENIED):
            continue
        allowed: list[ActionDecision] = []
        conditional: list[ActionDecision] = []
        for one in evaluator.decisions(position, service, bit):
            if len(allowed) == most or one.source is ResourceOrigin.EXCEPTION:
                break  # those that follow are not listed, and some principals have hundreds
            if one.decision is EvalDecision.ALLOWED:
                allowed.append(one)
            elif one.decision is EvalDecision.CONDITIONAL:
                conditional.append(one)
        yield KeyPermission(action, phrase(description), reach, (*allowed, *conditional)[:most])
