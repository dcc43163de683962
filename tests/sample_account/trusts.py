"""Trust policies of the sample account: whom its roles trust, and the accounts around it."""

from typing import Any

from .shapes import ACCOUNT_ID, Document, arn, aws_managed, document

SECURITY_ACCOUNT = "444455556666"
MONITORING_VENDOR = "777788889999"
COST_VENDOR = "888877776666"
BACKUP_ACCOUNT = "555566667777"
ORGANIZATION = "o-a1b2c3d4e5"
GITHUB = "token.actions.githubusercontent.com"
CLUSTER = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"

ADMINISTRATOR = aws_managed("AdministratorAccess")


def trust(principal: Any, action: str | list[str] = "sts:AssumeRole", **condition: Any) -> Document:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    if condition:
        statement["Condition"] = condition
    return document(statement)


def trusting_service(*names: str) -> Document:
    hosts = [f"{name}.amazonaws.com" for name in names]
    return trust({"Service": hosts if len(hosts) > 1 else hosts[0]})


def trusting_account(account: str = ACCOUNT_ID, **condition: Any) -> Document:
    return trust({"AWS": arn("root", account)}, **condition)


def trusting_web_identity(provider: str, **condition: Any) -> Document:
    federated = {"Federated": arn(f"oidc-provider/{provider}")}
    return trust(federated, "sts:AssumeRoleWithWebIdentity", **condition)


def team_tag(team: str) -> dict[str, str]:
    return {"team": team}
