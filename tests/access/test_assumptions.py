"""What a snapshot lacks is told exactly where it can change the answer, with the other answer where there is one."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from iamdesk.evaluate.request import PolicyType, Request
from iamdesk.explain.counterfactual import minimal_policy_changes
from iamdesk.explain.decision import EvaluationResult
from iamdesk.simulate.test_cases import evaluate_case
from iamdesk.snapshot.resources import DataAccess

from ..builders.answers import asking, codes, notes
from ..builders.arns import ANA, ID, OTHER_ID, ROOT, policy_arn, role_arn, user_arn
from ..builders.captures import evaluator, group, managed, resource, role, user
from ..builders.statements import FULL, MFA, allow, deny, document, grant, refuse, trusting
from ..each_case import each_case, each_row
from ..rules import rule

OBJECT = "arn:aws:s3:::b/k"
INSTANCE = f"arn:aws:ec2:eu-west-1:{ID}:instance/i-1234567890abcdef0"
QUEUE, THEIR_QUEUE = (f"arn:aws:sqs:eu-west-1:{number}:q" for number in (ID, OTHER_ID))
OUTSIDER = user_arn("zoe", OTHER_ID)
LINKED = role("AWSServiceRoleForECS", allow(), path="/aws-service-role/ecs.amazonaws.com/")
OPEN, CLOSED = role("open", trust=trusting(OTHER_ID)), role("closed")
NARROW = managed(policy_arn("narrow"), allow("s3:*"))

READING = asking("s3:GetObject", OBJECT, resource_account=ID)
REQUESTS = {
    "lists": asking("ec2:DescribeInstances"),
    "starts": asking("ec2:StartInstances", INSTANCE),
    "is named": asking("sts:GetCallerIdentity"),
    "reads": READING,
    "reads theirs": replace(READING, resource_account=OTHER_ID),
    "reads any": replace(READING, resource_account=None),
    "reads, no layers": replace(READING, without=frozenset({PolicyType.SCP, PolicyType.RESOURCE})),
    "sends": asking("sqs:SendMessage", QUEUE),
    "sends theirs": asking("sqs:SendMessage", THEIR_QUEUE),
    "decrypts": asking("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    "assumes": asking("sts:AssumeRole", role_arn("target")),
    "assumes theirs": asking("sts:AssumeRole", role_arn("target", OTHER_ID)),
    "tags": asking("sts:TagSession", role_arn("target")),
}
LISTING, ANYONES, SENDING = (REQUESTS[name] for name in ("lists", "reads any", "sends"))
OTHER_REGION = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
MAY: dict[str, list[Any]] = {
    "": [],
    "all": [allow()],
    "MFA": [allow(condition=MFA)],
    "not": [deny()],
    "not abroad": [deny(condition=OTHER_REGION)],
    "garbage": ["garbage"],
    "garbage, not": [deny(), "garbage"],
}
GONE: dict[str, Any] = {"attached": [policy_arn("gone")]}
UNBOUNDED: dict[str, Any] = {"boundary": policy_arn("gone")}
LACKS = {"": {}, "policy": GONE, "group": {"groups": ["gone"]}, "boundary": UNBOUNDED, "both": GONE | UNBOUNDED}


def told(answer: EvaluationResult) -> str:
    """The gaps with the other answers: ``policy: allowed``; a question mark where there is none."""
    names = {code.removesuffix("-missing").removesuffix("-unknown"): other for code, other in notes(answer).items()}
    return ", ".join(f"{name}: {other or '?'}" for name, other in sorted(names.items()))


@rule("B1", "B3", "C1", "C3", "D1", "D4", "I1", "I2", "I3", "L5")
@each_row("""
    may          | lacks    | asked            | decision | gaps | why
                 |          | lists            | implicitDeny |  | SCPs grant nothing
    all          |          | lists            | allowed | organization: explicitDeny | but take away
    not          |          | lists            | explicitDeny |
    MFA          |          | lists            | conditional | organization: ?
                 | policy   | is named         | allowed |  | no policy counts
                 | policy   | lists            | implicitDeny | policy: allowed
    all          | policy   | lists            | allowed | organization: explicitDeny, policy: explicitDeny
    not          | policy   | lists            | explicitDeny |
                 | group    | lists            | implicitDeny | group: allowed
    all          | group    | lists            | allowed | group: explicitDeny, organization: explicitDeny
    not          | group    | lists            | explicitDeny |
                 | boundary | lists            | implicitDeny |  | nothing grants
    all          | boundary | lists            | implicitDeny | boundary: allowed
    MFA          | boundary | lists            | implicitDeny | boundary: conditional
                 | both     | lists            | implicitDeny | boundary: ?, policy: ? | each could lack
                 |          | reads            | implicitDeny | resource-policy: allowed
    all          |          | reads            | allowed | organization: explicitDeny, resource-policy: explicitDeny
    not          |          | reads            | explicitDeny |
    not abroad   |          | reads            | implicitDeny | resource-policy: conditional | a Deny may apply
    all          |          | reads theirs     | implicitDeny | resource-policy: allowed
                 |          | reads theirs     | implicitDeny |  | it is not enough
                 | policy   | reads theirs     | implicitDeny | policy: ?, resource-policy: ? | together they are
                 |          | reads any        | implicitDeny | resource-policy: allowed
    all          |          | starts           | allowed | organization: explicitDeny | EC2 has no such
                 |          | starts           | implicitDeny |  | policies
                 |          | decrypts         | implicitDeny | key-policy: allowed | alone
    all          |          | decrypts         | implicitDeny | key-policy: allowed | it must
    not          |          | decrypts         | explicitDeny |
    all          |          | assumes          | implicitDeny | trust-policy: allowed
    all          |          | assumes theirs   | implicitDeny | trust-policy: allowed
    garbage      |          | lists            | implicitDeny | policy-malformed: ?
    garbage, not |          | lists            | explicitDeny |
    all          |          | reads, no layers | allowed |  | gaps of a layer
""")  # fmt: skip
def test_a_gap_is_told_where_it_can_change_the_answer(
    may: str, lacks: str, asked: str, decision: str, gaps: str
) -> None:
    answer = evaluator(user("ana", *MAY[may], **LACKS[lacks])).can(REQUESTS[asked])
    assert (answer.decision, told(answer)) == (decision, gaps)


@rule("D4")
def test_an_unknown_owner_is_told_where_another_owner_would_refuse() -> None:
    found = notes(evaluator(user("ana", allow())).can(ANYONES))
    assert found.pop("owner-unknown") == "implicitDeny"
    assert found == dict.fromkeys(("organization-unknown", "resource-policy-missing"), "explicitDeny")


@rule("B6", "C3", "D1", "D4", "E8", "E10", "E11", "I10")
@each_case(
    "principal, action, arn, decision, gaps",
    [
        (LINKED.arn, "ec2:DescribeInstances", "*", "allowed", ""),  # bound by no SCP
        (ROOT, "ec2:DescribeInstances", "*", "allowed", "organization: explicitDeny"),
        (role_arn("r"), "sts:GetSessionToken", "*", "implicitDeny", ""),  # no session of it can call it
        (role_arn("r"), "iam:GetUser", ANA, "implicitDeny", ""),
        (role_arn("r"), "sqs:SendMessage", QUEUE, "implicitDeny", "resource-policy: allowed"),  # past the boundary
        ("anonymous", "sqs:SendMessage", QUEUE, "implicitDeny", "resource-policy: allowed"),  # it has no other policy
        ("cloudtrail.amazonaws.com", "sqs:SendMessage", QUEUE, "implicitDeny", "resource-policy: allowed"),
        (OUTSIDER, "sts:AssumeRole", OPEN.arn, "conditional", "principal-outside: ?"),
        (OUTSIDER, "sts:AssumeRole", CLOSED.arn, "implicitDeny", ""),
        # What AWS owns is asked of the caller's account.
        (LINKED.arn, "iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", "allowed", ""),
        (user_arn("bo"), "ec2:DescribeInstances", "*", "implicitDeny", "policy: allowed"),  # of a group of its
    ],
)
def test_a_gap_is_told_of_every_kind_of_caller(principal: str, action: str, arn: str, decision: str, gaps: str) -> None:
    bound = role("r", allow(), boundary=NARROW.arn)
    bo = user("bo", groups=["staff"])
    answer = evaluator(user("ana", **GONE), bo, group("staff", **GONE), LINKED, OPEN, CLOSED, bound, NARROW).can(
        asking(action, arn, principal)
    )
    assert (answer.decision, told(answer)) == (decision, gaps)


@rule("C1", "D5")
@each_case(
    "action, arn",
    [
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{ID}:secret:payroll-AbCdEf"),
        ("lambda:GetLayerVersion", f"arn:aws:lambda:eu-west-1:{ID}:layer:tools:3"),
        ("backup:DeleteBackupVault", f"arn:aws:backup:eu-west-1:{ID}:backup-vault:daily"),
        ("aoss:APIAccessAll", f"arn:aws:aoss:eu-west-1:{ID}:collection/1234abcd"),
        ("sqs:SendMessage", QUEUE),
    ],
)
def test_a_missing_policy_of_any_resource_that_can_have_one_is_told(action: str, arn: str) -> None:
    assert told(evaluator(user("ana")).can(asking(action, arn))) == "resource-policy: allowed"


@rule("C3", "E6", "I1", "I2")
@each_row("""
    may | lacks    | asked          | code                    | words
        | policy   | lists          | policy-missing          | gone
        | group    | lists          | group-missing           | gone
    all | boundary | lists          | boundary-missing        | gone
    all |          | decrypts       | key-policy-missing      | key policy
    all |          | assumes        | trust-policy-missing    | trust policy
    all |          | assumes theirs | trust-policy-missing    | trust policy
    all |          | sends theirs   | resource-policy-missing | the resource policy, which must allow the access, is not
""")
def test_what_is_missing_is_named(may: str, lacks: str, asked: str, code: str, words: str) -> None:
    answer = evaluator(user("ana", *MAY[may], **LACKS[lacks])).can(REQUESTS[asked])
    [missing] = [note for note in answer.assumptions if note.code == code]
    assert (answer.decision, missing.other_decision) == ("implicitDeny", "allowed")
    assert words in (missing.message if lacks else answer.sentence)
    assert answer.blocked_by == ("permissions-boundary",) or lacks != "boundary"


def test_aws_managed_policies_are_known_by_their_arn() -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    answer = evaluator(user("ana", attached=[arn]), managed(arn, allow("ec2:*"))).can(LISTING)
    assert told(answer) == "organization: explicitDeny"
    assert answer.matched_statements[0].source_policy_type == "aws-managed"


DENIALS = ("implicitDeny", "explicitDeny")
_CONDITIONS = st.sampled_from(
    [
        None,
        {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
        {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}},
        MFA,
        {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        {"Null": {"aws:SourceVpce": "true"}},
    ]
)
_STATEMENTS = st.lists(
    st.builds(
        lambda make, *more: make(*more),
        st.sampled_from([allow, deny]),
        st.sampled_from(["*", "s3:*", "s3:GetObject", "ec2:*"]),
        st.sampled_from(["*", OBJECT, "arn:aws:s3:::other/*"]),
        _CONDITIONS,
    ),
    max_size=3,
)


@rule("C1", "D4")
@given(statements=_STATEMENTS, limits=st.none() | _STATEMENTS, lacks_policy=st.booleans())
def test_a_denial_without_an_assumption_stays_whatever_was_not_captured(
    statements: Any, limits: Any, lacks_policy: bool
) -> None:
    boundary = {} if limits is None else {"boundary": policy_arn("limits")}
    ana = user("ana", document(*statements), attached=GONE["attached"] if lacks_policy else [], **boundary)
    known = [ana, managed(policy_arn("limits"), document(*(limits or ())))]
    answer = evaluator(*known).can(READING)
    if answer.decision not in DENIALS:
        return
    gone = managed(policy_arn("gone"), allow())
    bucket = resource("arn:aws:s3:::b", grant(ANA, "s3:*", "arn:aws:s3:::b/*"))
    wholes: dict[str, list[Any]] = {
        "resource-policy-missing": [bucket],
        "policy-missing": [gone],
        "both": [gone, bucket],
    }
    told_codes = notes(answer).keys() & wholes.keys()
    for code, found in wholes.items():
        if code not in told_codes and not (code == "both" and told_codes):
            assert evaluator(*known, *found).can(READING).decision in DENIALS


def rejected(answer: EvaluationResult) -> list[str]:
    return [note.message for note in answer.assumptions if note.code == "policy-rejected"]


ODD = deny("*", "*", {"StringEqualz": {"aws:username": "ana"}})
NO_RESOURCE = deny("s3:GetObject", None)


@rule("F7", "F8", "G17", "L2", "L5")
@each_case(
    "policy, words",
    [
        (document(allow(), ODD), "`StringEqualz` is not a condition operator"),
        (document(allow(), ODD | {"Action": "sqs:*"}), None),
        ({**FULL, "Version": "2012-10-18"}, ""),
        (document(grant("*")), ""),
        (document(allow(), refuse("*")), ""),
        (document(allow(), deny("GetObject")), "`GetObject` names no action"),
        (document(allow(), deny(["sqs:*", "getobject"])), "`getobject` names no action"),
        (document(allow(), deny("s3: GetObject")), "contains white space"),
        (document(allow(), deny("s3:GetObject,s3:PutObject")), "a comma"),
        (document(allow(), deny("s3:GetObject", "b/k")), "neither `*` nor an ARN"),
        (document(allow(), NO_RESOURCE), "neither `Resource` nor `NotResource`"),
        (document(allow(), NO_RESOURCE | {"Ressource": "*"}), "neither `Resource` nor `NotResource`"),
        (document(allow(), deny("sqs:SendMessage,s3:PutObject")), None),
        (document(allow(), deny("PutObject")), None),
        (document(allow(), deny("GetObject", "arn:aws:s3:::other/*")), None),
        (document(allow(), deny("s3:GetObject", "other/x")), None),
    ],
)
def test_a_policy_that_aws_would_not_save_is_named_where_it_plainly_means_the_request(
    policy: Any, words: str | None
) -> None:
    answer = evaluator(user("ana", policy)).can(ANYONES)
    assert answer.decision == ("allowed" if refuse("*") not in policy["Statement"] else "explicitDeny")
    assert len(rejected(answer)) == (words is not None)
    assert all(words in message for message in rejected(answer) if words)
    assert answer.open_assumptions or words is None


DENYING = deny(["sqs:*", "sts:*"], None)
EVERYWHERE, ANY = {"Resource": "*"}, {"Principal": "*"}
ASSUMING = asking("sts:AssumeRole", role_arn("r"))


@rule("E1", "E6")
@each_case(
    "kind, statement, asked, words",
    [
        ("resource_policy", DENYING | EVERYWHERE, SENDING, "has no `Principal`"),
        ("rcps", DENYING | EVERYWHERE, SENDING, "has no `Principal`"),
        ("rcps", DENYING | EVERYWHERE | {"Principal": {"AWS": ANA}}, SENDING, "an RCP supports only"),
        ("rcps", DENYING | EVERYWHERE | ANY, SENDING, None),
        ("rcps", DENYING | EVERYWHERE | {"Action": "s3:*"}, SENDING, None),
        ("resource_policy", DENYING | EVERYWHERE | ANY, ASSUMING, "not support `Resource`"),
        ("resource_policy", DENYING | {"NotPrincipal": {"AWS": OTHER_ID}}, ASSUMING, "not support `NotPrincipal`"),
        ("resource_policy", DENYING | ANY, ASSUMING, None),
    ],
)
def test_a_case_names_the_elements_that_aws_would_not_save(
    kind: str, statement: Any, asked: Request, words: str | None
) -> None:
    """IAM User Guide, Principal and NotPrincipal; AWS Organizations User Guide, RCP syntax."""
    written: Any = document(statement)
    if kind == "rcps":
        full = {"name": "RCPFullAWSAccess", "document": document(grant("*"))}
        written = [[full, {"name": "p", "document": written}]]
    case = {"principal": ANA, "action": asked.action, "resource": asked.resource, kind: written}
    found = rejected(evaluate_case({**case, "identity_policies": [{"name": "all", "document": FULL}]}))
    assert len(found) == (words is not None)
    assert all(words in message for message in found if words)


@rule("A5", "B3", "B7")
@each_case(
    "asked, layer, is_unknown, sentence",
    [
        (ANYONES, "scp", True, "not captured (could deny)"),
        (ANYONES, "rcp", True, "not captured (could deny)"),
        (ANYONES, "resource", True, "not captured (could allow or deny)"),
        (ANYONES, "permissions-boundary", False, "none set: no limit"),
        (asking("ec2:StartInstances", INSTANCE), "rcp", False, "do not apply to ec2"),
        (asking("ec2:StartInstances", INSTANCE), "resource", False, ""),
        (asking("s3:GetObject", OBJECT, LINKED.arn), "scp", False, "do not apply to this caller"),
        (asking("sqs:SendMessage", QUEUE, "s3.amazonaws.com"), "scp", False, ""),
    ],
)
def test_what_was_not_captured_is_unknown_and_what_is_not_there_does_not_apply(
    asked: Request, layer: str, is_unknown: bool, sentence: str
) -> None:
    layers = evaluator(user("ana", allow()), LINKED).can(asked).layers
    assert all(line.decision is None for line in layers if line.is_unknown)
    [line] = [line for line in layers if line.layer == layer]
    assert (line.is_unknown, line.sentence) == (is_unknown, sentence or line.sentence)


@rule("D1")
@each_case(
    "action, arn, decision",
    [
        ("sts:AssumeRole", OPEN.arn, "conditional"),
        ("sts:AssumeRole", CLOSED.arn, "implicitDeny"),
        ("ec2:DescribeInstances", "*", "conditional"),
    ],
)
def test_an_outsider_is_shown_with_no_policy_that_nobody_captured(action: str, arn: str, decision: str) -> None:
    """Neither a statement nor a text nor a change of them: what its account allows is an assumption, and said."""
    capture, asked = evaluator(OPEN, CLOSED), asking(action, arn, OUTSIDER)
    answer, captured = capture.can(asked), {OPEN.arn, CLOSED.arn}
    assert answer.decision == decision
    assert {line.owner for line in answer.statements} <= captured
    assert all(line.policy_key for line in answer.statements)
    assert all("statement" not in line.sentence for line in answer.layers if line.layer == "identity")
    [boundary] = [line.sentence for line in answer.layers if line.layer == "permissions-boundary"]
    assert boundary == "not captured (could deny)"
    assert ("only if its account, which is not captured, allows it" in answer.sentence) == (decision == "conditional")
    changes = minimal_policy_changes(capture.trace(asked)).changes
    assert {one.line.owner for change in changes for one in change.removals} <= captured


def target(principal: Any, *actions: str) -> Any:
    return role("target", trust=trusting(principal, ["sts:AssumeRole", *actions]))


NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
MALFORMED = allow("sqs:*", "arn:aws:sqs:*:q")  # or does the pattern match an ARN with one more part?
BOUND = {"boundary": NARROW.arn}


@rule("E6", "I2", "C3", "K7", "K9")
@each_case(
    "ana, trust, asked, decision, disputed",
    [
        (user("ana", MALFORMED), None, "sends", "allowed", "implicitDeny"),
        (user("ana", MALFORMED, allow("sqs:*", "arn:aws:sqs:*:*:q")), None, "sends", "allowed", None),
        # Allowed whatever the key is, under either reading of the third statement.
        (user("ana", allow("sqs:*", "*", MFA), allow("sqs:*", "*", NO_MFA), MALFORMED), None, "sends", "allowed", None),
        (user("ana", **BOUND), target(ANA), "assumes", "implicitDeny", "allowed"),
        (user("ana", allow(), **BOUND), target(ID), "assumes", "implicitDeny", None),  # it names the account alone
        (user("ana", deny("sts:AssumeRole", "*", NO_MFA)), target(ROOT), "assumes", "implicitDeny", None),
        # IAM User Guide, "Pass session tags in AWS STS": the trust policy that names the user is enough.
        (user("ana"), target(ANA, "sts:TagSession"), "tags", "allowed", None),
    ],
)
def test_pages_that_disagree_are_told_with_the_other_answer(
    ana: Any, trust: Any, asked: str, decision: str, disputed: str | None
) -> None:
    answer = evaluator(ana, trust or LINKED, NARROW).can(REQUESTS[asked])
    assert (answer.decision, notes(answer).get("pages-disagree")) == (decision, disputed)
    assert ("pages-disagree" in codes(answer)) == (disputed is not None)


@rule("L5")
@each_case(
    "statement, is_told",
    [
        (deny("ec2:*") | {"NotAction": "s3:*"}, True),
        ({"Effect": "Deny"}, True),
        ("x", True),
        (deny("s3:*") | {"Effect": "deny"}, False),
        (deny("ec2:*") | {"Effect": "deny"}, True),
    ],
)
def test_a_statement_that_cannot_be_read_is_told_where_it_could_speak(statement: Any, is_told: bool) -> None:
    answer = evaluator(user("ana", document(allow(), statement))).can(LISTING)
    assert answer.decision == "allowed"
    assert ("policy-malformed" in codes(answer)) == is_told
    assert any("inline-1" in note.message for note in answer.assumptions) == is_told


@each_case(
    "action, arn, code",
    [
        ("s3:GetObjekt", OBJECT, "action-unknown"),
        ("nosuch:Thing", "*", "action-unknown"),
        ("s3:GetObject", "*", "resource-unspecified"),
        ("s3:GetObject", "arn:aws:s3:::b", "resource-type"),
        ("s3:GetObject", "arn:aws:s3:::b/*", "resource-pattern"),
    ],
)
def test_odd_questions_are_answered_with_a_note(action: str, arn: str, code: str) -> None:
    asked = asking(action, arn, resource_account=ID, unknown_action=True)
    assert code in codes(evaluator(user("ana", allow())).can(asked))


@rule("D8")
def test_of_a_lattice_service_the_policy_of_its_network_is_not_evaluated() -> None:
    service = f"arn:aws:vpc-lattice:eu-west-1:{ID}:service/svc-0abc"
    invoke = "vpc-lattice-svcs:Invoke"
    capture = evaluator(user("ana", allow(invoke)), resource(service, grant("*", invoke)))
    answer = capture.can(asking(invoke, f"{service}/orders"))
    assert answer.decision == "allowed"
    assert told(answer) == "organization: explicitDeny, resource-policy: explicitDeny"
    assert capture.can(asking(invoke, f"{service}/orders", "anonymous")).decision == "allowed"


def test_what_is_decided_beside_policies_is_said_of_what_they_allow() -> None:
    """Of S3 Access Grants the grants, of OpenSearch Serverless the data access policies are not evaluated."""
    asked = asking("s3:GetDataAccess", f"arn:aws:s3:eu-west-1:{ID}:access-grants/default")
    assert "decided-beside-policies" in codes(evaluator(user("ana", allow("s3:GetDataAccess"))).can(asked))
    assert "decided-beside-policies" not in codes(evaluator(user("ana", allow("sqs:*"))).can(asked))
    collection = f"arn:aws:aoss:eu-west-1:{ID}:collection/07tjusf2h91cunochc"
    naming = DataAccess(policy="p", principals=(ANA,), permissions=(), resources=())
    for held, end in (((), "the request is denied."), ((naming,), "these are not evaluated.")):
        capture = evaluator(user("ana", allow("aoss:*")), resource(collection, data_access=held))
        answer = capture.can(asking("aoss:APIAccessAll", collection))
        assert answer.decision == "allowed"
        assert told(answer) == "decided-beside-policies: ?, organization: explicitDeny"
        [note] = [one.message for one in answer.assumptions if one.code == "decided-beside-policies"]
        assert note.endswith(end)
        outside = asking("aoss:APIAccessAll", collection, f"arn:aws:iam::{OTHER_ID}:root")
        assert capture.can(outside).decision == "implicitDeny"
