"""The two accounts of small captures, and the ARNs of who is in them."""

ID, OTHER_ID = "111122223333", "444455556666"


def user_arn(name: str, account: str = ID) -> str:
    return f"arn:aws:iam::{account}:user/{name}"


def role_arn(name: str, account: str = ID) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def policy_arn(name: str, account: str = ID) -> str:
    return f"arn:aws:iam::{account}:policy/{name}"


def root_arn(account: str = ID) -> str:
    return f"arn:aws:iam::{account}:root"


def session_arn(role_and_name: str, account: str = ID) -> str:
    """``session_arn("deploy/ci")``."""
    return f"arn:aws:sts::{account}:assumed-role/{role_and_name}"


def federated_arn(name: str, account: str = ID) -> str:
    return f"arn:aws:sts::{account}:federated-user/{name}"


ROOT, ANA = root_arn(), user_arn("ana")
