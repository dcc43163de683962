"""AWS sessions: credentials, assumed roles, and clients, which are shared because they are expensive to create."""

import ipaddress
import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest
from botocore.client import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound, UnknownRegionError
from botocore.parsers import ResponseParserError

from iamdesk.collect.options import CollectError, Options
from iamdesk.collect.response_limits import LIMITS, ForeignResponseError
from iamdesk.i18n import phrase
from iamdesk.snapshot.layout import is_account
from iamdesk.snapshot.manifest import CallerIdentity, CallError

_FALLBACK_REGION = "us-east-1"
_SESSION_NAME = "iamdesk-collect"
_MAX_MESSAGE = 500
_ARN_PARTS = 6

GARBLED = (
    *(ForeignResponseError, ResponseParserError, KeyError, IndexError, TypeError, ValueError),
    *(AttributeError, RecursionError),
)
"""Errors of boto3 and iamdesk for a response that does not come from AWS, such as a proxy's page."""
EXPIRED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "UnauthorizedSSOTokenError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "CredentialRetrievalError",
        "NoCredentialsError",
    }
)
"""Error codes of expired or missing credentials: all further calls would fail, too."""


def error_of(error: Exception) -> CallError:
    """Return an error for the manifest: AWS's code, or the name of the exception if AWS did not respond."""
    code, message = type(error).__name__, str(error)
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        code, message = str(details.get("Code", "Unknown")), str(details.get("Message", ""))
    return CallError(code=code, message=" ".join(message.split())[:_MAX_MESSAGE])


def _garbled() -> str:
    return phrase("the response of AWS cannot be read: check that the endpoint belongs to AWS")


class Aws:
    """Clients of one principal in one account. Thread-safe."""

    def __init__(self, session: Any, options: Options) -> None:
        """``session`` is a botocore session with credentials."""
        self._session = session
        self._options = options
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self.home = next(iter(options.regions), None) or session.get_config_variable("region") or _FALLBACK_REGION
        """The Region for calls that are not regional."""

    def client(self, service: str, region: str) -> Any:
        """Return the client of a service in a Region."""
        with self._lock:  # creating clients is not thread-safe
            key = service, region
            if key not in self._clients:
                self._clients[key] = self._made(service, region)
            return self._clients[key]

    def forget(self, lane: tuple[str, str]) -> None:
        """Drop a client that is no longer needed: each takes some megabytes."""
        with self._lock:
            self._clients.pop(lane, None)

    def caller(self) -> CallerIdentity:
        """Return the identity of the caller.

        Raises:
            CollectError: there are no credentials, or AWS rejects them.
        """
        try:
            response = self.client("sts", self.home).get_caller_identity()
            account, arn = response["Account"], response["Arn"]
            if not is_account(account) or len(arn.split(":")) < _ARN_PARTS:
                raise ResponseParserError(phrase("it names no account"))
            return CallerIdentity(account=account, arn=arn, user_id=response["UserId"])
        except (ClientError, BotoCoreError) as error:
            failure = error_of(error)
            raise CollectError(
                phrase(
                    "the AWS credentials cannot be used ({code}: {message}): sign in, or choose another profile",
                    code=failure.code,
                    message=failure.message,
                )
            ) from error
        except GARBLED as error:
            raise CollectError(_garbled()) from error

    def enabled_regions(self, partition: str) -> tuple[str, ...]:
        """Return the Regions of a partition that are enabled in the account.

        Raises:
            ClientError, BotoCoreError: the call failed.
        """
        response = self.client("ec2", self.home).describe_regions()
        names = sorted(region["RegionName"] for region in response.get("Regions", ()) if region.get("RegionName"))
        if not names:
            raise ResponseParserError("no Regions")
        return tuple(name for name in names if self._partition_of(name) == partition)

    def offers(self, service: str, region: str) -> bool:
        """Return whether a service is available in a Region; True if boto3 does not know the Region."""
        partition = self._partition_of(region)
        known: Iterable[str] = self._session.get_available_regions("ec2", partition)
        offered: Iterable[str] = self._session.get_available_regions(service, partition)
        return not offered or region not in known or region in offered

    def _partition_of(self, region: str) -> str:
        try:
            return str(self._session.get_partition_for_region(region))
        except UnknownRegionError:
            return "aws"

    def knows(self, service: str) -> bool:
        """Return whether boto3 supports the service: AWS retires some."""
        return service in self._session.get_available_services()

    def within(self, role_arn: str) -> "Aws":
        """Return the same for a role, which is assumed now, and again before its session expires.

        Raises:
            ClientError, BotoCoreError: it cannot be assumed.
        """
        extra = {"RoleSessionName": _SESSION_NAME}
        if self._options.external_id:
            extra["ExternalId"] = self._options.external_id
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=lambda service, **more: self._made(service, self.home, **more),
            source_credentials=self._session.get_credentials(),
            role_arn=role_arn,
            extra_args=extra,
        )
        credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        credentials.get_frozen_credentials()
        session = botocore.session.Session()
        session.register_component("data_loader", self._session.get_component("data_loader"))
        session._credentials = credentials  # botocore has no public API for refreshable credentials
        made = Aws(session, self._options)
        made.home = self.home
        return made

    def _made(self, service: str, region: str, **more: Any) -> Any:
        config = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "adaptive", "total_max_attempts": 5},
            max_pool_connections=self._options.parallel,
            user_agent_extra="iamdesk-collect",
        )
        endpoint = self._options.endpoint_url
        client = self._session.create_client(service, region_name=region, endpoint_url=endpoint, config=config, **more)
        LIMITS.apply_to(client)
        if service == "s3control" and _is_bare_address(client.meta.endpoint_url):
            client.meta.events.register("before-send", _to_bare_address)
        return client


def sign_in(options: Options) -> Aws:
    """Return a session with the user's profile.

    Raises:
        CollectError: there is no such profile, or the endpoint is not a valid URL.
    """
    if options.endpoint_url:
        parts = urlsplit(options.endpoint_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise CollectError(
                phrase("the endpoint must be http://HOST or https://HOST, without user name and password")
            )
    try:
        session = boto3.Session(profile_name=options.profile)
    except ProfileNotFound as error:
        raise CollectError(
            phrase("there is no profile {profile} in the AWS configuration files", profile=repr(options.profile))
        ) from error
    return Aws(session._session, options)  # clients need only the botocore session


def _is_bare_address(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _to_bare_address(request: AWSPreparedRequest, **_: Any) -> None:
    """Remove the account ID that S3 Control puts in front of the host name, which is not valid for ``127.0.0.1``."""
    account, _, rest = request.url.partition("://")[2].partition(".")
    if account.isdigit() and len(account) == 12:
        request.url = request.url.replace(f"{account}.{rest}", rest, 1)


def unknown_services(services: Iterable[str]) -> list[str]:
    """Return those of the services that the installed botocore has no data for."""
    session = botocore.session.Session()
    known = set(session.get_available_services())
    missing = [service for service in services if service not in known]
    for service in set(services) - set(missing):
        session.get_service_model(service)
    return sorted(missing)
