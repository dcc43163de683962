"""A server that never ends: bodies without end, bodies that drip, pages without end, and one such call of a capture."""

import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest
from botocore.parsers import ResponseParserError

from iamdesk import load_snapshot
from iamdesk.collect import response_limits
from iamdesk.collect.response_limits import LIMITS

from .conftest import Collect
from .gate import Gate

PAGE = (
    '<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersResult><Users/>'
    "<IsTruncated>true</IsTruncated><Marker>{marker}</Marker></ListUsersResult></ListUsersResponse>"
)


class _Endless(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pages: ClassVar[Iterator[int]] = count()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        way = self.server.way  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        if way == "pages":
            body = PAGE.format(marker=next(self.pages)).encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):  # the client has seen enough
            while True:
                self.wfile.write(b" " * (1 << 16) if way == "flood" else b" ")
                if way == "drip":
                    time.sleep(0.01)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Endless)
    server.daemon_threads = True
    server.way = request.param  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made = boto3.client(
        "iam",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{server.server_address[1]}",
        aws_access_key_id="a",
        aws_secret_access_key="b",  # noqa: S106 - of nobody
    )
    LIMITS.apply_to(made)
    LIMITS.begin()
    yield made
    made.close()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("client", ["flood"], indirect=True)
def test_a_body_without_end_is_cut(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_limits, "RESPONSE_BYTES", 4 << 20)
    with pytest.raises(ResponseParserError, match="it is larger than 4 MB"):
        client.list_users()


@pytest.mark.parametrize("client", ["drip"], indirect=True)
def test_a_body_that_drips_is_cut(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes within the time limit of the socket: that alone would wait for ever."""
    monkeypatch.setattr(response_limits, "RESPONSE_SECONDS", 0.2)
    with pytest.raises(ResponseParserError, match="it was not complete in time"):
        client.list_users()


@pytest.mark.parametrize("client", ["pages"], indirect=True)
def test_pages_without_end_are_cut(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_limits, "CALL_BYTES", 100_000)
    with pytest.raises(ResponseParserError, match="it is larger than"):
        client.get_paginator("list_users").paginate().build_full_result()


def test_a_capture_records_a_gap_and_goes_on(
    gate: Gate, collected: Collect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_limits, "RESPONSE_BYTES", 1 << 20)
    gate.answers = {"iam ListAccountAliases": [b" " * (2 << 20)]}
    captured = collected(tmp_path / "bundle")
    assert captured is not None
    assert [gap.message for gap in captured.failed_calls if "larger" in gap.message] == [
        "The response of AWS cannot be read: ResponseParserError: it is larger than 1 MB"
    ]
    assert load_snapshot(tmp_path / "bundle").accounts[0].users


@pytest.mark.parametrize("client", ["flood"], indirect=True)
def test_all_threads_share_one_bound_on_what_they_hold(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_limits, "HELD_BYTES", 2 << 20)
    other = threading.Thread(target=response_limits._hold, args=(2 << 20,))
    other.start()
    other.join()
    with pytest.raises(ResponseParserError, match="responses that are read at the same time are larger than 2 MB"):
        client.list_users()
    assert response_limits._hold(-(2 << 20)) == 0
