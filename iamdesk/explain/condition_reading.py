"""Conditions in plain words, as they are written: what has to be so for a statement to apply. Rules: SEMANTICS G, H."""

from collections.abc import Callable, Mapping, Sequence

from iamdesk.explain.wording import listed
from iamdesk.policy.conditions import ConditionTest, PolicyValue, Quantifier
from iamdesk.policy.operators import Operator
from iamdesk.policy.patterns import QUESTION, STAR, Token
from iamdesk.policy.variables import Variable

_MOST_VALUES = 5

_SUBJECTS: Mapping[str, str] = {
    "aws:calledvia": "the chain of services that call",
    "aws:calledviafirst": "the first service in the chain of calls",
    "aws:calledvialast": "the last service in the chain of calls",
    "aws:currenttime": "the time",
    "aws:epochtime": "the time (in seconds since 1970)",
    "aws:multifactorauthage": "the age of the MFA sign-in (in seconds)",
    "aws:principalaccount": "the caller's account",
    "aws:principalarn": "the caller's ARN",
    "aws:principalorgid": "the caller's organization",
    "aws:principalorgpaths": "the path of the caller's account in its organization",
    "aws:principalservicename": "the calling service",
    "aws:principaltype": "the caller's type",
    "aws:referer": "the referring page",
    "aws:requestedregion": "the Region asked for",
    "aws:resourceaccount": "the resource's account",
    "aws:resourceorgid": "the resource's organization",
    "aws:resourceorgpaths": "the path of the resource's account in its organization",
    "aws:sourceaccount": "the account for which a service calls",
    "aws:sourcearn": "the resource for which a service calls",
    "aws:sourceidentity": "the source identity",
    "aws:sourceip": "the caller's address",
    "aws:sourceorgid": "the organization for which a service calls",
    "aws:sourcevpc": "the caller's VPC",
    "aws:sourcevpce": "the VPC endpoint",
    "aws:tagkeys": "the tag keys in the request",
    "aws:tokenissuetime": "the time at which the credentials were issued",
    "aws:useragent": "the caller's program (user agent)",
    "aws:userid": "the caller's unique id",
    "aws:username": "the caller's user name",
    "aws:vpcsourceip": "the caller's address in its VPC",
    "iam:passedtoservice": "the service that gets the role",
    "iam:permissionsboundary": "the permissions boundary that is set",
    "iam:policyarn": "the policy that is attached or detached",
    "kms:viaservice": "the service through which KMS is called",
    "s3:prefix": "the prefix that is listed",
    "sts:externalid": "the external id",
    "sts:rolesessionname": "the name of the session",
    "sts:sourceidentity": "the source identity that is set",
}
_TAGGED: Mapping[str, str] = {
    "aws:principaltag/": "the caller's tag {}",
    "aws:requesttag/": "the tag {} in the request",
    "aws:resourcetag/": "the resource's tag {}",
    "ec2:resourcetag/": "the resource's tag {}",
    "iam:resourcetag/": "the resource's tag {}",
    "s3:existingobjecttag/": "the object's tag {}",
    "kms:encryptioncontext:": "the encryption context's {}",
}
_YES_NO: Mapping[str, tuple[str, str]] = {
    "aws:multifactorauthpresent": ("MFA is present", "MFA is not present"),
    "aws:principalisawsservice": ("an AWS service calls by itself", "the caller is no AWS service"),
    "aws:securetransport": ("the connection is encrypted", "the connection is not encrypted"),
    "aws:viaawsservice": ("an AWS service calls for the caller", "the caller calls by itself"),
}
"""What keys that are true or false say, each way."""

_ALWAYS_GIVEN = frozenset(
    {"aws:currenttime", "aws:epochtime", "aws:requestedregion", "aws:securetransport", "aws:viaawsservice"}
)
"""Keys that are in every request: nothing is said about their absence."""

_COMPARED: Mapping[str, str] = {
    "NumericLessThan": "is less than",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThan": "is more than",
    "NumericGreaterThanEquals": "is at least",
    "DateLessThan": "is before",
    "DateLessThanEquals": "is at or before",
    "DateGreaterThan": "is after",
    "DateGreaterThanEquals": "is at or after",
}


def conditions_reading(tests: Sequence[ConditionTest]) -> str:
    """Return what has to hold, as a clause: ``MFA is present and the Region asked for is eu-west-1``."""
    clauses = [test_reading(test) for test in tests]
    # "a is x or y and b is z" can be read in two ways: a comma parts what belongs together.
    comma = "," if any(" or " in clause or "," in clause for clause in clauses) else ""
    return f"{comma} and ".join(clauses)


def test_reading(test: ConditionTest) -> str:
    """Return what one operator demands of one key, as a clause."""
    operator = test.operator
    if operator is None:
        return f"“{test.operator_text}” holds, which is no operator and never does"
    if operator.family == "Null":
        return _of_null(test)
    if operator.family == "Bool" and (told := _yes_or_no(test)) is not None:
        return told
    phrase = _comparison(test, operator)
    subject = _subject(test.key, test.key_text)
    match test.quantifier:
        case Quantifier.ALL:
            return f"every value of {subject}, if there is one, {phrase}"
        case Quantifier.ANY:
            otherwise = ", or none is given (AWS's pages disagree about that)" if test.if_exists else ""
            return f"at least one value of {subject} {phrase}{otherwise}"
    is_met_without = (test.if_exists or operator.negated) and test.key not in _ALWAYS_GIVEN
    return f"{subject}{', if given,' if is_met_without else ''} {phrase}"


def spelled(template: Sequence[Token | Variable]) -> str:
    """Write text with its wildcards; of a variable, what it stands for: ``home/<the caller's user name>/*``."""
    return "".join(map(_piece, template))


def _piece(piece: Token | Variable) -> str:
    if isinstance(piece, Variable):
        otherwise = f", else “{piece.default}”" if piece.default is not None else ""
        return f"<{_subject(piece.key, piece.key_text)}{otherwise}>"
    if piece is STAR or piece is QUESTION:
        return piece.value
    text = str(piece)
    return f"“{text}”" if text in ("*", "?") else text


def _subject(key: str, key_text: str) -> str:
    """Name what a key tells; keys without a name of their own by themselves."""
    for prefix, words in _TAGGED.items():
        if key.startswith(prefix) and len(key) > len(prefix):
            return words.format(f"“{key_text[len(prefix) :]}”")
    return _SUBJECTS.get(key, key_text)


def _of_null(test: ConditionTest) -> str:
    said = {value.text.lower() for value in test.values}
    subject = _subject(test.key, test.key_text)
    match "true" in said, "false" in said:
        case True, True:
            return f"{subject} is given or not, which always holds"
        case True, False:
            return f"{subject} is absent"
        case False, True:
            return f"{subject} is given"
    return f"{subject} is neither given nor absent, which never holds"


def _yes_or_no(test: ConditionTest) -> str | None:
    """Return a sentence of its own for keys that have one and are tested as one does."""
    told = _YES_NO.get(test.key)
    said = {value.text.lower() for value in test.values}
    if told is None or test.quantifier is not Quantifier.NONE or said not in ({"true"}, {"false"}):
        return None
    words = told["false" in said]
    return f"{words}, or the request does not say" if test.if_exists and test.key not in _ALWAYS_GIVEN else words


def _comparison(test: ConditionTest, operator: Operator) -> str:
    """Return verb and values: ``is within 203.0.113.0/24``, ``is neither a nor b``."""
    usable = [value for value in test.values if not value.is_malformed]
    unread = [f"“{value.text}”" for value in test.values if value.is_malformed]
    if not usable:
        why = f"nothing that can be read ({listed(unread)})" if unread else "an empty list"
        return f"is not in {why}, which always holds" if operator.negated else f"is in {why}, which never holds"
    spell = _speller(operator)
    phrase = _with_values(operator, usable, [spell(value) for value in usable])
    return f"{phrase} ({listed(unread)} cannot be read and matches nothing)" if unread else phrase


def _with_values(operator: Operator, values: Sequence[PolicyValue], texts: list[str]) -> str:
    if operator.name in _COMPARED:
        return f"{_COMPARED[operator.name]} {_either(texts)}"
    if any(value.matches_everything for value in values):
        return "has no value, which never holds where it is given" if operator.negated else "is anything"
    if operator.family == "IPAddress":
        one = len(texts) == 1 and "/" not in texts[0]
        if operator.negated:
            return f"is not {texts[0]}" if one else f"is outside {listed(texts, _MOST_VALUES)}"
        return f"is {texts[0]}" if one else f"is within {_either(texts)}"
    has_wildcards = _takes_wildcards(operator) and any(
        piece is STAR or piece is QUESTION for value in values for piece in value.template
    )
    beside = ", upper and lower case alike" if "IgnoreCase" in operator.name else ""
    if not operator.negated:
        return f"{'matches' if has_wildcards else 'is'} {_either(texts)}{beside}"
    if len(texts) == 1:
        return f"{'does not match' if has_wildcards else 'is not'} {texts[0]}{beside}"
    return f"{'matches' if has_wildcards else 'is'} none of {listed(texts, _MOST_VALUES)}{beside}"


def _takes_wildcards(operator: Operator) -> bool:
    return operator.family == "ARN" or operator.name in ("StringLike", "StringNotLike")


def _speller(operator: Operator) -> Callable[[PolicyValue], str]:
    """Return how values are written: to an operator without wildcards a star is a star, which quotes tell."""

    def spell(value: PolicyValue) -> str:
        text = spelled(value.template)
        literal = not _takes_wildcards(operator) and any(piece is STAR or piece is QUESTION for piece in value.template)
        return f"“{text}”" if literal or not text or (" " in text and not value.variables) else text

    return spell


def _either(texts: Sequence[str]) -> str:
    return listed(texts, _MOST_VALUES, "or")
