"""Changes on the resource's side: resource policies, key policies and grants, ACLs, tags, endpoints, credentials.

What they do is AWS's documentation. IAM User Guide: "Policy evaluation for requests within a single account",
"Cross-account policy evaluation logic", "AWS JSON policy elements: Principal" and "NotPrincipal". S3 User Guide: "ACL
overview" (which permissions of a policy an ACL permission is), "Controlling ownership of objects", "Blocking public
access", "Using tags with S3 general purpose buckets". KMS Developer Guide: "Default key policy", "Grants in AWS KMS".
VPC: "Control access to VPC endpoints using endpoint policies".
"""

from iamdesk.diff.result import ChangeKind

from ...builders.captures import allow
from . import worlds
from .identity import ALL, DELETE, GET, LIST, PUBLISH, PUT, SEND
from .worlds import (
    ANA,
    ANONYMOUS,
    ANY_SERVICE,
    ANYONE,
    BEN,
    BOB,
    DAN,
    ENDPOINT,
    FUNCTION,
    KEY,
    OF_OUT,
    OUT,
    PAPERS,
    QUEUE,
    ROOT,
    ROOT_B,
    ROOT_Z,
    SECRET,
    TOPIC,
    WORKER,
    X_OF_OUT,
    A,
    B,
    Change,
    both,
    endpoint,
    given,
    on,
    own,
    resource,
    setting,
)

POLICY, GRANTS, PUBLIC = ChangeKind.RESOURCE_POLICY, ChangeKind.GRANTS, ChangeKind.PUBLIC_ACCESS
BUCKET = ((POLICY, PAPERS),)
DECRYPT, ENCRYPT = "kms:Decrypt", "kms:Encrypt"
DELEGATED = on({"AWS": ROOT}, "kms:*", "*")
K = KEY[-36:-28]
READ_SECRET = "secretsmanager:GetSecretValue"  # noqa: S105 (an action)
PUBLIC_READ = on("*", GET, ALL)


def grant(grantee: str, *operations: str, **more: object) -> dict[str, object]:
    return {"grant_id": "g", "grantee_principal": grantee, "operations": list(operations), **more}


BUCKETS = (
    Change(
        "a bucket lets a user in",
        resource(PAPERS, on({"AWS": ANA}, GET, ALL)),
        resource(PAPERS),
        gained={ANA: {GET: ALL}},
        causes=BUCKET,
        new=("ana > papers",),
    ),
    Change(
        "a bucket lets a user in who may it anyway",
        resource(PAPERS, on({"AWS": ANA}, GET, ALL)),
        both(resource(PAPERS), own(ANA, allow("s3:Get*", ALL))),
        new=("ana > papers",),
    ),
    Change(
        "a bucket denies a user",
        resource(PAPERS, on({"AWS": ANA}, GET, f"{PAPERS}/secret/*", "Deny")),
        both(resource(PAPERS), own(ANA, allow([GET, PUT], ALL)), own(BEN, allow(GET, ALL))),
        lost={ANA: {GET: f"{PAPERS}/secret/*"}},
        causes=BUCKET,
        asked=("ana own",),
    ),
    Change(
        "a bucket denies all but those that it lists",
        resource(PAPERS, {"Effect": "Deny", "NotPrincipal": {"AWS": [ANA, ROOT]}, "Action": GET, "Resource": ALL}),
        both(resource(PAPERS), *(own(one, allow(GET, ALL)) for one in (ANA, BEN, WORKER))),
        lost={BEN: {GET: ALL}, WORKER: {GET: ALL}},
        causes=BUCKET,
        asked=("ben own", "worker own"),
    ),
    Change(
        "a bucket denies all but one role by its ARN",
        resource(PAPERS, on("*", "s3:*", [PAPERS, ALL], "Deny") | given("ArnNotEquals", "aws:PrincipalArn", WORKER)),
        both(resource(PAPERS), own(ANA, allow(GET, ALL)), own(WORKER, allow(GET, ALL))),
        lost={ANA: {GET: ALL}, ROOT: None},
        causes=BUCKET,
        asked=("ana own",),
    ),
    Change(
        "a bucket lets another account in",
        resource(PAPERS, on({"AWS": B}, GET, ALL)),
        both(resource(PAPERS), own(BOB, allow(GET))),
        gained={BOB: {GET: ALL}, ROOT_B: {GET: ALL}},
        causes=BUCKET,
        asked=("bob own",),
        new=("root of B > papers",),
    ),
    Change(
        "a bucket lets another account write as well",
        resource(PAPERS, on({"AWS": B}, [GET, PUT], ALL)),
        both(resource(PAPERS, on({"AWS": B}, GET, ALL)), own(BOB, allow(GET))),
        gained={ROOT_B: {PUT: ALL}},
        causes=BUCKET,
        asked=("root of B > papers",),
    ),
    Change(
        "a bucket becomes public",
        resource(PAPERS, PUBLIC_READ),
        both(resource(PAPERS), own(ANA, allow(GET, ALL)), own(BOB, allow(GET))),
        gained={
            ANONYMOUS: {GET: ALL},
            ANYONE: {GET: ALL},
            ANY_SERVICE: {GET: ALL},
            BOB: {GET: ALL},
            ROOT_B: {GET: ALL},
            ROOT_Z: {GET: ALL},
            "all of A but ana": {GET: ALL},
        },
        causes=BUCKET,
        asked=("bob own",),
        new=("* > papers",),
    ),
    Change(
        "a bucket for its organization",
        resource(PAPERS, PUBLIC_READ | given("StringEquals", "aws:PrincipalOrgID", "o-1")),
        both(resource(PAPERS), own(BOB, allow(GET))),
        gained={BOB: {GET: ALL}, ROOT_B: {GET: ALL}, ROOT_Z: {GET: ALL}, "all of A": {GET: ALL}},
        causes=BUCKET,
        asked=("bob own",),
        new=("* > papers",),
    ),
    Change(
        "public access is restricted",
        setting(PAPERS, public_access_block={"restrict_public_buckets": True}),
        both(resource(PAPERS, PUBLIC_READ), own(BOB, allow(GET))),
        lost={
            ANONYMOUS: {GET: ALL},
            ANYONE: {GET: ALL},
            BOB: {GET: ALL},
            ROOT_B: {GET: ALL},
            ROOT_Z: {GET: ALL},
        },
        causes=((PUBLIC, PAPERS),),
        asked=("bob own", "* > papers"),
    ),
    Change(
        "a bucket asks for TLS",
        resource(PAPERS, on("*", "s3:*", [PAPERS, ALL], "Deny") | given("Bool", "aws:SecureTransport", "false")),
        both(resource(PAPERS), own(ANA, allow([GET, PUT], ALL))),
        lost={ANA: {GET: ALL, PUT: ALL}, ROOT: None},
        when=(("aws:SecureTransport", "false"),),
        causes=BUCKET,
        asked=("ana own",),
    ),
    Change(
        "a bucket can be read through one endpoint only",
        resource(PAPERS, on("*", GET, ALL, "Deny") | given("StringNotEquals", "aws:SourceVpce", "vpce-9")),
        both(resource(PAPERS), own(ANA, allow([GET, PUT], ALL))),
        lost={ANA: {GET: ALL}, ROOT: {GET: ALL}},
        causes=BUCKET,
        asked=("ana own",),
    ),
    Change(
        "the folder that a bucket opens to a user is another one",
        resource(PAPERS, on({"AWS": ANA}, GET, f"{PAPERS}/b/*")),
        resource(PAPERS, on({"AWS": ANA}, GET, f"{PAPERS}/a/*")),
        gained={ANA: {GET: f"{PAPERS}/b/*"}},
        lost={ANA: {GET: f"{PAPERS}/a/*"}},
        causes=BUCKET,
        asked=("ana > papers",),
    ),
    Change(
        "an ACL lets another account list",
        setting(PAPERS, acl=[{"permission": "READ", "account_id": B}]),
        both(resource(PAPERS), own(BOB, allow(LIST))),
        gained={
            BOB: {LIST: PAPERS},
            ROOT_B: {LIST: PAPERS, "s3:ListBucketVersions": PAPERS, "s3:ListBucketMultipartUploads": PAPERS},
        },
        causes=((GRANTS, PAPERS),),
        asked=("bob own",),
        new=("root of B > papers",),
    ),
    Change(
        "ACLs no longer count",
        setting(PAPERS, object_ownership="BucketOwnerEnforced"),
        both(resource(PAPERS, acl=[{"permission": "READ", "account_id": B}]), own(BOB, allow(LIST))),
        lost={
            BOB: {LIST: PAPERS},
            ROOT_B: {LIST: PAPERS, "s3:ListBucketVersions": PAPERS, "s3:ListBucketMultipartUploads": PAPERS},
        },
        causes=((GRANTS, PAPERS),),
        asked=("bob own",),
        gone=("root of B > papers",),
    ),
    Change(
        "an ACL where ACLs do not count",
        setting(PAPERS, acl=[{"permission": "READ", "account_id": B}]),
        both(resource(PAPERS, object_ownership="BucketOwnerEnforced"), own(BOB, allow(LIST))),
    ),
)

OTHERS = (
    Change(
        "a queue lets a service send",
        resource(QUEUE, on({"Service": "sns.amazonaws.com"}, SEND, QUEUE) | given("ArnEquals", "aws:SourceArn", TOPIC)),
        resource(QUEUE),
        gained={"sns.amazonaws.com": {SEND: QUEUE}},
        causes=((POLICY, QUEUE),),
        new=("sns.amazonaws.com > orders",),
    ),
    Change(
        "a queue asks a service for its source",
        resource(QUEUE, on({"Service": "sns.amazonaws.com"}, SEND, QUEUE) | given("ArnEquals", "aws:SourceArn", TOPIC)),
        resource(QUEUE, on({"Service": "sns.amazonaws.com"}, SEND, QUEUE)),
        lost={"sns.amazonaws.com": {SEND: QUEUE}},
        causes=((POLICY, QUEUE),),
        asked=("sns.amazonaws.com > orders",),
    ),
    Change(
        "a topic lets another organization's account publish",
        resource(TOPIC, on({"AWS": OUT}, PUBLISH, TOPIC)),
        resource(TOPIC),
        gained={OF_OUT: {PUBLISH: TOPIC}},
        causes=((POLICY, TOPIC),),
        new=("OUT > news",),
    ),
    Change(
        "a topic lets one role of another organization publish, and no longer its account",
        resource(TOPIC, on({"AWS": X_OF_OUT}, PUBLISH, TOPIC)),
        resource(TOPIC, on({"AWS": OUT}, PUBLISH, TOPIC)),
        lost={OF_OUT: {PUBLISH: TOPIC}},
        causes=((POLICY, TOPIC),),
        new=("x > news",),
        gone=("OUT > news",),
    ),
    Change(
        "a secret for one role alone",
        resource(SECRET, on("*", READ_SECRET, SECRET, "Deny") | given("ArnNotLike", "aws:PrincipalArn", WORKER)),
        both(resource(SECRET), *(own(one, allow(READ_SECRET)) for one in (ANA, WORKER))),
        lost={ANA: {READ_SECRET: SECRET}, ROOT: {READ_SECRET: SECRET}},
        causes=((POLICY, SECRET),),
        asked=("ana own",),
    ),
    Change(
        "a secret's tag",
        setting(SECRET, tags=[("team", "blue")]),
        both(
            resource(SECRET, tags=[("team", "red")]),
            own(ANA, allow(READ_SECRET, **given("StringEquals", "aws:ResourceTag/team", "red"))),
        ),
        lost={ANA: {READ_SECRET: SECRET}},
        causes=((ChangeKind.RESOURCE_TAGS, SECRET),),
        asked=("ana own",),
    ),
    Change(
        "a secret's tag, the same as the user's",
        setting(SECRET, tags=[("team", "blue")]),
        both(
            resource(SECRET, tags=[("team", "red")]),
            worlds.tag(ANA, team="blue"),
            worlds.tag(BEN, team="red"),
            *(
                own(
                    one, allow(READ_SECRET, **given("StringEquals", "aws:ResourceTag/team", "${aws:PrincipalTag/team}"))
                )
                for one in (ANA, BEN)
            ),
        ),
        gained={ANA: {READ_SECRET: SECRET}},
        lost={BEN: {READ_SECRET: SECRET}},
        causes=((ChangeKind.RESOURCE_TAGS, SECRET),),
        asked=("ana own", "ben own"),
    ),
    Change(
        "a bucket's tag, where tags of buckets do not count",
        setting(PAPERS, tags=[("team", "blue")]),
        both(
            resource(PAPERS, tags=[("team", "red")], abac_enabled=False),
            own(ANA, allow(LIST, PAPERS, **given("StringEquals", "aws:ResourceTag/team", "red"))),
        ),
    ),
    Change(
        "a function lets S3 call it",
        resource(
            FUNCTION,
            on({"Service": "s3.amazonaws.com"}, "lambda:InvokeFunction", FUNCTION)
            | given("StringEquals", "aws:SourceAccount", A),
        ),
        resource(FUNCTION),
        gained={"s3.amazonaws.com": {"lambda:InvokeFunction": FUNCTION}},
        causes=((POLICY, FUNCTION),),
        new=("s3.amazonaws.com > tally",),
    ),
    Change(
        "a function lets another account call it",
        resource(FUNCTION, on({"AWS": ROOT_B}, "lambda:InvokeFunction", FUNCTION)),
        both(resource(FUNCTION), own(BOB, allow("lambda:InvokeFunction", FUNCTION))),
        gained={BOB: {"lambda:InvokeFunction": FUNCTION}, ROOT_B: {"lambda:InvokeFunction": FUNCTION}},
        causes=((POLICY, FUNCTION),),
        asked=("bob own",),
        new=("root of B > tally",),
    ),
)

KEYS = (
    Change(
        "a key no longer leaves it to its account",
        resource(KEY, on({"AWS": WORKER}, "kms:*", "*")),
        both(resource(KEY, DELEGATED, on({"AWS": WORKER}, "kms:*", "*")), own(ANA, allow(DECRYPT))),
        lost={ANA: {DECRYPT: KEY}, ROOT: None},
        causes=((POLICY, KEY),),
        asked=("ana own",),
        gone=(f"root > {K}",),
    ),
    Change(
        "a key names a user",
        resource(KEY, DELEGATED, on({"AWS": ANA}, DECRYPT, "*")),
        resource(KEY, DELEGATED),
        gained={ANA: {DECRYPT: KEY}},
        causes=((POLICY, KEY),),
        new=(f"ana > {K}",),
    ),
    Change(
        "a key denies a user who may decrypt with any",
        resource(KEY, DELEGATED, on({"AWS": ANA}, DECRYPT, "*", "Deny")),
        both(resource(KEY, DELEGATED), own(ANA, allow([DECRYPT, ENCRYPT]))),
        lost={ANA: {DECRYPT: KEY}},
        causes=((POLICY, KEY),),
        # What the account is given holds for one user less, as where a bucket denies somebody of another account.
        asked=("ana own", f"root > {K}"),
    ),
    Change(
        "a user may decrypt, of a key that does not leave it to its account",
        own(ANA, allow(DECRYPT, KEY)),
        resource(KEY, on({"AWS": WORKER}, "kms:*", "*")),
        new=("ana own",),
    ),
    Change(
        "a key for another account",
        resource(KEY, DELEGATED, on({"AWS": B}, DECRYPT, "*")),
        both(resource(KEY, DELEGATED), own(BOB, allow([DECRYPT, ENCRYPT]))),
        gained={BOB: {DECRYPT: KEY}, ROOT_B: {DECRYPT: KEY}},
        causes=((POLICY, KEY),),
        asked=("bob own",),
        new=(f"root of B > {K}",),
    ),
    Change(
        "a key for S3 alone",
        resource(
            KEY, on({"AWS": ANA}, DECRYPT, "*") | given("StringEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com")
        ),
        resource(KEY, on({"AWS": ANA}, DECRYPT, "*")),
        lost={ANA: {DECRYPT: KEY}},
        causes=((POLICY, KEY),),
        asked=(f"ana > {K}",),
    ),
    Change(
        "a grant on a key",
        setting(KEY, key_grants=[grant(WORKER, "Decrypt")]),
        resource(KEY, DELEGATED),
        gained={WORKER: {DECRYPT: KEY}},
        causes=((GRANTS, KEY),),
        new=(f"worker > {K}",),
    ),
    Change(
        "a grant for more",
        setting(KEY, key_grants=[grant(WORKER, "Decrypt", "Encrypt")]),
        resource(KEY, DELEGATED, key_grants=[grant(WORKER, "Decrypt")]),
        gained={WORKER: {ENCRYPT: KEY}},
        causes=((GRANTS, KEY),),
        asked=(f"worker > {K}",),
    ),
    Change(
        "a grant is bound to a context",
        setting(
            KEY,
            key_grants=[grant(WORKER, "Decrypt", has_constraints=True, encryption_context_subset=[("team", "red")])],
        ),
        resource(KEY, DELEGATED, key_grants=[grant(WORKER, "Decrypt")]),
        lost={WORKER: {DECRYPT: KEY}},
        causes=((GRANTS, KEY),),
        asked=(f"worker > {K}",),
    ),
    Change(
        "a grant of what one may by policy",
        setting(KEY, key_grants=[grant(WORKER, "Decrypt")]),
        both(resource(KEY, DELEGATED), own(WORKER, allow("kms:Decrypt", KEY))),
        new=(f"worker > {K}",),
    ),
)

ENDPOINTS = (
    Change(
        "an endpoint lets less through",
        endpoint(on("*", [PUT], "*")),
        both(endpoint(on("*", "*", "*")), own(ANA, allow([GET, PUT], ALL)), resource(PAPERS)),
        lost={ANA: {GET: ALL}, ROOT: None, ROOT_B: None, ROOT_Z: None},
        when=(("aws:SourceVpce", ENDPOINT),),
        causes=((ChangeKind.ENDPOINT, ENDPOINT),),
        page="Control access to VPC endpoints using endpoint policies",
        asked=("ana own",),
    ),
    Change(
        "an endpoint denies a user one action",
        endpoint(on("*", "*", "*"), on("*", DELETE, "*", "Deny") | given("ArnEquals", "aws:PrincipalArn", ANA)),
        both(endpoint(on("*", "*", "*")), own(ANA, allow([GET, DELETE], ALL)), own(DAN, allow([DELETE], ALL))),
        lost={ANA: {DELETE: ALL}},
        when=(("aws:SourceVpce", ENDPOINT),),
        causes=((ChangeKind.ENDPOINT, ENDPOINT),),
        asked=("ana own",),
    ),
)

RESOURCES = (*BUCKETS, *OTHERS, *KEYS, *ENDPOINTS)
