"""Limits for the responses of AWS: a server that never ends, or a proxy in between, costs no memory and no night."""

import re
import threading
import time
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import ReadTimeoutError as RawTimeoutError

from iamdesk.i18n import phrase

RESPONSE_BYTES = 256 << 20
RESPONSE_SECONDS = 300.0
CALL_BYTES = 1 << 30
CALL_SECONDS = 3600.0
"""Of one call with all its pages and retries: the authorization details of 6,000 principals are 50 MB."""
HELD_BYTES = 256 << 20
"""Of the responses that all threads read at the same time."""
_PIECE = 1 << 16
_FOREIGN = re.compile(rb"\s*(<!doctype html|<html|\[|null\s*$|true\s*$|false\s*$|\"|-?[0-9])", re.IGNORECASE)
"""Begins a page of a proxy, or JSON that is no object: every output that is captured is an XML or JSON object."""
_held_lock = threading.Lock()
_held = {"bytes": 0}


class ForeignResponseError(Exception):
    """A response of success that does not come from AWS: a proxy's page, another format."""


class ResponseLimits(threading.local):
    """What the call of this thread may still cost."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start a call."""
        self._bytes = 0
        self._end = time.monotonic() + CALL_SECONDS

    def apply_to(self, client: Any) -> None:
        """Have a client of boto3 read its responses within the limits."""
        session = client._endpoint.http_session  # botocore reads a body whole, and has no hook in between
        send = session.send

        def bounded(request: Any) -> Any:
            is_streamed, request.stream_output = request.stream_output, True
            try:
                response = send(request)
            finally:
                request.stream_output = is_streamed
            if not is_streamed:
                try:
                    response._content = self._content(response.raw)
                except RawTimeoutError as error:
                    raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
                except ProtocolError as error:
                    raise ConnectionClosedError(error=error, request=request, endpoint_url=request.url) from error
                if response.status_code == HTTPStatus.OK and _FOREIGN.match(response._content):
                    raise ForeignResponseError(phrase("The response is a page, or a value that AWS does not send."))
            return response

        session.send = bounded

    def _content(self, raw: Any) -> bytes:
        """Read a body.

        Raises:
            ResponseParserError: a limit is exceeded.
        """
        content = bytearray()  # one copy: a list of pieces, joined, needs twice as much
        try:
            self._read(raw, content)
            return bytes(content)
        finally:
            _hold(-len(content))

    def _read(self, raw: Any, content: bytearray) -> None:
        end = min(self._end, time.monotonic() + RESPONSE_SECONDS)
        while piece := raw.read1(_PIECE):
            content += piece
            self._bytes += len(piece)
            held = _hold(len(piece))
            if len(content) > RESPONSE_BYTES or self._bytes > CALL_BYTES:
                raw.close()
                raise ResponseParserError(phrase("it is larger than {size} MB", size=len(content) >> 20))
            if held > HELD_BYTES:
                raw.close()
                what = phrase("the responses that are read at the same time are larger than {size} MB", size=held >> 20)
                raise ResponseParserError(what)
            if time.monotonic() > end:
                raw.close()
                raise ResponseParserError(phrase("it was not complete in time"))
        if time.monotonic() > self._end:
            raise ResponseParserError(phrase("it was not complete in time"))
        raw.release_conn()


def _hold(count: int) -> int:
    """Count bytes that are being read, in all threads; return how many there are."""
    with _held_lock:
        _held["bytes"] += count
        return _held["bytes"]


LIMITS = ResponseLimits()
