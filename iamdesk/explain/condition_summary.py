"""Summarizes conditions in plain words: what a statement requires. Rules: G, H."""

from collections.abc import Callable, Mapping, Sequence

from iamdesk.aws.condition_keys import RESOURCE_TAG_PREFIXES
from iamdesk.explain.messages import listed
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.policy.conditions import ConditionTest, PolicyValue, Quantifier
from iamdesk.policy.operators import BOOL, IP_ADDRESS, Operator
from iamdesk.policy.variables import Variable
from iamdesk.policy.wildcards import QUESTION, STAR, Token

_MAX_VALUES = 5

_SUBJECTS: Mapping[str, str] = {
    "aws:calledvia": mark("the chain of services that call"),
    "aws:calledviafirst": mark("the first service in the chain of calls"),
    "aws:calledvialast": mark("the last service in the chain of calls"),
    "aws:currenttime": mark("the time"),
    "aws:epochtime": mark("the time (in seconds since 1970)"),
    "aws:multifactorauthage": mark("the age of the MFA sign-in (in seconds)"),
    "aws:principalaccount": mark("the caller's account"),
    "aws:principalarn": mark("the caller's ARN"),
    "aws:principalorgid": mark("the caller's organization"),
    "aws:principalorgpaths": mark("the path of the caller's account in its organization"),
    "aws:principalservicename": mark("the calling service"),
    "aws:principaltype": mark("the caller's type"),
    "aws:referer": mark("the referring page"),
    "aws:requestedregion": mark("the requested Region"),
    "aws:resourceaccount": mark("the resource's account"),
    "aws:resourceorgid": mark("the resource's organization"),
    "aws:resourceorgpaths": mark("the path of the resource's account in its organization"),
    "aws:sourceaccount": mark("the account for which a service calls"),
    "aws:sourcearn": mark("the resource for which a service calls"),
    "aws:sourceidentity": mark("the source identity"),
    "aws:sourceip": mark("the caller's address"),
    "aws:sourceorgid": mark("the organization for which a service calls"),
    "aws:sourcevpc": mark("the caller's VPC"),
    "aws:sourcevpce": mark("the VPC endpoint"),
    "aws:tagkeys": mark("the tag keys in the request"),
    "aws:tokenissuetime": mark("the time at which the credentials were issued"),
    "aws:useragent": mark("the caller's program (user agent)"),
    "aws:userid": mark("the caller's unique ID"),
    "aws:username": mark("the caller's user name"),
    "aws:vpcsourceip": mark("the caller's address in its VPC"),
    "iam:passedtoservice": mark("the service that the role is passed to"),
    "iam:permissionsboundary": mark("the permissions boundary of the user or role"),
    "iam:policyarn": mark("the policy that is attached or detached"),
    "kms:viaservice": mark("the service through which KMS is called"),
    "s3:prefix": mark("the prefix that is listed"),
    "sts:externalid": mark("the external ID"),
    "sts:rolesessionname": mark("the name of the session"),
    "sts:sourceidentity": mark("the source identity that is set"),
}
_TAGGED: Mapping[str, str] = {
    "aws:principaltag/": mark("the caller's tag {tag}"),
    "aws:requesttag/": mark("the tag {tag} in the request"),
    **dict.fromkeys(RESOURCE_TAG_PREFIXES, mark("the resource's tag {tag}")),
    "s3:buckettag/": mark("the bucket's tag {tag}"),
    "s3:existingobjecttag/": mark("the object's tag {tag}"),
    "kms:encryptioncontext:": mark("the encryption context's {tag}"),
}
_YES_NO: Mapping[str, tuple[str, str]] = {
    "aws:multifactorauthpresent": (mark("MFA is present"), mark("MFA is not present")),
    "aws:principalisawsservice": (mark("the caller is an AWS service"), mark("the caller is not an AWS service")),
    "aws:securetransport": (mark("the connection is encrypted"), mark("the connection is not encrypted")),
    "aws:viaawsservice": (
        mark("an AWS service makes the call on the caller's behalf"),
        mark("the caller makes the call directly"),
    ),
}
"""Clauses for keys that are true or false."""

_ALWAYS_GIVEN = frozenset(
    {"aws:currenttime", "aws:epochtime", "aws:requestedregion", "aws:securetransport", "aws:viaawsservice"}
)
"""Keys that are in every request: their absence is not mentioned."""


def conditions_reading(tests: Sequence[ConditionTest]) -> str:
    """Return the conditions as a clause: ``MFA is present and the requested Region is eu-west-1``."""
    clauses = [test_reading(test) for test in tests]
    # "a is x or y and b is z" is ambiguous: commas separate the parts.
    parted = any(" or " in clause or "," in clause for clause in clauses)
    return join_messages(phrase(", and ") if parted else phrase(" and "), clauses)


def test_reading(test: ConditionTest) -> str:
    """Return the requirement of one operator on one key, as a clause."""
    operator = test.operator
    if operator is None:
        return phrase(
            "“{operator}” is met, which is not a condition operator and never matches", operator=test.operator_text
        )
    if not operator.compares_values:
        return _of_null(test)
    if operator.family is BOOL and (clause := _yes_or_no(test)) is not None:
        return clause
    compared = comparison(test, operator)
    subject = _subject(test.key, test.key_text)
    match test.quantifier:
        case Quantifier.ALL:
            return phrase("every value of {subject}, if there is one, {compared}", subject=subject, compared=compared)
        case Quantifier.ANY:
            clause = phrase("at least one value of {subject} {compared}", subject=subject, compared=compared)
            if not test.if_exists:
                return clause
            return phrase("{clause}, or the key is absent (AWS's documentation disagrees about that)", clause=clause)
    is_met_without = (test.if_exists or operator.negated) and test.key not in _ALWAYS_GIVEN
    if is_met_without:
        return phrase("{subject}, if present, {compared}", subject=subject, compared=compared)
    return join_messages(" ", (subject, compared))


def spelled(template: Sequence[Token | Variable]) -> str:
    """Write text with its wildcards, and variables by their meaning: ``home/<the caller's user name>/*``."""
    return join_messages("", [_piece(piece) for piece in template])


def _piece(piece: Token | Variable) -> str:
    if isinstance(piece, Variable):
        subject = _subject(piece.key, piece.key_text)
        if piece.default is None:
            return join_messages("", ("<", subject, ">"))
        return phrase("<{subject}, else “{default}”>", subject=subject, default=piece.default)
    if piece is STAR or piece is QUESTION:
        return piece.value
    text = str(piece)
    return f"“{text}”" if text in ("*", "?") else text


def _subject(key: str, key_text: str) -> str:
    """Return the meaning of a key; keys without a description by their own name."""
    for prefix, words in _TAGGED.items():
        if key.startswith(prefix) and len(key) > len(prefix):
            name = f"“{key_text[len(prefix) :]}”"
            return phrase(words, tag=name)
    return phrase(_SUBJECTS[key]) if key in _SUBJECTS else key_text


def _of_null(test: ConditionTest) -> str:
    texts = {value.text.lower() for value in test.values}
    subject = _subject(test.key, test.key_text)
    match "true" in texts, "false" in texts:
        case True, True:
            return phrase("{subject} is present or absent, which is always true", subject=subject)
        case True, False:
            return phrase("{subject} is absent", subject=subject)
        case False, True:
            return phrase("{subject} is present", subject=subject)
    return phrase("{subject} is neither present nor absent, which is never true", subject=subject)


def _yes_or_no(test: ConditionTest) -> str | None:
    """Return a clause for keys with a clause of their own that are tested for true or false."""
    clauses = _YES_NO.get(test.key)
    texts = {value.text.lower() for value in test.values}
    if clauses is None or test.quantifier is not Quantifier.NONE or texts not in ({"true"}, {"false"}):
        return None
    clause = phrase(clauses["false" in texts])
    if test.if_exists and test.key not in _ALWAYS_GIVEN:
        return phrase("{clause}, or the key is absent", clause=clause)
    return clause


def comparison(test: ConditionTest, operator: Operator) -> str:
    """Return verb and values: ``is within 203.0.113.0/24``, ``is neither a nor b``.

    ``operator`` may differ from the test's own: its opposite describes the other outcome.
    """
    usable = [value for value in test.values if not value.is_malformed]
    unread = [f"“{value.text}”" for value in test.values if value.is_malformed]
    if not usable and unread:
        if operator.negated:
            return phrase(
                "is not in a list without readable values ({values}), which is always true", values=listed(unread)
            )
        return phrase("is in a list without readable values ({values}), which is never true", values=listed(unread))
    if not usable:
        if operator.negated:
            return phrase("is not in an empty list, which is always true")
        return phrase("is in an empty list, which is never true")
    spell = _speller(operator)
    compared = _with_values(operator, usable, [spell(value) for value in usable])
    if not unread:
        return compared
    return phrase("{compared} ({values} cannot be read and matches nothing)", compared=compared, values=listed(unread))


def _with_values(operator: Operator, values: Sequence[PolicyValue], texts: list[str]) -> str:
    if operator.words:
        return phrase(operator.words, values=_either(texts))
    if any(value.matches_everything for value in values):
        if operator.negated:
            return phrase("has no value, which is never true where the key is present")
        return phrase("is anything")
    if operator.family is IP_ADDRESS:
        one = len(texts) == 1 and "/" not in texts[0]
        if operator.negated:
            if one:
                return phrase("is not {value}", value=texts[0])
            return phrase("is outside {networks}", networks=listed(texts, _MAX_VALUES))
        if one:
            return phrase("is {value}", value=texts[0])
        return phrase("is within {networks}", networks=_either(texts))
    has_wildcards = operator.takes_wildcards and any(
        piece is STAR or piece is QUESTION for value in values for piece in value.template
    )
    compared = _with_texts(texts, operator.negated, has_wildcards)
    if operator.ignores_case:
        return phrase("{compared}, ignoring case", compared=compared)
    return compared


def _with_texts(texts: Sequence[str], negated: bool, has_wildcards: bool) -> str:
    if not negated:
        values = _either(texts)
        return phrase("matches {pattern}", pattern=values) if has_wildcards else phrase("is {value}", value=values)
    if len(texts) > 1:
        names = listed(texts, _MAX_VALUES)
        return (
            phrase("matches none of {names}", names=names)
            if has_wildcards
            else phrase("is none of {names}", names=names)
        )
    if has_wildcards:
        return phrase("does not match {pattern}", pattern=texts[0])
    return phrase("is not {value}", value=texts[0])


def _speller(operator: Operator) -> Callable[[PolicyValue], str]:
    """Return how to write values: for an operator without wildcards a star is literal, which quotes show."""

    def spell(value: PolicyValue) -> str:
        text = spelled(value.template)
        literal = not operator.takes_wildcards and any(piece is STAR or piece is QUESTION for piece in value.template)
        return (
            join_messages("", ("“", text, "”"))
            if literal or not text or (" " in text and not value.variables)
            else text
        )

    return spell


def _either(texts: Sequence[str]) -> str:
    return listed(texts, _MAX_VALUES, "or")
