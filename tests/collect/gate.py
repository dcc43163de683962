"""A gate in front of the fake AWS: it notes every call, denies some, and holds one until it is told to let go."""

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_XML = (
    '<?xml version="1.0"?><ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>'
    "</Error></ErrorResponse>"
)
_S3_XML = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
_MESSAGE = "User is not authorized to perform this, for a test says so"


@dataclass(slots=True)
class Gate:
    """What passes. Calls are named ``service Operation``, and ``s3 GET /bucket?policy`` where no name is sent."""

    port: int
    upstream: int
    denied: dict[str, str] = field(default_factory=dict)
    """Error codes by the beginning of a call's name."""
    held: str = ""
    """Beginning of the name of calls that wait for `let_go`."""
    arrived: threading.Event = field(default_factory=threading.Event)
    """Set when one of those has come."""
    let_go: threading.Event = field(default_factory=threading.Event)
    answers: dict[str, list[bytes]] = field(default_factory=dict)
    """What is answered in the place of the server, one after the other; the last one for ever."""
    calls: Counter[str] = field(default_factory=Counter)
    """How often each was let through."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def code_for(self, name: str) -> str:
        return next((code for start, code in self.denied.items() if name.startswith(start)), "")


@contextmanager
def gate_before(upstream: int) -> Iterator[Gate]:
    """Open a gate before the server at a port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.gate = Gate(server.server_address[1], upstream)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.gate  # type: ignore[attr-defined]
    finally:
        server.gate.let_go.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: whoever asked was killed by a test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        gate: Gate = self.server.gate  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name = self._name(body)
        if gate.held and name.startswith(gate.held):
            gate.arrived.set()
            gate.let_go.wait(600)
        code = gate.code_for(name)
        if code:
            self._deny(name, code)
            return
        gate.calls[name] += 1
        if name in gate.answers:
            answers = gate.answers[name]
            self._send(200, {"Content-Type": "text/xml"}, answers.pop(0) if len(answers) > 1 else answers[0])
            return
        onward = http.client.HTTPConnection("127.0.0.1", gate.upstream, timeout=60)
        try:
            onward.request(self.command, self.path, body, dict(self.headers.items()))
            answer = onward.getresponse()
            # What moto lacks breaks in it: boto3 would try again and again. AWS has no such calls.
            status = 501 if answer.status == 500 else answer.status
            self._send(status, dict(answer.getheaders()), answer.read())
        finally:
            onward.close()

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _pass  # noqa: N815 - the names that the server looks for

    def _name(self, body: bytes) -> str:
        service = self.headers.get("Authorization", "").partition("Credential=")[2].split("/")[3:4]
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        action = parse_qs(body.decode("latin-1")).get("Action", [""])[0] if not target else ""
        return f"{''.join(service)} {target or action or f'{self.command} {self.path}'}"

    def _deny(self, name: str, code: str) -> None:
        if self.headers.get("X-Amz-Target") or "/20" in urlsplit(self.path).path:
            body = f'{{"__type": "{code}", "message": "{_MESSAGE}"}}'.encode()
            self._send(400, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}, body)
        else:
            shape = _S3_XML if name.startswith("s3 ") else _XML
            self._send(403, {"Content-Type": "text/xml"}, shape.format(code=code, message=_MESSAGE).encode())

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
