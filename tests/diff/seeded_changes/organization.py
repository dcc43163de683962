"""Changes of organization policies, of where they are attached, and of accounts in the organization.

What they do is AWS's documentation, Organizations User Guide: "SCP evaluation", "Service control policies" ("Tasks and
entities not restricted by SCPs"), "Resource control policies" ("Resources and entities not restricted by RCPs"), "RCP
evaluation", "Policy inheritance for service control policies".
"""

from iamdesk.diff.result import ChangeKind

from ...builders.captures import allow, deny
from . import worlds
from .identity import ALL, GET, PUBLISH, RECEIVE, SEND
from .worlds import (
    ANA,
    BEN,
    BOB,
    LINKED,
    LOADER,
    PAPERS,
    QUEUE,
    ROOT,
    ROOT_B,
    ROOT_Z,
    WORKER,
    X_OF_OUT,
    A,
    B,
    Change,
    both,
    control,
    controls,
    given,
    management,
    move,
    on,
    own,
    resource,
)

SCP, RCP, MOVE = ChangeKind.SCP, ChangeKind.RCP, ChangeKind.MOVE
SCP_AT, RCP_AT = ChangeKind.SCP_ATTACHMENT, ChangeKind.RCP_ATTACHMENT
CLOSE = deny("account:CloseAccount")
PURGE = on("*", "sqs:PurgeQueue", "*", "Deny")
READS = own(ANA, allow([GET, SEND]))
SERVICE = f"arn:aws:appmesh:eu-west-1:{A}:mesh/m/virtualService/v"
REGION = given("StringNotEquals", "aws:RequestedRegion", ["eu-west-1"])

SCPS = (
    Change(
        "an SCP denies an action",
        control("p-scp", CLOSE, deny(SEND)),
        both(controls(A, "p-scp"), READS),
        lost={ANA: {SEND: "*"}, ROOT: {SEND: "*"}},
        causes=((SCP, "organization#p-scp"),),
        asked=("ana own",),
    ),
    Change(
        "an SCP exempts one user",
        control("p-scp", deny(SEND, **given("ArnNotLike", "aws:PrincipalArn", [WORKER, ANA]))),
        both(
            control("p-scp", deny(SEND, **given("ArnNotLike", "aws:PrincipalArn", [WORKER]))),
            controls(A, "p-scp"),
            READS,
            own(BEN, allow(SEND)),
            own(WORKER, allow(SEND)),
        ),
        gained={ANA: {SEND: "*"}},
        causes=((SCP, "organization#p-scp"),),
        asked=("ana own",),
    ),
    Change(
        "an SCP is attached to an OU",
        controls("ou-1", "p-scp"),
        both(control("p-scp", deny("sqs:*")), READS, own(BOB, allow(SEND))),
        lost={ANA: {SEND: "*"}, ROOT: None},
        causes=((SCP_AT, "ou-1"),),
        asked=("ana own",),
    ),
    Change(
        "an SCP of the root is attached to one account instead",
        both(controls("r-1"), controls(A, "p-scp")),
        both(control("p-scp", deny(["sqs:DeleteQueue", SEND])), controls("r-1", "p-scp"), READS, own(BOB, allow(SEND))),
        gained={
            BOB: {SEND: "*"},
            ROOT_B: {SEND: "*", "sqs:DeleteQueue": "*"},
            ROOT_Z: {SEND: "*", "sqs:DeleteQueue": "*"},
        },
        causes=((SCP_AT, "r-1"),),
        asked=("bob own",),
    ),
    Change(
        "an SCP of an OU is attached to its account, too",
        controls(A, "p-scp"),
        both(control("p-scp", deny(SEND)), controls("ou-1", "p-scp"), READS),
    ),
    Change(
        "a list of what is allowed in place of FullAWSAccess",
        controls(A, "p-scp", full=False),
        both(
            control("p-scp", allow(["sns:*", "dynamodb:*", "glue:*", "athena:*", "states:*", "ecs:*"])),
            READS,
            own(BEN, allow(PUBLISH)),
        ),
        lost={ANA: {GET: "*", SEND: "*"}, ROOT: None},
        left_open=(ROOT,),
        causes=((SCP_AT, A),),
        asked=("ana own",),
    ),
    Change(
        "a list of what is allowed gets longer",
        control("p-scp", allow(["sns:*", "sqs:SendMessage"])),
        both(control("p-scp", allow("sns:*")), controls(A, "p-scp", full=False), READS),
        gained={ANA: {SEND: "*"}, ROOT: {SEND: "*"}},
        causes=((SCP, "organization#p-scp"),),
        asked=("ana own",),
    ),
    Change(
        "no SCP of an account allows anything",
        controls(A, "p-scp", full=False),
        both(READS, own(WORKER, allow(PUBLISH))),
        lost={ANA: {GET: "*", SEND: "*"}, WORKER: {PUBLISH: "*"}, ROOT: None, "those around": None},
        left_open=(ROOT,),
        causes=((SCP_AT, A),),
        asked=("ana own", "worker own", "those around"),
    ),
    Change(
        "a lock on a Region",
        control(
            "p-scp",
            CLOSE,
            {
                "Effect": "Deny",
                "NotAction": ["iam:*", "s3:*", "dynamodb:*", "glue:*", "athena:*", "states:*", "ecs:*"],
                "Resource": "*",
                **REGION,
            },
        ),
        both(controls(A, "p-scp"), READS),
        lost={ANA: {SEND: "*"}, ROOT: None},
        left_open=(ROOT,),
        causes=((SCP, "organization#p-scp"),),
        asked=("ana own",),
    ),
    Change(
        "a lock on a Region that holds everybody",
        control("p-scp", CLOSE, {"Effect": "Deny", "NotAction": ["iam:*", "s3:*"], "Resource": "*", **REGION}),
        both(controls(A, "p-scp"), READS),
        lost={ANA: {SEND: "*"}, ROOT: None, "those around": None},
        left_open=(ROOT,),
        causes=((SCP, "organization#p-scp"),),
        asked=("ana own", "those around"),
    ),
    Change(
        "a lock on a Region opens another one",
        control("p-scp", deny(SEND, **given("StringNotEquals", "aws:RequestedRegion", ["eu-west-1", "eu-west-3"]))),
        both(control("p-scp", deny(SEND, **REGION)), controls(A, "p-scp"), READS),
        gained={ANA: {SEND: "*"}, ROOT: {SEND: "*"}},
        when=(("aws:RequestedRegion", "eu-west-3"),),
        causes=((SCP, "organization#p-scp"),),
        asked=("ana own",),
    ),
    Change(
        "an SCP does not hold a service-linked role",
        control("p-scp", CLOSE, deny(SEND)),
        both(controls(A, "p-scp"), own(LINKED, allow(SEND)), own(LOADER, allow(SEND))),
        lost={LOADER: {SEND: "*"}, ROOT: {SEND: "*"}},
        causes=((SCP, "organization#p-scp"),),
        asked=("loader own",),
    ),
    Change(
        "an SCP does not hold the management account",
        control("p-scp", CLOSE, deny(SEND)),
        both(controls("r-1", "p-scp"), management(B), READS, own(BOB, allow(SEND))),
        lost={ANA: {SEND: "*"}, ROOT: {SEND: "*"}, ROOT_Z: {SEND: "*"}},
        causes=((SCP, "organization#p-scp"),),
        asked=("ana own",),
    ),
    Change(
        "an SCP denies what it denied already, by name",
        control("p-scp", deny("sqs:*"), deny("sqs:SendMessage"), deny("sqs:Get*")),
        both(control("p-scp", deny("sqs:*")), controls(A, "p-scp"), READS),
    ),
    Change(
        "an SCP that is attached to nothing",
        control("p-scp", deny("*")),
        READS,
    ),
    Change(
        "an SCP denies by a tag of the principal",
        control("p-scp", CLOSE, deny(SEND, **given("StringEquals", "aws:PrincipalTag/team", "red"))),
        both(
            controls(A, "p-scp"),
            READS,
            own(BEN, allow(SEND)),
            worlds.tag(BEN, team="red"),
        ),
        lost={BEN: {SEND: "*"}},
        causes=((SCP, "organization#p-scp"),),
        asked=("ben own",),
    ),
    Change(
        "an SCP denies what a tag of the request opens, of an action that takes one and of one that does not",
        control("p-scp", CLOSE, deny("appmesh:Create*")),
        both(
            controls(A, "p-scp"),
            own(
                ANA,
                allow(
                    ["appmesh:CreateGatewayRoute", "appmesh:CreateVirtualService"],
                    SERVICE,
                    **given("StringEquals", "aws:RequestTag/team", "red"),
                ),
            ),
        ),
        lost={ANA: {"appmesh:CreateVirtualService": SERVICE}, ROOT: None},
        causes=((SCP, "organization#p-scp"),),
        page="Actions, resources, and condition keys for AWS App Mesh",
        asked=("ana own",),
    ),
    Change(
        "an SCP denies all but a folder",
        control("p-scp", CLOSE, {"Effect": "Deny", "Action": GET, "NotResource": f"{PAPERS}/open/*"}),
        both(controls(A, "p-scp"), own(ANA, allow(GET, [f"{PAPERS}/open/*", "arn:aws:s3:::pics/*"]))),
        lost={ANA: {GET: "arn:aws:s3:::pics/*"}, ROOT: {GET: None}},
        causes=((SCP, "organization#p-scp"),),
        asked=("ana own",),
    ),
)

MOVES = (
    Change(
        "an account moves to an OU with a Deny",
        move(A, "ou-2"),
        both(control("p-scp", deny(SEND)), controls("ou-2", "p-scp"), READS),
        lost={ANA: {SEND: "*"}, ROOT: {SEND: "*"}},
        causes=((MOVE, A),),
        asked=("ana own",),
    ),
    Change(
        "an account moves to an OU with the same policies",
        move(A, "ou-2"),
        both(control("p-scp", deny(SEND)), controls("ou-1", "p-scp"), controls("ou-2", "p-scp"), READS),
    ),
    Change(
        "an account moves out of the path that a queue trusts",
        move(B, "ou-2"),
        both(
            move(B, "ou-1"),
            own(BOB, allow(SEND)),
            resource(
                QUEUE, on("*", SEND, QUEUE) | given("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-1/ou-1/*")
            ),
        ),
        lost={BOB: {SEND: QUEUE}, ROOT_B: {SEND: QUEUE}},
        causes=((MOVE, B),),
        page="AWS global condition context keys: aws:PrincipalOrgPaths",
        asked=("bob own", "* > orders"),
    ),
)

READ_BY_B = resource(PAPERS, on({"AWS": ROOT_B}, GET, ALL), on({"AWS": X_OF_OUT}, GET, ALL))

RCPS = (
    Change(
        "an RCP denies an action",
        control("p-rcp", PURGE, on("*", GET, "*", "Deny")),
        both(controls(A, "p-rcp"), READ_BY_B, own(ANA, allow(GET, ALL)), own(BOB, allow(GET))),
        lost={ANA: {GET: ALL}, BOB: {GET: ALL}, ROOT: {GET: None}, ROOT_B: {GET: ALL}, X_OF_OUT: {GET: ALL}},
        causes=((RCP, "organization#p-rcp"),),
        asked=("ana own", "bob own", "root of B > papers", "x > papers"),
    ),
    Change(
        "an RCP for the organization alone",
        control("p-rcp", on("*", "s3:*", "*", "Deny") | given("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-1")),
        both(
            control(
                "p-rcp", on("*", "s3:PutObjectAcl", "*", "Deny") | given("StringEquals", "aws:PrincipalOrgID", "o-9")
            ),
            controls(A, "p-rcp"),
            READ_BY_B,
            own(ANA, allow(GET, ALL)),
            own(BOB, allow(GET)),
        ),
        lost={X_OF_OUT: {GET: ALL}},
        causes=((RCP, "organization#p-rcp"),),
        asked=("x > papers",),
    ),
    Change(
        "an RCP is attached to the account that owns the queue",
        controls(A, "p-rcp"),
        both(
            control("p-rcp", on("*", RECEIVE, "*", "Deny")),
            resource(QUEUE, on({"AWS": B}, [RECEIVE, SEND], QUEUE)),
            own(BOB, allow("sqs:*")),
            own(ANA, allow(RECEIVE, QUEUE)),
        ),
        lost={BOB: {RECEIVE: QUEUE}, ANA: {RECEIVE: QUEUE}, ROOT: {RECEIVE: None}, ROOT_B: {RECEIVE: QUEUE}},
        causes=((RCP_AT, A),),
        asked=("ana own", "bob own", "root of B > orders"),
    ),
    Change(
        "an RCP of another account than the resource's",
        controls(B, "p-rcp"),
        both(
            control("p-rcp", on("*", RECEIVE, "*", "Deny")),
            resource(QUEUE, on({"AWS": B}, [RECEIVE, SEND], QUEUE)),
            own(BOB, allow([RECEIVE, SEND], QUEUE)),
            own(ANA, allow(RECEIVE, QUEUE)),
        ),
        lost={ROOT_B: {RECEIVE: None}},
        causes=((RCP_AT, B),),
    ),
    Change(
        "an RCP denies keys without TLS",
        control("p-rcp", PURGE, on("*", "kms:Decrypt", "*", "Deny") | given("Bool", "aws:SecureTransport", "false")),
        both(
            controls(A, "p-rcp"),
            resource(worlds.KEY, on({"AWS": ANA}, "kms:Decrypt", "*")),
        ),
        lost={ANA: {"kms:Decrypt": worlds.KEY}},
        when=(("aws:SecureTransport", "false"),),
        left_open=(ROOT,),  # of keys that were not captured
        causes=((RCP, "organization#p-rcp"),),
        asked=(f"ana > {worlds.KEY[-36:-28]}",),
    ),
    Change(
        "an RCP does not hold a service that it does not cover",
        control("p-rcp", PURGE, on("*", "sns:Publish", "*", "Deny")),
        both(controls(A, "p-rcp"), own(ANA, allow([PUBLISH]))),
        page="Resource control policies: List of AWS services that support RCPs",
    ),
    Change(
        "SCP and RCP change against each other",
        both(control("p-scp", CLOSE), control("p-rcp", PURGE, on("*", SEND, "*", "Deny"))),
        both(
            control("p-scp", CLOSE, deny([SEND, RECEIVE])),
            controls(A, "p-scp", "p-rcp"),
            own(ANA, allow([SEND, RECEIVE])),
        ),
        gained={ANA: {RECEIVE: "*"}, ROOT: {RECEIVE: "*"}},
        causes=((SCP, "organization#p-scp"),),
        asked=("ana own",),
    ),
)

ORGANIZATION = (*SCPS, *MOVES, *RCPS)
